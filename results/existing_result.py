"""What an output folder holds of a sequence, and whether it may be replaced."""
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Tuple

from files.reading import read_json
from records.sequence import Sequence
from results.additions import lacking, other_settings
from results.folder import LOCK
from results.manifest import MANIFEST, PREDS, differing, read_manifest, read_preds
from terminal.errors import UserError

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Existing:
    record: Optional[Sequence] = None           # where it is complete and current
    lacking: Tuple[str, ...] = ()               # outputs that are asked for, and have to be added to it
    settings: Dict[str, Any] = field(default_factory=dict)      # what it was made with, where that is not to go
    flaw: str = ""                              # why what there is has to be made again
    aside: bool = False                         # nobody can say what of it is ours: it must not be replaced


def existing(folder: Path, settings: Optional[Settings], inputs: Mapping[str, Any]) -> Existing:
    """UserError where it is not the program's, or made in another way. Without settings it is redone anyway."""
    if not os.path.lexists(folder):
        return Existing()
    check_replaceable(folder, settings)
    manifest = read_manifest(folder)
    if manifest is None:
        damaged = looks_finished(folder)
        return Existing(flaw=f"it has no {MANIFEST} that can be read" if damaged else "", aside=damaged)
    if settings is None:
        return Existing()
    flaw, record = "", read_preds(folder, manifest)
    damaged_file, changed = manifest.lacking(folder), differing(manifest.inputs, inputs)
    if damaged_file is not None:
        flaw = f"{damaged_file} is missing or was changed after it was written"
    elif changed:
        flaw = f"these have changed since: {', '.join(changed)}"
    elif record is None:
        flaw = f"{PREDS} was changed, or is of another version"
    if flaw:
        return Existing(flaw=flaw, settings=manifest.settings)
    return Existing(record, lacking(manifest.settings, settings), manifest.settings)


def check_replaceable(folder: Path, settings: Optional[Settings]) -> None:
    """UserError where a folder is not ours to replace, or was made with other settings than these, if any."""
    manifest = read_manifest(folder)
    if manifest is None:
        if folder.is_dir() and (looks_finished(folder) or not any(folder.iterdir())):
            return
        raise UserError(f"{folder} exists, but was not written by this program; move it away, or give another --out")
    differences = _in_words(manifest.settings, settings or manifest.settings)
    if differences:
        raise UserError(f"{folder} was made with other settings ({differences}); --overwrite replaces it, "
                        "another --out keeps both")


def check_out(out: Path, names: Iterable[str], settings: Callable[[], Settings], overwrite: bool) -> None:
    """UserError where any of these sequences is not ours to write. Settings are asked for only where one is there."""
    there = set(os.listdir(out))
    for name in names:
        if name in there:
            check_replaceable(out / name, None if overwrite else settings())
        if LOCK + name in there:
            check_holder(out, name, settings())


def check_holder(out: Path, name: str, settings: Settings) -> bool:
    """Whether a run with these settings is at a sequence; UserError where it is one with others.

    False before it has said what it makes, and once it is over.
    """
    try:
        owner = read_json(out / (LOCK + name))
    except (FileNotFoundError, ValueError):
        return False
    if not isinstance(owner, dict):
        raise UserError(f"{out / (LOCK + name)} is held by a process of another program; end it, or give another "
                        "--out")
    words = _in_words(owner, settings)
    if words:
        raise UserError(f"another run is making {name} in {out} with other settings ({words}); let it finish and "
                        "--overwrite, or give another --out")
    return True


def looks_finished(folder: Path) -> bool:
    """As a result does that is damaged, or from before there were manifests."""
    return any(os.path.lexists(folder / name) for name in (MANIFEST, PREDS))


def _in_words(before: Settings, now: Settings) -> str:
    words = "; ".join(f"{key}: {how}" for key, how in other_settings(before, now).items())
    return " ".join(words.split())[:1000]       # a record that others made may have any keys

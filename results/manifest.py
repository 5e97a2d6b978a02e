"""What a finished sequence is made of: its files with their sizes, what made them, and out of what."""
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, Optional

from files.reading import DAMAGED_JSON, read_bytes, read_json
from records.sequence import Sequence, read_sequence
from terminal.errors import UserError

MANIFEST = "manifest.json"
PREDS = "preds.json"


@dataclass(frozen=True)
class Manifest:
    settings: Dict[str, Any]        # what was asked, as in preds.json
    inputs: Dict[str, Any]          # a cheap fingerprint of each thing that was read
    files: Dict[str, int]           # path in the folder -> bytes; all but the manifest itself
    record: str                     # SHA-256 of preds.json: what is read again is what was written

    def lacking(self, folder: Path) -> Optional[str]:
        """The first file that is not as it was written."""
        for name, size in self.files.items():
            try:
                size_now = os.stat(os.path.join(folder, name)).st_size
            except OSError:
                return name
            if size_now != size:
                return name
        return None


def write_manifest(folder: Path, settings: Mapping[str, Any], inputs: Mapping[str, Any], record: str = PREDS) -> None:
    """Of the files that lie in the folder now; `record` is the one that tells what was found."""
    sizes = {name: os.path.getsize(folder / name) for name in files_in(folder) if name != MANIFEST}
    made = Manifest(dict(settings), dict(inputs), sizes, _digest((folder / record).read_bytes()))
    (folder / MANIFEST).write_text(json.dumps(asdict(made), ensure_ascii=False) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Optional[Manifest]:
    """None where there is none that can be read."""
    try:
        made = Manifest(**read_json(folder / MANIFEST))
    except (*DAMAGED_JSON, TypeError):
        return None
    kinds = zip((made.settings, made.inputs, made.files, made.record), (dict, dict, dict, str))
    whole = all(isinstance(value, kind) for value, kind in kinds)
    whole = whole and all(isinstance(size, int) for size in made.files.values())
    return made if whole and all(map(_within, made.files)) else None


def read_preds(folder: Path, manifest: Manifest) -> Optional[Sequence]:
    """preds.json; None where it is not the one that was written, or of another version of this program."""
    try:
        data = read_bytes(folder / PREDS)
        content = json.loads(data.decode("utf-8")) if _digest(data) == manifest.record else None
    except DAMAGED_JSON:
        return None
    try:
        return read_sequence(content, str(folder / PREDS))
    except UserError:
        return None


def files_in(folder: Path) -> Iterator[str]:
    """Paths of files and links under a folder, in it; links are not followed."""
    for top, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(top, name))]
        for name in sorted([*links, *names]):
            yield os.path.relpath(os.path.join(top, name), folder)


def differing(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> Dict[str, str]:
    """Key -> how it was and how it is, nested keys with dots between; values as JSON has them."""
    differences: Dict[str, str] = {}
    for key in [*now, *(key for key in before if key not in now)]:
        was, is_now = before.get(key), json.loads(json.dumps(now.get(key)))
        if isinstance(was, dict) and isinstance(is_now, dict):
            differences.update(differing(was, is_now, f"{prefix}{key}."))
        elif was != is_now:
            differences[prefix + key] = f"{_short(was)} there, {_short(is_now)} here"
    return differences


def _short(value: Any) -> str:
    text = "not set" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:16] + "..."


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _within(name: str) -> bool:
    """Whether a path stays in its folder: what a manifest lists may be taken away."""
    return not os.path.isabs(name) and ".." not in name.split("/") and "\0" not in name

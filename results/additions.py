"""What is written of a sequence can be added to: what it lacks of what is asked, and how old and new files become one.

Of a request's settings `write` and `every` say what is written, all others how it is made.
"""
import os
import shutil
from pathlib import Path
from typing import Any, Dict, Iterable, Mapping, Tuple

from records.requests import PARTS
from results.manifest import differing

Settings = Mapping[str, Any]
WRITTEN = ("write", "every")


def other_settings(before: Settings, now: Settings) -> Dict[str, str]:
    """What differs in how the maps are made and drawn, in words by key. Pictures of every 2nd frame have those of every
    4th in them, and can become those of every frame; they cannot become those of every 3rd."""
    made, make = ({key: value for key, value in settings.items() if key not in WRITTEN} for settings in (before, now))
    if "parts" not in made or "parts" not in make:      # they can be added to what has none
        made, make = ({key: value for key, value in settings.items() if key != "parts"} for settings in (made, make))
    differences = differing(made, make)
    if _both_have_frames(before, now) and not _divide(_every(before), _every(now)):
        differences["every"] = f"{_every(before)} there, {_every(now)} here"
    return differences


def lacking(before: Settings, now: Settings) -> Tuple[str, ...]:
    """The outputs that are asked for and not yet there."""
    finer = _both_have_frames(before, now) and _every(before) % _every(now) == 0 and _every(before) > _every(now)
    there = [part for part in written(before) if not (finer and part == "frames")]
    return tuple(part for part in written(now) if part not in there)


def joined(before: Settings, now: Settings) -> Dict[str, Any]:
    """The settings of what is there once it has been added to."""
    both = [part for part in PARTS if part in written(before) or part in written(now)]
    having = [_every(settings) for settings in (before, now) if "frames" in written(settings)]
    parted = {key: settings[key] for settings in (before, now) for key in ("parts",) if key in settings}
    return {**now, **parted, "write": both, "every": min(having, default=1)}


def carry_over(names: Iterable[str], old: Path, new: Path) -> None:
    """These files of `old`, where `new` has none of the name; without a second copy where the disk can link."""
    for name in names:
        target = new / name
        if os.path.lexists(target):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(old / name, target, follow_symlinks=False)
        except OSError:         # another disk, or one without links
            shutil.copy2(old / name, target, follow_symlinks=False)


def written(settings: Settings) -> Tuple[str, ...]:
    """The outputs that settings name; a damaged record may hold anything."""
    named = settings.get("write")
    return tuple(part for part in PARTS if part in named) if isinstance(named, (list, tuple)) else ()


def _every(settings: Settings) -> int:
    every = settings.get("every")
    return every if isinstance(every, int) and every > 0 else 1


def _both_have_frames(before: Settings, now: Settings) -> bool:
    return all("frames" in written(settings) for settings in (before, now))


def _divide(one: int, other: int) -> bool:
    return max(one, other) % min(one, other) == 0

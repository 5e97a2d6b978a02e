"""Features on disk: a folder a split, with what they are in store.json, and shards of numbers that are mapped into
memory, each with an index. A shard is there once its index is, which is written last."""
import dataclasses
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from files.atomic import atomic_file
from files.reading import DAMAGED_JSON, read_json
from terminal.errors import UserError
from training.clips import Entry

FACTS = "store.json"
CLIPS = 64              # of a shard
LOOKED_AT = 100         # clips whose frames are compared with those that were read
AGAIN = "make it with train.py --extract"
Views = Tuple[np.ndarray, ...]      # of one clip, each [T, C]


@dataclass(frozen=True)
class Facts:
    """What features are of; those of a store and of a recipe must be the same."""

    format: int
    network: str
    backbone: str           # sha256 of its weights
    architecture: Dict[str, Any]
    split: str
    clips: int
    views: int
    numbers: str            # float32 or float16
    channels: int
    settings: Dict[str, Any]    # of the recipe, as far as they decide what the backbone sees


class StoreWriter:
    """Goes on where another run, or another process, has left it."""

    def __init__(self, folder: Path, facts: Facts, first: bool) -> None:
        self.folder, self.facts = folder, facts
        if (folder / FACTS).exists():
            _check_same(folder, read_facts(folder), facts, ("views", "numbers"),
                        "continue with what it was started with, or give another folder")
        elif first:
            folder.mkdir(parents=True, exist_ok=True)
            with atomic_file(folder / FACTS) as draft:
                draft.write_text(json.dumps(dataclasses.asdict(facts), indent=1) + "\n", encoding="utf-8")

    def missing(self) -> List[int]:
        return [shard for shard in range(shards(self.facts.clips)) if not _index(self.folder, shard).exists()]

    def write(self, shard: int, clips: Sequence[Tuple[Entry, Views]]) -> None:
        """In the order of the split."""
        kind, rows, index = np.dtype(self.facts.numbers), 0, []
        with atomic_file(_numbers(self.folder, shard)) as draft, open(draft, "wb") as file:
            for entry, views in clips:
                starts = []
                for view in views:
                    numbers = view.astype(kind)
                    if not np.isfinite(numbers).all():
                        raise UserError(f"{entry.seq_id}: its features are not finite as {self.facts.numbers}; store "
                                        "float32, or give a checkpoint that was trained")
                    file.write(np.ascontiguousarray(numbers).tobytes())
                    starts.append([rows, len(view)])
                    rows += len(view)
                index.append([entry.seq_id, *_on_disk(entry), starts])
            file.flush()
            os.fsync(file.fileno())
        with atomic_file(_index(self.folder, shard)) as draft:
            draft.write_text(json.dumps({"rows": rows, "clips": index}) + "\n", encoding="utf-8")


class FeatureStore:
    """A split's features, checked against what the recipe asks for before any is used."""

    def __init__(self, folder: Path, expected: Facts, entries: Sequence[Entry]) -> None:
        self.folder, self.facts = folder, read_facts(folder)
        _check_same(folder, self.facts, expected, (), "give those of this recipe, or make them again in another folder")
        self.clips: List[Tuple[int, List[Tuple[int, int]]]] = []     # shard, (first row, rows) of each view
        self.rows: Dict[int, int] = {}
        self._mapped: Dict[int, np.ndarray] = {}
        total, made = shards(self.facts.clips), []
        for shard in range(total):
            for name, frames, size, views in self._read_index(shard, total):
                made.append((name, frames, size))
                self.clips.append((shard, views))
        _check_clips(folder, made, entries)

    def _read_index(self, shard: int, total: int) -> List[Tuple[str, int, int, List[Tuple[int, int]]]]:
        path, numbers = _index(self.folder, shard), _numbers(self.folder, shard)
        if not path.exists():
            raise UserError(f"{self.folder}: half-written: shard {shard + 1} of {total} is missing; run the same "
                            "train.py --extract again, it continues from there")
        try:
            index = read_json(path)
            rows = int(index["rows"])
            clips = [(str(name), int(frames), int(size), [(int(start), int(count)) for start, count in views])
                     for name, frames, size, views in index["clips"]]
            held = numbers.stat().st_size
        except (*DAMAGED_JSON, LookupError, TypeError, ArithmeticError) as error:
            raise UserError(f"{path}: damaged ({' '.join(str(error).split())[:100]}); delete it and run train.py "
                            "--extract again") from None
        expected = rows * self.facts.channels * np.dtype(self.facts.numbers).itemsize
        fits = all(len(views) == self.facts.views and all(start >= 0 < count and start + count <= rows
                                                          for start, count in views) for *_, views in clips)
        if held != expected or not fits:
            raise UserError(f"{numbers}: holds {held} bytes, its index announces {expected}; delete {path.name} and "
                            "run train.py --extract again")
        self.rows[shard] = rows
        return clips

    def length(self, clip: int, view: int = 0) -> int:
        return self.clips[clip][1][view][1]

    def read(self, clip: int, view: int) -> np.ndarray:
        """float32 [T, C]"""
        shard, views = self.clips[clip]
        start, count = views[view]
        if shard not in self._mapped:       # in each worker its own
            self._mapped[shard] = np.memmap(_numbers(self.folder, shard), np.dtype(self.facts.numbers), "r",
                                            shape=(self.rows[shard], self.facts.channels))
        return np.array(self._mapped[shard][start:start + count], np.float32)


def shards(clips: int) -> int:
    return math.ceil(clips / CLIPS)


def read_facts(folder: Path) -> Facts:
    path = folder / FACTS
    try:
        facts: Optional[Any] = read_json(path)
    except FileNotFoundError:
        raise UserError(f"{folder}: no features there (expected {FACTS} in it); {AGAIN}") from None
    except DAMAGED_JSON:
        facts = None
    names = [option.name for option in dataclasses.fields(Facts)]
    if not isinstance(facts, dict) or sorted(facts) != sorted(names) or facts["numbers"] not in ("float32", "float16") \
            or not all(type(facts[name]) is int and facts[name] > 0 for name in ("clips", "views", "channels")):
        raise UserError(f"{path}: not what train.py --extract writes; {AGAIN}")
    return Facts(**facts)


def _check_same(folder: Path, stored: Facts, expected: Facts, more: Sequence[str], advice: str) -> None:
    titles = {"backbone": "another checkpoint", "architecture": "another architecture", "split": "another split"}
    for name in ("format", "network", "architecture", "backbone", "split", "clips", "channels", "settings", *more):
        there, here = getattr(stored, name), getattr(expected, name)
        if there != here:
            if isinstance(there, dict) and isinstance(here, dict):
                name, there, here = next((key, there.get(key), here.get(key)) for key in {**there, **here}
                                         if there.get(key) != here.get(key))
            raise UserError(f"{folder}: features of {titles.get(name, 'another recipe')}: {name} is {str(there)[:16]} "
                            f"there and {str(here)[:16]} here; {advice}")


def _check_clips(folder: Path, made: Sequence[Tuple[str, int, int]], entries: Sequence[Entry]) -> None:
    """Frames that are on disk are the ones that were read; where they are gone the features are enough."""
    if len(made) != len(entries):
        raise UserError(f"{folder}: holds {len(made)} clips, the split has {len(entries)}; make them again in another "
                        "folder")
    for number, ((name, frames, size), entry) in enumerate(zip(made, entries)):
        if name != entry.seq_id:
            raise UserError(f"{folder}: features of another split: it has the clip {name} where the split has "
                            f"{entry.seq_id}; make them again in another folder")
        if number % math.ceil(len(made) / LOOKED_AT) == 0 and _on_disk(entry) not in ((0, 0), (frames, size)):
            raise UserError(f"{folder}: features of other frames: {name} had {frames} in {size} bytes, now there are "
                            "{} in {}; make them again in another folder".format(*_on_disk(entry)))


def _on_disk(entry: Entry) -> Tuple[int, int]:
    """A clip's frames, and the bytes of their files."""
    files = entry.corpus.frames(entry.row, entry.split, entry.size)
    return len(files), sum(file.stat().st_size for file in files)


def _numbers(folder: Path, shard: int) -> Path:
    return folder / f"shard-{shard:05d}.bin"


def _index(folder: Path, shard: int) -> Path:
    return folder / f"shard-{shard:05d}.json"

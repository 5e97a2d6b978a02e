"""Which gloss each frame belongs to, as PHOENIX-2014 ships it for train: found by a recogniser told the sentence.

`trainingClasses.txt` numbers the states, three a gloss and one of silence ("signstate classlabel", "REGEN0 2370", ...,
"si 3693"); `train.alignment` has a line a frame: its file under the data root, and the number of its state.
"""
import io
from dataclasses import dataclass
from pathlib import Path
from typing import AbstractSet, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence

import numpy as np

from datasets.corpus import Row
from datasets.layout import Corpus
from files.reading import open_file
from glosses.wer import as_it_is, edits
from terminal.errors import UserError

FOLDER = Path("annotations") / "automatic"
CLASSES = FOLDER / "trainingClasses.txt"
HEADER = "signstate classlabel"
SILENCE = "si"


class State(NamedTuple):
    gloss: Optional[str]        # None: silence
    number: int                 # 0, 1 or 2


@dataclass(frozen=True)
class Segment:
    """Frames start..stop-1, in which one gloss goes through its states."""

    gloss: str
    start: int
    stop: int


def alignment_file(split: str) -> Path:
    return FOLDER / f"{split}.alignment"


def active_glosses(corpus: Corpus, split: str, rows: Sequence[Row]) -> Optional[Dict[str, np.ndarray]]:
    """Of each sequence int16 [T]: each frame's place in the sentence, -1 where nothing is signed or what the sentence
    lacks. None where the corpus has no alignment of this split."""
    path = corpus.root / alignment_file(split)
    if not path.is_file():
        return None
    states = read_classes(corpus.root / CLASSES)
    labels = read_alignment(path, {row.seq_id for row in rows}, states)
    return {row.seq_id: _active(path, row, [file.name for file in corpus.need_frames(row, split)], labels)
            for row in rows}


def read_classes(path: Path) -> Dict[int, State]:
    if not path.is_file():
        raise UserError(f"{path}: no such file; an alignment needs it to number its states; unpack it there")
    states: Dict[int, State] = {}
    for number, line in enumerate(_lines(path), start=1):
        words = line.split()
        if not words or line.strip() == HEADER:
            continue
        name, digit = (words[0][:-1], words[0][-1]) if words[0] != SILENCE else (SILENCE, "0")
        if len(words) != 2 or not words[1].isdigit() or digit not in "012" or not name:
            raise UserError(f"{path}, line {number}: {line.strip()[:80]!r} is not a state; expected a gloss with its "
                            "state 0, 1 or 2 and a number, such as 'REGEN0 2370'; unpack the archive again")
        states[int(words[1])] = State(None if name == SILENCE else name, int(digit))
    return states


def read_alignment(path: Path, wanted: AbstractSet[str], states: Mapping[int, State]) -> Dict[str, Dict[str, State]]:
    """{sequence: {name of a frame's file: its state}} of the sequences wanted; the others' lines are passed over."""
    labels: Dict[str, Dict[str, State]] = {}
    for number, line in enumerate(_lines(path), start=1):
        file_name, _, label = line.strip().rpartition(" ")
        parts = file_name.split("/")
        if len(parts) < 3 or not label.isdigit():
            raise UserError(f"{path}, line {number}: {line.strip()[:80]!r} is not a frame; expected its file and the "
                            "number of its state; unpack the archive again")
        sequence = parts[-3]                            # .../<sequence>/1/<frame>.png
        if sequence not in wanted:
            continue
        if int(label) not in states:
            raise UserError(f"{path}, line {number}: class {label} is not in {CLASSES.name} beside it; expected "
                            "both of one release; unpack them again")
        labels.setdefault(sequence, {})[parts[-1]] = states[int(label)]
    return labels


def _lines(path: Path) -> Iterator[str]:
    """One by one: the file has a hundred megabytes."""
    try:
        with open_file(path) as data, io.TextIOWrapper(data, encoding="utf-8") as file:
            yield from file
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: can't be read ({error}); expected text in UTF-8; unpack it again") from None


def _active(path: Path, row: Row, files: Sequence[str], labels: Mapping[str, Mapping[str, State]]) -> np.ndarray:
    frames = labels.get(row.seq_id, {})
    missing = [name for name in files if name not in frames]
    if missing:
        raise UserError(f"{path}: nothing for {len(missing)} of the {len(files)} frames of '{row.seq_id}', such as "
                        f"{missing[0]}; expected a line for each; take the alignment of these frames")
    segments = cut([frames[name] for name in files])
    active = np.full(len(files), -1, np.int16)
    for edit in edits(row.glosses, [segment.gloss for segment in segments], as_it_is):
        if edit.verdict == "right":
            assert edit.read is not None and edit.true is not None
            active[segments[edit.read].start:segments[edit.read].stop] = edit.true
    return active


def cut(states: Sequence[State]) -> List[Segment]:
    """A gloss ends where another begins, or its own states begin anew."""
    segments: List[Segment] = []
    before: Optional[State] = None
    for t, state in enumerate(states):
        if state.gloss is not None:
            goes_on = before is not None and before.gloss == state.gloss and before.number <= state.number
            start = segments.pop().start if goes_on else t
            segments.append(Segment(state.gloss, start, t + 1))
        before = state
    return segments

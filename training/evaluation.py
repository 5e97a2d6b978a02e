"""Reading a split, and how many of its glosses were read right."""
from dataclasses import dataclass
from pathlib import Path
from typing import List, Sequence, Tuple

from glosses.wer import WER, clean, wer


@dataclass(frozen=True)
class Reading:
    name: str
    truth: Tuple[str, ...]
    hypothesis: Tuple[str, ...]


def score(readings: Sequence[Reading]) -> WER:
    return wer([" ".join(reading.truth) for reading in readings],
               [" ".join(reading.hypothesis) for reading in readings])


def write_hypotheses(path: Path, readings: Sequence[Reading]) -> None:
    """One clip a line: id, what was read, what is true; both cleaned as they were counted."""
    lines = ["id|hypothesis|truth"]
    lines += [f"{reading.name}|{clean(' '.join(reading.hypothesis))}|{clean(' '.join(reading.truth))}"
              for reading in sorted(readings, key=lambda reading: reading.name)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

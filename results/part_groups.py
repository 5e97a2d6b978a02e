"""What the glosses of a batch were read from, together: from parts.csv, by verdict, gloss, signer and model.

Of glosses a part's share is the sum of its Shapley values over the glosses' sum of what all parts give. Of contrasts it
is the mean of its log-odds for what was read.
"""
import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from typing import Dict, Iterable, List, Sequence, Tuple

import numpy as np

from results.interval import Interval, of_sums

NOT_JUDGED = "not judged"
NO_FIGURE = Interval(*3 * (float("nan"),))
Row = Dict[str, str]


@dataclass(frozen=True)
class PartGroup:
    name: str
    glosses: int
    sequences: Tuple[str, ...]
    parts: Tuple[Interval, ...]     # over sequences; NaN where all parts together give nothing


@dataclass(frozen=True)
class ModelParts:
    """Of one model; what was hidden in another way stands apart."""

    model: str
    names: Tuple[str, ...]          # of the parts
    contrast: bool                  # log-odds in place of shares
    hide: str
    points: str                     # what became of hidden keypoints
    glosses: Tuple[Tuple[Row, ...], ...]    # of each gloss a row for each part

    @property
    def absent(self) -> Tuple[str, ...]:
        """The parts that are in no picture."""
        return tuple(name for index, name in enumerate(self.names)
                     if all(rows[index]["in_picture"] == "no" for rows in self.glosses))

    def groups(self, kind: str) -> List[PartGroup]:
        """The largest first."""
        by_name: Dict[str, List[Sequence[Row]]] = defaultdict(list)
        for gloss in self.glosses:
            by_name[gloss[0][kind] or NOT_JUDGED].append(gloss)
        return sorted((_group(name, glosses, self.contrast) for name, glosses in by_name.items()),
                      key=lambda group: (-group.glosses, group.name))


def read_parts(tables: Iterable[str]) -> List[ModelParts]:
    """From the text of each sequence's parts.csv. Python's own errors where one is not as it was written."""
    glosses: Dict[Tuple[str, str, str, str], List[Row]] = defaultdict(list)
    for text in tables:
        for row in csv.DictReader(io.StringIO(text)):
            if row["side"] in ("", "read"):         # what speaks for the true gloss is the same turned over
                glosses[row["model"], row["split"], row["sequence"], row["id"]].append(row)
    alike: Dict[Tuple[str, Tuple[str, ...], bool, str, str], List[Tuple[Row, ...]]] = defaultdict(list)
    for (model, *_), rows in glosses.items():
        first = rows[0]
        key = (model, tuple(row["part"] for row in rows), first["side"] != "", first["hide"], first["hidden_keypoints"])
        alike[key].append(tuple(rows))
    return [ModelParts(*key, glosses=tuple(group)) for key, group in alike.items()]


def _group(name: str, glosses: Sequence[Sequence[Row]], contrast: bool) -> PartGroup:
    by_sequence: Dict[str, List[np.ndarray]] = defaultdict(list)
    for rows in glosses:
        values = [float(row["value"]) if row["in_picture"] == "yes" else 0.0 for row in rows]
        gained = 1.0 if contrast else float(rows[0]["score"]) - float(rows[0]["hidden_score"])
        by_sequence[rows[0]["sequence"]].append(np.array([*values, gained]))
    sums = np.stack([np.sum(clip, axis=0) for clip in by_sequence.values()])
    return PartGroup(name, len(glosses), tuple(by_sequence),
                     tuple(share_of(sums, index) for index in range(sums.shape[1] - 1)))


def share_of(sums: np.ndarray, index: int) -> Interval:
    """sums [clips, parts + 1], what all parts give last."""
    if sums[:, -1].sum() <= 0:
        return NO_FIGURE

    def figure(drawn: np.ndarray) -> np.ndarray:
        given = np.where(drawn[..., -1] > 0, drawn[..., -1], np.nan)
        return np.asarray(drawn[..., index] / given)

    return of_sums(sums, figure)

"""PHOENIX-2014's word error rate: its clean-up of gloss strings, its alignment costs, and what became of each gloss."""
import re
from dataclasses import dataclass
from itertools import groupby
from typing import Callable, List, Optional, Sequence, Tuple

import numpy as np

DELETION, INSERTION, SUBSTITUTION = 3, 3, 4
NAMES = {"C": "right", "S": "substituted", "I": "inserted", "D": "deleted"}

_LETTERS = (r"([ +][A-Z]) ([A-Z][ +])", r"\1+\2")
_REPEATED = (r"(?<![\w-])(\b[A-Z]+(?![\w-])) \1(?![\w-])", r"\1")
# Applied in this order. The order is part of the protocol: "S C H NEE" becomes "S C+H NEE" and not "S+C+H NEE".
_RULES = tuple((re.compile(pattern), replacement) for pattern, replacement in (
    (r"loc-", ""), (r"cl-", ""), (r"qu-", ""), (r"poss-", ""), (r"lh-", ""),
    (r"S0NNE", "SONNE"), (r"HABEN2", "HABEN"),
    (r"__EMOTION__|__PU__|__LEFTHAND__", ""),
    (r"WIE AUSSEHEN", "WIE-AUSSEHEN"),
    (r"ZEIGEN( |$)", r"ZEIGEN-BILDSCHIRM\1"),
    (r"^([A-Z]) ([A-Z][+ ])", r"\1+\2"),                    # letters that spell a word
    (r"[ +]([A-Z]) ([A-Z]) ", r" \1+\2 "),
    _LETTERS, _LETTERS, _LETTERS,
    (r"([ +]SCH) ([A-Z][ +])", r"\1+\2"), (r"([ +]NN) ([A-Z][ +])", r"\1+\2"),
    (r"([ +][A-Z]) (NN[ +])", r"\1+\2"),
    (r"([ +][A-Z]) ([A-Z])$", r"\1+\2"),
    (r"([A-Z][A-Z])RAUM", r"\1"),
    (r"-PLUSPLUS", ""),
    _REPEATED, _REPEATED, _REPEATED, _REPEATED,
))


Clean = Callable[[str], str]


def as_it_is(text: str) -> str:
    """For corpora whose glosses are counted as they are annotated."""
    return " ".join(text.split())


def clean(text: str) -> str:
    """PHOENIX's."""
    text = text.strip()
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    merged = " ".join(word for word, _ in groupby(text.split(" ")))
    return " ".join(merged.split())


@dataclass(frozen=True)
class WER:
    """Counts over one or many sentences."""

    substitutions: int = 0
    insertions: int = 0
    deletions: int = 0
    reference: int = 0          # glosses of the truth

    @property
    def errors(self) -> int:
        return self.substitutions + self.insertions + self.deletions

    @property
    def percent(self) -> float:
        """Errors over reference glosses, in per cent; with no reference gloss every inserted one is a whole error."""
        return 100.0 * self.errors / max(self.reference, 1)

    def __add__(self, other: "WER") -> "WER":
        return WER(self.substitutions + other.substitutions, self.insertions + other.insertions,
                   self.deletions + other.deletions, self.reference + other.reference)


def wer(references: Sequence[str], hypotheses: Sequence[str], clean: Clean = clean) -> WER:
    """Over sentences cleaned as their corpus is, glosses separated by spaces."""
    if len(references) != len(hypotheses):
        raise ValueError(f"{len(references)} references and {len(hypotheses)} hypotheses")
    total = WER()
    for reference, hypothesis in zip(references, hypotheses):
        words = clean(reference).split()
        steps = _align(words, clean(hypothesis).split())
        total += WER(steps.count("S"), steps.count("I"), steps.count("D"), len(words))
    return total


def raw_wer(references: Sequence[str], hypotheses: Sequence[str]) -> WER:
    """Nothing cleaned, and the fewest edits whatever their kind: how Mamba-SLR's authors count."""
    total = WER()
    for reference, hypothesis in zip(references, hypotheses):
        words = reference.split()
        steps = _align(words, hypothesis.split(), (1, 1, 1))
        total += WER(steps.count("S"), steps.count("I"), steps.count("D"), len(words))
    return total


@dataclass(frozen=True)
class Verdicts:
    """What became of each gloss as it stands, before cleaning, for display."""

    hypothesis: Tuple[str, ...]                 # right, substituted or inserted, one for each gloss read
    deleted: Tuple[Tuple[str, int], ...]        # true glosses not read, and the place in the hypothesis they miss at


@dataclass(frozen=True)
class Edit:
    """One step from the truth to what was read; the places in them, before cleaning, None on the side that lacks it."""

    verdict: str                # right, substituted, inserted or deleted
    true: Optional[int]
    read: Optional[int]


def edits(reference: Sequence[str], hypothesis: Sequence[str], clean: Clean = clean) -> List[Edit]:
    """In order. Glosses are compared cleaned one by one; those that cleaning empties are left out."""
    truth = [(place, clean(word)) for place, word in enumerate(reference) if clean(word)]
    read = [(place, clean(word)) for place, word in enumerate(hypothesis) if clean(word)]
    row = column = 0
    found = []
    for step in _align([word for _, word in truth], [word for _, word in read]):
        found.append(Edit(NAMES[step], None if step == "I" else truth[row][0],
                          None if step == "D" else read[column][0]))
        row += step != "I"
        column += step != "D"
    return found


def verdicts(reference: Sequence[str], hypothesis: Sequence[str], clean: Clean = clean) -> Verdicts:
    """Glosses are compared cleaned one by one, so that `loc-NORD` is right for `NORD`.

    One that cleaning empties (`__PU__`) counts neither as right nor as wrong: it is left out of the truth,
    and "right" in the hypothesis.
    """
    judged = ["right"] * len(hypothesis)
    deleted: List[Tuple[str, int]] = []
    found = edits(reference, hypothesis, clean)
    for number, edit in enumerate(found):
        if edit.read is not None:
            judged[edit.read] = edit.verdict
        elif edit.true is not None:
            coming = (later.read for later in found[number:] if later.read is not None)
            deleted.append((reference[edit.true], next(coming, len(hypothesis))))
    return Verdicts(tuple(judged), tuple(deleted))


def _align(reference: Sequence[str], hypothesis: Sequence[str],
           costs: Tuple[int, int, int] = (DELETION, INSERTION, SUBSTITUTION)) -> List[str]:
    """The cheapest edits from reference to hypothesis: C right, S substituted, I inserted, D deleted."""
    deletion, insertion, substitution = costs
    rows, columns = len(reference), len(hypothesis)
    cost = np.zeros((rows + 1, columns + 1), np.int64)
    cost[:, 0] = deletion * np.arange(rows + 1)
    cost[0, :] = insertion * np.arange(columns + 1)
    for row in range(1, rows + 1):
        for column in range(1, columns + 1):
            same = reference[row - 1] == hypothesis[column - 1]
            cost[row, column] = min(cost[row - 1, column - 1] + (0 if same else substitution),
                                    cost[row, column - 1] + insertion, cost[row - 1, column] + deletion)
    steps: List[str] = []
    row, column = rows, columns
    while row or column:
        here = cost[row, column]
        if row and column and reference[row - 1] == hypothesis[column - 1] and here == cost[row - 1, column - 1]:
            step = "C"
        elif row and column and here == cost[row - 1, column - 1] + substitution:
            step = "S"
        elif column and here == cost[row, column - 1] + insertion:
            step = "I"
        else:
            step = "D"
        steps.append(step)
        row -= step != "I"
        column -= step != "D"
    return steps[::-1]

"""Word error rate: the cheapest edits from what is true to what was read, and what became of each gloss."""
from dataclasses import dataclass
from typing import Callable, List, Optional, Sequence, Tuple

PUBLISHED_COSTS = (3, 3, 4)        # of a deletion, an insertion, a substitution
NAMES = {"C": "right", "S": "substituted", "I": "inserted", "D": "deleted"}

Clean = Callable[[str], str]        # what is done to glosses, separated by spaces, before they are compared


def as_it_is(text: str) -> str:
    return " ".join(text.split())


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


def count(reference: Sequence[str], hypothesis: Sequence[str], costs: Tuple[int, int, int] = PUBLISHED_COSTS,
          ties: str = "ID") -> WER:
    """Over glosses as they are compared."""
    steps = align(reference, hypothesis, costs, ties)
    return WER(steps.count("S"), steps.count("I"), steps.count("D"), len(reference))


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


def edits(reference: Sequence[str], hypothesis: Sequence[str], clean: Clean) -> List[Edit]:
    """In order. Glosses are compared cleaned one by one; those that cleaning empties are left out."""
    truth = [(index, clean(word)) for index, word in enumerate(reference) if clean(word)]
    read = [(index, clean(word)) for index, word in enumerate(hypothesis) if clean(word)]
    row = column = 0
    path = []
    for step in align([word for _, word in truth], [word for _, word in read]):
        path.append(Edit(NAMES[step], None if step == "I" else truth[row][0],
                          None if step == "D" else read[column][0]))
        row += step != "I"
        column += step != "D"
    return path


def verdicts(reference: Sequence[str], hypothesis: Sequence[str], clean: Clean) -> Verdicts:
    """Glosses are compared cleaned one by one, so that on PHOENIX-2014 `loc-NORD` is right for `NORD`.

    One that cleaning empties (`__PU__`) counts neither as right nor as wrong: it is left out of the truth,
    and "right" in the hypothesis.
    """
    judged = ["right"] * len(hypothesis)
    deleted: List[Tuple[str, int]] = []
    made = edits(reference, hypothesis, clean)
    for number, edit in enumerate(made):
        if edit.read is not None:
            judged[edit.read] = edit.verdict
        elif edit.true is not None:
            coming = (later.read for later in made[number:] if later.read is not None)
            deleted.append((reference[edit.true], next(coming, len(hypothesis))))
    return Verdicts(tuple(judged), tuple(deleted))


def align(reference: Sequence[str], hypothesis: Sequence[str], costs: Tuple[int, int, int] = PUBLISHED_COSTS,
          ties: str = "ID") -> List[str]:
    """The cheapest edits from reference to hypothesis: C right, S substituted, I inserted, D deleted.

    Looked for from the end. Where several are as cheap, a gloss stands for a gloss; then the first kind of `ties`.
    """
    deletion, insertion, substitution = costs
    table = [[column * insertion for column in range(len(hypothesis) + 1)]]     # [truth + 1][read + 1]
    for row, true in enumerate(reference):
        above, line = table[row], [(row + 1) * deletion]
        for column, read in enumerate(hypothesis):
            line.append(min(above[column] + (0 if true == read else substitution),
                            line[column] + insertion, above[column + 1] + deletion))
        table.append(line)
    steps: List[str] = []
    row, column = len(reference), len(hypothesis)
    while row or column:
        step = _last_step(table, row, column, bool(row and column) and reference[row - 1] == hypothesis[column - 1],
                          costs, ties)
        steps.append(step)
        row -= step != "I"
        column -= step != "D"
    return steps[::-1]


def _last_step(table: Sequence[Sequence[int]], row: int, column: int, same: bool, costs: Tuple[int, int, int],
               ties: str) -> str:
    deletion, insertion, substitution = costs
    if row and column:
        across = table[row][column] - table[row - 1][column - 1]
        if same and across == 0:
            return "C"
        if not same and across == substitution:
            return "S"
    could = {"I": column > 0 and table[row][column] == table[row][column - 1] + insertion,
             "D": row > 0 and table[row][column] == table[row - 1][column] + deletion}
    return next(step for step in ties if could[step])

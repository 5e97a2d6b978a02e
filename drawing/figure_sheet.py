"""What a figure for a paper shows: rows of models and layers, columns of frames or glosses, one scale."""
from dataclasses import dataclass, field
from typing import List, Optional, Sequence, Tuple

from geometry.laid import LaidMap
from records.style import Style
from records.transcript import Range

WIDTHS = {"column": 3.3, "page": 6.9}       # inches
COLUMNS = {"column": 4, "page": 6}          # pictures beside one another


@dataclass(frozen=True)
class Cell:
    laid: Optional[LaidMap]             # None: the model has no such gloss
    frame: int
    note: str = ""                      # below the picture
    span: Optional[Range] = None        # the gloss's frames


@dataclass(frozen=True)
class Row:
    label: str
    cells: Sequence[Cell]               # one for each column: models read a gloss at frames of their own
    read: Sequence[Tuple[str, Range]] = ()      # what the model read, and when; where all cells are of one map


@dataclass(frozen=True)
class Sheet:
    rows: Sequence[Row]
    titles: Sequence[str]               # of the columns
    legend: str                         # in words what 0 and 1 are
    one_map: bool                       # all cells of a row are frames of one map, so that it has one strip
    width: str = "page"
    columns: int = 6                    # beside one another; more go on below
    bicubic: bool = False
    style: Style = field(default_factory=Style)

    def words(self) -> List[str]:
        """All that may be written on it."""
        return [self.legend, *self.titles, *(row.label for row in self.rows),
                *(cell.note for row in self.rows for cell in row.cells),
                *(gloss for row in self.rows for gloss, _ in row.read), "01\u2026"]


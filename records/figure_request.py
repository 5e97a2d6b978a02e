"""What a figure is asked to show."""
from dataclasses import dataclass
from typing import Optional, Sequence

PEAK, MIDDLE = AT = ("peak", "middle")
VERDICT, GLOSS, SIGNER, MODEL = GROUPS = ("verdict", "gloss", "signer", "model")     # of glosses of a batch


@dataclass(frozen=True)
class FigureRequest:
    models: Optional[Sequence[str]] = None      # None: all
    layers: Optional[Sequence[str]] = None      # None: each model's last with space
    frames: Optional[Sequence[str]] = None      # columns, as they were typed: these,
    glosses: Optional[Sequence[str]] = None     # or glosses by number; None of both: all glosses, or parts of the clip
    at: Optional[str] = None                    # which frame of a gloss or part: one of AT
    same_frames: bool = False                   # in all rows
    labels: Optional[Sequence[str]] = None      # of the rows
    columns: Optional[int] = None               # beside one another
    width: str = "page"
    colormap: Optional[str] = None              # None: the run's
    bicubic: bool = False


@dataclass(frozen=True)
class PartsRequest:
    """Of a figure of what glosses were read from."""

    models: Optional[Sequence[str]] = None      # None: all
    glosses: Optional[Sequence[str]] = None     # of one clip, by their number in parts.csv; None: all
    by: Optional[str] = None                    # of a batch, one of GROUPS; None: model
    width: str = "page"

"""What a gloss was read from, part by part and stretch by stretch: what its score loses when they are hidden."""
from dataclasses import dataclass
from typing import Dict, Optional, Tuple

from records.explained import ExplainedGloss
from records.hiding import Hiding

RIGHT, LEFT, HANDS, MOUTH, UPPER_FACE, FACE, BODY, REST = (
    "right hand", "left hand", "hands", "mouth", "upper face", "face", "arms and trunk", "everything else")
PARTS: Dict[int, Tuple[str, ...]] = {6: (RIGHT, LEFT, MOUTH, UPPER_FACE, BODY, REST), 4: (HANDS, FACE, BODY, REST)}
STRETCH = 8             # frames that are hidden at once, to see when a gloss was read
ALL = 6                 # parts, unless fewer are asked for


@dataclass(frozen=True)
class Part:
    """Natural logarithms. None of a part that is in no frame of the picture."""

    name: str
    value: Optional[float] = None       # its Shapley value: all parts' add up to the score less that of the hidden clip
    alone: Optional[float] = None       # what the score gains when it alone is shown
    without: Optional[float] = None     # what the score loses when it alone is hidden


@dataclass(frozen=True)
class GlossParts:
    """Of one gloss, or of one side of a contrast."""

    about: ExplainedGloss               # its words say what the score is
    score: float                        # of the clip: log-probability over the gloss's steps, or log-odds of a contrast
    hidden: float                       # of the clip with all of it hidden
    parts: Tuple[Part, ...]             # empty where the parts are not known
    when: Tuple[float, ...]             # the score with each stretch of the clip hidden in turn
    sentence: str = ""                  # the same in words


@dataclass(frozen=True)
class ClipParts:
    """Of all glosses explained of a clip, by one network."""

    hiding: Hiding
    asks: str                           # the question that this way of hiding asks
    names: Tuple[str, ...]              # of the parts
    readings: int                       # of the clip, shared by all glosses
    stretch: int                        # frames
    glosses: Tuple[GlossParts, ...]
    notes: Tuple[str, ...] = ()         # what is missing, and why

"""The colours of a picture that stands on its own: on a dark ground for a screen, on a white one for paper."""
from dataclasses import dataclass
from typing import Dict, Optional

from drawing.strips import BACKGROUND, ENERGY, UNSEEN
from drawing.text import DIM, INK, VERDICTS, Colour


@dataclass(frozen=True)
class Ground:
    paper: Colour
    ink: Colour
    dim: Colour
    span: Colour                # the gloss's own frames, behind a curve
    area: Colour                # under a curve
    line: Colour
    unseen: Colour
    peak: Colour
    verdicts: Dict[Optional[str], Colour]


DARK = Ground(BACKGROUND, INK, DIM, (38, 44, 58), ENERGY, (150, 180, 240), UNSEEN, (255, 214, 92), VERDICTS)
LIGHT = Ground((255, 255, 255), (28, 30, 33), (86, 92, 100), (228, 235, 250), (190, 203, 232), (37, 87, 199),
               (214, 216, 220), (176, 96, 0),
               {"right": (28, 30, 33), "substituted": (168, 75, 0), "inserted": (109, 59, 181),
                "deleted": (168, 30, 60), None: (28, 30, 33)})
GROUNDS = {"dark": DARK, "light": LIGHT}

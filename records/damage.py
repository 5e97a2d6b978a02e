"""What is known to have been done to a picture before it was seen."""
from dataclasses import dataclass
from typing import Dict, Tuple

from terminal.errors import UserError

BLUR, DOWN = "blur", "down"
BOUNDS: Dict[str, Tuple[float, float]] = {BLUR: (0.3, 4.0), DOWN: (2, 4)}
EXPECTED = (f"{BLUR}:SIGMA, a Gaussian blur of that many pixels, from {BOUNDS[BLUR][0]:g} to {BOUNDS[BLUR][1]:g}, or "
            f"{DOWN}:2 or {DOWN}:4, a scaling down by so much")


@dataclass(frozen=True)
class Damage:
    """Of the 256x256 frames that networks see."""

    kind: str           # of BOUNDS
    amount: float

    def __str__(self) -> str:
        return f"{self.kind}:{self.amount:g}"

    @property
    def words(self) -> str:
        if self.kind == BLUR:
            return f"a Gaussian blur with a standard deviation of {self.amount:g} pixels"
        return f"a scaling down by {self.amount:g}"


def read_damage(text: str) -> Damage:
    kind, _, amount = text.partition(":")
    try:
        made = Damage(kind, float(amount))
    except ValueError:
        made = Damage(kind, 0)
    low, high = BOUNDS.get(kind, (1, 0))
    if not low <= made.amount <= high or kind == DOWN and made.amount not in (2, 4):
        raise UserError(f"--damage {text[:40]}: expected {EXPECTED}")
    return made

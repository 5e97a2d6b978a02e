"""What restore.py is asked, and what it tells of a clip it restored."""
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

from records.damage import Damage
from records.requests import Request, VideoRequest
from terminal.errors import UserError

FORMAT = 1
NOISE = 1.0             # of 255
MOST_NOISE = 50.0
STEPS = 4


@dataclass(frozen=True)
class RestoreRequest(Request):
    """Hands and faces of clips of a corpus, or of videos, drawn from a prior."""

    prior: Path = Path("restorer.pt")
    damage: Damage = Damage("blur", 2.0)
    noise: float = NOISE                            # standard deviation of what a pixel was measured with, of 255
    steps: int = STEPS
    seed: int = 0
    trial: bool = False                             # damage the clip first: then one sees how near it comes
    videos: Optional[VideoRequest] = None           # in place of a corpus

    def check(self) -> None:
        if not 0.1 <= self.noise <= MOST_NOISE:
            raise UserError(f"--noise {self.noise:g}: expected from 0.1 to {MOST_NOISE:g}, of 255")
        if self.steps > 1000:
            raise UserError(f"--steps {self.steps}: expected from 1 to 1000")

    def settings(self, sha256: str) -> Dict[str, Any]:
        """What makes two runs the same, as JSON has it."""
        return {"prior": sha256, "damage": str(self.damage), "noise": self.noise, "steps": self.steps,
                "seed": self.seed, "trial": self.trial}


@dataclass(frozen=True)
class Trial:
    """How near a clip that was damaged on purpose comes to what was there, before and after it was restored."""

    psnr: float
    restored_psnr: float
    gradient: float
    restored_gradient: float
    edges: float
    restored_edges: float

    @property
    def line(self) -> str:
        return (f"PSNR {self.psnr:.1f} -> {self.restored_psnr:.1f} dB, gradient {self.gradient:.2f} -> "
                f"{self.restored_gradient:.2f} of the sharp one, edges' correlation {self.edges:.2f} -> "
                f"{self.restored_edges:.2f}")


@dataclass(frozen=True)
class RestoredRecord:
    """restored.json: beside the frames, which are known by it."""

    format: int
    sequence: str
    invented: str                                   # that pixels are
    source: str                                     # what was restored
    settings: Mapping[str, Any]
    inputs: Mapping[str, Any]
    frames: int
    rate: float
    crops: Mapping[str, int]                        # by part
    disagreement: float
    trial: Optional[Trial] = None

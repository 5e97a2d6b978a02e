"""How maps are drawn over frames."""
from dataclasses import dataclass
from typing import Optional

COLORMAPS = ("turbo", "viridis", "cividis", "inferno", "magma", "plasma", "hot", "parula", "jet")
ALPHAS = {"value": 0.85, "even": 0.5}       # by blend: the map's weight where it is largest, and everywhere


@dataclass(frozen=True)
class Style:
    """`blend` value: a map hides the frame as far as it is large, and where it is 0 the frame stays itself; even: it
    has the same weight everywhere. `alpha` is that weight (None: the blend's own); the frame has the rest.
    """

    alpha: Optional[float] = None
    colormap: str = "turbo"
    fps: float = 25.0
    blend: str = "value"
    scale: int = 1                          # pixels of a picture for each of the frame's

    @property
    def weight(self) -> float:
        return ALPHAS[self.blend] if self.alpha is None else self.alpha

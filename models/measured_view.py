"""What part of a frame reaches a network, measured by pictures whose brightness says where a pixel is from."""
from typing import Callable, Tuple

import numpy as np

from geometry.viewport import Viewport
from terminal.errors import UserError

Look = Callable[[np.ndarray], np.ndarray]   # frames uint8 [T, H, W, 3] -> what the network takes, [C, T, h, w]
ASTRAY = 3 / 255        # how far a ramp may come out from a straight line
NEAR = 1 / 255          # a ramp of 256 levels tells no better where the edge of the frame is
SAY = "give it as view=Viewport(left, top, right, bottom), in parts of the frame"


def measured_view(look: Look, shape: Tuple[int, ...]) -> Viewport:
    """shape: [T, H, W, 3] of the clip. UserError where frames are not just scaled, cut and padded."""
    black, white = (look(np.full(shape, level, np.uint8)) for level in (0, 255))
    low, high = (np.median(pictures, axis=(1, 2, 3)) for pictures in (black, white))
    channel = int(abs(high - low).argmax())
    if not abs(high - low)[channel] > 1e-6:
        raise UserError(f"view: black and white frames give the same input, so what it shows cannot be measured; {SAY}")

    def ends(axis: int) -> Tuple[float, float]:
        across = [1, 1, 1, 1]
        across[axis] = shape[axis]
        levels = ((np.arange(shape[axis]) + 0.5) / shape[axis] * 255).round().astype(np.uint8).reshape(across)
        ramp = (look(np.broadcast_to(levels, shape).copy())[channel] - low[channel]) / (high - low)[channel]
        return _line(np.median(ramp, axis=(0, 3 - axis)))

    (top, bottom), (left, right) = ends(1), ends(2)
    return Viewport(left, top, right, bottom)


def _line(ramp: np.ndarray) -> Tuple[float, float]:
    """[n] parts of the frame at the middles of n pixels -> those at the two edges."""
    at = (np.arange(len(ramp)) + 0.5) / len(ramp)
    inside = abs(at - 0.5) <= 0.3           # at the edges a scaled picture is no straight line, nor a padded one
    slope, start = np.polyfit(at[inside], ramp[inside], 1) if inside.sum() > 1 else (0.0, 0.0)
    if slope <= 0 or abs(start + slope * at - ramp)[inside].max() > ASTRAY:
        raise UserError(f"view: frames are changed by more than scaling, cutting and padding; {SAY}")
    first, last = (round(edge) if abs(edge - round(edge)) < NEAR else edge for edge in (start, start + slope))
    return float(first), float(last)

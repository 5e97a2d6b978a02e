"""Where a layer holds what is read: its activity is silenced on the articulators and off them, and the clip read again.

A map can be expected on the articulators only as far as the layer itself holds its evidence there.
"""
from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

import numpy as np
import torch
from torch import Tensor

from cams.frames import cells, seen_frames
from cams.targets import predicted
from datasets.clip import Clip
from geometry.laid import Cells
from models.float32 import full_float32
from models.recogniser import Inputs, Probe, Recogniser
from poses.whole_body import on_frames


@dataclass
class Holding:
    """Sums over clips. Losses: log-probability of the predicted glosses."""

    on: float = 0.0             # lost as the layer's cells on the articulators are silenced
    off: float = 0.0            # as all the others are
    both: float = 0.0
    steps: int = 0              # of the logits, over which those are sums
    touched: int = 0            # cells on the articulators
    cells: int = 0              # in steps in which a gloss is signed; only those are silenced

    @property
    def ratio(self) -> float:
        """Share of the loss that the articulators' cells cause over the share of cells they are; 1: evenly spread."""
        on, off = max(self.on, 0.0), max(self.off, 0.0)
        return on / (on + off) * self.cells / self.touched if on + off and self.touched else float("nan")


def hold(into: Holding, recogniser: Recogniser, clip: Clip, region: np.ndarray, layer: str) -> None:
    """Adds a clip; region bool [T, H, W] is where the articulators are, empty between glosses."""
    probe, inputs = recogniser.layers[layer], recogniser.prepare(clip)
    whole, shape = _read(recogniser, inputs, probe, None)
    picks = predicted(recogniser, whole)
    seen = seen_frames(shape[0], probe, inputs.left, len(region))
    points = on_frames(clip.keypoints, *region.shape[1:]) if probe.joints and clip.keypoints is not None else None
    on = touched_cells(region, cells(probe, shape, inputs.left, recogniser.viewport, region.shape[1:], points), seen)
    active = on.flatten(1).any(1).view(-1, *[1] * (on.dim() - 1)).expand_as(on)

    def lost(silent: Tensor) -> float:
        less, _ = _read(recogniser, inputs, probe, silent)
        before, after = (picks.score(logits.log_softmax(1)) for logits in (whole, less))
        assert before is not None and after is not None
        return float(before - after)

    into.on += lost(on)
    into.off += lost(active & ~on)
    into.both += lost(active)
    into.steps += len(picks.steps)
    into.touched += int(on.sum())
    into.cells += int(active.sum())


def _read(recogniser: Recogniser, inputs: Inputs, probe: Probe,
          silent: Optional[Tensor]) -> Tuple[Tensor, Tuple[int, ...]]:
    """Logits [T', V] with the layer's cells silent bool [T', H', W'] or [T', J] at their channel's mean, and that
    shape."""
    shapes: List[Tuple[int, ...]] = []

    def silence(module: Any, given: Any, output: Any) -> None:
        activation = probe.arrange(probe.select(output))            # [1, C, T', H', W'] or [1, C, T', J]
        shapes.append(tuple(activation.shape[2:]))
        if silent is not None:
            mean = activation.mean(dim=tuple(range(2, activation.dim())), keepdim=True)
            activation.copy_(torch.where(silent.to(activation.device), mean, activation))

    hook = probe.module.register_forward_hook(silence)
    try:
        with torch.no_grad(), full_float32():
            logits = recogniser(inputs)[0].float().cpu()
    finally:
        hook.remove()
    return logits, shapes[0]


def touched_cells(region: np.ndarray, layer: Cells, seen: Tuple[int, int]) -> Tensor:
    """bool [T', H', W'] or [T', J]: the layer's cells that touch the region in the clip's frames seen."""
    frames = own_pixels(layer.frames, len(region))                                      # [T', T]
    frames[:, :seen[0]] = frames[:, seen[1]:] = 0
    if layer.joints is not None:
        return torch.from_numpy(frames @ points_inside(region, layer.joints.points) > 0)
    assert layer.rows is not None and layer.columns is not None
    rows, columns = (own_pixels(centres, size) for centres, size in zip((layer.rows, layer.columns), region.shape[1:]))
    down = np.einsum("ih,thw->tiw", rows, region.astype(np.float32))
    touched = np.einsum("kt,tiw,jw->kij", frames, down, columns, optimize=True)
    return torch.from_numpy(touched > 0)


def points_inside(region: np.ndarray, points: np.ndarray) -> np.ndarray:
    """float32 [T, J], 1 where a point [T, J, 2] lies on a pixel of the region [T, H, W]."""
    _, height, width = region.shape
    columns, rows = (points[..., axis].round().astype(int) for axis in (0, 1))
    within = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    inside = np.zeros(points.shape[:2], np.float32)
    frames, joints = np.nonzero(within)
    inside[frames, joints] = region[frames, rows[within], columns[within]]
    return inside


def own_pixels(centres: np.ndarray, pixels: int) -> np.ndarray:
    """float32 [cells, pixels], 1 where a pixel (a frame) is nearer to this cell than to any other."""
    half = (centres[1] - centres[0]) / 2 if len(centres) > 1 else pixels
    apart = np.arange(pixels) - centres[:, None]
    return ((apart >= -half) & (apart < half)).astype(np.float32)

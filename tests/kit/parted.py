"""A signer whose parts lie in known places, and a network that reads single pixels of them: its answers are known."""
from dataclasses import replace
from typing import Any, Callable, Dict, Sequence

import numpy as np
import torch
from torch import Tensor

from datasets.clip import Clip
from geometry.viewport import Viewport
from models.recogniser import Inputs
from poses.parts import part_labels
from records.parts import PARTS
from tests.kit.recogniser import TinyRecogniser, tiny_clip

SIDE = 64
FRAMES, FLASH = 24, 22                  # the one frame in which anything moves; in no middle of a stretch of 8
STEP = FLASH // 2


def points() -> np.ndarray:
    """[133, 3] in pixels of 210 x 260: a head above a trunk, the hands on either side, all in sight."""
    made = np.zeros((133, 3), np.float32)
    made[:, 2] = 0.9
    made[:5, :2] = 105, 60
    made[[5, 6], :2] = (140, 120), (70, 120)            # shoulders; left is on the picture's right
    made[[7, 8], :2] = (160, 160), (50, 160)
    made[[9, 10], :2] = (170, 200), (40, 200)
    made[[11, 12], :2] = (130, 250), (80, 250)
    made[13:23, :2] = 105, 255
    angle = np.linspace(0, 6, 48)
    made[23:71, :2] = np.stack([105 + 22 * np.cos(angle), 60 + 26 * np.sin(angle)], 1)
    made[71:91, :2] = np.stack([105 + np.linspace(-8, 8, 20), np.full(20, 76.0)], 1)
    made[91:112, :2] = np.stack([np.linspace(165, 185, 21), np.linspace(205, 225, 21)], 1)
    made[112:133, :2] = np.stack([np.linspace(25, 45, 21), np.linspace(205, 225, 21)], 1)
    return made


def parted_clip(**changes: Any) -> Clip:
    """Black, but for one frame that is white."""
    pixels = np.zeros((FRAMES, SIDE, SIDE, 3), np.uint8)
    pixels[FLASH] = 255
    keypoints = np.repeat(points()[None], FRAMES, axis=0)
    return replace(tiny_clip(glosses=(), pixels=pixels), **{"keypoints": keypoints, **changes})


Worth = Callable[[Dict[str, Tensor]], Tensor]       # from how far each part is shown, [B] each, to what that gives


class PartReader(TinyRecogniser):
    """Reads REGEN in one step, with a log-probability of -0.1 less what it lacks of `most`; blank elsewhere."""

    def __init__(self, worth: Worth, most: float, count: int = 6) -> None:
        super().__init__()
        self.viewport, self.worth, self.most = Viewport(), worth, most
        labels, _ = part_labels(points()[None], np.zeros((1, SIDE, SIDE, 3), np.uint8), count)
        self.places = {name: middle(labels[0] == index) for index, name in enumerate(PARTS[count])}

    def prepare(self, clip: Clip) -> Inputs:
        frames = torch.from_numpy(np.ascontiguousarray(clip.frames)).permute(3, 0, 1, 2)[None]
        return Inputs((frames.float() / 255,), len(clip))

    def forward(self, inputs: Inputs) -> Tensor:
        x = self.entry(*inputs.tensors)                                     # [B, 3, T, H, W]
        shown = {name: x[:, 0, FLASH, row, column] for name, (row, column) in self.places.items()}
        sure = self.worth(shown) - self.most - 0.1                          # [B]
        made = x.new_full((len(x), x.shape[2] // 2, 5), -1e4)
        made[..., 0] = 0.0
        made[:, STEP, 0], made[:, STEP, 1] = torch.log1p(-sure.exp()), sure
        return made


def middle(cells: np.ndarray) -> Sequence[int]:
    """A cell of those that are set."""
    rows, columns = np.nonzero(cells)
    index = len(rows) // 2
    return int(rows[index]), int(columns[index])

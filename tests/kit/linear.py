"""A network whose logits are sums over its input, and a clip whose mean colour is nothing to it."""
from typing import Tuple

import numpy as np
import torch
from torch import Tensor

from datasets.clip import Clip
from models.recogniser import Inputs
from tests.kit.recogniser import TinyRecogniser, tiny_clip

GREY = 128


class Linear(TinyRecogniser):
    """Every place of `clip` speaks for each class: no product of input and weight is negative. Grey is 0."""

    def __init__(self, clip: Clip, window: int = 400) -> None:
        super().__init__(window=window)
        x = self.prepare(clip).tensors[0]
        random = torch.rand((5, *x.shape[1:]), generator=torch.Generator().manual_seed(5))
        self.weights = x.sign() * random                            # [V, C, T, H, W]

    def prepare(self, clip: Clip) -> Inputs:
        top, bottom, left, right = self.viewport.box(*clip.frames.shape[1:3])
        frames = torch.from_numpy(clip.frames[:, top:bottom, left:right]).permute(3, 0, 1, 2)[None]
        return Inputs(((frames.float() - GREY) / 64,), len(clip))

    def forward(self, inputs: Inputs) -> Tensor:
        frames = torch.einsum("bcthw,vcthw->btv", self.entry(*inputs.tensors), self.weights)
        return frames.unflatten(1, (-1, 2)).sum(2)

    def parts(self, clip: Clip) -> np.ndarray:
        """[T, H, W]: what each place gives to the largest logit of its step."""
        x = self.prepare(clip).tensors[0]
        best = self(self.prepare(clip))[0].argmax(1).repeat_interleave(2)                   # [T]
        score = (x * self.weights).sum(1)                                                    # [V, T, H, W]
        return score[best, torch.arange(len(best))].numpy()


def even_clip(frames: int) -> Clip:
    """Its second half is the first turned over, so that the mean is grey to the bit."""
    half = np.random.RandomState(1).randint(1, 256, (frames // 2, 16, 16, 3))
    return tiny_clip(pixels=np.concatenate([half, 2 * GREY - half]).clip(0, 255).astype(np.uint8))


def spot(frames: int, cell: Tuple[int, int, int]) -> Clip:
    """Grey but for one white pixel in one frame."""
    pixels = np.full((frames, 16, 16, 3), GREY, np.uint8)
    pixels[cell] = 255
    return tiny_clip(pixels=pixels)

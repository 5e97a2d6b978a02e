"""What hands and faces look like: a denoiser of their crops, from which restoration draws.

Karras, Aittala, Aila, Laine, "Elucidating the Design Space of Diffusion-Based Generative Models", NeurIPS 2022: the
network is fed and read so that its task is equally large at every noise level.
"""
from typing import Any, Dict

import numpy as np
import torch
from torch import Tensor, nn

from models.unet import UNet
from terminal.errors import UserError

SPREAD = 0.5            # of pixels from -1 to 1, as all scaling takes it


class Restorer(nn.Module):
    """The best guess at crops from under noise. Crops are [B, 3, S, S] RGB from -1 to 1."""

    name, title = "restorer", "the restorer"
    signature = "down.0.0.level.weight"

    def __init__(self, architecture: Dict[str, Any]) -> None:
        super().__init__()
        self.architecture = architecture
        cells = architecture["patch"] * 2 ** (len(architecture["widths"]) - 1)
        if architecture["size"] % cells:
            raise UserError(f"size {architecture['size']}: its patches and scales need a multiple of {cells}; choose "
                            "one")
        self.network = UNet(architecture)

    @property
    def side(self) -> int:
        return int(self.architecture["size"])

    def forward(self, noisy: Tensor, sigma: Tensor) -> Tensor:
        """[B, 3, S, S] and the standard deviation of its noise [B] -> the mean of what may be under it"""
        s = sigma[:, None, None, None]
        whole = (s ** 2 + SPREAD ** 2).sqrt()
        kept, learnt = SPREAD ** 2 / whole ** 2, s * SPREAD / whole
        return kept * noisy + learnt * self.network(noisy / whole, sigma.log())


def weight_of(sigma: Tensor) -> Tensor:
    """By which the squared error at a noise level counts, so that all levels count alike."""
    return (sigma ** 2 + SPREAD ** 2) / (sigma * SPREAD) ** 2


def from_pixels(crops: np.ndarray) -> Tensor:
    """uint8 or float [N, S, S, 3] from 0 to 255 -> float32 [N, 3, S, S] from -1 to 1"""
    return torch.from_numpy(np.ascontiguousarray(crops)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def to_pixels(crops: Tensor) -> np.ndarray:
    """[N, 3, S, S] -> float32 [N, S, S, 3] from 0 to 255, not rounded"""
    return crops.permute(0, 2, 3, 1).add(1).mul(127.5).clamp(0, 255).cpu().numpy()

"""TwoStream-SLR's pose input, made on the device and never stored: one channel a keypoint, a Gaussian around it; or
two channels, the signer's left and right.
"""
from typing import Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from datasets import heatmaps

# 79 of the 133 COCO-WholeBody points, as the authors order them: every third of the face's outline, brows, nose
# and eyes; both hands; every second of the mouth; nose, eyes, ears, shoulders, elbows, wrists.
POINTS = (*range(23, 69, 3), *range(91, 133), *range(71, 91, 2), *range(11))


def gaussian_maps(keypoints: Tensor, frame: Tuple[int, int], size: int, sigma: float) -> Tensor:
    """keypoints [T, N, 2 or 3] in pixels of a (height, width) frame -> [N, T, size, size] in 0..1.

    exp(-d^2 / 2 sigma^2) at every pixel of the frame, scaled bilinearly without antialiasing. Both steps are
    separable, so each axis is made and scaled by itself and the map is their product. In memory N comes last.
    """
    height, width = frame
    x, y = (_scaled_profile(keypoints[..., axis], pixels, size, sigma).transpose(1, 2).contiguous()
            for axis, pixels in ((0, width), (1, height)))                      # [T, size, N]
    return (y[:, :, None] * x[:, None]).permute(3, 0, 1, 2)


def _scaled_profile(centres: Tensor, pixels: int, size: int, sigma: float) -> Tensor:
    places = torch.arange(pixels, device=centres.device, dtype=centres.dtype)
    profile = torch.exp(-(places - centres[..., None]) ** 2 / (2 * sigma ** 2))
    return F.interpolate(profile, size, mode="linear", align_corners=False)


def two_sided_maps(keypoints: Tensor, size: int) -> Tensor:
    """keypoints [T, 133, 3] in pixels of the 210x260 frame -> [2, T, size, size] in 0..1, left and right."""
    maps = heatmaps.render(keypoints, str(keypoints.device))
    if size != heatmaps.SIDE:
        maps = F.interpolate(maps, (size, size), mode="bilinear", align_corners=False)
    return maps.transpose(0, 1)

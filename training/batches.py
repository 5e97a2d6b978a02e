"""What passes from the feeders to the networks: one clip's sample, and a batch of them."""
from dataclasses import dataclass
from typing import Any, List, Tuple

from torch import Tensor


@dataclass(frozen=True)
class Sample:
    frames: Tensor          # uint8 [T, 3, H, W] RGB, cropped
    labels: List[int]
    name: str


@dataclass(frozen=True)
class Batch:
    """What the network takes, and what it should say."""

    tensors: Tuple[Tensor, ...]     # each [B, ...]
    lengths: Tensor                 # [B] frames of each clip with its padding
    labels: Tensor                  # [sum of label_lengths], concatenated
    label_lengths: Tensor           # [B]
    names: Tuple[str, ...]


@dataclass(frozen=True)
class PosedSample:
    frames: Tensor          # uint8 [T, 3, size, size] RGB
    keypoints: Tensor       # float32 [T, 133, 3] in pixels from the crop's corner
    crop: Tuple[int, int]   # (height, width) of the crop in those pixels
    labels: List[int]
    name: str


@dataclass(frozen=True)
class PosedBatch(Batch):
    crops: Tuple[Tuple[int, int], ...] = ()


@dataclass(frozen=True)
class PointSample:
    points: Tensor          # float32 [T, 3, 133], as MSKA-SLR takes them
    augment: Any            # how its batch may be turned, see feeder_mska.py; None: not at all
    labels: List[int]
    name: str


@dataclass(frozen=True)
class FloatSample:
    frames: Tensor          # float32 [T, 3, size, size] RGB, normalised
    labels: List[int]
    name: str

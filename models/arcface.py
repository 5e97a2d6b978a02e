"""ArcFace's networks: Deng, Guo, Xue, Zafeiriou, "ArcFace: Additive Angular Margin Loss", CVPR 2019."""
import math
import re
from functools import partial
from typing import Any, Dict, List, Mapping

import cv2
import numpy as np
import torch
from torch import Tensor

from geometry.viewport import Viewport
from models.cells import after
from models.contract import Probe
from models.embedder import Embedder, one_step
from models.iresnet import IResNet
from terminal.errors import UserError

STAGES = ("layer1", "layer2", "layer3", "layer4")


class ArcFace(Embedder):
    name, title = "arcface", "ArcFace"
    signature = "features.running_mean"
    network: IResNet
    single = "norm"
    targets = ("cosine", "dot", "norm")
    vectors = ("fc", "features")

    def __init__(self, architecture: Dict[str, Any]) -> None:
        super().__init__(architecture)
        self.viewport = Viewport()
        a = architecture
        self.preprocessing = (f"taken as an aligned crop: the whole picture to {a['size']}x{a['size']}, bilinear "
                              f"without antialiasing, (x / 255 - {a['mean']}) / {a['std']}")
        self.network = IResNet(architecture)
        self.layers = _layers(self.network, architecture)
        last = f"layer4.{architecture['blocks'][3] - 1}.conv2"
        self.default_layers = ("layer3", "layer4", last)

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        """Depth, widths and the length of the embedding are all in the shapes."""
        fitted = dict(architecture, blocks=_blocks(weights))
        firsts = [weights.get(f"{stage}.0.conv1.weight") for stage in STAGES]
        full = weights.get("fc.weight")
        if full is None or len(full.shape) != 2 or any(first is None or len(first.shape) != 4 for first in firsts):
            return fitted           # loading says what is missing
        fitted["widths"] = [first.shape[0] for first in firsts if first is not None]
        fitted["embedding"] = full.shape[0]
        fitted["size"] = 16 * math.isqrt(full.shape[1] // max(fitted["widths"][3], 1))
        return fitted

    def pixels(self, picture: np.ndarray) -> Tensor:
        """Squeezed to a square without antialiasing, as the authors do; aligned crops have that size already."""
        a = self.architecture
        square = cv2.resize(np.ascontiguousarray(picture), (a["size"], a["size"]))
        return torch.from_numpy(square).permute(2, 0, 1)[None].float().div_(255).sub_(a["mean"]).div_(a["std"])


def _blocks(weights: Mapping[str, Any]) -> List[int]:
    depths: Dict[str, int] = {}
    for key in weights:
        block = re.fullmatch(r"(layer[1-4])\.(\d+)\.bn1\.weight", key)
        if block:
            depths[block[1]] = max(depths.get(block[1], 0), int(block[2]) + 1)
    missing = [stage for stage in STAGES if stage not in depths]
    if missing:
        raise UserError(f"not an ArcFace checkpoint: it has no blocks in {', '.join(missing)}")
    return [depths[stage] for stage in STAGES]


def _layers(network: IResNet, a: Dict[str, Any]) -> Dict[str, Probe]:
    """Each stage's output, then the convolutions of its blocks: the last one is what Grad-CAM is most asked of."""
    layers: Dict[str, Probe] = {}
    size, cells = a["size"], after([network.conv1])
    for stage, width, blocks in zip(STAGES, a["widths"], a["blocks"]):
        inside: Dict[str, Probe] = {}
        picture = partial(Probe, stride=1, arrange=one_step, channels=width, view=(a["size"], a["size"]))
        for number in range(blocks):
            for conv in ("conv1", "conv2"):
                path = f"{stage}.{number}.{conv}"
                module = network.get_submodule(path)
                cells = after([module], cells)
                size = -(-size // 2) if (number, conv) == (0, "conv2") else size
                inside[path] = picture(module, path, size=size, cells=cells)
        layers[stage] = picture(network.get_submodule(stage), stage, size=size, cells=cells)
        layers.update(inside)
    return layers

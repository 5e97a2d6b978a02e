"""CorrNet: Hu et al., "Continuous Sign Language Recognition with Correlation Network", CVPR 2023."""
import re
from typing import Any, Dict, Mapping, Sequence

import torch
from torch import Tensor, nn

from glosses.vocabulary import GlossVocabulary
from models.correlation import Correlation
from models.frame_resnet import STAGES, FrameResNet, over_clips, resnet_of
from models.padded import PaddedRecogniser
from models.vac import TIED, VAC, FrameNetwork, class_count, frame_layers
from terminal.errors import UserError


class CorrelatedResNet(FrameResNet):
    """A ResNet of frames; what each block numbered i finds behind stage i (layer2 is 1) is added, times its alpha."""

    def __init__(self, depth: int, blocks: Sequence[int], width: int) -> None:
        super().__init__(depth, width, over_clips)
        if not blocks or list(blocks) != sorted(set(blocks) & {1, 2, 3}):
            raise UserError(f"blocks {list(blocks)}: expected some of 1, 2, 3 in order")
        self.blocks = list(blocks)
        for number in blocks:
            self.add_module(f"corr{number}", Correlation(self.stage_channels[number]))
        self.alpha = nn.Parameter(torch.zeros(len(blocks)))
        names = ((name, stage) for stage, layer in enumerate(STAGES) for name in (layer, f"corr{stage}"))
        self.outputs = {name: stage for name, stage in names if hasattr(self, name)}
        self.mixed = tuple(self.outputs)[list(self.outputs).index(f"corr{blocks[0]}"):]

    def after(self, stage: int, x: Tensor) -> Tensor:
        if stage not in self.blocks:
            return x
        alpha = self.alpha[self.blocks.index(stage)].to(x.dtype)
        return x + alpha * getattr(self, f"corr{stage}")(x)


class CorrNet(PaddedRecogniser):
    name, title = "corrnet", "CorrNet"
    signature = "conv2d.corr3.conv_back.weight"
    tied = TIED
    network: FrameNetwork
    default_layers, gloss_layers, factors = VAC.default_layers, VAC.gloss_layers, VAC.factors

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__(architecture, vocabulary)
        a = architecture
        self.network = FrameNetwork(CorrelatedResNet(a["depth"], a["blocks"], a["width"]), a, "normalised")
        self.layers = self.with_input(frame_layers(self.network, a))

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        matches = (re.match(r"conv2d\.corr(\d)\.", key) for key in weights)
        blocks = sorted({int(match.group(1)) for match in matches if match})
        return dict(architecture, **resnet_of(weights), blocks=blocks, **class_count(weights, 1))

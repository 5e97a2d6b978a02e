"""CorrNet+: Hu et al., "CorrNet+: Sign Language Recognition and Translation via Spatial-Temporal Correlation", 2024."""
from typing import Any, Dict, Mapping, Sequence

import torch
from torch import Tensor, nn

from glosses.vocabulary import GlossVocabulary
from models.frame_resnet import STAGES, FrameResNet, over_clips, resnet_of
from models.gates import SCALES, TemporalEmphasis
from models.neighbours import NeighbourCorrelation
from models.padded import LiftedRecogniser
from models.vac import TIED, VAC, FrameNetwork, class_count, frame_layers, taps_of
from terminal.errors import UserError

BEHIND = (1, 2, 3)          # stages with a block, which is numbered as its layer


class NeighbourResNet(FrameResNet):
    """Behind layer2, layer3 and layer4: what the frame's neighbours have of it, and its emphasis among them."""

    def __init__(self, depth: int, neighbours: Sequence[int], width: int) -> None:
        super().__init__(depth, width, over_clips)
        if len(neighbours) != len(BEHIND):
            raise UserError(f"neighbours {list(neighbours)}: expected how many on each side behind layer2, layer3 and "
                            "layer4")
        for stage, count in zip(BEHIND, neighbours):
            self.add_module(f"corr{stage + 1}", NeighbourCorrelation(self.stage_channels[stage], count))
            self.add_module(f"temporal_weight{stage + 1}", TemporalEmphasis(self.stage_channels[stage], SCALES))
        self.alpha = nn.Parameter(torch.zeros(len(BEHIND)))
        self.outputs = {name: stage for stage, layer in enumerate(STAGES) for name in (
            layer, f"corr{stage + 1}", f"temporal_weight{stage + 1}") if hasattr(self, name)}
        self.mixed = tuple(self.outputs)[list(self.outputs).index("corr2"):]

    def after(self, stage: int, x: Tensor) -> Tensor:
        if stage not in BEHIND:
            return x
        x = x + self.alpha[BEHIND.index(stage)].to(x.dtype) * getattr(self, f"corr{stage + 1}")(x)
        return x + getattr(self, f"temporal_weight{stage + 1}")(x)


class CorrNetPlus(LiftedRecogniser):
    name, title = "corrnetplus", "CorrNet+"
    signature = "conv2d.corr2.attpool.query"
    tied = TIED
    rests = True
    network: FrameNetwork
    default_layers, gloss_layers, factors = VAC.default_layers, VAC.gloss_layers, VAC.factors

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__(architecture, vocabulary)
        a = architecture
        frames = NeighbourResNet(a["depth"], a["neighbours"], a["width"])
        self.network = FrameNetwork(frames, a, "normalised", a["lift_taps"])
        self.layers = self.with_input(frame_layers(self.network, a))

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        candidates = (weights.get(f"conv2d.corr{stage + 1}.weights2") for stage in BEHIND)
        asked = [weight.shape[0] // 2 for weight in candidates if weight is not None and len(weight.shape) == 1]
        neighbours = {"neighbours": asked} if len(asked) == len(BEHIND) else {}
        return dict(architecture, **resnet_of(weights), **neighbours, **taps_of(weights), **class_count(weights, 1))

"""SEN: Hu et al., "Self-Emphasizing Network for Continuous Sign Language Recognition", AAAI 2023."""
from typing import Any, Dict, Mapping

from torch import Tensor

from glosses.vocabulary import GlossVocabulary
from models.frame_resnet import BLOCKS, STAGES, Basic, Convolve, FrameResNet, over_clips, resnet_of
from models.gates import SpatialEmphasis, TemporalEmphasis
from models.inplace import add_
from models.padded import PaddedRecogniser
from models.vac import VAC, FrameNetwork, class_count, frame_layers

SCALES_IN_TIME = 5


class Emphasising(Basic):
    """Between its two convolutions each feature is emphasised, by its surroundings and by its frame."""

    def __init__(self, convolve: Convolve, inputs: int, inner: int, stride: int) -> None:
        super().__init__(convolve, inputs, inner, stride)
        self.tsem = TemporalEmphasis(inner, SCALES_IN_TIME)
        self.ssem = SpatialEmphasis(inner)

    def between(self, x: Tensor) -> Tensor:
        return add_(x + self.ssem(x), self.tsem(x))


class EmphasisingResNet(FrameResNet):
    kinds = {18: Emphasising, 34: Emphasising}

    def __init__(self, depth: int, width: int) -> None:
        super().__init__(depth, width, over_clips)
        self.outputs = {name: stage for stage, layer in enumerate(STAGES) for name in (
            *(f"{layer}.{block}.{part}" for block in range(BLOCKS[depth][stage]) for part in ("ssem", "tsem")), layer)}
        self.mixed = tuple(self.outputs)[1:]        # all behind the first gate of frames


class SEN(PaddedRecogniser):
    name, title = "sen", "SEN"
    signature = "conv2d.layer1.0.ssem.alpha"
    network: FrameNetwork
    default_layers, gloss_layers, factors = VAC.default_layers, VAC.gloss_layers, VAC.factors

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__(architecture, vocabulary)
        a = architecture
        self.network = FrameNetwork(EmphasisingResNet(a["depth"], a["width"]), a, "linear")
        self.layers = self.with_input(frame_layers(self.network, a))

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        return dict(architecture, **resnet_of(weights), **class_count(weights, 0))

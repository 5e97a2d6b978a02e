"""TLP: Hu et al., "Temporal Lift Pooling for Continuous Sign Language Recognition", ECCV 2022. VAC's network, its
max-pools replaced by lift pools.
"""
from typing import Any, Dict, Mapping

from glosses.vocabulary import GlossVocabulary
from models.frame_resnet import FrameResNet, resnet_of
from models.padded import LiftedRecogniser
from models.vac import VAC, VACNetwork, class_count, frame_layers, taps_of


class TLP(LiftedRecogniser):
    name, title = "tlp", "TLP"
    signature = "conv1d.temporal_conv.1.predictor.0.weight"
    frame_by_frame = True
    network: VACNetwork
    default_layers, gloss_layers, factors = VAC.default_layers, VAC.gloss_layers, VAC.factors

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__(architecture, vocabulary)
        a = architecture
        self.network = VACNetwork(FrameResNet(a["depth"], a["width"]), a, "linear", a["lift_taps"])
        self.layers = self.with_input(frame_layers(self.network, a))

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        return dict(architecture, **resnet_of(weights), **taps_of(weights), **class_count(weights, 0))

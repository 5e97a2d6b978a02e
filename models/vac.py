"""VAC: Min et al., "Visual Alignment Constraint for Continuous Sign Language Recognition", ICCV 2021; and the same
network trained by self-mutual distillation, SMKD (Hao et al., ICCV 2021), whose classifiers are normalised and one.
"""
from functools import partial
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from geometry.axis import Axis
from glosses.vocabulary import GlossVocabulary
from models.cells import after, seeing_all
from models.frame_resnet import FrameResNet, resnet_of, spatial_sizes
from models.lift_pool import LiftPool
from models.padded import PaddedRecogniser
from models.recogniser import Probe
from models.swin import FrameSwin
from models.temporal import (
    BiLSTM,
    NormLinear,
    frames_per_step,
    lifted_conv,
    steps_after,
    temporal_conv,
    time_first,
)
from terminal.errors import UserError

Frames = Union[FrameResNet, FrameSwin]
CLASSIFIERS = ("linear", "normalised")


class TemporalConv(nn.Module):
    """Frame features [B, inputs, T] -> [B, hidden, T']; `fc` reads them in training, without the LSTM.

    taps: of its lift pools; 0: they are max-pools.
    """

    def __init__(self, inputs: int, hidden: int, spec: List[str], classifier: nn.Module, taps: int = 0) -> None:
        super().__init__()
        self.kernel_spec = list(spec)
        self.temporal_conv = lifted_conv(inputs, hidden, spec, taps) if taps else temporal_conv(inputs, hidden, spec)
        self.fc = classifier

    def forward(self, features: Tensor) -> Tensor:
        return self.temporal_conv(features)

    def with_costs(self, features: Tensor) -> Tuple[Tensor, List[Tensor]]:
        """And what its lift pools cost in training, [2] of each."""
        costs = []
        for module in self.temporal_conv:
            if isinstance(module, LiftPool):
                features, cost = module.with_costs(features)
                costs.append(cost)
            else:
                features = module(features)
        return features, costs


class FrameNetwork(nn.Module):
    """State dict as published: conv2d, conv1d, temporal_model, classifier.

    taps: of lift pools, where it has them. features: how many of a frame go into conv1d; 0: as conv2d gives.
    """

    def __init__(self, conv2d: Frames, a: Dict[str, Any], classifier: str, taps: int = 0, features: int = 0) -> None:
        super().__init__()
        if classifier not in CLASSIFIERS:
            raise UserError(f"classifier {classifier!r} is unknown; choose from {', '.join(CLASSIFIERS)}")
        hidden, classes = a["hidden"], a["classes"]
        self.conv2d = conv2d
        self.classifier = NormLinear(hidden, classes) if classifier == "normalised" else nn.Linear(hidden, classes)
        fc = self.classifier if classifier == "normalised" else nn.Linear(hidden, classes)
        self.conv1d = TemporalConv(features or conv2d.channels, hidden, a["temporal_conv"], fc, taps)
        self.temporal_model = BiLSTM(hidden, a["lstm_layers"], a["lstm_dropout"])

    @property
    def kernel_spec(self) -> List[str]:
        return self.conv1d.kernel_spec

    def forward(self, frames: Tensor, lengths: Optional[Tensor] = None) -> Dict[str, Tensor]:
        """frames [B, 3, T, H, W], padded; lengths [B] how many of the T are each clip's.

        Gives "logits" [B, T', V], "lengths" [B] (if asked) and, in training, "conv": the logits before the LSTM, and
        "lift" [pools, 2]: what lift pools cost. In evaluation a clip's logits are the same whatever it is batched with.
        """
        if not self.training and lengths is not None and not bool((lengths == frames.shape[2]).all()):
            return self._one_by_one(frames, lengths)
        steps = None if lengths is None else steps_after(self.kernel_spec, lengths)
        outputs: Dict[str, Tensor] = {} if steps is None else {"lengths": steps}
        features = self.frame_features(frames, lengths)
        if self.training:
            features, costs = self.conv1d.with_costs(features)
            outputs.update({"lift": torch.stack(costs)} if costs else {})
        else:
            features = self.conv1d(features)
        features = features.permute(2, 0, 1)                                                # [T', B, hidden]
        outputs["logits"] = self.classifier(self.temporal_model(features, steps)).transpose(0, 1)
        if self.training:
            outputs["conv"] = self.conv1d.fc(features).transpose(0, 1)
        return outputs

    def frame_features(self, frames: Tensor, lengths: Optional[Tensor]) -> Tensor:
        """[B, 3, T, H, W] -> [B, channels, T]"""
        return self.conv2d(frames)

    def _one_by_one(self, frames: Tensor, lengths: Tensor) -> Dict[str, Tensor]:
        """Each clip without what fills it up, which convolutions over time and norms over a clip would feel."""
        parts = [self(clip[None, :, :count], count[None]) for clip, count in zip(frames, lengths)]
        return {"logits": pad_sequence([part["logits"][0] for part in parts], batch_first=True),
                "lengths": torch.cat([part["lengths"] for part in parts])}


class VACNetwork(FrameNetwork):
    def frame_features(self, frames: Tensor, lengths: Optional[Tensor]) -> Tensor:
        """In training what fills up a batch is not looked at: its batch norms are of the clips' own frames."""
        if not self.training or lengths is None or bool((lengths == frames.shape[2]).all()):
            return self.conv2d(frames)
        counts = lengths.tolist()
        own = torch.cat([clip[:, :count] for clip, count in zip(frames, counts)], dim=1)    # [3, sum of counts, H, W]
        parts = self.conv2d(own[None])[0].split(counts, dim=1)
        return torch.stack([nn.functional.pad(part, (0, frames.shape[2] - part.shape[1])) for part in parts])


class VAC(PaddedRecogniser):
    name, title = "vac", "VAC"
    signature = "conv2d.layer1.0.conv1.weight"
    frame_by_frame = True
    network: FrameNetwork
    factors = ("conv2d.layer1", "conv2d.layer2", "conv2d.layer3")
    gloss_layers = ("conv2d.layer4", "conv1d.temporal_conv")
    default_layers = ("conv2d.layer2", "conv2d.layer3", "conv2d.layer4", "conv1d.temporal_conv", "temporal_model")

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__(architecture, vocabulary)
        a = architecture
        self.network = VACNetwork(FrameResNet(a["depth"], a["width"]), a, a["classifier"])
        self.tied = TIED if a["classifier"] == "normalised" else ()
        self.layers = self.with_input(frame_layers(self.network, a))

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        linear = "classifier.bias" in weights
        own = {**resnet_of(weights), "classifier": CLASSIFIERS[0 if linear else 1]}
        return dict(architecture, **own, **class_count(weights, 0 if linear else 1))


TIED: Tuple[Tuple[str, str], ...] = (("conv1d.fc.", "classifier."),)


def taps_of(weights: Mapping[str, Any]) -> Dict[str, int]:
    """{"lift_taps": of a checkpoint's lift pools}, or nothing where it does not say."""
    weight = weights.get("conv1d.temporal_conv.1.predictor.0.weight")
    return {} if weight is None or len(weight.shape) != 3 else {"lift_taps": weight.shape[2]}


def class_count(weights: Mapping[str, Any], axis: int) -> Dict[str, int]:
    """{"classes": how many a checkpoint has}, or nothing where it does not say."""
    weight = weights.get("classifier.weight")
    return {} if weight is None or len(weight.shape) != 2 else {"classes": weight.shape[axis]}


def frame_layers(network: FrameNetwork, a: Dict[str, Any]) -> Dict[str, Probe]:
    layers: Dict[str, Probe] = {}
    net, sizes = network.conv2d, spatial_sizes(a["size"])
    cells, mixed = net.cells(), getattr(net, "mixed", ())
    for name, stage in net.outputs.items():
        layers[f"conv2d.{name}"] = Probe(net.get_submodule(name), f"conv2d.{name}", 1, padded=True, size=sizes[stage],
                                         channels=net.stage_channels[stage], view=(a["size"], a["size"]),
                                         arrange=net.arrange,
                                         cells=seeing_all(cells[stage]) if name in mixed else cells[stage])
    layers.update(_lift_layers(network, a))
    timed = partial(Probe, stride=frames_per_step(a["temporal_conv"]), spatial=False,
                    cells=after([network.conv1d.temporal_conv], (Axis(),)))
    layers["conv1d.temporal_conv"] = timed(network.conv1d.temporal_conv, "conv1d.temporal_conv", channels=a["hidden"])
    layers["temporal_model"] = timed(network.temporal_model, "temporal_model", channels=a["hidden"],
                                     arrange=time_first)
    layers["classifier"] = timed(network.classifier, "classifier", channels=a["classes"], arrange=time_first)
    return layers


def _lift_layers(network: FrameNetwork, a: Dict[str, Any]) -> Dict[str, Probe]:
    """Lift pools but for the last, whose output is that of all. Unlike max-pools they have weights to be looked at."""
    layers: Dict[str, Probe] = {}
    entries = list(network.conv1d.temporal_conv)
    for number, module in enumerate(entries[:-1]):
        if isinstance(module, LiftPool):
            axis, = after(entries[:number + 1], (Axis(),))
            name = f"conv1d.temporal_conv.{number}"
            layers[name] = Probe(module, name, int(axis.stride), padded=True, lost=int(axis.seen - axis.stride),
                                 spatial=False, channels=a["hidden"], cells=(axis,))
    return layers

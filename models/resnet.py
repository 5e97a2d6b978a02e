"""A per-frame baseline: a 2-D ResNet sees each frame alone; what follows is SlowFastSign's temporal head."""
import math
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import torch
from torch import Tensor, nn
from torchvision import models as zoo

from geometry.axis import Axis
from geometry.viewport import Viewport
from glosses.vocabulary import GlossVocabulary
from models.cells import after
from models.recogniser import Probe, Recogniser
from models.slowfast import SlowFastSign, time_first
from models.temporal import BiLSTM, NormLinear, steps_after, temporal_conv
from terminal.errors import UserError

DEPTHS = {18: zoo.resnet18, 34: zoo.resnet34, 50: zoo.resnet50}


class PerFrame(nn.Sequential):
    """2-D layers on every frame of [B, C, T, H, W]."""

    def forward(self, clips: Tensor) -> Tensor:
        frames = super().forward(clips.transpose(1, 2).flatten(0, 1))
        return frames.unflatten(0, (len(clips), -1)).transpose(1, 2)


class FrameResNet(nn.Module):
    """[B, 3, T, H, W] -> [B, channels, T]"""

    def __init__(self, depth: int) -> None:
        super().__init__()
        if depth not in DEPTHS:
            raise UserError(f"resnet: depth {depth} is unknown; choose from {', '.join(map(str, DEPTHS))}")
        net = DEPTHS[depth](weights=None)
        self.stem = PerFrame(net.conv1, net.bn1, net.relu, net.maxpool)
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            PerFrame(*layer) for layer in (net.layer1, net.layer2, net.layer3, net.layer4))
        self.channels: int = net.fc.in_features

    def forward(self, clips: Tensor) -> Tensor:
        for part in (self.stem, self.layer1, self.layer2, self.layer3, self.layer4):
            clips = part(clips)
        return clips.mean(dim=(3, 4))

    def load_imagenet(self, path: Path) -> None:
        """Weights as torchvision publishes them, its classifier left out."""
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:      # torch gives up on damaged files in many ways
            raise UserError(f"{path}: can't be read as weights ({str(error).splitlines()[0][:120]}); "
                            "give a torchvision state dict") from None
        named = {key.replace("conv1.", "stem.0.", 1) if key.startswith("conv1.")
                 else key.replace("bn1.", "stem.1.", 1) if key.startswith("bn1.") else key: value
                 for key, value in state.items() if not key.startswith("fc.")}
        try:
            self.load_state_dict(named)
        except RuntimeError as error:
            raise UserError(f"{path}: not weights of this ResNet ({' '.join(str(error).split())[:200]}); "
                            "give those of model.depth") from None


class ResNetNetwork(nn.Module):
    def __init__(self, a: Dict[str, Any]) -> None:
        super().__init__()
        self.kernel_spec: List[str] = list(a["temporal_conv"])
        self.conv2d = FrameResNet(a["depth"])
        self.conv1d = temporal_conv(self.conv2d.channels, a["hidden"], self.kernel_spec)
        self.temporal_model = BiLSTM(a["hidden"], a["lstm_layers"], a["lstm_dropout"])
        self.classifier = NormLinear(a["hidden"], a["classes"])

    def forward(self, frames: Tensor, lengths: Optional[Tensor] = None) -> Dict[str, Tensor]:
        """frames [B, 3, T, H, W], padded; lengths [B] how many of the T are each clip's.

        Gives "logits" [B, T', V], "lengths" [B] (if asked) and, in training, "conv": the logits before the LSTM.
        """
        steps = None if lengths is None else steps_after(self.kernel_spec, lengths)
        outputs: Dict[str, Tensor] = {} if steps is None else {"lengths": steps}
        features = self.conv1d(self.conv2d(frames)).permute(2, 0, 1)        # [T', B, hidden]
        outputs["logits"] = self.classifier(self.temporal_model(features, steps)).transpose(0, 1)
        if self.training:
            outputs["conv"] = self.classifier(features).transpose(0, 1)
        return outputs


class ResNetCSLR(SlowFastSign):
    """Fed and padded as SlowFastSign is."""

    name, title = "resnet", "ResNet baseline"
    signature = "conv2d.stem.0.weight"
    tied: Tuple[Tuple[str, str], ...] = ()     # type: ignore[assignment]
    network: ResNetNetwork      # type: ignore[assignment]
    gloss_layers: Tuple[str, ...] = ("layer4", "conv1d")
    default_layers = ("layer1", "layer3", "layer4", "conv1d", "temporal_model")

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        Recogniser.__init__(self, architecture, vocabulary)
        a = architecture
        edge = (a["frame"] - a["crop"]) / 2 / a["frame"]
        self.viewport = Viewport(edge, edge, 1 - edge, 1 - edge)
        self.network = ResNetNetwork(a)
        self.layers = _layers(self.network, a)

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Any) -> Dict[str, Any]:
        weight = weights.get("classifier.weight")
        known = weight is not None and len(weight.shape) == 2
        return dict(architecture, classes=weight.shape[1]) if known else architecture


def _layers(network: ResNetNetwork, a: Dict[str, Any]) -> Dict[str, Probe]:
    layers: Dict[str, Probe] = {}
    size, channels = math.ceil(math.ceil(a["size"] / 2) / 2), network.conv2d.channels // 8
    axes = after([network.conv2d.stem])
    for number in range(1, 5):
        name = f"layer{number}"
        for block in getattr(network.conv2d, name):
            axes = after([module for title, module in block.named_children() if title != "downsample"], axes)
        layers[name] = Probe(getattr(network.conv2d, name), f"conv2d.{name}", 1, padded=True, channels=channels,
                             size=size, cells=axes, view=(a["size"], a["size"]))
        size, channels = math.ceil(size / 2), channels * 2
    stride = math.prod(int(entry[1:]) for entry in a["temporal_conv"] if entry[0] == "P")
    timed = partial(Probe, stride=stride, spatial=False, cells=after([network.conv1d], (Axis(),)))
    layers["conv1d"] = timed(network.conv1d, "conv1d", channels=a["hidden"])
    layers["temporal_model"] = timed(network.temporal_model, "temporal_model", channels=a["hidden"],
                                     arrange=time_first)
    layers["classifier"] = timed(network.classifier, "classifier", channels=a["classes"], arrange=time_first)
    return layers

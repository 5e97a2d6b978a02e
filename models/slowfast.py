"""SlowFastSign: Ahn, Jang, Chung, "SlowFast Network for Continuous Sign Language Recognition", ICASSP 2024."""
import math
from functools import partial
from typing import Any, Dict, List, Mapping, Optional

from torch import Tensor, nn

from geometry.axis import Axis
from glosses.vocabulary import GlossVocabulary
from models.cells import Axes, after
from models.padded import PaddedRecogniser
from models.recogniser import Probe
from models.slowfast_backbone import SlowFast
from models.temporal import BiLSTM, NormLinear, frames_per_step, steps_after, temporal_conv, time_first

BRANCHES = ("main", "slow", "fast")     # only the first runs in evaluation


class TemporalBranches(nn.Module):
    """Frame features [B, slow + fast, T] -> [B, hidden, T'] for all channels, the slow ones and the fast ones."""

    def __init__(self, slow: int, fast: int, hidden: int, spec: List[str], classifier: nn.ModuleList) -> None:
        super().__init__()
        self.slow = slow
        self.kernel_spec = list(spec)
        self.main_temporal_conv = temporal_conv(slow + fast, hidden, spec)
        self.slow_temporal_conv = temporal_conv(slow, hidden, spec)
        self.fast_temporal_conv = temporal_conv(fast, hidden, spec)
        self.fc = classifier            # the sequence classifiers, shared

    def forward(self, features: Tensor) -> List[Tensor]:
        outputs = [self.main_temporal_conv(features)]
        if self.training:
            outputs.append(self.slow_temporal_conv(features[:, :self.slow]))
            outputs.append(self.fast_temporal_conv(features[:, self.slow:]))
        return outputs


class SlowFastNetwork(nn.Module):
    """State dict as published: conv2d, conv1d, temporal_model, classifier."""

    def __init__(self, a: Dict[str, Any]) -> None:
        super().__init__()
        hidden, classes = a["hidden"], a["classes"]
        self.conv2d = SlowFast(a)
        self.classifier = nn.ModuleList(NormLinear(hidden, classes) for _ in BRANCHES)
        slow, fast = self.conv2d.channels
        self.conv1d = TemporalBranches(slow, fast, hidden, a["temporal_conv"], self.classifier)
        self.temporal_model = nn.ModuleList(BiLSTM(hidden, a["lstm_layers"], a["lstm_dropout"]) for _ in BRANCHES)

    @property
    def kernel_spec(self) -> List[str]:
        return self.conv1d.kernel_spec

    def forward(self, frames: Tensor, lengths: Optional[Tensor] = None) -> Dict[str, Tensor]:
        """frames [B, 3, T, H, W], padded; lengths [B] how many of the T are each clip's.

        Gives "logits" [B, T', V], "lengths" [B] (if asked) and, in training, also "conv", "slow", "slow_conv",
        "fast" and "fast_conv": the logits before and after the LSTM of each branch.
        """
        steps = None if lengths is None else steps_after(self.kernel_spec, lengths)
        outputs: Dict[str, Tensor] = {} if steps is None else {"lengths": steps}
        for i, features in enumerate(self.conv1d(self.conv2d(frames))):
            features = features.permute(2, 0, 1)                        # [T', B, hidden]
            sequence = self.temporal_model[i](features, steps)
            name = BRANCHES[i]
            outputs["logits" if i == 0 else name] = self.classifier[i](sequence).transpose(0, 1)
            if self.training:
                outputs["conv" if i == 0 else f"{name}_conv"] = self.conv1d.fc[i](features).transpose(0, 1)
        return outputs


class SlowFastSign(PaddedRecogniser):
    name, title = "slowfast", "SlowFastSign"
    signature = "conv2d.s1.pathway0_stem.conv.weight"
    tied = (("conv1d.fc.", "classifier."),)
    staged, side_by_side = "conv2d", True
    takes_whole_frames = False          # the authors' loader cuts CSL-Daily's banner off
    network: SlowFastNetwork
    default_layers = ("conv2d.slow_path.layer1", "conv2d.fast_path.layer1", "conv2d.fast_path.layer3",
                      "conv1d.fused_features", "temporal_model.1")

    factors = tuple(f"conv2d.{path}_path.layer{stage}" for path in ("slow", "fast") for stage in (1, 2, 3))
    gloss_layers = ("conv2d.slow_path.layer4", "conv2d.fast_path.layer4", "conv1d.fused_features")

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__(architecture, vocabulary)
        a = architecture
        self.network = SlowFastNetwork(a)
        self.layers = self.with_input(_layers(self.network, a))

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        weight = weights.get("classifier.0.weight")
        if weight is None or len(weight.shape) != 2:
            return architecture
        return dict(architecture, classes=weight.shape[1])


def _layers(network: SlowFastNetwork, a: Dict[str, Any]) -> Dict[str, Probe]:
    layers: Dict[str, Probe] = {}
    sizes = [math.ceil(math.ceil(a["size"] / 2) / 2)]
    for stride in a["strides"]:
        sizes.append(math.ceil(sizes[-1] / stride))
    for pathway, (title, every, share) in enumerate((("slow", a["alpha"], 1), ("fast", 1, a["beta_inv"]))):
        axes: Axes = (Axis(0, every), Axis(), Axis())    # the slow path takes every alpha-th frame from the first on
        for i, (short, blocks) in enumerate(zip(("stem", "layer1", "layer2", "layer3", "layer4"), (0, *a["blocks"]))):
            paths = [f"conv2d.s{i + 1}.pathway{pathway}_" + (f"res{block}" if i else "stem")
                     for block in range(max(blocks, 1))]
            axes = after((network.get_submodule(f"{path}.branch2" if i else path) for path in paths), axes)
            channels = a["width"] // share * (1 if i == 0 else 2 ** (i + 1))
            layers[f"conv2d.{title}_path.{short}"] = Probe(
                network.get_submodule(paths[-1]), paths[-1], every, padded=True, channels=channels, size=sizes[i],
                cells=axes, view=(a["size"], a["size"]))
    timed = partial(Probe, stride=frames_per_step(a["temporal_conv"]), spatial=False,
                    cells=after([network.conv1d.main_temporal_conv], (Axis(),)))
    layers["conv1d.fused_features"] = timed(network.conv1d.main_temporal_conv, "conv1d.main_temporal_conv",
                                            channels=a["hidden"])
    for name, module, path, channels in (
            ("temporal_model.1", network.temporal_model[0], "temporal_model.0", a["hidden"]),
            ("classifier", network.classifier[0], "classifier.0", a["classes"])):
        layers[name] = timed(module, path, channels=channels, arrange=time_first)
    return layers

"""TwoStream-SLR: Chen et al., "Two-Stream Network for Sign Language Recognition and Translation", NeurIPS 2022."""
from typing import Any, Dict, Mapping, Optional

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from datasets.clip import Clip
from geometry.viewport import Viewport
from glosses.vocabulary import GlossVocabulary
from models.cells import START, after
from models.convolution import MaxPool3d
from models.input_tap import INPUT, Entry, entry_probe
from models.pose_input import POINTS, gaussian_maps, two_sided_maps
from models.recogniser import Inputs, Probe, Recogniser
from models.s3d import LEVELS, Mixed, Stream
from models.twostream_backbone import TwoStreamBackbone
from models.upload import upload
from models.visual_head import VisualHead
from terminal.errors import UserError

PREFIX = "recognition_network."
BACKBONE = "visual_backbone_twostream."


class RecognitionNetwork(nn.Module):
    def __init__(self, a: Dict[str, Any]) -> None:
        super().__init__()
        self.visual_backbone_twostream = TwoStreamBackbone(a)
        _, c2, c3, c4 = (self.visual_backbone_twostream.rgb_stream.channels[i] for i in LEVELS)

        def head(inputs: int) -> VisualHead:
            return VisualHead(inputs, a["hidden"], a["feedforward"], a["classes"], a["dropout"])

        self.visual_head, self.visual_head_keypoint, self.visual_head_fuse = head(c4), head(c4), head(2 * c4)
        self.visual_head_remain = nn.ModuleList([head(c2), head(c3)])
        self.visual_head_keypoint_remain = nn.ModuleList([head(c2), head(c3)])
        for module in self.visual_backbone_twostream.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.momentum = a["norm_momentum"]

    def forward(self, rgb: Tensor, pose: Tensor, lengths: Optional[Tensor] = None) -> Dict[str, Tensor]:
        backbone = self.visual_backbone_twostream
        rgb_levels, pose_levels = backbone(rgb, pose)
        valid, outputs = self._valid(rgb_levels[-1], rgb, lengths), {}
        if lengths is not None:
            outputs["lengths"] = torch.div(lengths * rgb_levels[-1].shape[2], rgb.shape[2], rounding_mode="floor")
        rgb_top, pose_top = _pooled(rgb_levels[-1]), _pooled(pose_levels[-1])
        outputs["rgb"] = self.visual_head(rgb_top, valid)
        outputs["keypoint"] = self.visual_head_keypoint(pose_top, valid)
        outputs["fuse"] = self.visual_head_fuse(torch.cat((pose_top, rgb_top), dim=2), valid)
        heads = torch.stack([outputs[name].float().log_softmax(2) for name in ("rgb", "keypoint", "fuse")])
        outputs["logits"] = heads.logsumexp(0)
        if self.training and len(rgb_levels) > 1:       # features that were stored have no pyramid
            low = self._valid(rgb_levels[1], rgb, lengths)
            if low is not None:
                outputs["remain_lengths"] = low.sum(1)
            for name, levels, stream, remain in (
                    ("rgb", rgb_levels, backbone.rgb_stream, self.visual_head_remain),
                    ("keypoint", pose_levels, backbone.pose_stream, self.visual_head_keypoint_remain)):
                for i, features in enumerate(stream.top_down(*levels[1:])):
                    outputs[f"{name}_remain{i}"] = remain[i](_pooled(features), low)
        return outputs

    @staticmethod
    def _valid(features: Tensor, frames: Tensor, lengths: Optional[Tensor]) -> Optional[Tensor]:
        """[B, T'] bool: the steps within each clip."""
        if lengths is None:
            return None
        steps = features.shape[2]
        ends = torch.div(lengths.to(features.device) * steps, frames.shape[2], rounding_mode="floor")
        return torch.arange(steps, device=features.device) < ends[:, None]


def _pooled(features: Tensor) -> Tensor:
    """[B, C, T, H, W] -> [B, T, C]: the mean over space, in such an order that its gradient is held once a step."""
    return (features.sum(dim=(3, 4)) / (features.shape[3] * features.shape[4])).transpose(1, 2)


class TwoStreamNetwork(nn.Module):
    """State dict as published: everything under recognition_network."""

    kernel_spec = ["P2", "P2"]      # 4 frames a step, nothing beyond the edges

    def __init__(self, a: Dict[str, Any]) -> None:
        super().__init__()
        self.recognition_network = RecognitionNetwork(a)

    def forward(self, rgb: Tensor, pose: Tensor, lengths: Optional[Tensor] = None) -> Dict[str, Tensor]:
        """rgb [B, 3, T, H, W] in BGR order, pose [B, N, T, H/2, W/2]; lengths [B] how many of the T are each clip's.

        Gives "rgb", "keypoint" and "fuse", the heads' logits [B, T/4, V]; "logits", the log of the sum of their
        probabilities; "lengths" (if asked); in training also "rgb_remain0", "rgb_remain1", "keypoint_remain0",
        "keypoint_remain1" [B, T/2, V], the heads of the pyramid, and their "remain_lengths".
        """
        return self.recognition_network(rgb, pose, lengths)


class TwoStreamSLR(Recogniser):
    name, title = "twostream", "TwoStream-SLR"
    frames_apart = side_by_side = True
    staged = (PREFIX + BACKBONE)[:-1]
    signature = PREFIX + BACKBONE + "pose_stream.backbone.base.0.conv_s.weight"
    computed = ("pe.pe",)
    folds = False           # it gains little, and weights rounded anew show in the first maps of the pose stream
    network: TwoStreamNetwork
    default_layers = ("rgb_stream.layer1", "pose_stream.layer1", "fusion_module.conv_fuse", "rgb_stream.layer4",
                      "visual_head")
    factors = ("rgb_stream.layer1", "rgb_stream.layer2", "rgb_stream.layer3", "pose_stream.layer1",
               "pose_stream.layer2", "pose_stream.layer3", "fusion_module.conv_fuse")
    gloss_layers = ("rgb_stream.layer4", "pose_stream.layer4", "fusion_module.conv_fuse")

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__(architecture, vocabulary)
        if architecture["pose_channels"] not in (2, len(POINTS)):
            raise UserError(f"a pose stream of {architecture['pose_channels']} channels; TwoStream-SLR's has "
                            f"{len(POINTS)}, one a keypoint, or 2, left and right")
        self.longest = architecture["longest"]
        self.viewport = Viewport()
        self.network = TwoStreamNetwork(architecture)
        self.rgb_entry, self.pose_entry = Entry(), Entry()
        a = architecture
        self.layers = {
            f"rgb_stream.{INPUT}": entry_probe(self.rgb_entry, "rgb_entry", 3, a["size"]),
            f"pose_stream.{INPUT}": entry_probe(self.pose_entry, "pose_entry", a["pose_channels"], a["pose_size"]),
            **_layers(self.network.recognition_network, a)}

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        fitted = dict(architecture)
        classes = weights.get(PREFIX + "visual_head.gloss_output_layer.weight")
        if classes is not None and len(classes.shape) == 2:
            fitted["classes"] = classes.shape[0]
        pose = weights.get(cls.signature)
        if pose is not None and len(pose.shape) == 5:
            fitted["pose_channels"] = pose.shape[1]
        return fitted

    def prepare(self, clip: Clip) -> Inputs:
        total = len(clip)
        if total < 4:
            raise UserError(f"clip {clip.seq_id} has {total} frames; TwoStream-SLR needs at least 4")
        first = max(0, (total - self.architecture["longest"]) // 2)
        count = self.input_frames(total)
        part = clip.window(first, first + count)
        return Inputs((self._rgb(part), self._pose(part)), total, -first, first + count - total)

    def _rgb(self, clip: Clip) -> Tensor:
        """[1, 3, T, size, size], channels blue, green, red."""
        a = self.architecture
        pixels = clip.frames if clip.tall_frames is None else clip.tall_frames
        frames = upload(pixels, self.device).permute(0, 3, 1, 2).float()
        frames = F.interpolate(frames, (a["size"], a["size"]), mode="bilinear", align_corners=False).flip(1)
        frames = frames.div_(255).sub_(a["mean"]).div_(a["std"])
        return frames.transpose(0, 1)[None]

    def _pose(self, clip: Clip) -> Tensor:
        """[1, N, T, pose_size, pose_size]"""
        a = self.architecture
        points = clip.keypoints
        if points is None:
            raise UserError(f"clip {clip.seq_id} has no keypoints, which TwoStream-SLR needs: expected 133 points a "
                            "frame under its id in keypoints/keypoints.pkl of the data folder")
        if points.shape[:2] != (len(clip), 133) or not np.isfinite(points[..., :2]).all():
            raise UserError(f"clip {clip.seq_id} has keypoints {list(points.shape)}, some perhaps not finite: expected "
                            f"finite [{len(clip)}, 133, 3]; extract them again")
        keypoints = upload(points, self.device).float()
        maps = (gaussian_maps(keypoints[:, POINTS], tuple(a["pose_frame"]), a["pose_size"], a["sigma"])
                if a["pose_channels"] == len(POINTS) else two_sided_maps(keypoints, a["pose_size"]))
        return maps.sub_(a["mean"]).div_(a["std"])[None]

    def forward(self, inputs: Inputs) -> Tensor:
        rgb, pose = inputs.tensors
        return self.network(self.rgb_entry(rgb), self.pose_entry(pose))["logits"]

    def steps(self, frames: int) -> int:
        return frames // 4

    def input_frames(self, frames: int) -> int:
        return min(frames, self.architecture["longest"]) // 4 * 4


def _layers(network: RecognitionNetwork, a: Dict[str, Any]) -> Dict[str, Probe]:
    layers: Dict[str, Probe] = {}
    backbone = network.visual_backbone_twostream
    for title, size in (("rgb", a["size"]), ("pose", a["pose_size"])):
        stream: Stream = getattr(backbone, f"{title}_stream")
        axes, at_level = START, []
        for i, module in enumerate(stream.base):
            axes = after([module.branch1 if isinstance(module, Mixed) else module], axes)
            at_level += [axes] if i in LEVELS else []
            down = 2 if i == 0 else 4 if i < 4 else 8 if i < 7 else 16
            if isinstance(module, MaxPool3d):
                continue
            name = f"layer{LEVELS.index(i) + 1}" if i in LEVELS else f"base.{i}"
            path = f"{PREFIX}{BACKBONE}{title}_stream.backbone.base.{i}"
            layers[f"{title}_stream.{name}"] = Probe(module, path, 2 if i < 7 else 4, channels=stream.channels[i],
                                                     size=_halved(size, down), cells=axes, view=(size, size))
        for i, module in enumerate(getattr(backbone, f"{title}_stream_lateral")):
            name = f"{title}_stream_lateral.{i}"
            public = "fusion_module.conv_fuse" if name == "rgb_stream_lateral.2" else name
            layers[public] = Probe(module, PREFIX + BACKBONE + name, 2, channels=stream.channels[LEVELS[i]],
                                   size=_halved(size, (2, 4, 8)[i]), cells=at_level[i], view=(size, size))
    for name in ("visual_head", "visual_head_keypoint", "visual_head_fuse"):
        layers[name] = Probe(getattr(network, name), PREFIX + name, 4, arrange=channels_first, spatial=False,
                             channels=a["classes"], cells=axes)
    return layers


def _halved(size: int, down: int) -> int:
    """What strides of 2 leave of a size: halves are rounded up."""
    return -(-size // down)


def channels_first(x: Tensor) -> Tensor:
    """[B, T, C] -> [B, C, T]"""
    return x.transpose(1, 2)

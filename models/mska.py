"""MSKA-SLR: Guan et al., "MSKA: Multi-stream keypoint attention network for sign language recognition and
translation", Pattern Recognition 165, 2025. Keypoints alone: it never sees a pixel."""
from typing import Any, Dict, Mapping, Optional, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from datasets.clip import Clip
from geometry.axis import Axis
from geometry.viewport import Viewport
from glosses.vocabulary import GlossVocabulary
from models.input_tap import INPUT, Entry
from models.joint_graph import SLOPE, JointBlock, Normed, blocks
from models.recogniser import Inputs, Probe, Recogniser
from models.upload import upload
from models.visual_head import VisualHead
from poses.whole_body import FRAME_HEIGHT, FRAME_WIDTH
from records.networks import BY_NAME
from terminal.errors import UserError

PREFIX = "recognition_network."
BACKBONE = "visual_backbone_keypoint."

# Of the 133 COCO-WholeBody points, in the authors' order: nose, one side's eye, ear, shoulder, elbow, wrist and hand;
# jaw line, brows, nose, eyes and outer lips.
LEFT = (0, *range(1, 10, 2), *range(91, 112))
RIGHT = (0, *range(2, 11, 2), *range(112, 133))
FACE = (23, 26, 29, 33, 36, 39, 41, 43, 46, 48, 53, 56, 59, 62, 65, 68, *range(71, 78), 79, 80, 81)
BODY = (*LEFT, *RIGHT[1:], *FACE)
STREAMS = {"left": LEFT, "right": RIGHT, "face": FACE, "body": BODY}
HEADS = ("left", "right", "body", "fuse")
SHOWN = (FRAME_WIDTH, FRAME_HEIGHT)
CSL_CLASSES, CSL_FRAME, CSL_BANNER = 2004, [512, 512], 80       # its files differ from PHOENIX's in the classes alone


class Backbone(nn.Module):
    def __init__(self, a: Mapping[str, Any]) -> None:
        super().__init__()
        for part, joints in STREAMS.items():
            entry = a["channels"][0]
            self.add_module(f"{part}_input_map", Normed(3, entry))
            self.add_module(f"{part}_graph_layers", blocks(
                len(joints), (entry, *a["channels"]), a["taps"], a["strides"], a["heads"], a["longest"], a["dropout"]))

    def forward(self, points: Tensor) -> Dict[str, Tensor]:
        """[B, 3, T, 133] -> of each stream [B, T/4, C], the mean of its joints."""
        streams = {}
        for part, joints in STREAMS.items():
            x = F.leaky_relu(self.get_submodule(f"{part}_input_map")(points[..., list(joints)]), SLOPE)
            for block in self.get_submodule(f"{part}_graph_layers").children():
                x = block(x)
            streams[part] = x.mean(3).transpose(1, 2)
        return streams


class RecognitionNetwork(nn.Module):
    def __init__(self, a: Mapping[str, Any]) -> None:
        super().__init__()
        self.visual_backbone_keypoint = Backbone(a)
        self.fused = ("left", "face", "right", "body") if a["fuse_body"] else ("left", "right", "face")

        def head(streams: int) -> VisualHead:
            return VisualHead(streams * a["channels"][-1], a["hidden"], a["feedforward"], a["classes"], a["dropout"])

        self.left_visual_head, self.right_visual_head, self.body_visual_head = head(2), head(2), head(1)
        self.fuse_visual_head = head(len(self.fused))

    def forward(self, points: Tensor, lengths: Optional[Tensor] = None) -> Dict[str, Tensor]:
        streams = self.visual_backbone_keypoint(points)
        steps, outputs, valid = streams["body"].shape[1], {}, None
        if lengths is not None:
            outputs["lengths"] = torch.div(lengths * steps, points.shape[2], rounding_mode="floor")
            valid = torch.arange(steps, device=points.device) < outputs["lengths"].to(points.device)[:, None]
        for name, parts in (("left", ("left", "face")), ("right", ("right", "face")), ("body", ("body",)),
                            ("fuse", self.fused)):
            features = torch.cat([streams[part] for part in parts], dim=2)
            outputs[name] = self.get_submodule(f"{name}_visual_head")(features, valid)
        heads = torch.stack([outputs[name].float().log_softmax(2) for name in HEADS])
        outputs["logits"] = heads.logsumexp(0)
        return outputs


class MSKANetwork(nn.Module):
    """State dict as published: everything under recognition_network."""

    kernel_spec = ["P2", "P2"]      # 4 frames a step, nothing beyond the edges

    def __init__(self, a: Mapping[str, Any]) -> None:
        super().__init__()
        self.recognition_network = RecognitionNetwork(a)

    def forward(self, points: Tensor, lengths: Optional[Tensor] = None) -> Dict[str, Tensor]:
        """points [B, 3, T, 133], x and y from -1 to 1 (y up) and confidence; lengths [B] how many of the T are each
        clip's.

        Gives "left", "right", "body" and "fuse", the heads' logits [B, T/4, V]; "logits", the log of the sum of their
        probabilities; "lengths" (if asked). What joints exchange is a mean over all of T: in training padding counts,
        as published; else each clip goes by itself, whatever it is batched with, and what follows its end is zero.
        """
        if self.training or lengths is None or int(lengths.min()) == points.shape[2]:
            return self.recognition_network(points, lengths)
        parts = [self.recognition_network(clip[None, :, :length], length[None])
                 for clip, length in zip(points, lengths)]
        return {name: torch.cat([part[name] for part in parts]) if name == "lengths" else
                nn.utils.rnn.pad_sequence([part[name][0] for part in parts], batch_first=True) for name in parts[0]}


class MSKA(Recogniser):
    side_by_side = True
    name, title = "mska", "MSKA-SLR"
    default_method = BY_NAME["mska"].method             # a deep cell has taken from all joints
    signature = PREFIX + BACKBONE + "left_graph_layers.0.attention0s"
    computed = ("pe.pe", "pes.pe", "atts")
    network: MSKANetwork
    default_layers = ("body_graph_layers.3", "body_graph_layers.7", "left_graph_layers.7", "right_graph_layers.7",
                      "face_graph_layers.7")
    gloss_layers = ("body_graph_layers.7", "left_graph_layers.7", "right_graph_layers.7", "face_graph_layers.7")

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__(architecture, vocabulary)
        a = architecture
        odd = [width for width in a["channels"] if width % 2]
        if odd or np.prod(a["strides"]) != 4:
            raise UserError(f"mska: channels {a['channels']} and strides {a['strides']}; expected even numbers of "
                            "channels, and strides whose product is 4")
        self.longest = a["longest"]
        self.viewport = Viewport()
        self.network = MSKANetwork(a)
        self.entry = Entry()
        read = Probe(self.entry, "entry", 1, arrange=read_joints, channels=3, joints=BODY, cells=(Axis(),))
        self.layers = {INPUT: read, **_layers(self.network.recognition_network.visual_backbone_keypoint, a)}

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        fitted = dict(architecture)
        classes = weights.get(PREFIX + "left_visual_head.gloss_output_layer.weight")
        if classes is not None and len(classes.shape) == 2:
            fitted["classes"] = classes.shape[0]
            if classes.shape[0] == CSL_CLASSES:
                fitted.update(pose_frame=CSL_FRAME, banner=CSL_BANNER)
        fused = weights.get(PREFIX + "fuse_visual_head.fc1.weight")
        if fused is not None and len(fused.shape) == 2:
            fitted["fuse_body"] = fused.shape[1] != 3 * architecture["channels"][-1]
        return fitted

    def prepare(self, clip: Clip) -> Inputs:
        total = len(clip)
        if total < 4:
            raise UserError(f"clip {clip.seq_id} has {total} frames; MSKA-SLR needs at least 4")
        first = max(0, (total - self.architecture["longest"]) // 2)
        count = self.input_frames(total)
        points = clip.keypoints
        if points is None:
            raise UserError(f"clip {clip.seq_id} has no keypoints, and MSKA-SLR reads nothing else: expected 133 "
                            "points a frame under its id in keypoints/keypoints.pkl of the data folder")
        if points.shape[:2] != (total, 133) or not np.isfinite(points).all():
            raise UserError(f"clip {clip.seq_id} has keypoints {list(points.shape)}, some perhaps not finite: expected "
                            f"finite [{total}, 133, 3]; extract them again")
        if self.architecture["banner"] and bool((np.median(points[..., :2], axis=(0, 1)) > SHOWN).any()):
            raise UserError(f"clip {clip.seq_id}: most keypoints lie outside the 210x260 frame they are counted in; "
                            "those of CSL-Daily's authors are in pixels of 512x512 frames whose upper 80 rows are not "
                            "shown: replace x by x * 210/512, and y by (y - 80) * 260/432")
        taken = upload(points[first:first + count], self.device).float()
        return Inputs((normalised(taken, self.architecture)[None],), total, -first, first + count - total)

    def forward(self, inputs: Inputs) -> Tensor:
        return self.network(self.entry(*inputs.tensors))["logits"]

    def steps(self, frames: int) -> int:
        return frames // 4

    def input_frames(self, frames: int) -> int:
        return min(frames, self.architecture["longest"]) // 4 * 4


def normalised(points: Tensor, a: Mapping[str, Any]) -> Tensor:
    """[T, 133, 3] in pixels of the 210x260 frame -> [3, T, 133]: x and y from -1 to 1 over the frame that the authors'
    keypoints lie in, y up, and confidence as it is."""
    x, y, confidence = points.unbind(2)
    height, width = a["pose_frame"]
    if (height, width) != (FRAME_HEIGHT, FRAME_WIDTH) or a["banner"]:     # what is shown lacks the rows of a banner
        x = (x + 0.5) * (width / FRAME_WIDTH) - 0.5
        y = (y + 0.5) * ((height - a["banner"]) / FRAME_HEIGHT) + a["banner"] - 0.5
    return torch.stack(((x / width - 0.5) / 0.5, ((height - y) / height - 0.5) / 0.5, confidence))


def _layers(backbone: Backbone, a: Mapping[str, Any]) -> Dict[str, Probe]:
    layers: Dict[str, Probe] = {}
    for part, joints in STREAMS.items():
        time = Axis()
        for number, block in enumerate(backbone.get_submodule(f"{part}_graph_layers").children()):
            taps, stride = a["taps"][number], a["strides"][number]
            time = time.through(taps, stride, taps // 2)
            name = f"{part}_graph_layers.{number}"
            layers[name] = Probe(block, PREFIX + BACKBONE + name, int(time.stride), channels=a["channels"][number],
                                 joints=joints, cells=(time,), attention=between_joints)
    return layers


def between_joints(block: nn.Module, arguments: Tuple[Any, ...], output: Tensor) -> Tensor:
    """[B, T', J, J]: what each joint, a row, takes from each: magnitudes of the part that depends on the clip, mean
    over heads. The same at every step, as it is made for the clip as a whole."""
    assert isinstance(block, JointBlock)
    taken = block.attention(*arguments).abs().mean(1).transpose(1, 2)
    return taken[:, None].expand(-1, output.shape[2], -1, -1)


def read_joints(x: Tensor) -> Tensor:
    """[B, C, T, 133] -> [B, C, T, J]: those that a stream reads."""
    return x[..., list(BODY)]

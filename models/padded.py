"""What SlowFastSign and the family of VAC and CorrNet share: how a clip is fed, and how many steps come of it."""
from typing import Any, Dict, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from datasets.clip import Clip
from geometry.viewport import Viewport
from glosses.vocabulary import GlossVocabulary
from models.input_tap import INPUT, Entry, entry_probe
from models.lift_pool import LEAST
from models.recogniser import Inputs, Probe, Recogniser
from models.temporal import padding, steps_after
from models.upload import upload
from terminal.errors import UserError


class PaddedRecogniser(Recogniser):
    """Takes the middle of each frame, and edge frames so that its unpadded temporal convolutions lose no step.

    Its network gives a dict with the "logits".
    """

    frames_apart = True
    takes_whole_frames = True           # as most published preparations of this family resize them
    least_steps = 1         # that must come of a clip

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__(architecture, vocabulary)
        edge = (architecture["frame"] - architecture["crop"]) / 2 / architecture["frame"]
        self.crop = self.viewport = Viewport(edge, edge, 1 - edge, 1 - edge)
        self.entry = Entry()

    def with_input(self, layers: Mapping[str, Probe]) -> Dict[str, Probe]:
        return {INPUT: entry_probe(self.entry, "entry", 3, self.architecture["size"], padded=True), **layers}

    def prepare(self, clip: Clip) -> Inputs:
        a = self.architecture
        total = len(clip)
        least = 1 + (self.least_steps - 1) * self.frames_per_step
        if total < least:
            raise UserError(f"clip {clip.seq_id} has {total or 'no'} frames; {self.title} needs at least {least}")
        crop = upload(self.seen(clip), self.device)
        before, after = padding(self.architecture["temporal_conv"], total)
        padded = torch.arange(-before, total + after, device=self.device).clamp(0, total - 1)
        frames = crop[padded].permute(0, 3, 1, 2).float()               # [T, 3, H, W]
        if frames.shape[-2:] != (a["size"], a["size"]):
            frames = F.interpolate(frames, (a["size"], a["size"]), mode="bilinear", align_corners=False)
        frames = frames.div_(255).sub_(a["mean"]).div_(a["std"]).transpose(0, 1)
        return Inputs((frames[None],), total, before, after)

    def seen(self, clip: Clip) -> np.ndarray:
        """uint8 [T, h, w, 3] RGB: the part of each frame that is looked at."""
        whole = clip.whole if self.takes_whole_frames else None
        pixels, view = (clip.frames, self.viewport) if whole is None else (whole.frames, self.crop)
        top, bottom, left, right = view.box(*pixels.shape[1:3])
        return pixels[:, top:bottom, left:right]

    def forward(self, inputs: Inputs) -> Tensor:
        return self.network(self.entry(*inputs.tensors))["logits"]

    def steps(self, frames: int) -> int:
        return int(steps_after(self.architecture["temporal_conv"], torch.tensor(self.input_frames(frames))))

    def input_frames(self, frames: int) -> int:
        return frames + sum(padding(self.architecture["temporal_conv"], frames))


class LiftedRecogniser(PaddedRecogniser):
    """Its temporal convolution halves time by lift pools, which are normalised over a clip's steps: over two at least,
    and over others where only a part of the clip is read."""

    least_steps = LEAST
    reads_whole = True

"""A clip with nothing hidden, and its input: of the same clip with a part of it hidden only those frames are prepared
that changed, where the network says that its input is made frame by frame."""
from typing import List, Optional, Tuple

import numpy as np
from torch import Tensor

from cams.kept_inputs import KeptInputs, dense
from datasets.clip import Clip
from models.contract import Inputs
from models.recogniser import Recogniser

SHARE = 0.7             # of a clip: where more of it changed all of it is prepared


class Usual:
    def __init__(self, recogniser: Recogniser, clip: Clip) -> None:
        self.recogniser, self.clip = recogniser, clip
        self.kept = KeptInputs(dense(recogniser.prepare(clip)))

    @property
    def inputs(self) -> Inputs:
        return self.kept.usual

    def prepare(self, clip: Clip) -> Inputs:
        """Of a clip of the same length."""
        part = self._part(clip) if self.recogniser.frames_apart else None
        return self.recogniser.prepare(clip) if part is None else self._of_part(clip, *part)

    def _part(self, clip: Clip) -> Optional[Tuple[int, int]]:
        """Frames start..stop-1, as many as the network's steps take; None where they are nearly all."""
        changed, step = np.flatnonzero(changed_frames(clip, self.clip)), 2 * self.recogniser.frames_per_step
        first, last = (int(changed[0]), int(changed[-1])) if len(changed) else (0, 0)
        length = -(-(last + 1 - first) // step) * step
        if length > SHARE * len(clip):
            return None
        start = min(first, len(clip) - length)
        return start, start + length

    def _of_part(self, clip: Clip, start: int, stop: int) -> Inputs:
        part, usual = self.recogniser.prepare(clip.window(start, stop)), self.inputs
        frames = [min(max(step - usual.left, 0), len(clip) - 1) for step in range(usual.tensors[0].shape[2])]
        steps = [step for step, frame in enumerate(frames) if start <= frame < stop]

        def write(tensors: Tuple[Tensor, ...]) -> None:
            _copy(tensors, part.tensors, [(step, frames[step] - start + part.left) for step in steps])

        def undo(tensors: Tuple[Tensor, ...]) -> None:
            _copy(tensors, usual.tensors, [(step, step) for step in steps])

        return self.kept.changed(write, undo, (steps[0], steps[-1] + 1))


def _copy(into: Tuple[Tensor, ...], source: Tuple[Tensor, ...], steps: List[Tuple[int, int]]) -> None:
    for one, other in zip(into, source):
        for step, own in steps:
            one[:, :, step] = other[:, :, own]


def changed_frames(clip: Clip, usual: Clip) -> np.ndarray:
    """bool [T]"""
    changed = np.zeros(len(clip), bool)
    for one, other in zip(_arrays(clip), _arrays(usual)):
        if one is not None and other is not None and one is not other:
            changed |= [not np.array_equal(*pair) for pair in zip(one, other)]
    return changed


def _arrays(clip: Clip) -> List[Optional[np.ndarray]]:
    return [clip.frames, clip.tall_frames, None if clip.whole is None else clip.whole.frames, clip.keypoints]

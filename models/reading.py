"""A whole clip's logits, windows averaged where they overlap."""
from typing import List, Optional, Tuple

import torch
from torch import Tensor

from datasets.clip import Clip
from datasets.windows import average_windows, windows
from models.float32 import full_float32
from models.recogniser import Inputs, Recogniser


def read(recogniser: Recogniser, clip: Clip, batch: int = 1, window: Optional[int] = None) -> Tensor:
    """logits [steps, V] float32 on the CPU, `recogniser.steps` of them however long the clip.

    Clips longer than `window` (the recogniser's own if None) are cut into windows that overlap by half;
    `batch` windows of one length go through the network at once.
    """
    cuts = cut(recogniser, len(clip), longest_window(recogniser, window))
    logits: List[Tensor] = []
    with torch.no_grad(), full_float32():
        while len(logits) < len(cuts):
            first = cuts[len(logits)]
            group = [span for span in cuts[len(logits):len(logits) + batch] if span[1] - span[0] == first[1] - first[0]]
            inputs = Inputs.batch([recogniser.prepare(clip.window(*span)) for span in group])
            logits += recogniser(inputs).float().cpu()
    if len(cuts) == 1:
        return logits[0]
    return torch.from_numpy(average_windows([part.numpy() for part in logits], cuts, recogniser.frames_per_step))


def longest_window(recogniser: Recogniser, window: Optional[int] = None) -> int:
    """How many frames are read at once: as many as asked (None: its own number), and no more than it takes."""
    size = window or recogniser.window
    return min(size, recogniser.longest or size)


def cut(recogniser: Recogniser, frames: int, size: int) -> List[Tuple[int, int]]:
    """The windows of a clip, (start, stop) each: they overlap by half, and start at a step of the clip."""
    step = recogniser.frames_per_step
    hop = max(1, size // (2 * step)) * step
    return windows(frames, size, min(hop, size)) if frames else [(0, 0)]

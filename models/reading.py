"""A whole clip's logits, windows averaged where they overlap."""
from typing import List, Optional

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
    size = window or recogniser.window
    size = min(size, recogniser.longest or size)
    step = recogniser.frames_per_step
    hop = max(1, size // (2 * step)) * step         # windows start at a step of the clip
    cuts = windows(len(clip), size, min(hop, size)) if len(clip) else [(0, 0)]
    logits: List[Tensor] = []
    with torch.no_grad(), full_float32():
        while len(logits) < len(cuts):
            first = cuts[len(logits)]
            group = [cut for cut in cuts[len(logits):len(logits) + batch] if cut[1] - cut[0] == first[1] - first[0]]
            inputs = Inputs.batch([recogniser.prepare(clip.window(*cut)) for cut in group])
            logits += recogniser(inputs).float().cpu()
    if len(cuts) == 1:
        return logits[0]
    return torch.from_numpy(average_windows([part.numpy() for part in logits], cuts, step))

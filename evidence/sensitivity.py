"""Max-sensitivity: does a map stay where it is when the clip gets a little noise?"""
from dataclasses import replace
from typing import Dict, List

import numpy as np

from cam_runner import explain
from datasets.clip import Clip
from evidence.metrics import max_sensitivity
from models.recogniser import Recogniser
from records.question import Question

NOISE = 5.0         # grey levels, evenly drawn to either side
TIMES = 4


def sensitivities(recogniser: Recogniser, clip: Clip, layers: List[str]) -> Dict[str, float]:
    """Of Grad-CAM at each layer. Every fourth pixel is enough: maps are smooth."""
    draws = np.random.default_rng(0)
    own, *noisy = [explain(recogniser, version, Question(target="pred", method="gradcam", layers=tuple(layers))).layers
                   for version in (clip, *(_noisy(clip, draws) for _ in range(TIMES)))]
    return {layer: max_sensitivity(own[layer].map[:, ::4, ::4], [maps[layer].map[:, ::4, ::4] for maps in noisy])
            for layer in layers}


def _noisy(clip: Clip, draws: np.random.Generator) -> Clip:
    frames = clip.frames + draws.uniform(-NOISE, NOISE, clip.frames.shape).astype(np.float32)
    return replace(clip, frames=np.rint(frames.clip(0, 255)).astype(np.uint8), tall_frames=None, whole=None)

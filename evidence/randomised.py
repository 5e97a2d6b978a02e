"""Top-down randomisation (Adebayo et al. 2018): what of a map is left as the network is drawn anew from its output."""
from typing import Dict, List, Optional, Sequence

import numpy as np

from cam_runner import explain
from datasets.clip import Clip
from evidence.places import spatial_layers
from evidence.redraw import redrawn_from_the_top, restored
from evidence.tally import mean, rank_correlation
from models.reading import read
from models.recogniser import Recogniser
from records.question import Question

REDRAWN = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)      # share of the network's modules that are drawn anew, from the top down


def redrawn(recogniser: Recogniser, clips: Sequence[Clip]) -> Dict[str, List[float]]:
    """Rank correlation of each layer's map with itself, a value for each share."""
    layers = spatial_layers(recogniser)
    question = Question(layers=tuple(layers))
    before = [explain(recogniser, clip, question) for clip in clips]
    curves: Dict[str, List[float]] = {layer: [] for layer in layers}
    with restored(recogniser.network):
        for count in redrawn_from_the_top(recogniser.network, lambda: read(recogniser, clips[0]), REDRAWN):
            after = before if count == 0 else [explain(recogniser, clip, question) for clip in clips]
            for layer in layers:
                curves[layer].append(mean([_alike(one.layers[layer].map, other.layers[layer].map)
                                           for one, other in zip(before, after)]))
    return curves


def _alike(one: np.ndarray, other: np.ndarray) -> Optional[float]:
    """Every eighth pixel is enough: maps are smooth."""
    return rank_correlation(one[:, ::8, ::8], other[:, ::8, ::8])

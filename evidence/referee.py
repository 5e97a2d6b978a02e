"""Referees that need no gradient: how well a map ranks the clip's places as hiding them does (Spearman's correlation).

How well they agree with each other says how much can be asked of a map.
"""
from dataclasses import dataclass, field
from typing import Dict, List, Tuple

import numpy as np

from cam_runner import explain
from datasets.clip import Clip
from evidence.tally import rank_correlation
from geometry.laid import Box, area_weights
from models.recogniser import Recogniser
from records.question import Question

BUDGETS = {"occlusion": 200, "rise": 300}       # forwards for a clip
STEPS, SIDE = 8, 8                              # places are compared on a grid: frames to a step, cells along the view


@dataclass
class Bench:
    """Of each (model, layer, method) and referee, an agreement of each clip."""

    agreement: Dict[Tuple[str, str, str, str], List[float]] = field(default_factory=dict)

    def judge(self, model: str, layer: str, method: str, maps: np.ndarray, verdicts: Dict[str, np.ndarray],
              box: Box) -> None:
        """Adds a clip, where any referee was asked about it."""
        if verdicts:
            self.judge_pooled(model, layer, method, pooled(maps, box), verdicts)

    def judge_pooled(self, model: str, layer: str, method: str, values: np.ndarray,
                     verdicts: Dict[str, np.ndarray]) -> None:
        for referee, places in verdicts.items():
            if referee != method:
                agreement = rank_correlation(values, places)
                self.agreement.setdefault((model, layer, method, referee), []).append(
                    float("nan") if agreement is None else agreement)


def verdicts(recogniser: Recogniser, clip: Clip, box: Box) -> Dict[str, np.ndarray]:
    """What each referee says of the clip's places, [steps, SIDE, SIDE]."""
    return {referee: pooled(explanation.map, box) for referee, budget in BUDGETS.items()
            for explanation in explain(recogniser, clip,
                                Question(target="pred", method=referee, budget=budget)).layers.values()}


def pooled(maps: np.ndarray, box: Box) -> np.ndarray:
    """[T, H, W] -> [steps, SIDE, SIDE], means over what the network saw."""
    top, bottom, left, right = box
    inside = maps[:, top:bottom, left:right].astype(np.float32)
    over = area_weights(max(1, round(len(maps) / STEPS)), len(maps))
    down, across = area_weights(SIDE, inside.shape[1]), area_weights(SIDE, inside.shape[2])
    return np.einsum("kt,tij->kij", over, np.einsum("ih,thw,jw->tij", down, inside, across, optimize=True))

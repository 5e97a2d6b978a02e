"""Is a gloss's own map its own? In time: on its frames. In space: on its articulators, and not on other glosses'."""
from dataclasses import dataclass, field
from typing import Dict, List, Sequence, Tuple

import numpy as np

from cam_runner import explain
from cams.methods import METHODS
from datasets.clip import Clip
from evidence.tally import mean
from geometry.laid import LaidMap, area_weights
from models.recogniser import Recogniser
from records.explanation import GlossMaps
from records.question import Question
from records.transcript import index_of
from signer.evidence import Evidence

SIDE = 64           # maps and articulators are compared on a grid this fine
MARGIN = 4          # frames more on either side of a gloss's own: it is prepared and left
ALONE = "each gloss alone"
SUMMED = {"all summed, pooled each frame": "frame", "all summed, pooled over the clip": "clip"}


@dataclass
class Own:
    """Of each gloss read right, one value; 1 is chance."""

    time: List[float] = field(default_factory=list)     # share of the map in its own frames over the share they are
    area: List[float] = field(default_factory=list)     # in those frames: mass on its articulators over their area
    swap: List[float] = field(default_factory=list)     # how dense on its articulators, over how dense on the others'
    late: List[float] = field(default_factory=list)     # frames that it is read after the middle of its own

    def add(self, laid: LaidMap, evidence: Evidence, gloss: int) -> None:
        first, stop = laid.extent.seen
        energy = laid.energy()[first:stop].astype(np.float64)
        near = near_frames(evidence.active == gloss)[first:stop]
        if energy.sum() > 0 and near.any():
            self.time.append(float(energy[near].sum() / energy.sum() / near.mean()))
        if not laid.spatial:
            return
        values, region = laid.coarse(SIDE).astype(np.float64), coarse(evidence.region)
        box = seen_box(laid)
        own = evidence.active == gloss
        others = (evidence.active >= 0) & ~own
        inside = values[own].sum()
        if inside > 0:
            share = (region * box)[own].sum() / (box.sum() * own.sum())
            self.area.append(float((values * region)[own].sum() / inside / share))
        dense, other = (float((values * region)[frames].sum() / max(region[frames].sum(), 1e-9))
                        for frames in (own, others))
        if others.any() and dense + other > 0:
            self.swap.append(dense / max(other, 1e-3 * dense))

    def means(self) -> Tuple[float, float, float]:
        """Of swaps the middle one: a map that leaves the others out altogether has no bound."""
        return mean(self.time), mean(self.area), float(np.median(self.swap)) if self.swap else float("nan")


def near_frames(own: np.ndarray) -> np.ndarray:
    grown = own.copy()
    for shift in range(1, MARGIN + 1):
        grown[shift:] |= own[:-shift]
        grown[:-shift] |= own[shift:]
    return grown


def coarse(region: np.ndarray) -> np.ndarray:
    """bool [T, H, W] -> float64 [T, SIDE, SIDE], the share of each cell that is covered."""
    down, across = area_weights(SIDE, region.shape[1]), area_weights(SIDE, region.shape[2])
    return np.einsum("ih,thw,jw->tij", down, region.astype(np.float32), across, optimize=True).astype(np.float64)


def seen_box(laid: LaidMap) -> np.ndarray:
    """float [SIDE, SIDE]: what the network saw, lest its crop alone counts as insight."""
    _, height, width = laid.extent.size
    top, bottom, left, right = laid.extent.box
    return np.outer(area_weights(SIDE, height)[:, top:bottom].sum(1), area_weights(SIDE, width)[:, left:right].sum(1))


Key = Tuple[str, str, str, str]     # model, layer, method, kind


def count(into: Dict[Key, Own], model: str, recogniser: Recogniser, clip: Clip, evidence: Evidence) -> None:
    """Adds a clip: every method with a gradient, at the layers shown by default and those glosses are explained at."""
    layers = list(dict.fromkeys((*recogniser.default_layers, *recogniser.gloss_layers)))
    for method in (name for name, about in METHODS.items() if about.gradients):
        alone = explain(recogniser, clip, Question(target="each", method=method, layers=tuple(layers)))
        right = [(gloss, index_of(gloss.about.truth)) for gloss in alone.glosses
                 if gloss.about.verdict == "right" and gloss.about.truth is not None]
        summed = {kind: explain(recogniser, clip, Question(target="pred", method=method, layers=tuple(layers),
                                                             pool=weights))
                  for kind, weights in SUMMED.items() if right and method == "gradcam"}
        for layer in layers:
            for gloss, ordinal in right:
                maps = {ALONE: gloss.layers, **{kind: explained.layers for kind, explained in summed.items()}}
                for kind, by_layer in maps.items():
                    own = into.setdefault((model, layer, method, kind), Own())
                    own.add(by_layer[layer].laid, evidence, ordinal)
                    own.late.append(_late(gloss, ordinal, len(clip.frames) / len(alone.logits), evidence))


def _late(gloss: GlossMaps, ordinal: int, frames: float, evidence: Evidence) -> float:
    """ordinal: of the gloss in the truth. frames: of a step."""
    signed = np.flatnonzero(evidence.active == ordinal)
    return float(sum(gloss.about.steps) / 2 * frames - (signed[0] + signed[-1] + 1) / 2)


def lines(measured: Dict[Key, Own]) -> Sequence[str]:
    out = [f"is a gloss's map its own? Glosses read right, frames of a gloss with {MARGIN} more on either side; 1 is "
           "chance", "in time: share of the map in the gloss's frames over the share of frames they are",
           "in place: in its frames, share of the map on its articulators over the share of seen pixels they cover",
           "swap: how dense the map is on the gloss's articulators over how dense on the clip's others' (median)",
           "", f"{'model':<11}{'layer':<28}{'method':<12}{'map of':<34}{'glosses':>8}{'in time':>9}{'in place':>10}"
               f"{'swap':>9}"]
    for (model, layer, method, kind), own in measured.items():
        time, area, swap = own.means()
        out.append(f"{model:<11}{layer:<28}{method:<12}{kind:<34}{len(own.time):>8}{time:>9.2f}{_or_dash(area):>10}"
                   f"{_or_dash(swap):>9}")
    in_time = {key: own.means()[0] for key, own in measured.items()}
    late = {model: own.late for (model, *_), own in measured.items()}
    out += [""] + [f"{model} reads a gloss {mean(frames):+.1f} frames (sd {np.std(frames):.1f}) from the middle of the "
                   "gloss's frames: its last layers look there" for model, frames in late.items() if frames]
    worse = [f"{model} {layer}" for (model, layer, method, kind), time in in_time.items()
             if method == "gradcam" and kind == ALONE and not time > in_time[model, layer, method, next(iter(SUMMED))]]
    out += ["", "no better in time than the summed map pooled each frame: " + (", ".join(worse) or "none")]
    return out


def _or_dash(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.2f}"

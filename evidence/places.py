"""Where maps lie, clip by clip: every layer's and method's beside the rivals', so that intervals can be drawn."""
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterator, List, Optional, Tuple

import numpy as np

from cam_runner import explain
from cams.catalogue import AT_INPUT
from cams.methods import METHODS
from datasets.clip import Clip
from evidence.metrics import sparseness
from evidence.rivals import centre, motion, others_mean, same_spectrum, still
from evidence.tally import Tally
from geometry.laid import Box
from models.recogniser import Recogniser
from records.question import Question
from results.interval import Interval, of_sums
from signer.evidence import Evidence

RANDOM, MEAN = "random", "mean map"             # rivals that every map has of its own
WHOLE = ("motion", "centre", "gradient")        # and those that all maps of a model share
RIVALS = (*WHOLE[:2], RANDOM, MEAN, WHOLE[2])
ONCE = ("gradient", "inputxgradient", "smoothgrad", "integrated")       # methods asked at the network's input
PASSES = {"smoothgrad": 10, "integrated": 16}      # fewer than for a picture: it is over many clips that they count
COARSE = 4                                      # every so many-th pixel is enough for a map's sparseness

Key = Tuple[str, str, str]                      # model, layer, method; of a rival (model, "-", its name)
Figure = Callable[[np.ndarray], np.ndarray]     # of a tally's sums


@dataclass
class Known:
    """Of one layer and method, an entry for each clip."""

    own: List[Tally] = field(default_factory=list)
    rivals: Dict[str, List[Tally]] = field(default_factory=dict)    # its own: random, mean map
    sparse: List[float] = field(default_factory=list)
    stills: List[np.ndarray] = field(default_factory=list)          # [H, W], until the mean map is known

    def interval(self, figure: Figure) -> Interval:
        return of_sums(_rows(self.own), figure)


@dataclass
class Places:
    """Of one kind of clips."""

    known: Dict[Key, Known] = field(default_factory=dict)
    clips: int = 0

    def models(self) -> List[str]:
        return list(dict.fromkeys(model for model, _, _ in self.known))

    def maps(self, model: str) -> List[Key]:
        return [key for key in self.known if key[0] == model and key[1] != "-"]

    def rival(self, key: Key, name: str) -> Optional[List[Tally]]:
        """A map's rival by name; None of a rival itself, or where there is only one clip to take a mean of."""
        if name in WHOLE:
            return self.known[key[0], "-", name].own
        return self.known[key].rivals.get(name)

    def ahead(self, key: Key, name: str, figure: Figure) -> Interval:
        """By how much a map is above a rival, clips drawn in pairs; NaN where it has none."""
        other = self.rival(key, name)
        if other is None:
            return Interval(*3 * (float("nan"),))
        own = _rows(self.known[key].own)
        width = own.shape[1]
        return of_sums(np.concatenate([own, _rows(other)], 1), lambda both: figure(both[..., :width])
                       - figure(both[..., width:]))

    def beaten(self, key: Key, figure: Figure) -> List[str]:
        return [name for name in RIVALS if self.ahead(key, name, figure).above(0)]


def _rows(tallies: List[Tally]) -> np.ndarray:
    return np.stack([tally.sums for tally in tallies])


def spatial_layers(recogniser: Recogniser) -> List[str]:
    return [name for name in recogniser.default_layers if recogniser.layers[name].spatial]


def attending_layers(recogniser: Recogniser) -> List[str]:
    return [name for name, probe in recogniser.layers.items() if probe.spatial and probe.attention is not None]


def shown(recogniser: Recogniser, clip: Clip) -> Iterator[Tuple[str, str, np.ndarray]]:
    """(layer, method, map [T, H, W]): of every layer with space by every CAM, of what attends, of the input."""
    asked = [(method, spatial_layers(recogniser)) for method in METHODS]
    asked += [("attention", attending_layers(recogniser))] if attending_layers(recogniser) else []
    for method, layers in asked:
        found = explain(recogniser, clip, Question(target="pred", method=method, layers=tuple(layers))).layers
        for layer in layers:
            yield layer, method, found[layer].map
    for method in (name for name in AT_INPUT if name in ONCE):
        question = Question(target="pred", method=method, budget=PASSES.get(method))
        for layer, each in explain(recogniser, clip, question).layers.items():
            yield layer, method, each.map


def add(into: Places, model: str, recogniser: Recogniser, clip: Clip, evidence: Evidence,
        seen: Callable[[str, str, np.ndarray], object]) -> None:
    """Counts a clip; `seen` is handed every map and rival too (layer, method, map)."""
    box = recogniser.viewport.box(*clip.frames.shape[1:3])
    gradient: Optional[np.ndarray] = None
    for layer, method, maps in shown(recogniser, clip):
        known = into.known.setdefault((model, layer, method), Known())
        _count(known, maps, evidence, box)
        random = Tally()
        random.add(same_spectrum(maps, box, len(known.own)), evidence.region, box)
        known.rivals.setdefault(RANDOM, []).append(random)
        known.stills.append(still(maps))
        if method == "gradient" and gradient is None:       # a network of several streams: of its first, the picture's
            gradient = maps
        seen(layer, method, maps)
    assert gradient is not None
    for name, rival in zip(WHOLE, (motion(clip.frames), centre(*clip.frames.shape[:3]), gradient)):
        _count(into.known.setdefault((model, "-", name), Known()), rival, evidence, box)
        seen("-", name, rival)


def _count(known: Known, maps: np.ndarray, evidence: Evidence, box: Box) -> None:
    tally = Tally()
    tally.add(maps, evidence.region, box)
    known.own.append(tally)
    top, bottom, left, right = box
    known.sparse.append(sparseness(maps[:, top:bottom:COARSE, left:right:COARSE]))


def compare_with_means(into: Places, model: str, recogniser: Recogniser, regions: List[np.ndarray]) -> None:
    """When all clips were counted: how each map's mean over the other clips does. regions: bool [T, H, W] of each."""
    for key in into.maps(model) if len(regions) > 1 else ():
        known = into.known[key]
        for number, region in enumerate(regions):
            tally = Tally()
            tally.add(others_mean(known.stills, number, len(region)), region,
                      recogniser.viewport.box(*region.shape[1:]))
            known.rivals.setdefault(MEAN, []).append(tally)
        known.stills.clear()

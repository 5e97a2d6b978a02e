"""Where maps lie, clip by clip: every layer's and method's beside the rivals', so that intervals can be drawn."""
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from cam_runner import explain
from cams.catalogue import AT_INPUT
from cams.joint import joint_layers
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
STILL = "integrated, still"                             # from the clip standing still, not from its mean colour
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
    return [name for name, probe in recogniser.layers.items()
            if probe.spatial and probe.attention is not None and probe.asked_as == "attention"]


def shown(recogniser: Recogniser, clip: Clip, only: Optional[Sequence[str]] = None
          ) -> Iterator[Tuple[str, str, np.ndarray]]:
    """(layer, method, map [T, H, W]): of every layer with space by every CAM, of what attends, of the input.

    only: these methods alone, and the gradient, which is a rival.
    """
    cams: Dict[str, List[str]] = {method: spatial_layers(recogniser) for method in METHODS}
    if "layercam" in cams:
        cams["layercam"] += joint_layers(recogniser)
    cams["attention"] = attending_layers(recogniser)
    for method, layers in cams.items():
        if layers and (only is None or method in only):
            question = Question(target="pred", method=method, layers=tuple(layers))
            made = explain(recogniser, clip, question).layers
            yield from ((layer, method, made[layer].map) for layer in layers)
    for name in (*(name for name in AT_INPUT if name in ONCE), *((STILL,) if "integrated" in ONCE else ())):
        if only is None or name in only or name == "gradient":
            method, hide = ("integrated", "still") if name == STILL else (name, None)
            question = Question(target="pred", method=method, budget=PASSES.get(method), hide=hide)
            yield from ((layer, name, one.map) for layer, one in explain(recogniser, clip, question).layers.items())


def add(into: Places, model: str, recogniser: Recogniser, clip: Clip, evidence: Evidence,
        seen: Callable[[str, str, np.ndarray], object], only: Optional[Sequence[str]] = None) -> None:
    """Counts a clip; `seen` is handed every map and rival too (layer, method, map); only: of these methods."""
    box = recogniser.viewport.box(*clip.frames.shape[1:3])
    gradient: Optional[np.ndarray] = None
    for layer, method, maps in shown(recogniser, clip, only):
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

"""Do maps follow what parts are worth? Of each gloss a map's shares over the parts of the signer's picture are held
against the parts' Shapley values (after FunnyBirds, Hesse, Schaub-Meyer and Roth 2023), with parts hidden in each way:
a map that was made by hiding is at an advantage where the judge hides as it did."""
from dataclasses import dataclass, field
from typing import Dict, Iterator, List, Sequence, Tuple

import numpy as np

from cam_runner import explain, explain_each
from cams.joint import joint_layers
from datasets.clip import Clip
from evidence.gloss_maps import SIDE, near_frames
from evidence.places import spatial_layers
from evidence.rivals import centre, motion
from geometry.laid import area_weights
from models.recogniser import Recogniser
from poses.parts import part_labels
from records.explanation import Explanation
from records.hiding import WAYS
from records.parts import ALL, PARTS, GlossParts
from records.question import Question
from results.interval import Interval, of_mean
from results.shares import mass

LEAST = 0.5             # of a log-probability that a gloss must gain from all parts, or they have nothing to share out
AT_INPUT = (("inputxgradient", ""), ("integrated", "mean"), ("integrated", "still"))    # method, what stands in
CAMS = ("gradcam", "hirescam", "layercam")              # at every layer; the others lie between them
BUDGET = 8              # passes of integrated gradients
RIVALS = ("motion", "centre", "area")   # all in the gloss's own frames; area: an even map
Key = Tuple[str, str, str]              # model, layer, method; of a rival (model, "-", its name)
Worth = Dict[str, GlossParts]           # by the gloss's id


@dataclass
class Followed:
    """Of each map and rival, and way in which the judge hides, an entry for each clip: the mean of its glosses'
    correlations."""

    clips: Dict[Key, Dict[str, List[float]]] = field(default_factory=dict)
    glosses: Dict[Tuple[str, str], int] = field(default_factory=dict)       # by model and way

    def interval(self, key: Key, way: str) -> Interval:
        return of_mean(self.clips[key].get(way, ()))

    def ahead(self, key: Key, rival: str, way: str) -> Interval:
        """By how much a map follows the parts better than a rival on the same clips."""
        own, other = self.clips[key].get(way, ()), self.clips[key[0], "-", rival].get(way, ())
        return of_mean([one - two for one, two in zip(own, other)])

    def beaten(self, key: Key, way: str) -> List[str]:
        return [name for name in RIVALS if self.ahead(key, name, way).above(0)]

    def under_its_own_way_alone(self, key: Key) -> bool:
        """Whether a map that was made by hiding is above a rival only where the judge hides as it did."""
        own = next((way for way in WAYS if key[2].endswith(f", {way}")), None)
        others = {name for way in WAYS if way != own for name in self.beaten(key, way)}
        return own is not None and bool(set(self.beaten(key, own)) - others)


def add(into: Followed, model: str, recogniser: Recogniser, clip: Clip) -> None:
    """Counts a clip whose parts are known."""
    if clip.keypoints is None:
        return
    named = _asked(recogniser)
    made = explain_each(recogniser, clip, list(named.values()))
    by_way = {way: _worth(recogniser, clip, way) for way in WAYS}
    glosses = {id: gloss for worth in by_way.values() for id, gloss in worth.items()}
    labels, _ = part_labels(clip.keypoints, clip.frames, ALL)
    by_key: Dict[Tuple[Key, str], List[float]] = {}
    for key, gloss, values in (*_maps(model, named, made), *_rivals(model, clip, list(glosses.values()), labels)):
        shares = mass(values, labels, len(PARTS[ALL])).sum(0) if gloss in glosses else None
        for way, worth in by_way.items():
            if shares is not None and gloss in worth:
                by_key.setdefault((key, way), []).append(follows(worth[gloss], shares))
    for (key, way), correlations in by_key.items():
        known = np.array(correlations)[~np.isnan(correlations)]
        into.clips.setdefault(key, {}).setdefault(way, []).append(float(known.mean()) if len(known) else float("nan"))
    for way, worth in by_way.items():
        into.glosses[model, way] = into.glosses.get((model, way), 0) + len(worth)


def _worth(recogniser: Recogniser, clip: Clip, way: str) -> Worth:
    """Of the glosses that gain something from all parts together."""
    parts = explain(recogniser, clip, Question(target="each", method="gradient", parts=ALL, hide=way)).parts
    assert parts is not None
    return {gloss.about.id: gloss for gloss in parts.glosses if gloss.parts and gloss.score - gloss.hidden >= LEAST}


def _asked(recogniser: Recogniser) -> Dict[Tuple[str, str], Question]:
    """By name and way of hiding."""
    layers = tuple(dict.fromkeys((*spatial_layers(recogniser), *joint_layers(recogniser))))
    asked = {(name, ""): Question(target="each", method=name, layers=layers) for name in CAMS}
    for name, way in AT_INPUT:
        asked[name, way] = Question(target="each", method=name, hide=way or None, budget=BUDGET if way else None)
    return asked


def _maps(model: str, named: Dict[Tuple[str, str], Question],
          made: Sequence[Explanation]) -> Iterator[Tuple[Key, str, np.ndarray]]:
    for (name, way), explanation in zip(named, made):
        for gloss in explanation.glosses:
            for layer, layer_map in gloss.layers.items():
                if layer_map.spatial:
                    method = ", ".join(filter(None, (name, way)))
                    yield (model, layer, method), gloss.about.id, layer_map.laid.coarse(SIDE)


def _rivals(model: str, clip: Clip, glosses: Sequence[GlossParts],
            labels: np.ndarray) -> Iterator[Tuple[Key, str, np.ndarray]]:
    down, across = (area_weights(SIDE, pixels) for pixels in clip.frames.shape[1:3])
    maps = (motion(clip.frames), centre(*clip.frames.shape[:3]), np.ones(clip.frames.shape[:3], np.float32))
    coarse = {name: np.einsum("ih,thw,jw->tij", down, rival, across, optimize=True)
              for name, rival in zip(RIVALS, maps)}
    for gloss in glosses:
        signed = np.zeros(len(clip), bool)
        signed[gloss.about.frames[0]:gloss.about.frames[1]] = True
        for name, rival in coarse.items():
            yield (model, "-", name), gloss.about.id, rival * near_frames(signed)[:, None, None]


def follows(gloss: GlossParts, masses: np.ndarray) -> float:
    """Pearson's correlation over the parts in the picture; NaN of a map or of values that are all alike."""
    known = [index for index, part in enumerate(gloss.parts) if part.value is not None]
    worth = np.array([gloss.parts[index].value for index in known], np.float64)
    shares = masses[known].astype(np.float64)
    if len(known) < 3 or np.ptp(worth) == 0 or np.ptp(shares) == 0:
        return float("nan")
    return float(np.corrcoef(worth, shares)[0, 1])


def lines(followed: Followed) -> List[str]:
    """Nothing where no clip had parts."""
    if not followed.clips:
        return []
    out = ["do maps follow what parts are worth? Of each gloss read, a map's shares over right hand, left hand,",
           "mouth, upper face, arms and trunk, everything else against the parts' Shapley values, from parts hidden",
           "by the still clip, by its mean colour and by its blur: Pearson's correlation, mean over glosses [ends of",
           "the 95% interval over clips, by the bootstrap]. A letter is there where it is above that rival with 95%",
           "certainty: M motion, C the picture's centre, A an even map, each in the gloss's frames. Every map and",
           "every rival is of one gloss. Maps are in the order of their mean over the three ways; 'own way' is said",
           "of a map that is above some rival only where the judge hides as the map did"]
    for model in dict.fromkeys(key[0] for key in followed.clips):
        counts = [f"{way}, {followed.glosses[model, way]} glosses" for way in WAYS]
        out += ["", f"{model:<40}{'':<18}" + "".join(f"{words:<22}{'above':<7}" for words in counts).rstrip()]
        own = [key for key in followed.clips if key[0] == model]
        for key in sorted(own, key=lambda key: (key[1] == "-", -_over_ways(followed, key))):
            cells = "".join(f"{_bracketed(followed.interval(key, way)):<22}{_letters(followed, key, way):<7}"
                            for way in WAYS)
            note = "own way" if key[1] != "-" and followed.under_its_own_way_alone(key) else ""
            out.append(f"{'rival' if key[1] == '-' else key[1]:<40}{key[2]:<18}{cells}{note}".rstrip())
    return out


def _over_ways(followed: Followed, key: Key) -> float:
    values = np.array([followed.interval(key, way).value for way in WAYS])
    return float(np.nanmean(values)) if np.isfinite(values).any() else -2.0


def _letters(followed: Followed, key: Key, way: str) -> str:
    if key[1] == "-" or np.isnan(followed.interval(key, way).value):
        return ""
    return "".join(name[0].upper() for name in followed.beaten(key, way)) or "none"


def _bracketed(interval: Interval) -> str:
    if np.isnan(interval.value):
        return "-"
    ends = "" if np.isnan(interval.low) else f" [{interval.low:5.2f},{interval.high:5.2f}]"
    return f"{interval.value:5.2f}{ends}"

"""Do maps follow what parts are worth? Of each gloss a map's shares over the parts of the signer's picture are held
against the parts' Shapley values (after FunnyBirds, Hesse, Schaub-Meyer and Roth 2023)."""
from dataclasses import dataclass, field
from typing import Dict, Iterator, List, Sequence, Tuple

import numpy as np

from cam_runner import explain_each
from cams.joint import joint_layers
from datasets.clip import Clip
from evidence.gloss_maps import SIDE, near_frames
from evidence.places import spatial_layers
from evidence.rivals import centre, motion
from geometry.laid import area_weights
from models.recogniser import Recogniser
from poses.parts import part_labels
from records.explanation import Explanation
from records.parts import ALL, GlossParts
from records.question import Question
from results.interval import Interval, of_mean
from results.shares import mass

LEAST = 0.5             # of a log-probability that a gloss must gain from all parts, or they have nothing to share out
AT_INPUT = (("inputxgradient", ""), ("integrated", "mean"), ("integrated", "still"))    # method, what stands in
CAMS = ("gradcam", "hirescam", "layercam")              # at every layer; the others lie between them
BUDGET = 8              # passes of integrated gradients
RIVALS = ("motion", "centre", "area")   # all in the gloss's own frames; area: an even map
Key = Tuple[str, str, str]              # model, layer, method; of a rival (model, "-", its name)


@dataclass
class Followed:
    """Of each map and rival, an entry for each clip: the mean of its glosses' correlations."""

    clips: Dict[Key, List[float]] = field(default_factory=dict)
    glosses: Dict[str, int] = field(default_factory=dict)       # by model

    def interval(self, key: Key) -> Interval:
        return of_mean(self.clips[key])

    def ahead(self, key: Key, rival: str) -> Interval:
        """By how much a map follows the parts better than a rival on the same clips."""
        own, other = self.clips[key], self.clips[key[0], "-", rival]
        return of_mean([one - two for one, two in zip(own, other)])


def add(into: Followed, model: str, recogniser: Recogniser, clip: Clip) -> None:
    """Counts a clip whose parts are known."""
    if clip.keypoints is None:
        return
    named = _asked(recogniser)
    made = explain_each(recogniser, clip, list(named.values()))
    parts = made[0].parts
    assert parts is not None
    worth = {gloss.about.id: gloss for gloss in parts.glosses if gloss.parts and gloss.score - gloss.hidden >= LEAST}
    labels, _ = part_labels(clip.keypoints, clip.frames, ALL)
    correlations: Dict[Key, List[float]] = {}
    for key, gloss, values in (*_maps(model, named, made), *_rivals(model, clip, list(worth.values()), labels)):
        if gloss in worth:
            masses = mass(values, labels, len(parts.names)).sum(0)
            correlations.setdefault(key, []).append(follows(worth[gloss], masses))
    for key, own in correlations.items():
        into.clips.setdefault(key, []).append(float(np.nanmean(own)) if not np.isnan(own).all()
                                              else float("nan"))
    into.glosses[model] = into.glosses.get(model, 0) + len(worth)


def _asked(recogniser: Recogniser) -> Dict[Tuple[str, str], Question]:
    """By name and way of hiding; the first also asks for the parts, which are the same for all."""
    layers = tuple(dict.fromkeys((*spatial_layers(recogniser), *joint_layers(recogniser))))
    asked = {(name, ""): Question(target="each", method=name, layers=layers)
             for name in CAMS}
    first = next(iter(asked))
    asked[first] = Question(target="each", method=first[0], layers=layers, parts=ALL)
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
    out = ["do maps follow what parts are worth? Of each gloss read, a map's shares over right hand, left hand, mouth,",
           "upper face, arms and trunk, everything else against the parts' Shapley values (hidden: the still clip):",
           "Pearson's correlation, mean over glosses [ends of the 95% interval over clips, by the bootstrap]. A letter",
           "is there where it is above that rival with 95% certainty: M motion, C the picture's centre, A an even map,",
           "each in the gloss's frames. Every map and every rival is of one gloss"]
    for model in dict.fromkeys(key[0] for key in followed.clips):
        out += ["", f"{model + f', {followed.glosses[model]} glosses':<40}{'':<18}{'follows':<22}above"]
        own = [key for key in followed.clips if key[0] == model]
        for key in sorted(own, key=lambda key: (key[1] == "-", -np.nan_to_num(followed.interval(key).value, nan=-2))):
            letters = "" if key[1] == "-" else "".join(
                name[0].upper() for name in RIVALS if followed.ahead(key, name).above(0)) or "none"
            layer = "rival" if key[1] == "-" else key[1]
            out.append(f"{layer:<40}{key[2]:<18}{_bracketed(followed.interval(key)):<22}{letters}".rstrip())
    return out


def _bracketed(interval: Interval) -> str:
    if np.isnan(interval.value):
        return "-"
    ends = "" if np.isnan(interval.low) else f" [{interval.low:5.2f},{interval.high:5.2f}]"
    return f"{interval.value:5.2f}{ends}"

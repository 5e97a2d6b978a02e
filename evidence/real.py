"""Maps of film, where nobody drew the evidence: frames by the corpus's alignment, places by its keypoints.

Both are estimates. On drawn clips, which have such alignments and keypoints too, the same maps are measured on what was
drawn, which says what a keypoint's box is worth.
"""
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from cam_runner import explain
from datasets.clip import Clip
from evidence.gloss_maps import coarse, seen_box
from evidence.places import Key
from evidence.real_rivals import CENTRE, MOTION, Rivals, share_over_area
from evidence.rivals import centre, motion
from evidence.spliced import Puzzle, add_all
from geometry.laid import LaidMap
from models.recogniser import Recogniser
from poses.regions import CONFIDENT, HANDS, PARTS, SIDE, regions
from records.question import Question
from records.transcript import index_of
from signer.evidence import Evidence

METHODS = ("gradcam", "hirescam", "layercam")
GRADIENT = "|gradient| at the input"                    # of its first stream, the picture's
OWN = ("dominant hand", "other hand", *PARTS[2:])       # PARTS, the hand that moves more first
BOTH = "both hands"
DRAWN, EXACT, GIVEN = "articulators as drawn", "keypoints as drawn", "keypoints as given"


@dataclass(frozen=True)
class Filmed:
    """A clip and what is known of it."""

    clip: Clip
    active: Optional[np.ndarray] = None                 # int16 [T] by the alignment: index in the sentence, or -1
    evidence: Optional[Evidence] = None                 # of drawn clips alone, as are keypoints without an error
    exact: Optional[np.ndarray] = None                  # float32 [T, 133, 3]

    def __post_init__(self) -> None:
        for known in (self.active, self.evidence, self.exact):
            assert known is None or len(known) == len(self.clip)


@dataclass
class Places:
    """A value a clip; 1 is chance: share of the map's mass on a part over the share of the seen picture it covers."""

    of: Dict[Tuple[str, str], List[float]] = field(default_factory=dict)      # (by what is known, part)

    def add(self, values: np.ndarray, box: np.ndarray, masks: Mapping[Tuple[str, str], np.ndarray],
            frames: np.ndarray) -> None:
        """values [T, SIDE, SIDE], box [SIDE, SIDE], masks likewise per frame in 0..1, frames bool [T] that count."""
        for key, mask in masks.items():
            self.of.setdefault(key, []).append(share_over_area(values, box, mask, frames))


@dataclass
class Times:
    """Of each gloss read right, one value."""

    share: List[float] = field(default_factory=list)    # of the map in its frames over the share of frames they are
    off: List[float] = field(default_factory=list)      # frames between the map's centre and that of its frames
    even: List[float] = field(default_factory=list)     # the same of a map that is even over the clip

    def add(self, energy: np.ndarray, own: np.ndarray, seen: Tuple[int, int]) -> None:
        """energy [T], own bool [T]: the gloss's frames."""
        first, stop = seen
        energy, own, frames = energy[first:stop].astype(np.float64), own[first:stop], np.arange(first, stop)
        if energy.sum() <= 0 or not own.any():
            return
        middle = frames[own].mean()
        self.share.append(float(energy[own].sum() / energy.sum() / own.mean()))
        self.off.append(float(abs((energy * frames).sum() / energy.sum() - middle)))
        self.even.append(float(abs(frames.mean() - middle)))


@dataclass
class RealStudy:
    places: Dict[Key, Places] = field(default_factory=dict)
    rivals: Rivals = field(default_factory=Rivals)
    times: Dict[Key, Times] = field(default_factory=dict)
    puzzle: Puzzle = field(default_factory=Puzzle)
    clips: int = 0
    aligned: int = 0
    pointed: int = 0            # clips with keypoints
    drawn: int = 0


def real_study(recognisers: Mapping[str, Recogniser], films: Sequence[Filmed], done: Callable[[], object]) -> RealStudy:
    """`done` is called once a clip."""
    study = RealStudy(clips=len(films))
    for film in films:
        study.aligned += film.active is not None
        study.pointed += film.clip.keypoints is not None
        study.drawn += film.evidence is not None
        masks, frames = known_places(film), counted(film)
        _seeing_nothing(study, film, masks, frames)
        for model, recogniser in recognisers.items():
            _explained(study, model, recogniser, film, masks, frames)
        done()
    study.rivals.close()
    for model, recogniser in recognisers.items():
        add_all(study.puzzle, model, recogniser, [film.clip for film in films])
    return study


def known_places(film: Filmed) -> Dict[Tuple[str, str], np.ndarray]:
    """Where each part is, [T, SIDE, SIDE] in 0..1, by everything that tells."""
    masks: Dict[Tuple[str, str], np.ndarray] = {}
    for source, keypoints in ((GIVEN, film.clip.keypoints), (EXACT, film.exact)):
        if keypoints is not None:
            masks.update({(source, part): mask for part, mask in parts(keypoints).items()})
    if film.evidence is not None:
        masks[DRAWN, DRAWN] = coarse(film.evidence.region)
    return masks


def parts(keypoints: np.ndarray) -> Dict[str, np.ndarray]:
    """bool [T, SIDE, SIDE] of each of OWN and of both hands; they do not overlap."""
    labels, _ = regions(keypoints, PARTS)
    left, right = moves(keypoints)
    order = (0, 1) if left >= right else (1, 0)
    masks = {name: labels == label for name, label in zip(OWN, (*order, *range(2, len(PARTS))))}
    return {**masks, BOTH: masks[OWN[0]] | masks[OWN[1]]}


def moves(keypoints: np.ndarray) -> Tuple[float, float]:
    """How far each hand, left and right, goes over the clip, in pixels: the dominant one goes farther."""
    ways = []
    for hand in HANDS:
        sure = (keypoints[:, hand, 2] >= CONFIDENT).mean(axis=1) > 0.5
        middle = keypoints[:, hand, :2].mean(axis=1)
        step = np.linalg.norm(np.diff(middle, axis=0), axis=-1)
        ways.append(float(step[sure[1:] & sure[:-1]].sum()))
    return ways[0], ways[1]


def counted(film: Filmed) -> np.ndarray:
    """bool [T]: frames in which a gloss is signed, by the best that tells; all where nothing does."""
    if film.evidence is not None:
        return np.asarray(film.evidence.active >= 0)
    return np.asarray(film.active >= 0) if film.active is not None else np.ones(len(film.clip), bool)


def _seeing_nothing(study: RealStudy, film: Filmed, masks: Mapping[Tuple[str, str], np.ndarray],
                    frames: np.ndarray) -> None:
    """Maps that no network has made."""
    changes = motion(film.clip.frames)
    for key, values in ((MOTION, changes), (CENTRE, centre(*film.clip.frames.shape[:3]))):
        study.places.setdefault(key, Places()).add(coarse(values), np.ones((SIDE, SIDE)), masks, frames)
    for index in () if film.active is None else np.unique(film.active[film.active >= 0]):
        signed = film.active == index
        study.times.setdefault(MOTION, Times()).add(changes.mean(axis=(1, 2)), signed, (0, len(changes)))


def _explained(study: RealStudy, model: str, recogniser: Recogniser, film: Filmed,
               masks: Mapping[Tuple[str, str], np.ndarray], frames: np.ndarray) -> None:
    layers = list(dict.fromkeys((*recogniser.default_layers, *recogniser.gloss_layers)))
    spatial = [layer for layer in layers if recogniser.layers[layer].spatial]
    if masks:
        at_input = explain(recogniser, film.clip, Question(target="pred", method="gradient")).layers
        _place(study, (model, GRADIENT, "-"), next(iter(at_input.values())).laid, masks, frames)
    for method in METHODS:
        if masks:
            whole = explain(recogniser, film.clip, Question(target="pred", method=method, layers=tuple(spatial)))
            for layer in spatial:
                _place(study, (model, layer, method), whole.layers[layer].laid, masks, frames)
        if film.active is None:
            continue
        alone = explain(recogniser, film.clip, Question(target="each", method=method, layers=tuple(layers)))
        for gloss in alone.glosses:
            if gloss.about.verdict == "right" and gloss.about.truth is not None:
                for layer in layers:
                    laid = gloss.layers[layer].laid
                    study.times.setdefault((model, layer, method), Times()).add(
                        laid.energy(), film.active == index_of(gloss.about.truth), laid.extent.seen)


def _place(study: RealStudy, key: Key, laid: LaidMap, masks: Mapping[Tuple[str, str], np.ndarray],
           frames: np.ndarray) -> None:
    values, box = laid.coarse(SIDE).astype(np.float64), seen_box(laid)
    study.places.setdefault(key, Places()).add(values, box, masks, frames)
    if (GIVEN, BOTH) in masks:
        study.rivals.add(key, values, box, masks[GIVEN, BOTH], frames)

"""Does a map hold on this very clip? Its highest tenth is hidden, then shifts of it, and the clip is read again."""
from dataclasses import dataclass, field, replace
from typing import Dict, Optional, Sequence

import numpy as np
import torch

from cams.frames import VOID, on_view
from cams.multi_pass import Tell
from cams.picks import Picks
from cams.targets import target_of
from datasets.clip import Clip
from datasets.hiding import Cover, hidden, moves, stand_in
from evidence.shifts import beaten, shifted
from geometry.joints import JointMap
from geometry.laid import LaidMap
from models.evaluating import evaluating
from models.reading import read
from models.recogniser import Recogniser
from records.explanation import Explanation, GlossMaps, LayerMap
from records.hiding import BLUR, GONE, MEAN, REST, STILL, Hiding
from records.question import Question
from records.shift_check import ShiftCheck

SHARE = 0.1             # of what the network saw
SHIFTS = 20             # all of which a map must beat: one that knows nothing does so in 1 of 21


def checked(recogniser: Recogniser, clip: Clip, question: Question, made: Explanation,
            true_gloss: Optional[int] = None, tell: Tell = lambda done, total: None) -> Explanation:
    """The same with a verdict on every map of every layer and gloss that shows anything. Arguments as of `explain`."""
    target = target_of(question.target, recogniser, clip, true_gloss)
    picks = target(torch.from_numpy(made.logits))
    if not picks:
        return made
    judge = Judge(recogniser, clip, other_way(clip, made.hiding), isinstance(question.target, str), tell)
    judge.total = (1 + SHIFTS) * sum(map(judge.can, [*made.layers.values(), *(
        layer for gloss in made.glosses for layer in gloss.layers.values())]))
    layers = judge.all(made.layers, picks)
    glosses = []
    for gloss, pick in zip(made.glosses, picks):
        its = judge.all(gloss.layers, [pick])
        found = {name: layer.check for name, layer in its.items() if layer.check is not None}
        glosses.append(GlossMaps(replace(gloss.about, checks=found), its))
    return replace(made, layers=layers, glosses=tuple(glosses))


def other_way(clip: Clip, made: Optional[Hiding]) -> Hiding:
    """Never the one way that the maps were made by."""
    way = next(way for way in (STILL, MEAN, BLUR) if (made is None or way != made.way)
               and (way != STILL or moves(clip, stand_in(clip, Hiding(STILL)))))
    return Hiding(way, REST if made is not None and made.points == GONE else GONE)


@dataclass
class Judge:
    recogniser: Recogniser
    clip: Clip
    hiding: Hiding
    by_name: bool               # whether the target is one by name: those are judged by log-probability
    tell: Tell
    total: int = 0
    done: int = 0
    instead: Clip = field(init=False)
    logits: torch.Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.instead = stand_in(self.clip, self.hiding)
        self.logits = self._read(self.clip)

    def all(self, layers: Dict[str, LayerMap], picks: Sequence[Picks]) -> Dict[str, LayerMap]:
        return {name: replace(layer, check=self.check(layer.laid, picks)) if self.can(layer) else layer
                for name, layer in layers.items()}

    def can(self, layer: LayerMap) -> bool:
        return VOID.isdisjoint(layer.flags) and not layer.laid.void

    def check(self, laid: LaidMap, picks: Sequence[Picks]) -> ShiftCheck:
        highest = highest_tenth(laid)
        if highest.size <= SHIFTS:
            return ShiftCheck(0.0, 0.0, 0, 0, self.hiding.way, self.hiding.points)
        lost = []
        for mask in (highest, *shifted(highest, SHIFTS)):
            logits = self._read(without(self.clip, mask, laid, self.instead))
            lost.append(self._score(self.logits, picks) - self._score(logits, picks))
            self.done += 1
            self.tell(self.done, self.total)
        values = np.array(lost)
        return ShiftCheck(round(lost[0], 6), round(float(values[1:].mean()), 6), beaten(values), SHIFTS,
                          self.hiding.way, self.hiding.points)

    def _score(self, logits: torch.Tensor, picks: Sequence[Picks]) -> float:
        values = logits.double().log_softmax(1) if self.by_name else logits.double()
        return sum(float(score) for score in (pick.score(values) for pick in picks) if score is not None)

    def _read(self, clip: Clip) -> torch.Tensor:
        with evaluating(self.recogniser):
            return read(self.recogniser, clip)


def highest_tenth(laid: LaidMap) -> np.ndarray:
    """bool [frames seen, height, width of the view], [frames seen, J] of joints, or [frames seen]: less than a tenth
    where the map is at its lowest nearly everywhere."""
    values = torch.cat(list(on_view(torch.from_numpy(laid.raw).float(), laid.cells, laid.extent))).numpy()
    values = values if laid.spatial else values[:, 0]
    count = min(int(np.ceil(SHARE * values.size)), int((values > values.min()).sum()))
    chosen = np.zeros(values.size, bool)
    chosen[np.argpartition(values, values.size - count, axis=None)[values.size - count:]] = True
    return chosen.reshape(values.shape)


def without(clip: Clip, mask: np.ndarray, laid: LaidMap, instead: Clip) -> Clip:
    """The clip with what the mask marks hidden: joints alone where the map's cells are joints."""
    first, stop = laid.extent.seen
    if isinstance(laid, JointMap):
        assert clip.keypoints is not None and instead.keypoints is not None
        chosen = np.zeros(clip.keypoints.shape[:2], bool)
        chosen[first:stop, laid.joints.numbers] = mask
        return replace(clip, keypoints=np.where(chosen[..., None], instead.keypoints, clip.keypoints))
    whole = np.zeros(laid.extent.size, bool)
    top, bottom, left, right = laid.extent.box
    if laid.spatial:
        whole[first:stop, top:bottom, left:right] = mask
    else:
        whole[first:stop] = mask[:, None, None]
    return hidden(clip, cover_of(whole), instead)


def cover_of(mask: np.ndarray) -> Cover:
    """bool [T, H, W] as a cover for pictures of any size."""
    def cover(height: int, width: int) -> np.ndarray:
        rows, columns = (((np.arange(size) + 0.5) * own / size).astype(int)
                         for size, own in ((height, mask.shape[1]), (width, mask.shape[2])))
        return mask[:, rows[:, None], columns]

    return cover

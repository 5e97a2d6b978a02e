"""Does a map hold on this very clip? Its highest tenth is hidden, then shifts of it, and the clip is read again."""
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Dict, Optional, Sequence

import numpy as np
import torch

from cams.frames import VOID, on_view
from cams.picks import Picks
from cams.rereading import Tell, reread
from cams.targets import target_of
from datasets.clip import Clip
from datasets.hiding import Cover, hidden, moves, stand_in
from evidence.shifts import beaten, shifted
from geometry.joints import JointMap
from geometry.laid import LaidMap
from models.evaluating import evaluating
from models.reading import longest_window, read
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
    picks = target_of(question.target, recogniser, clip, true_gloss)(torch.from_numpy(made.logits))
    if not picks:
        return made
    maps = [layer for layers in (made.layers, *(gloss.layers for gloss in made.glosses)) for layer in layers.values()]
    judge = Judge(recogniser, clip, other_way(clip, made.hiding), isinstance(question.target, str), tell,
                  sum(map(shows, maps)) * (1 + SHIFTS))
    layers = judge.all(made.layers, picks)
    glosses = []
    for gloss, pick in zip(made.glosses, picks):
        own = judge.all(gloss.layers, [pick])
        checks = {name: layer.check for name, layer in own.items() if layer.check is not None}
        glosses.append(GlossMaps(replace(gloss.about, checks=checks), own))
    return replace(made, layers=layers, glosses=tuple(glosses))


def other_way(clip: Clip, made: Optional[Hiding]) -> Hiding:
    """Never the one way that the maps were made by."""
    way = next(way for way in (STILL, MEAN, BLUR) if (made is None or way != made.way)
               and (way != STILL or moves(clip, stand_in(clip, Hiding(STILL)))))
    return Hiding(way, REST if made is not None and made.points == GONE else GONE)


def shows(layer: LayerMap) -> bool:
    return VOID.isdisjoint(layer.flags) and not layer.laid.void


@dataclass
class Judge:
    recogniser: Recogniser
    clip: Clip
    hiding: Hiding
    by_name: bool               # whether the target is one by name: those are judged by log-probability
    tell: Tell
    readings: int = 0           # that all maps take
    done: int = 0

    def all(self, layers: Dict[str, LayerMap], picks: Sequence[Picks]) -> Dict[str, LayerMap]:
        return {name: replace(layer, check=self.check(layer.laid, picks)) if shows(layer) else layer
                for name, layer in layers.items()}

    def check(self, laid: LaidMap, picks: Sequence[Picks]) -> ShiftCheck:
        highest = highest_tenth(laid)
        if highest.size <= SHIFTS:
            return ShiftCheck(0.0, 0.0, 0, 0, self.hiding.way, self.hiding.points)
        versions = [partial(without, self.clip, mask, laid, self.instead)
                    for mask in (highest, *shifted(highest, SHIFTS))]
        before, score = self.done, partial(self.score, picks)
        lost = score(self.logits) - reread(self.recogniser, versions, len(self.clip), longest_window(self.recogniser),
                                           score, lambda done, _: self.tell(before + done, self.readings))[:, 0]
        self.done += len(versions)
        return ShiftCheck(round(float(lost[0]), 6), round(float(lost[1:].mean()), 6), beaten(lost), SHIFTS,
                          self.hiding.way, self.hiding.points)

    def score(self, picks: Sequence[Picks], logits: torch.Tensor) -> np.ndarray:
        """float64 [1]"""
        values = logits.double().log_softmax(1) if self.by_name else logits.double()
        scores = [pick.score(values) for pick in picks]
        return np.array([sum(float(value) for value in scores if value is not None)])

    @cached_property
    def instead(self) -> Clip:
        return stand_in(self.clip, self.hiding)

    @cached_property
    def logits(self) -> torch.Tensor:
        """Of the clip as it is."""
        with evaluating(self.recogniser):
            return read(self.recogniser, self.clip)


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

"""What each gloss was read from: parts of the clip, and stretches of it, are hidden while it is read again."""
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Dict, List, Sequence, Tuple

import numpy as np
from torch import Tensor

from cams.picks import Picks
from cams.prepared import from_changes
from cams.rereading import Ready, Tell, Version, reread
from cams.shapley import alone, shapley, without
from cams.usual import Usual
from datasets.clip import Clip
from datasets.hiding import at_hand, hidden, moves, stand_in
from models.reading import cut
from models.recogniser import Recogniser
from poses.parts import lost, part_labels
from poses.regions import SIDE
from records.hiding import STILL, Hiding
from records.part_words import sentence
from records.parts import PARTS, REST, STRETCH, ClipParts, GlossParts, Part

UNMOVED = "nothing moves in this clip: the still clip is the same, so nothing can be said about its parts"
NO_POINTS = "the clip has no keypoints, so its parts are not known: give --keypoints or --estimator"
FEW = 0.05              # of the frames without a hand: fewer are not worth a note
UNSEEN = "no keypoint of the clip is sure enough to say where its parts are"


def explain_parts(recogniser: Recogniser, clip: Clip, picks: Sequence[Picks], count: int, hiding: Hiding, window: int,
                  tell: Tell) -> ClipParts:
    """picks: the glosses, as the whole clip's reading has them: nothing is decoded again. count: of the parts.

    window: frames that are read at once. All glosses share the readings.
    """
    clip, instead = at_hand(clip), stand_in(clip, hiding)
    described = partial(ClipParts, hiding, hiding.words(clip.keypoints is not None), PARTS[count])
    if hiding.way == STILL and not moves(clip, instead):
        return described(0, STRETCH, (), (UNMOVED,))
    if not picks:
        return described(0, STRETCH, ())
    parted = _parted(recogniser, clip, instead, count)
    picks = [_as_asked(number, pick) for number, pick in enumerate(picks, start=1)]
    versions: Sequence[Ready] = parted.coalitions()
    usual = Usual(recogniser, clip) if len(cut(recogniser, len(clip), window)) == 1 else None
    if usual is not None:
        versions = from_changes(usual, parted.coalitions())
    stretches = [partial(without_stretch, clip, instead, start) for start in range(0, len(clip), STRETCH)]
    scores = reread(recogniser, [*versions, *stretches], len(clip), window, partial(log_probabilities, picks), tell,
                    usual=usual)
    coalitions, when = scores[:len(versions)], scores[len(versions):]
    glosses = tuple(_of_gloss(parted, pick, coalitions[:, number], when[:, number])
                    for number, pick in enumerate(picks))
    return described(len(scores), STRETCH, glosses, (parted.lacking,) if parted.lacking else _lost(clip))


def _lost(clip: Clip) -> Tuple[str, ...]:
    """Which hands are not found in how many frames, and what that means for the parts."""
    assert clip.keypoints is not None
    shares = [(side, share) for side, share in zip(("left", "right"), lost(clip.keypoints).mean(0)) if share >= FEW]
    hands = " and ".join(f"the {side} hand is not found in {share:.0%} of the frames" for side, share in shares)
    return (f"{hands}: there, a hand is assumed to lie between the places where it is found, and anything else that "
            "moves and touches the signer counts as arms and trunk",) if shares else ()


def _as_asked(number: int, pick: Picks) -> Picks:
    assert pick.about is not None
    words = pick.about.words.replace("its logits at", "its log-probability at")
    return replace(pick, about=replace(pick.about, number=number, words=words))


def log_probabilities(picks: Sequence[Picks], logits: Tensor) -> np.ndarray:
    """Log-probabilities added up, and log-odds of contrasts: [picks]."""
    sure = logits.double().log_softmax(1)
    return np.array([float(score) for score in (pick.score(sure) for pick in picks) if score is not None])


def _of_gloss(parted: "Parted", pick: Picks, coalitions: np.ndarray, when: np.ndarray) -> GlossParts:
    assert pick.about is not None
    parts: Tuple[Part, ...] = ()
    if not parted.lacking:
        figures = zip(parted.players, shapley(coalitions), alone(coalitions), without(coalitions))
        known = {player: Part(parted.names[player], *map(_rounded, values)) for player, *values in figures}
        parts = tuple(known.get(index, Part(name)) for index, name in enumerate(parted.names))
    score, nothing = float(coalitions[-1]), float(coalitions[0])
    return GlossParts(pick.about, _rounded(score), _rounded(nothing), parts, tuple(map(_rounded, when)),
                      sentence(pick.about, parts, score - nothing))


def _rounded(value: float) -> float:
    return round(float(value), 6)


@dataclass(eq=False)
class Parted:
    """A clip cut into parts, any of which can be hidden."""

    clip: Clip
    instead: Clip
    names: Tuple[str, ...]
    labels: np.ndarray          # uint8 [T, SIDE, SIDE]: the part of each cell
    players: List[int]          # those parts that are in the picture
    lacking: str = ""           # why the parts are not known; then the whole clip is one

    def coalitions(self) -> List[Version]:
        """The clip with only the players of each coalition shown; of none first, of all last."""
        return [partial(self._showing, coalition) for coalition in range(1 << len(self.players))]

    def _showing(self, coalition: int) -> Clip:
        gone = np.zeros(len(self.names), bool)
        for bit, player in enumerate(self.players):
            gone[player] = not coalition >> bit & 1
        return hidden(self.clip, lambda height, width: gone[self._enlarged(height, width)], self.instead)

    def _enlarged(self, height: int, width: int) -> np.ndarray:
        """[T, height, width]"""
        if (height, width) not in self._sizes:
            rows, columns = (np.arange(pixels) * SIDE // pixels for pixels in (height, width))
            self._sizes[height, width] = self.labels[:, rows][:, :, columns]
        return self._sizes[height, width]

    @cached_property
    def _sizes(self) -> Dict[Tuple[int, int], np.ndarray]:
        return {}


def _parted(recogniser: Recogniser, clip: Clip, instead: Clip, count: int) -> Parted:
    """What is outside the network's view belongs to everything else."""
    names = PARTS[count]
    whole = np.zeros((len(clip), SIDE, SIDE), np.uint8)
    if clip.keypoints is None:
        return Parted(clip, instead, names, whole, [0], NO_POINTS)
    labels, seen = part_labels(clip.keypoints, clip.frames, count)
    if not seen.any():
        return Parted(clip, instead, names, whole, [0], UNSEEN)
    top, bottom, left, right = recogniser.viewport.box(SIDE, SIDE)
    rest = names.index(REST)
    shown = [index for index in range(len(names)) if (labels[:, top:bottom, left:right] == index).any()]
    labels[~np.isin(labels, shown)] = rest
    return Parted(clip, instead, names, labels, [index for index in range(len(names)) if (labels == index).any()])


def without_stretch(clip: Clip, instead: Clip, start: int) -> Clip:
    def cover(height: int, width: int) -> np.ndarray:
        made = np.zeros((len(clip), height, width), bool)
        made[start:start + STRETCH] = True
        return made

    return hidden(clip, cover, instead)

"""A puzzle in time: two clips end to end, and every map of a gloss must lie in the clip that holds it.

Nothing has to be annotated. A gloss that a network reads in one of two clips alone, and again in the splice, is of that
clip, on film too.
"""
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Dict, FrozenSet, List, Optional, Sequence, Tuple

import numpy as np
import torch

from cam_runner import explain
from cams.parts import log_probabilities, without_stretch
from cams.per_gloss import each
from cams.rereading import reread
from datasets.clip import Clip
from datasets.hiding import at_hand, stand_in
from evidence.places import spatial_layers
from evidence.rivals import motion
from models.reading import longest_window, read
from models.recogniser import Recogniser
from records.hiding import STILL, Hiding
from records.networks import hidden_points_of
from records.parts import STRETCH
from records.question import Question
from results.interval import Interval, of_mean

SPLICES = 3                                     # of two clips each are enough for a table
METHODS = ("gradcam", "hirescam", "layercam")
WHEN = "lost without 8 frames"                  # what the gloss's log-probability loses: no map and no gradient
RIVALS = ("motion", "even")
Words = Tuple[FrozenSet[str], FrozenSet[str]]   # read in the first clip alone, in the second alone
Key = Tuple[str, str, str]                      # model, layer, method; of a rival (model, "-", its name)


@dataclass
class Puzzle:
    """Of each map and rival a value for each splice: the mean over its glosses of the share in their own clip."""

    inside: Dict[Key, List[float]] = field(default_factory=dict)
    glosses: Dict[str, int] = field(default_factory=dict)
    splices: Dict[str, int] = field(default_factory=dict)

    def interval(self, key: Key) -> Interval:
        return of_mean(self.inside[key])

    def ahead(self, key: Key, rival: str) -> Interval:
        return of_mean([one - two for one, two in zip(self.inside[key], self.inside[key[0], "-", rival])])


def add_all(into: Puzzle, model: str, recogniser: Recogniser, clips: Sequence[Clip]) -> None:
    """The first clips, two by two."""
    for one, two in list(zip(clips[::2], clips[1::2]))[:SPLICES]:
        made = spliced(one, two)
        if made is not None:
            add(into, model, recogniser, made, len(one), own_words(recogniser, one, two))


def spliced(one: Clip, two: Clip) -> Optional[Clip]:
    """One after the other, without a truth; None where their pictures are not of one size."""
    def joined(first: Optional[np.ndarray], second: Optional[np.ndarray]) -> Optional[np.ndarray]:
        return None if first is None or second is None else np.concatenate([first, second])

    if one.frames.shape[1:] != two.frames.shape[1:] or one.whole is not None or two.whole is not None:
        return None
    return replace(one, seq_id=f"{one.seq_id} and {two.seq_id}", frames=np.concatenate([one.frames, two.frames]),
                   tall_frames=joined(one.tall_frames, two.tall_frames), keypoints=joined(one.keypoints, two.keypoints),
                   glosses=(), origin=None)


def own_words(recogniser: Recogniser, one: Clip, two: Clip) -> Words:
    """What is read in one of the clips alone and not in the other."""
    first, second = (frozenset(recogniser.decode(read(recogniser, clip))) for clip in (one, two))
    return first - second, second - first


def add(into: Puzzle, model: str, recogniser: Recogniser, clip: Clip, border: int,
        words: Words) -> None:
    """border: the first frame of the second clip."""
    inside: Dict[Key, List[float]] = {}

    def count(layer: str, method: str, gloss: str, energy: np.ndarray) -> None:
        first = gloss in words[0]
        if (first or gloss in words[1]) and energy.sum() > 0:
            own = energy[:border] if first else energy[border:]
            inside.setdefault((model, layer, method), []).append(float(own.sum() / energy.sum()))

    layers = tuple(dict.fromkeys((*spatial_layers(recogniser), *recogniser.gloss_layers)))
    read_words: List[str] = []
    for method in METHODS:
        explanation = explain(recogniser, clip, Question(target="each", method=method, layers=layers))
        read_words = [gloss.about.gloss for gloss in explanation.glosses]
        for gloss in explanation.glosses:
            for layer, layer_map in gloss.layers.items():
                count(layer, method, gloss.about.gloss, layer_map.laid.energy().astype(np.float64))
    for word, lost in _lost(recogniser, clip, torch.from_numpy(explanation.logits)):
        count("-", WHEN, word, lost)
    still = motion(clip.frames).mean((1, 2))
    still[border] = 0                           # the cut itself moves, and is no signing
    for word in read_words:
        count("-", "motion", word, still)
        count("-", "even", word, np.ones(len(clip)))
    for key, shares in inside.items():
        into.inside.setdefault(key, []).append(float(np.mean(shares)))
    into.glosses[model] = into.glosses.get(model, 0) + len(inside.get((model, "-", "even"), ()))
    into.splices[model] = into.splices.get(model, 0) + 1


def _lost(recogniser: Recogniser, clip: Clip, logits: torch.Tensor) -> List[Tuple[str, np.ndarray]]:
    """Of each gloss what it loses when the stretch that a frame is in stands still, and nothing where it gains."""
    picks = each(recogniser, clip, logits)
    if not picks:
        return []
    clip = at_hand(clip)
    instead = stand_in(clip, Hiding(STILL, hidden_points_of(recogniser.name)))
    versions = [partial(without_stretch, clip, instead, start) for start in range(0, len(clip), STRETCH)]
    score = partial(log_probabilities, picks)
    scores = reread(recogniser, versions, len(clip), longest_window(recogniser), score, lambda *_: None)
    lost = (score(logits) - scores).clip(0).repeat(STRETCH, axis=0)[:len(clip)]
    return [(pick.about.gloss, lost[:, number]) for number, pick in enumerate(picks) if pick.about is not None]


def lines(puzzle: Puzzle) -> List[str]:
    """Nothing where no gloss could be told apart."""
    models = [model for model, count in puzzle.glosses.items() if count]
    if not models:
        return []
    out = ["a puzzle in time: two clips end to end. A gloss that is read in one of them alone must have its map there;",
           "share of the map that lies in its clip, mean over glosses [ends of the 95% interval over splices, by the",
           "bootstrap]. M, E: above motion (the cut left out), above an even map with 95% certainty;",
           f"'{WHEN}': what the gloss's log-probability loses as the frames stand still, no map at all"]
    for model in models:
        title = f"{model}, {puzzle.glosses[model]} glosses of {puzzle.splices[model]} splices"
        out += ["", f"{title:<40}{'':<23}{'in its clip':<22}above"]
        own = [key for key in puzzle.inside if key[0] == model]
        for key in sorted(own, key=lambda key: (key[2] in RIVALS, -puzzle.interval(key).value)):
            share = puzzle.interval(key)
            ends = "" if np.isnan(share.low) else f" [{share.low:4.0%},{share.high:4.0%}]"
            beaten = "".join(name[0].upper() for name in RIVALS if puzzle.ahead(key, name).above(0)) or "none"
            letters = "" if key[2] in RIVALS else "-" if np.isnan(share.low) else beaten     # one splice: no interval
            layer = "rival" if key[2] in RIVALS else "no map" if key[2] == WHEN else key[1]
            out.append(f"{layer:<40}{key[2]:<23}{f'{share.value:4.0%}{ends}':<22}{letters}".rstrip())
    return out

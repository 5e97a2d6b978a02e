"""Maps against evidence known by construction: sentences drawn both ways, with glosses that differ in one thing.

What speaks for A rather than B in a clip can lie nowhere but in the pixels that differ between its two drawings, by
whatever shortcut a network tells the two apart. Its map of the contrast, A's logits less B's, is held against them.
"""
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import ctc_loss

from cam_runner import explain_each
from cams.joint import joint_layers
from cams.picks import log_probs
from datasets.clip import Clip
from evidence.gloss_maps import near_frames
from evidence.metrics import pointing_hits, smoothed
from evidence.places import spatial_layers
from evidence.rivals import centre, motion
from evidence.tally import TOLERANCE, Tally
from geometry.laid import Box
from glosses import ctc
from glosses.rules import RAW
from models.reading import read
from models.recogniser import Recogniser
from records.question import Question
from results.interval import Interval, of_mean, of_sums
from signer.estimator import estimated
from signer.minimal_pairs import KINDS, PAIRS, Pair, Twins, differing, of_kind, sign_both_ways
from signer.synthetic import signer

CAMS = ("gradcam", "layercam", "hirescam")
AT_INPUT = (("integrated", "mean"), ("integrated", "still"))    # method, what stands in
BUDGET = 8                  # passes of integrated gradients
RIVALS = ("motion", "centre", "even", "gradient")   # the first three in the gloss's own frames
SPREAD = 8                  # pixels; chosen on other clips (benchmarks/pointing.py)
CHANCE = 0.5                # of telling the two glosses of a pair apart
ALL = "all"                 # kinds that are perceived, together
Key = Tuple[str, str, str]              # model, layer, method; of a rival (model, "-", its name)
Figure = Callable[[np.ndarray], np.ndarray]     # of a tally's sums


@dataclass(frozen=True)
class Drawing:
    """A sentence drawn one way."""

    pair: Pair
    sentence: int               # the same of both drawings
    clip: Clip
    index: int                  # of the gloss in the sentence
    twin: str                   # what the other drawing has there
    signed: np.ndarray          # bool [T]: the gloss's own frames
    differs: np.ndarray         # bool [T, H, W]: pixels that are others in the other drawing

    @property
    def other(self) -> Tuple[str, ...]:
        return (*self.clip.glosses[:self.index], self.twin, *self.clip.glosses[self.index + 1:])


@dataclass
class PairTally(Tally):
    smooth_hits: int = 0        # frames that point at the evidence once the map is smoothed


def smooth_pointing(sums: np.ndarray) -> np.ndarray:
    """Of sums [..., 8]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return sums[..., 7] / sums[..., 6]


@dataclass
class Contrasts:
    """Of each kind of pairs."""

    accuracies: Dict[Tuple[str, Pair], Dict[int, float]] = field(default_factory=dict)  # by model, pair; by sentence
    places: Dict[Key, Dict[str, Dict[int, PairTally]]] = field(default_factory=dict)    # by kind, by sentence

    def accuracy(self, model: str, pairs: Sequence[Pair]) -> Interval:
        """How often it tells the glosses of pairs apart; the interval is over sentences, both drawings together."""
        return of_mean([value for pair in pairs for value in self.accuracies.get((model, pair), {}).values()])

    def perceived(self, model: str) -> List[str]:
        """Kinds that it tells apart better than by chance, with 95% certainty."""
        return [kind for kind in KINDS if self.accuracy(model, of_kind(kind)).above(CHANCE)]

    def maps(self, model: str) -> List[Key]:
        return [key for key in self.places if key[0] == model and key[1] != "-"]

    def rows(self, key: Key, kind: str) -> np.ndarray:
        """float64 [sentences, 8]"""
        kinds = self.perceived(key[0]) if kind == ALL else [kind]
        return np.array([tally.sums for name in kinds for tally in self.places[key].get(name, {}).values()])

    def interval(self, key: Key, kind: str, figure: Figure) -> Interval:
        return of_sums(self.rows(key, kind), figure)

    def ahead(self, key: Key, rival: str, kind: str, figure: Figure) -> Interval:
        """By how much a map is above a rival on the same sentences."""
        own, other = self.rows(key, kind), self.rows((key[0], "-", rival), kind)
        if not len(own):
            return of_sums(own, figure)
        width = own.shape[1]
        return of_sums(np.concatenate([own, other], 1), lambda both: figure(both[..., :width])
                       - figure(both[..., width:]))

    def beaten(self, key: Key, kind: str, figure: Figure) -> List[str]:
        return [name for name in RIVALS if self.ahead(key, name, kind, figure).above(0)]


def drawings(seed: int, number: int) -> Tuple[Drawing, Drawing]:
    """Sentence `number`, drawn both ways; the pairs take turns, and nobody signs two of them."""
    twins = sign_both_ways(PAIRS[number % len(PAIRS)], signer(seed, "test", number), (seed, 6, number))
    return both(twins, number, (seed, 7, number))


def both(twins: Twins, number: int, seed: Sequence[int]) -> Tuple[Drawing, Drawing]:
    """Keypoints are as an estimator gives them, with the same random draws."""
    frames = twins.frames()
    differs = differing(*frames)

    def way(index: int, twin: str) -> Drawing:
        signed = twins.drawn[index]
        points = estimated(signed.keypoints, np.random.default_rng(seed))
        clip = Clip(f"pair-{number}-{index + 1}", "test", frames[index], signed.words, points, rule=RAW)
        return Drawing(twins.pair, number, clip, twins.index, twin, twins.active, differs)
    return way(0, twins.pair.second), way(1, twins.pair.first)


def tell_apart(into: Contrasts, model: str, recogniser: Recogniser, ways: Sequence[Drawing]) -> None:
    """Counts a sentence drawn both ways: in how many of them what is signed is likelier to it than the twin."""
    right = [prefers(recogniser, read(recogniser, drawing.clip), drawing) > 0 for drawing in ways]
    into.accuracies.setdefault((model, ways[0].pair), {})[ways[0].sentence] = float(np.mean(right))


def judge(into: Contrasts, model: str, recogniser: Recogniser, ways: Sequence[Drawing]) -> None:
    """Counts its maps of a sentence that it tells apart both ways."""
    pair, number = ways[0].pair, ways[0].sentence
    for drawing in ways if into.accuracies[model, pair][number] == 1 else ():
        box = recogniser.viewport.box(*drawing.clip.frames.shape[1:3])
        logits = read(recogniser, drawing.clip)
        for layer, method, maps in (*_maps(recogniser, drawing, logits), *_rivals(drawing)):
            tally = against(maps, drawing.differs, box)
            kept = into.places.setdefault((model, layer, method), {}).setdefault(pair.kind, {})
            kept[number] = sum_of(kept[number], tally) if number in kept else tally


def prefers(recogniser: Recogniser, logits: Tensor, drawing: Drawing) -> float:
    """Log-probability of what is signed, less that of the same sentence with the twin: above 0 it is told apart."""
    return likelihood(recogniser, logits, drawing.clip.glosses) - likelihood(recogniser, logits, drawing.other)


def likelihood(recogniser: Recogniser, logits: Tensor, words: Sequence[str]) -> float:
    """Log-probability of a sentence, whenever its glosses are signed. logits [T', V]"""
    vocabulary, scores = recogniser.vocabulary, logits.double().log_softmax(1)[:, None]         # [T', 1, V]
    lengths = torch.tensor([len(logits)]), torch.tensor([len(words)])
    return -float(ctc_loss(scores, torch.tensor([vocabulary.encode(words)]), *lengths, vocabulary.blank,
                           reduction="sum"))


def contrast(recogniser: Recogniser, logits: Tensor, drawing: Drawing) -> Callable[[Tensor], Tensor]:
    """The gloss's logits less its twin's, at the steps where the truth is aligned."""
    vocabulary = recogniser.vocabulary
    span = ctc.align(log_probs(logits), vocabulary.encode(drawing.clip.glosses), vocabulary.blank)[drawing.index]
    twin, = vocabulary.encode([drawing.twin])

    def less(output: Tensor) -> Tensor:
        return (output[span.start:span.stop, span.id] - output[span.start:span.stop, twin]).sum()
    return less


def _maps(recogniser: Recogniser, drawing: Drawing, logits: Tensor) -> Iterator[Tuple[str, str, np.ndarray]]:
    """(layer, method, map [T, H, W]); |gradient| is a rival."""
    score = contrast(recogniser, logits, drawing)
    layers = (*spatial_layers(recogniser), *joint_layers(recogniser))
    asked: Dict[str, Question] = {name: Question(target=score, method=name, layers=layers,
                                                 pool="frame" if name == "gradcam" else None) for name in CAMS}
    asked["gradient"] = Question(target=score, method="gradient")
    asked.update({f"{name}, {way}": Question(target=score, method=name, hide=way, budget=BUDGET)
                  for name, way in AT_INPUT})
    for name, made in zip(asked, explain_each(recogniser, drawing.clip, list(asked.values()))):
        for number, (layer, layer_map) in enumerate(made.layers.items()):
            if name != "gradient":
                yield layer, name, layer_map.map
            elif number == 0:           # of a network of several streams: of its first, the picture's
                yield "-", name, layer_map.map


def _rivals(drawing: Drawing) -> Iterator[Tuple[str, str, np.ndarray]]:
    frames = drawing.clip.frames
    near = near_frames(drawing.signed)[:, None, None]
    for name, maps in zip(RIVALS, (motion(frames), centre(*frames.shape[:3]), np.ones(frames.shape[:3], np.float32))):
        yield "-", name, maps * near


def against(maps: np.ndarray, differs: np.ndarray, box: Box) -> PairTally:
    """Mass of the whole clip, every clip alike; the highest points of frames in which something differs. No ranks."""
    top, bottom, left, right = box
    maps = maps[:, top:bottom, left:right].astype(np.float32)
    differs = differs[:, top:bottom, left:right]
    total = float(maps.sum(dtype=np.float64))
    inside = float(maps[differs].sum(dtype=np.float64))
    frames = differs.any(axis=(1, 2))
    scale = maps.size / total if total > 0 else 0.0
    hits, smooth_hits = (pointing_hits(shown, differs[frames], TOLERANCE)
                         for shown in (maps[frames], smoothed(maps[frames], SPREAD)))
    return PairTally(inside * scale, total * scale, int(differs.sum()), differs.size, 0, hits, int(frames.sum()),
                     smooth_hits)


def sum_of(one: PairTally, other: PairTally) -> PairTally:
    return PairTally(*(first + second for first, second in zip(_figures(one), _figures(other))))


def _figures(tally: PairTally) -> Tuple[Any, ...]:
    return tuple(vars(tally).values())


def study(recognisers: Mapping[str, Recogniser], seed: int, sentences: int, judged: int,
          done: Callable[[], object]) -> Contrasts:
    """sentences: of each pair; of the first so many, `judged`, maps are made, where a network perceives the pair's
    kind. `done` is called once a sentence, and once more for its maps."""
    contrasts = Contrasts()
    for number in range(sentences * len(PAIRS)):
        ways = drawings(seed, number)
        for model, recogniser in recognisers.items():
            tell_apart(contrasts, model, recogniser, ways)
        done()
    for number in range(judged * len(PAIRS)):
        ways = drawings(seed, number)
        for model, recogniser in recognisers.items():
            if ways[0].pair.kind in contrasts.perceived(model):
                judge(contrasts, model, recogniser, ways)
        done()
    return contrasts

"""Can a map of a comparison be believed? Every check is a figure and a rule; none passes without being measured."""
from dataclasses import dataclass, replace
from functools import partial
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from datasets.clip import Clip
from datasets.hiding import stand_in
from evidence.redraw import redrawn_from_the_top, restored
from evidence.shifts import beaten, shifted
from evidence.tally import chosen_pixels, rank_correlation
from models.embedder import Embedder, embed
from pairs.explaining import NO_TARGET, UNSTEADY, Key, PictureExplanation, explain_pictures, is_void
from pairs.targets import likenesses
from records.hiding import BLUR, LOOKS, Hiding
from records.pairs import Check

Measured = Optional[Tuple[Dict[str, float], bool]]      # figures and whether they pass; None where nothing is to check

SHARE = 0.3             # of the picture that is hidden, or put back
REDRAWN = (0.0, 0.25, 0.5, 1.0)
BELIEVED = 0.95         # share of the shifts that a map must beat, or it is falsified
SAME = 0.99             # maps that correlate more are one map
FORGOTTEN = 0.5         # rank correlation that may be left of a map when all weights were drawn anew
ROUNDING = 1e-3         # of a map's maximum, that a batch may change


@dataclass(frozen=True)
class Checked:
    """What is checked: the maps of these pictures, made as they are shown."""

    embedder: Embedder
    clips: Sequence[Clip]
    references: Optional[Tensor]        # [B, D]
    layers: Optional[Sequence[str]]
    targets: Optional[Sequence[str]]
    methods: Sequence[str]
    shifts: int = 100
    seed: int = 0
    hide: str = BLUR                    # what stands in for what is hidden: mean or blur

    def explain(self, index: Optional[int] = None, references: Optional[Tensor] = None) -> List[PictureExplanation]:
        """All pictures, or one of them alone."""
        chosen = self.references if references is None else references
        part = slice(None) if index is None else slice(index, index + 1)
        return explain_pictures(self.embedder, self.clips[part], self.layers, self.targets, self.methods,
                                None if chosen is None else chosen[part])


def check_all(asked: Checked, other: Optional[Tensor]) -> List[Check]:
    """other: the embedding [D] of another person, to be compared with instead."""
    explained = asked.explain()
    again = asked.explain()
    done = [*_in_range(explained), *_repeats(explained, again), *_alone(asked, explained), *_differ(explained)]
    if other is not None and asked.references is not None:
        done += _other_person(explained, asked.explain(references=other.expand(len(asked.clips), -1)))
    done += _redrawn(asked, explained)
    return done + falsification(asked, explained)


def _checks(name: str, rule: str, explained: PictureExplanation,
            measure: Callable[[Key], Measured]) -> List[Check]:
    """One for every map that is not void."""
    done = []
    for key, layer_map in explained.maps.items():
        measured = None if is_void(layer_map.flags) else measure(key)
        if measured is not None:
            done.append(Check(name, explained.name, *key, *measured, rule))
    return done


def _in_range(explained: Sequence[PictureExplanation]) -> List[Check]:
    def measure(one: PictureExplanation, key: Key) -> Measured:
        low, high = float(one.maps[key].map.min()), float(one.maps[key].map.max())
        return {"lowest": low, "highest": high}, 0 <= low <= high <= 1
    return [check for one in explained
            for check in _checks("in range", "0 <= all values <= 1", one, partial(measure, one))]


def _repeats(explained: Sequence[PictureExplanation], again: Sequence[PictureExplanation]) -> List[Check]:
    def measure(one: PictureExplanation, two: PictureExplanation, key: Key) -> Measured:
        differing = int((one.maps[key].raw.view(np.uint32) != two.maps[key].raw.view(np.uint32)).sum())
        return {"differing numbers": differing}, differing == 0
    return [check for one, two in zip(explained, again) for check in _checks(
        "repeats", "the same bytes when made twice", one, partial(measure, one, two))]


def _alone(asked: Checked, explained: Sequence[PictureExplanation]) -> List[Check]:
    def measure(one: PictureExplanation, single: PictureExplanation, key: Key) -> Measured:
        if UNSTEADY in one.maps[key].flags:
            return None         # rounding decides that map, and a batch rounds in its own way
        raw = one.maps[key].raw
        apart = float(abs(raw - single.maps[key].raw).max() / max(raw.max(), 1e-30))
        return {"apart": apart}, apart <= ROUNDING
    if len(explained) < 2:
        return []
    return [check for index, one in enumerate(explained) for single in asked.explain(index) for check in _checks(
        "batch is singles", f"apart by at most {ROUNDING:g} of the maximum", one,
        partial(measure, one, single))]


def _differ(explained: Sequence[PictureExplanation]) -> List[Check]:
    def measure(key: Key) -> Measured:
        one, other = (picture.maps.get(key) for picture in explained[:2])
        if one is None or other is None or is_void(other.flags):
            return None
        alike = float(np.corrcoef(one.raw.ravel(), other.raw.ravel())[0, 1])
        return {"correlation": alike}, alike < SAME
    return _checks("pictures differ", f"correlation of the two maps below {SAME}", explained[0], measure) \
        if len(explained) > 1 else []


def _other_person(explained: Sequence[PictureExplanation], swapped: Sequence[PictureExplanation]) -> List[Check]:
    def measure(one: PictureExplanation, other: PictureExplanation, key: Key) -> Measured:
        if key[0] not in ("cosine", "dot") or key not in other.maps:
            return None
        alike = rank_correlation(one.maps[key].raw, other.maps[key].raw)
        return None if alike is None else ({"rank correlation": alike}, alike < SAME)
    return [check for one, other in zip(explained, swapped) for check in _checks(
        "another person", f"compared with somebody else: rank correlation below {SAME}", one,
        partial(measure, one, other))]


def _redrawn(asked: Checked, explained: Sequence[PictureExplanation]) -> List[Check]:
    """The first picture's maps, as the weights are drawn anew from the output down. Its references stay."""
    network, one = asked.embedder.network, explained[0]
    curves: Dict[Key, Dict[str, float]] = {key: {} for key in one.maps}

    def run() -> None:
        embed(asked.embedder, asked.clips[:1])

    with restored(network):
        for share, _ in zip(REDRAWN, redrawn_from_the_top(network, run, REDRAWN)):
            after = asked.explain(0)[0] if share else one
            for key, curve in curves.items():
                alike = rank_correlation(one.maps[key].raw, after.maps[key].raw) if key in after.maps else None
                curve[f"{share:.0%}"] = 0.0 if alike is None else alike     # a map without ranks has forgotten all
    last = f"{REDRAWN[-1]:.0%}"
    return _checks("weights redrawn", f"rank correlation at most {FORGOTTEN} when all are", one,
                   lambda key: (curves[key], curves[key][last] <= FORGOTTEN))


def falsification(asked: Checked, explained: Sequence[PictureExplanation]) -> List[Check]:
    """Salient pixels hidden, and put back where all others are hidden, against shifts of the very same map."""
    done = []
    for index, (clip, one) in enumerate(zip(asked.clips, explained)):
        reference = None if asked.references is None else asked.references[index:index + 1]
        for key, layer_map in one.maps.items():
            if is_void(layer_map.flags) or not layer_map.map.any():
                continue
            measured = _against_shifts(asked, clip, layer_map.map, _measure(asked.embedder, clip, key, reference))
            for name, figures in measured.items():
                rule = (f"beats at least {BELIEVED:.0%} of {asked.shifts} shifts of the same map, or it is falsified; "
                        f"hidden: {LOOKS[asked.hide]}; {Hiding(asked.hide).words(False)}")
                done.append(Check(name, one.name, *key, figures, figures["beats"] >= BELIEVED, rule))
    return done


def _measure(embedder: Embedder, clip: Clip, key: Key, reference: Optional[Tensor]) -> Callable[[Tensor], np.ndarray]:
    """What should fall: the similarity in a comparison, else the target's own number, of the class it was at first."""
    name = key[0]
    if reference is not None and name in ("cosine", "dot", NO_TARGET):
        name = "cosine"
    elif name == NO_TARGET:
        name = embedder.single
    if name.startswith("pred"):
        head = name.split(":")[1] if ":" in name else next(iter(embedder.heads))
        first = embed(embedder, [clip]).to(embedder.device)
        name = f"class:{head}:{int(embedder.heads[head](first).argmax())}"
    aim, = likenesses(embedder, [name], reference)

    def values(embeddings: Tensor) -> np.ndarray:
        with torch.no_grad():
            return aim.values(embeddings.to(embedder.device)).cpu().numpy()

    return values


def _against_shifts(asked: Checked, clip: Clip, heat: np.ndarray,
                    measure: Callable[[Tensor], np.ndarray]) -> Dict[str, Dict[str, float]]:
    """deletion and insertion -> before, after, drop (or gain), the shifts' mean, and the share of shifts beaten."""
    picture = clip.frames[0]
    height, width = picture.shape[:2]
    instead = stand_in(clip, Hiding(asked.hide)).frames[0]
    salient = chosen_pixels(heat[None], SHARE, True, (0, height, 0, width))[0]
    masks = [mask[..., None] for mask in (salient, *shifted(salient, asked.shifts, asked.seed))]
    effects = {}
    for name, ground, put in (("deletion", picture, instead), ("insertion", instead, picture)):
        made = [replace(clip, frames=np.where(mask, put, ground)[None]) for mask in masks]
        values = measure(embed(asked.embedder, [replace(clip, frames=ground[None]), *made], 16))
        moved = values[0] - values[1:] if name == "deletion" else values[1:] - values[0]
        effects[name] = {"before": float(values[0]), "after": float(values[1]),
                      "drop" if name == "deletion" else "gain": float(moved[0]),
                      "shifts": float(moved[1:].mean()), "beats": beaten(moved) / asked.shifts}
    return effects


def interval(passed: int, total: int, z: float = 1.96) -> Tuple[float, float]:
    """Wilson's 95% interval of a rate."""
    if not total:
        return 0.0, 1.0
    rate, square = passed / total, z * z / total
    middle, half = rate + square / 2, z * (rate * (1 - rate) / total + square / (4 * total)) ** 0.5
    return (middle - half) / (1 + square), (middle + half) / (1 + square)


def check_lines(checks: Sequence[Check]) -> List[str]:
    """A table for the terminal."""
    lines = [f"{'check':<17}{'picture':<22}{'target':<10}{'method':<11}{'layer':<26}{'':<10}figures"]
    for check in checks:
        figures = ", ".join(f"{name} {value:.3g}" for name, value in check.figures.items())
        falsifies = check.name in ("deletion", "insertion")
        verdict = "ok" if check.passed else "FALSIFIED" if falsifies else "FAILED"
        lines.append(f"{check.name:<17}{check.picture[:21]:<22}{check.target[:9]:<10}{check.method:<11}"
                     f"{check.layer[-25:]:<26}{verdict:<10}{figures}")
    return lines

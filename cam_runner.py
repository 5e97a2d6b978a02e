"""Explains any recogniser on any clip: a map per target layer, from one forward and one backward."""
from dataclasses import replace
from functools import partial
from typing import Any, Callable, Container, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor, nn

from cams.catalogue import AnyMethod, aimed, attends, on_clip
from cams.frames import laid, laid_on
from cams.joint import joint_line, product
from cams.multi_pass import ManyPasses
from cams.parts import explain_parts
from cams.picks import Picks
from cams.plan import Plan, plan
from cams.rereading import Tell
from cams.windowed import Found, explain_windows, is_matrix
from datasets.clip import Clip
from geometry.links import linked
from geometry.viewport import Viewport
from models.contract import Probe
from models.input_tap import Entry
from models.own_layers import Arrange
from models.own_module import Own, OwnModule
from models.reading import longest_window
from models.recogniser import Recogniser
from poses.whole_body import on_frames
from records.explanation import Explanation, GlossMaps, LayerMap
from records.networks import hidden_points_of
from records.parts import ClipParts
from records.question import ONE_BY_ONE, Question
from terminal.errors import UserError

__all__ = ["Explanation", "GlossMaps", "LayerMap", "Question", "Viewport", "explain", "explain_each",
           "explain_module"]

SCHEDULES = ("single", "per-layer")
LOOKS = {                # what methods without a target look at
    "": "the activation alone", "attention": "what the layer attends to",
    "graph": "what cells take from each other: for each cell, the share of channels in which it gives the most to "
             "others of its frame; arcs: the twelve pairs of a frame that give most, with a dot at the cell that "
             "takes. Links between frames are the same for every clip, and are not drawn"}
ALONE = {"each": "each gloss read, on its own", "rivals": "each gloss read, on its own, minus its rivals",
         "errors": "each error, as a contrast on its own"}
EXCHANGE = ("what joints take from each other is one matrix for the whole clip: it says who is mixed with whom, not "
            "when, and not what decided a gloss")
ALIKE = 0.005           # of a frame's pixels, the strongest, that maps of the input and joint maps draw alike


def explain(recogniser: Recogniser, clip: Clip, question: Optional[Question] = None, *, window: Optional[int] = None,
            schedule: str = "single", true_gloss: Optional[int] = None,
            tell: Tell = lambda done, total: None) -> Explanation:
    """The maps that `question` asks for, on one clip. Without a question: the network's own layers, and `max`.

    window: frames that are read at once (None: the network's own number); longer clips are explained in windows that
    overlap by half. schedule: all layers in one backward, or each in its own (per-layer). true_gloss: which of the true
    glosses from-gt takes, from 1 (None: the one nearest to the middle). tell hears of each pass of a method of many.
    """
    return explain_each(recogniser, clip, [question or Question()], window=window, schedule=schedule,
                        true_gloss=true_gloss, tell=tell)[0]


def explain_each(recogniser: Recogniser, clip: Clip, questions: Sequence[Question], *, window: Optional[int] = None,
                 schedule: str = "single", true_gloss: Optional[int] = None,
                 tell: Tell = lambda done, total: None) -> List[Explanation]:
    """The same of questions that differ in nothing but the method and what belongs to it. One pass serves all methods
    that need no more, and all explain the glosses that the first of them read."""
    for question in questions:
        question.check()
    if schedule not in SCHEDULES:
        raise UserError(f"schedule {schedule!r}: expected {', '.join(SCHEDULES)}")
    size = longest_window(recogniser, window)
    plans = [plan(recogniser, clip, question, size, true_gloss, tell) for question in questions]
    made: Dict[int, Explanation] = {}
    decided: Optional[Found] = None
    for group in _groups(plans):
        for asked in group:
            asked.precision = group[0].precision
            if decided is not None and not asked.per_window:
                asked.target = partial(_as_before, decided.picks)
        for asked, result in zip(group, explain_windows(group, schedule == "per-layer", size)):
            made[id(asked)] = _explanation(asked, result)
            decided = decided or (result if aimed(asked.method) else None)
            read = result.logits
    if questions[0].parts is not None:
        picks = decided.picks if decided else plans[0].target(read)
        made[id(plans[0])] = replace(made[id(plans[0])], parts=_parts(plans[0], picks, size))
    return [made[id(asked)] for asked in plans]


def _groups(plans: Sequence[Plan]) -> List[List[Plan]]:
    """Those that one pass serves together; those that need passes of their own."""
    one = [asked for asked in plans if not isinstance(asked.method, ManyPasses)]
    return ([one] if one else []) + [[asked] for asked in plans if isinstance(asked.method, ManyPasses)]


def _as_before(picks: Sequence[Picks], logits: Tensor) -> Sequence[Picks]:
    return picks


def _explanation(asked: Plan, result: Found) -> Explanation:
    question, recogniser = asked.question, asked.recogniser
    alone = zip(result.picks, result.raw) if question.target in ONE_BY_ONE else ()
    glosses = tuple(_of_gloss(asked, number, picks, raw, result)
                    for number, (picks, raw) in enumerate(alone, start=1))
    missed = {index for index, picks in enumerate(result.picks) if question.target == "each" and _missed(picks)}
    added = {name: _added([raw[name] for raw in result.raw], missed) for name in asked.probes}
    maps = _layer_maps(asked, added, result, [gloss for index, gloss in enumerate(glosses) if index not in missed])
    _note(asked, result, maps)
    return Explanation(recogniser.name, result.logits.float().cpu().numpy(), recogniser.viewport.sides,
                       _asking(asked, _words(question.target, asked.method, result.picks)), asked.name, asked.pool,
                       question.normalise, asked.precision.words, (*asked.notes, *asked.precision.notes), maps, glosses,
                       asked.hiding)


def _parts(asked: Plan, picks: Sequence[Picks], window: int) -> ClipParts:
    """What each gloss was read from, whatever the methods."""
    question = asked.question
    assert question.parts is not None
    return explain_parts(asked.recogniser, asked.clip, picks, question.parts,
                         question.parts_hiding(hidden_points_of(asked.recogniser.name)), window, asked.tell)


def explain_module(module: nn.Module, frames: np.ndarray, to_input: Callable[[np.ndarray], Tensor],
                   layers: Sequence[str], to_logits: Callable[[Any], Tensor] = lambda output: output,
                   question: Optional[Question] = None, *, classes: Sequence[str] = (),
                   arrange: Optional[Arrange] = None, view: Optional[Viewport] = None,
                   tell: Tell = lambda done, total: None) -> Explanation:
    """Maps of a module of your own, with where each layer's cells lie worked out from the module itself.

    frames: uint8 [T, H, W, 3] RGB. to_input: from them to what the module takes, [1, C, T, H, W], [1, T, C, H, W] or
    [T, C, H, W], on any device. layers: paths as `named_modules` has them, and "input". to_logits: from what the
    module returns to logits [V], [T', V] or [1, T', V], or to a score []. The question's target is max, one of
    `classes` (names, in order), the number of a class, or a function from logits [T', V] to a score.
    arrange: where an output's layout cannot be read off its sizes, from it to [1, C, T', H', W'] or [1, C, T'].
    view: the part of a frame that to_input shows; None: measured.
    """
    question = question or Question()
    if question.layers is not None:
        raise UserError("layers: name them as layers=, not in the question")
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or not frames.size:
        raise UserError(f"frames: {frames.dtype} {list(frames.shape)}; expected uint8 [T, H, W, 3], RGB")
    clip = Clip("frames", "", frames)
    words, question = _own_target(replace(question, layers=tuple(layers)), classes)
    made = explain(OwnModule(Own(module, to_input, to_logits, arrange, view), clip, layers), clip, question, tell=tell)
    return replace(made, target=words) if words else made


def _own_target(question: Question, classes: Sequence[str]) -> Tuple[str, Question]:
    """A class, by name or number, as the score it stands for, and in words."""
    target = question.target
    if target == "max" or callable(target):
        return "", question
    number = classes.index(target) if target in classes else int(target) if target.isdigit() else -1
    if number < 0:
        have = "max, the number of a class" + (", a name in classes" if classes else "")
        raise UserError(f"target {target!r}: a module of your own has {have}, or a function from logits to a score")
    return f"class {target}, its logits summed over all steps", replace(question, target=partial(_class, number))


def _class(number: int, logits: Tensor) -> Tensor:
    if number >= logits.shape[1]:
        raise UserError(f"target: class {number} of {logits.shape[1]}; they count from 0")
    return logits[:, number].sum()


def _of_gloss(asked: Plan, number: int, picks: Picks, raw: Dict[str, Tensor], result: Found) -> GlossMaps:
    assert picks.about is not None
    layers = _layer_maps(asked, raw, result)
    flags, words = {name: layer.flags for name, layer in layers.items()}, _asking(asked, picks.about.words)
    return GlossMaps(replace(picks.about, number=number, words=words, layers=flags), layers)


def _layer_maps(asked: Plan, raw: Dict[str, Tensor], result: Found,
                glosses: Sequence[GlossMaps] = ()) -> Dict[str, LayerMap]:
    """glosses: those whose maps are added up in `raw`."""
    size = (len(asked.clip), *asked.clip.frames.shape[1:3])
    points = None if asked.clip.keypoints is None else on_frames(asked.clip.keypoints, *size[1:])
    maps = {}
    for name, values in raw.items():
        probe, values = asked.probes[name], values.float()
        matrix, whole = _attended(values, probe)
        lies, flags = laid(whole, probe, result.left, size, asked.recogniser.viewport,
                           asked.question.normalise == "frame", name in result.blank,
                           ALIKE if _grainy(asked, probe) else 0.0, points)
        details = result.details.get(name, {})
        lies = linked(lies, details) if asked.name == "graph" else replace(lies, matrix=matrix)
        maps[name] = LayerMap(lies, flags, probe.field, details)
    return {name: _joint(asked, name, maps, result, [gloss.layers[name].raw for gloss in glosses])
            if name in asked.joint else maps[name] for name in asked.layers}


def _joint(asked: Plan, name: str, maps: Dict[str, LayerMap], result: Found, alone: Sequence[np.ndarray]) -> LayerMap:
    """alone: the joint maps of glosses on their own, which are added up then."""
    factors = asked.joint[name]
    lies = [maps[factor].laid for factor in factors]
    raw, cells = product(lies)
    raw = np.sum(alone, axis=0) if alone else raw
    extent = replace(lies[0].extent, seen=(max(one.extent.seen[0] for one in lies),
                                         min(one.extent.seen[1] for one in lies)))
    joint, flags = laid_on(torch.from_numpy(raw), cells, extent, asked.question.normalise == "frame",
                           not result.blank.isdisjoint(factors), ALIKE)
    _say(asked, *(f"{name} is zero everywhere, because the map of {factor} is" for factor in factors
                  if "all-zero" in maps[factor].flags))
    return LayerMap(joint, flags, made=joint_line(asked.name, factors))


def _say(asked: Plan, *notes: str) -> None:
    asked.notes += [note for note in notes if note not in asked.notes]


def _attended(raw: Tensor, probe: Probe) -> Tuple[Optional[np.ndarray], Tensor]:
    """What of a raw map is a matrix of who takes from whom, where it is one; and the map itself."""
    if probe.joints and raw.dim() == 3:                 # [T', J, J], the same at each step of a window
        return raw.mean(0).cpu().numpy(), raw.mean(1)   # what each joint gives to all
    if is_matrix(raw, probe):
        return raw.cpu().numpy(), raw.mean(0)           # what a step is given by all
    return None, raw


def _note(asked: Plan, result: Found, maps: Dict[str, LayerMap]) -> None:
    """What must be said of all maps of the clip."""
    name, frames = asked.recogniser.name, len(asked.clip)
    unseen = max(frames - (stop - first) for first, stop in (layer.laid.extent.seen for layer in maps.values()))
    own = {name: asked.probes[name] for name in asked.layers if name not in asked.joint}
    if any(_grainy(asked, probe) for probe in own.values()):
        asked.notes.append(f"maps of the input are grainy: the strongest {ALIKE:.1%} of a frame's pixels are drawn "
                           "alike")
    if asked.joint:
        asked.notes.append(f"products have sharp peaks: of joint maps the strongest {ALIKE:.1%} of a frame's pixels "
                           "are drawn alike")
    if any(maps[layer].laid.matrix is not None and probe.joints for layer, probe in own.items()):
        asked.notes.append(EXCHANGE)
    if unseen:
        asked.notes.append(f"{name} does not look at {unseen} of the clip's {frames} frames: no map there")
    blank = sorted(name for name in asked.layers if not result.blank.isdisjoint(asked.joint.get(name, (name,))))
    if blank:
        asked.notes.append(f"the clip shows one even colour to {', '.join(blank)}: no map there")


def _words(target: object, method: AnyMethod, picks: Sequence[Picks]) -> str:
    if not aimed(method):
        looks = LOOKS[attends(method)]
        return f"none: this method looks at {looks}"
    if target not in ONE_BY_ONE:
        return picks[-1].words
    if not picks:
        return "nothing: no gloss was read wrongly" if target == "errors" else "nothing: no gloss is read"
    missed = [pick.about.gloss for pick in picks if target == "each" and pick.about and _missed(pick)]
    by_span = {pick.about.span: pick.about.gloss for pick in picks if pick.about is not None}
    glosses = " ".join(list(by_span.values())[:len(by_span) - len(missed)]) or "none"
    apart = f"; missed glosses ({' '.join(missed)}) have separate maps, not part of the sum" if missed else ""
    return f"{ALONE[str(target)]} ({glosses}); here the sum of their maps{apart}"


def _asking(asked: Plan, words: str) -> str:
    """What is explained, and of a method that hides the question that its way of hiding asks."""
    if asked.hiding is None:
        return words
    return f"{words}; {asked.hiding.words(asked.clip.keypoints is not None)}"


def _grainy(asked: Plan, probe: Probe) -> bool:
    """Of gradients at single pixels."""
    return isinstance(probe.module, Entry) and not on_clip(asked.method) and not probe.joints


def _missed(picks: Picks) -> bool:
    return picks.about is not None and picks.about.verdict == "deleted"


def _added(maps: Sequence[Tensor], but: Container[int]) -> Tensor:
    added = [values for index, values in enumerate(maps) if index not in but]
    if not added:
        return torch.zeros_like(maps[0])
    return added[0] if len(added) == 1 else torch.stack(added).sum(0)

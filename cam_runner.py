"""Explains any recogniser on any clip: a map per target layer, from one forward and one backward."""
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

import numpy as np
import torch
from torch import Tensor

from cams.blank import blank_layers, is_even
from cams.catalogue import AT_INPUT, CATALOGUE, AnyMethod, aimed, attends, on_clip
from cams.frames import Placed, joined, laid
from cams.many import ManyPasses, Tell, Window, clip_probe, inputs_of, unscaled
from cams.methods import signed_map
from cams.one_pass import Ask, Asks, Score, at_least_float32, one_pass, run_pass
from cams.picks import Picks
from cams.precision import Precision
from cams.targets import APART, Target
from cams.targets import target as named_target
from datasets.clip import Clip
from datasets.hiding import mean_colour
from datasets.keypoints import on_frames
from datasets.windows import windows as cut
from geometry.laid import LaidMap
from models.contract import Inputs, Probe
from models.entry import INPUT, Entry
from models.recogniser import Recogniser
from terminal.errors import UserError

CHOICES = {"weights": ("clip", "frame"), "normalise": ("clip", "frame"), "schedule": ("single", "per-layer")}
SMALLEST_WINDOW = 48    # frames
EXCHANGE = ("what joints take from each other is one matrix for the whole clip: it says who is mixed with whom, not "
            "when, and not what decided a gloss")
ALIKE = 0.005           # of a frame's pixels, the strongest, that a map of the input draws alike


@dataclass(frozen=True)
class LayerMap:
    laid: LaidMap                   # after ReLU; of a clip of one window, the network's padding still in it
    flags: Tuple[str, ...] = ()     # all-zero, constant, non-finite (the map is zero then); saturated
    field: Optional[float] = None   # the part of the view's height that reaches a cell, of a layer with space

    @property
    def spatial(self) -> bool:
        return self.laid.spatial

    @property
    def raw(self) -> np.ndarray:
        """float32 [T', H', W'] or [T'], at the layer's own resolution."""
        return self.laid.raw

    @property
    def map(self) -> np.ndarray:
        """float16 [T, H, W] on the original frame, or [T], in 0..1; 0 where nothing was seen. Made when it is asked."""
        return self.laid.whole()


@dataclass(frozen=True)
class GlossMaps:
    """One gloss, explained on its own."""

    place: int                      # counted from 1, among what was explained
    about: Dict[str, Any]           # gloss, verdict, the true gloss, its words
    layers: Dict[str, LayerMap]


@dataclass(frozen=True)
class Explanation:
    model: str
    logits: np.ndarray              # float32 [steps, V]
    target: str                     # in words
    method: str
    weights: str                    # clip or frame: what shares a channel's weight
    normalise: str                  # clip or frame: what shares a minimum and maximum
    precision: str
    notes: Tuple[str, ...]
    layers: Dict[str, LayerMap]
    glosses: Tuple[GlossMaps, ...] = ()     # what was explained on its own, in order


@dataclass
class Run:
    """What is asked of every window of a clip, and what has been found out on the way."""

    recogniser: Recogniser
    clip: Clip
    probes: Dict[str, Probe]
    target: Target
    per_window: bool                # each window picks its own logits
    method: AnyMethod
    per_frame: bool
    precision: Precision
    budget: int = 1                 # passes of a method that takes many
    tell: Tell = lambda done, total: None
    notes: List[str] = field(default_factory=list)

    @cached_property
    def colour(self) -> np.ndarray:
        return mean_colour(self.clip.frames)


def explain(recogniser: Recogniser, clip: Clip, layers: Optional[Sequence[str]] = None, target: str = "max",
            method: str = "gradcam", weights: Optional[str] = None, normalise: str = "clip",
            precision: Optional[str] = None, schedule: str = "single", window: Optional[int] = None,
            place: Optional[int] = None, budget: Optional[int] = None,
            tell: Tell = lambda done, total: None) -> Explanation:
    """Maps of `layers` (if None the model's own five; of glosses on their own, its deepest) for one clip.

    target: max, pred, each, errors, from-gt (`place`: which true gloss) or a gloss. method: a name in CATALOGUE.
    weights: pooled over the clip or each frame; None: each frame where one gloss is explained, else the clip.
    precision: amp (CUDA's default), fp32 (the CPU's, and of what hides the clip), fp16, bf16. schedule: all layers in
    one backward, or each in its own. Clips longer than `window` frames (the model's own if None) are explained in
    windows that overlap by half. budget: how many passes a method of many takes of a window (None: its own number);
    `tell` hears of each.
    """
    weights, told = pooling(target, weights)
    for name, value in (("weights", weights), ("normalise", normalise), ("schedule", schedule)):
        if value not in CHOICES[name]:
            raise UserError(f"{name} {value!r}: there are {', '.join(CHOICES[name])}")
    if method not in CATALOGUE:
        raise UserError(f"method {method!r}: there are {', '.join(CATALOGUE)}")
    chosen, passes = CATALOGUE[method], passes_of(method, budget)
    if target in APART and not aimed(chosen):
        raise UserError(f"target {target}: {method} looks at the activation alone, whatever the gloss; "
                        "ask for another method")
    if precision is None and on_clip(chosen):
        precision = "fp32"          # small differences of scores drown in the rounding of half precision
    if layers is None and (method in AT_INPUT or target in APART):
        layers = input_layers(recogniser, method) if method in AT_INPUT else recogniser.gloss_layers
    size = min(len(clip), window or recogniser.window)
    run = Run(recogniser, clip, probes_of(recogniser, layers, chosen, size, passes),
              named_target(target, recogniser, clip, place), target == "max", chosen, weights == "frame",
              Precision(precision, recogniser.device), passes, tell, list(told))
    found = _with_what_memory_allows(run, schedule == "per-layer", window or recogniser.window)
    per_frame = normalise == "frame"
    alone = zip(found.picks, found.raw) if target in APART else ()
    glosses = tuple(GlossMaps(number, picks.about, _layer_maps(run, raw, found, per_frame))
                    for number, (picks, raw) in enumerate(alone, start=1))
    maps = _layer_maps(run, {name: _added([raw[name] for raw in found.raw]) for name in run.probes}, found, per_frame)
    unseen = max(len(clip) - (stop - first) for first, stop in (layer.laid.place.seen for layer in maps.values()))
    if any(_grainy(run, probe) for probe in run.probes.values()):
        run.notes.append(f"maps of the input are grainy: the strongest {ALIKE:.1%} of a frame's pixels are drawn alike")
    if any(layer.laid.matrix is not None and run.probes[name].joints for name, layer in maps.items()):
        run.notes.append(EXCHANGE)
    if unseen:
        run.notes.append(f"{recogniser.name} does not look at {unseen} of the clip's {len(clip)} frames: no map there")
    if found.blank:
        run.notes.append(f"the clip shows one even colour to {', '.join(sorted(found.blank))}: no map there")
    return Explanation(recogniser.name, found.logits.float().cpu().numpy(), _words(target, chosen, found.picks), method,
                       weights, normalise, run.precision.words, (*run.notes, *run.precision.notes), maps, glosses)


def pooling(target: str, asked: Optional[str]) -> Tuple[str, List[str]]:
    """What shares a channel's weight, and what should be said of it.

    Pooled over the clip a gloss's map shows where its channels are active at any time, no better in time than chance.
    """
    of_the_clip = "pooled over the clip, a gloss's map shows where its channels are active at any time"
    if target in ("max", "pred"):
        return asked or "clip", []
    if target == "from-gt":
        return asked or "clip", [] if asked == "frame" else [f"{of_the_clip}; pool each frame to see when it is signed"]
    return asked or "frame", [f"{of_the_clip}, not when it is signed"] if asked == "clip" else []


def passes_of(method: str, budget: Optional[int]) -> int:
    """How many passes a method takes of a window."""
    chosen = CATALOGUE[method]
    if not isinstance(chosen, ManyPasses):
        if budget is not None:
            many = ", ".join(name for name, each in CATALOGUE.items() if isinstance(each, ManyPasses))
            raise UserError(f"budget {budget}: method {method} takes one pass; a budget is for {many}")
        return 1
    if budget is not None and budget < 1:
        raise UserError(f"budget {budget}: expected a number of passes from 1 on")
    return chosen.budget if budget is None else budget


def input_layers(recogniser: Recogniser, method: str) -> List[str]:
    """Where a method looks that is asked at the input: at each stream's, or at the clip itself."""
    return [INPUT] if on_clip(CATALOGUE[method]) else list(inputs_of(recogniser))


def _words(target: str, method: AnyMethod, picks: Sequence[Picks]) -> str:
    if not aimed(method):
        looks = "what the layer attends to" if attends(method) else "the activation alone"
        return f"none: this method looks at {looks}"
    if target not in APART:
        return picks[-1].words
    if not picks:
        return "nothing: no gloss is read" if target == "each" else "nothing: no gloss was read wrongly"
    named = " ".join(str(each.about["gloss"]) for each in picks if each.about.get("side") != "true" or target == "each")
    what = "each gloss read, on its own" if target == "each" else "each error, as a contrast on its own"
    return f"{what} ({named}); here their maps added"


@dataclass
class Found:
    logits: Tensor                  # [steps, V], averaged over windows
    picks: Sequence[Picks]          # what was explained
    raw: List[Dict[str, Tensor]]    # of each, by layer, joined over windows
    left: int                       # padding before the clip's first frame
    blank: Set[str]                 # layers that were shown nothing, in no window


def probes_of(model: Recogniser, layers: Optional[Sequence[str]], method: AnyMethod, frames: int,
              budget: int) -> Dict[str, Probe]:
    """The layers by name; where none are named the model's own, for the attention those of them that attend, or all
    that do."""
    if isinstance(method, ManyPasses) and method.on_clip:
        if layers is None or list(layers) != [INPUT]:
            raise UserError(f"layers {', '.join(layers or ()) or '(none asked)'}: this method hides parts of the clip "
                            f"itself; its one layer is {INPUT}")
        return {INPUT: clip_probe(model, method.grid(model, frames, budget))}
    attending = [name for name, probe in model.layers.items() if probe.attention is not None]
    if attends(method) and not attending:
        raise UserError(f"method attention: no layer of {model.name} attends; ask for another method")
    own = [name for name in model.default_layers if name in attending or not attends(method)]
    names = (own or attending) if layers is None else layers
    unknown = [name for name in names if name not in model.layers]
    if unknown or not names:
        raise UserError(f"{model.name} has no layer {', '.join(unknown) or '(none asked)'}; "
                        f"it has {', '.join(model.layers)}")
    without = [name for name in names if name not in attending]
    if attends(method) and without:
        raise UserError(f"method attention: {', '.join(without)} of {model.name} does not attend; "
                        f"there are {', '.join(attending)}")
    return {name: model.layers[name] for name in names}


def _with_what_memory_allows(run: Run, per_layer: bool, window: int) -> Found:
    while True:
        failure = ""
        try:
            return _explained(run, per_layer, window)
        except RuntimeError as error:
            if not _out_of_memory(error):
                raise
            failure = str(error)
        # Only here, when the exception and with it the frames that hold the graph are gone, can memory be had back.
        if run.recogniser.device.type == "cuda":
            torch.cuda.empty_cache()
        if not per_layer and len(run.probes) > 1:
            per_layer = True
            run.notes.append("out of memory: each layer was explained in a pass of its own")
        elif min(window, len(run.clip)) // 2 >= SMALLEST_WINDOW:
            window = min(window, len(run.clip)) // 2 // 8 * 8
            run.notes.append(f"out of memory: windows of {window} frames")
        else:
            raise UserError(f"clip {run.clip.seq_id}: out of memory even with windows of {window} frames; "
                            f"use a larger device, fewer layers or amp ({failure.splitlines()[0][:120]})")


def _out_of_memory(error: RuntimeError) -> bool:
    text = str(error).lower()
    return (isinstance(error, torch.cuda.OutOfMemoryError) or "out of memory" in text
            or "can't allocate memory" in text or "not enough memory" in text)


def _explained(run: Run, per_layer: bool, window: int) -> Found:
    step = run.recogniser.frames_per_step
    spans = cut(len(run.clip), window, max(1, window // (2 * step)) * step)     # windows start at a step of the clip
    apart = run.per_window or len(spans) == 1 or not aimed(run.method)
    target = run.target if apart else partial(_decided, run.target(_read(run, spans, step)))
    blank, places, logits = set(run.probes), [], []  # type: ignore[var-annotated]
    picks: Sequence[Picks] = ()
    raws: List[Dict[str, List[Tensor]]] = []        # of each pick, by layer, a part a window
    groups = [[name] for name in run.probes] if per_layer else [list(run.probes)]
    for span in spans:
        inputs = _prepared(run, span)
        places.append(Placed.of(inputs, span, len(run.clip)))
        blank &= _blank(run, inputs)
        first = 0 if apart else span[0] // step
        for names in groups:
            window_logits, maps, picks = _one_window(run, span, inputs, names, target, first)
            raws = raws or [{name: [] for name in run.probes} for _ in maps]
            for parts, its in zip(raws, maps):
                for name in names:
                    parts[name].append(_in_clip(its[name], run.probes[name], span[0], len(run.clip)))
        logits.append(window_logits)
    steps = [(span[0] // step, span[0] // step + len(part)) for span, part in zip(spans, logits)]
    touched = [[any(begin <= at < end for at in each.steps) for begin, end in steps] if not apart else None
               for each in picks] or [None]
    raw = [{name: joined(parts, places, run.probes[name].stride, run.probes[name].padded, has)
            for name, parts in its.items()} for its, has in zip(raws, touched)]
    return Found(joined(logits, places, step, False), picks, raw, places[0].left, blank)


def _decided(picks: Sequence[Picks], logits: Tensor) -> Sequence[Picks]:
    return picks


def _blank(run: Run, inputs: Inputs) -> Set[str]:
    if on_clip(run.method):
        return set(run.probes) if all(map(is_even, inputs.tensors)) else set()
    return blank_layers(run.recogniser, inputs, run.probes)


def _one_window(run: Run, span: Tuple[int, int], inputs: Inputs, names: List[str], target: Target,
                first: int) -> Tuple[Tensor, List[Dict[str, Tensor]], Sequence[Picks]]:
    """(logits [T', V], raw maps of each thing explained, what it is), tried again while the precision asks for it."""
    while True:
        taken = Taken(run, {name: run.probes[name] for name in names})
        logits = taken.by_many(run.method, span, inputs, target, first) if isinstance(run.method, ManyPasses) else (
            taken.by_one(inputs, target, first))
        if run.precision.accepts(logits, taken.peaks):
            return logits, taken.maps, taken.picks


@dataclass
class Taken:
    """What one pass leaves: a map of each layer for each thing explained."""

    run: Run
    probes: Dict[str, Probe]
    maps: List[Dict[str, Tensor]] = field(default_factory=list)
    peaks: List[Tensor] = field(default_factory=list)       # of gradients, for the precision to watch
    picks: Sequence[Picks] = ()

    def by_one(self, inputs: Inputs, target: Target, first: int) -> Tensor:
        run, gradients = self.run, aimed(self.run.method)
        asks: Asks = partial(self.decide, target, first) if gradients else [self.ask(_nothing)]
        attend = partial(_take_attention, self.maps[-1]) if attends(run.method) else None
        return run_pass(run.recogniser, inputs, self.probes, asks, gradients, run.precision.dtype,
                        run.precision.scale, attend)[0]

    def by_many(self, method: ManyPasses, span: Tuple[int, int], inputs: Inputs, target: Target,
                first: int) -> Tensor:
        run = self.run
        logits = one_pass(run.recogniser, inputs, {}, Tensor.sum, _ignore, False, run.precision.dtype)
        self.picks = target(logits)
        window = Window(run.recogniser, run.clip.window(*span), inputs, self.probes, logits,
                        self.picks or [Picks("nothing", (), ())], first, run.colour, run.precision, self.peaks,
                        tell=run.tell)
        self.maps = [{name: each.relu() for name, each in its.items()} for its in method.maps(window, run.budget)]
        run.notes += [note for note in window.notes if note not in run.notes]
        return logits

    def decide(self, target: Target, first: int, output: Tensor) -> List[Ask]:
        self.picks = target(output[0].detach())
        return [self.ask(partial(_score, each, first)) for each in self.picks] or [self.ask(_nothing)]

    def ask(self, score: Score) -> Ask:
        self.maps.append({})
        if attends(self.run.method):
            return Ask(score, _ignore)
        return Ask(score, partial(_make_map, self.run, self.probes, self.maps[-1], self.peaks))


def _score(picks: Picks, first: int, output: Tensor) -> Optional[Tensor]:
    return picks.score(output[0], first)


def _nothing(output: Tensor) -> None:
    return None


def _ignore(*_: Any) -> None:
    pass


def _take_attention(maps: Dict[str, Tensor], name: str, attention: Tensor) -> None:
    maps[name] = at_least_float32(attention[0])


def _make_map(run: Run, probes: Dict[str, Probe], maps: Dict[str, Tensor], peaks: List[Tensor], name: str,
              activation: Tensor, gradient: Optional[Tensor]) -> None:
    """Called as each gradient arrives: [1, C, T', H', W'] -> [T', H', W'], after ReLU."""
    values, slope = at_least_float32(probes[name].arrange(activation)[0]), None
    if gradient is not None:
        slope = unscaled(probes[name].arrange(gradient)[0], run.precision, peaks)
    assert not isinstance(run.method, ManyPasses)
    maps[name] = signed_map(run.method, values, slope, run.per_frame).relu_()


def _read(run: Run, spans: List[Tuple[int, int]], step: int) -> Tensor:
    """The whole clip's logits, no gradients: what a target is decided on when the clip is longer than a window."""
    places, logits = [], []
    for span in spans:
        inputs = _prepared(run, span)
        places.append(Placed.of(inputs, span, len(run.clip)))
        logits.append(one_pass(run.recogniser, inputs, {}, Tensor.sum, lambda *_: None, False, run.precision.dtype))
    return joined(logits, places, step, False)


def _prepared(run: Run, span: Tuple[int, int]) -> Inputs:
    with torch.no_grad():
        return run.recogniser.prepare(run.clip.window(*span))


def _layer_maps(run: Run, raw: Dict[str, Tensor], found: Found, per_frame: bool) -> Dict[str, LayerMap]:
    size = (len(run.clip), *run.clip.frames.shape[1:3])
    points = None if run.clip.keypoints is None else on_frames(run.clip.keypoints, *size[1:])
    maps = {}
    for name, each in raw.items():
        probe, each = run.probes[name], each.float()
        matrix, whole = _attended(each, probe)
        lies, flags = laid(whole, probe, found.left, size, run.recogniser.viewport, per_frame, name in found.blank,
                           ALIKE if _grainy(run, probe) else 0.0, points)
        maps[name] = LayerMap(replace(lies, matrix=matrix), flags, probe.field)
    return maps


def _grainy(run: Run, probe: Probe) -> bool:
    """Of gradients at single pixels."""
    return isinstance(probe.module, Entry) and not on_clip(run.method) and not probe.joints


def _in_clip(part: Tensor, probe: Probe, start: int, frames: int) -> Tensor:
    """Of what the steps of a window give to each other [T', T'], the columns are the clip's."""
    if not _is_matrix(part, probe):
        return part
    whole = part.new_zeros((len(part), -(-frames // probe.stride)))
    first = start // probe.stride
    whole[:, first:first + part.shape[1]] = part
    return whole


def _attended(raw: Tensor, probe: Probe) -> Tuple[Optional[np.ndarray], Tensor]:
    """What of a raw map is a matrix of who takes from whom, where it is one; and the map itself."""
    if probe.joints and raw.dim() == 3:                 # [T', J, J], the same at each step of a window
        return raw.mean(0).cpu().numpy(), raw.mean(1)   # what each joint gives to all
    if _is_matrix(raw, probe):
        return raw.cpu().numpy(), raw.mean(0)           # what a step is given by all
    return None, raw


def _is_matrix(raw: Tensor, probe: Probe) -> bool:
    return raw.dim() == 2 and not probe.spatial


def _added(maps: Sequence[Tensor]) -> Tensor:
    return maps[0] if len(maps) == 1 else torch.stack(list(maps)).sum(0)

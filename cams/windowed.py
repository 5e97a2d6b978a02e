"""A whole clip, window by window, in as much memory as there is."""
from dataclasses import dataclass
from functools import partial
from typing import Dict, List, Optional, Sequence, Set, Tuple

import numpy as np
import torch
from torch import Tensor

from cams.blank import blank_layers, is_even
from cams.catalogue import aimed, on_clip
from cams.frames import Placed, joined, once
from cams.memory import out_of_memory
from cams.one_pass import one_pass
from cams.one_window import Span, explain_window, probes_of_all
from cams.picks import Picks
from cams.plan import Plan
from datasets.windows import average_windows
from models.contract import Inputs, Probe
from models.reading import cut
from terminal.errors import UserError

SMALLEST_WINDOW = 48    # frames


@dataclass
class Found:
    logits: Tensor                  # [steps, V], averaged over windows
    picks: Sequence[Picks]          # what was explained
    raw: List[Dict[str, Tensor]]    # of each, by layer, joined over windows
    left: int                       # padding before the clip's first frame
    blank: Set[str]                 # layers that were shown nothing, in no window
    details: Dict[str, Dict[str, np.ndarray]]       # what layers tell besides, by name, for every step


def explain_windows(plans: Sequence[Plan], per_layer: bool, window: int) -> List[Found]:
    """Of each plan (several of methods that one pass serves together). Layer by layer, then in smaller windows, where
    memory runs out."""
    plan = plans[0]
    while True:
        failure = ""
        try:
            return _explained(plans, per_layer, window)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            failure = str(error)
        # Only here, when the exception and with it the frames that hold the graph are gone, can memory be had back.
        if plan.recogniser.device.type == "cuda":
            torch.cuda.empty_cache()
        if not per_layer and len(probes_of_all(plans)) > 1:
            per_layer = True
            plan.notes.append("out of memory: each layer was explained in a pass of its own")
        elif plan.recogniser.cuts and min(window, len(plan.clip)) // 2 >= SMALLEST_WINDOW:
            window = min(window, len(plan.clip)) // 2 // 8 * 8
            plan.notes.append(f"out of memory: windows of {window} frames")
        else:
            raise UserError(f"clip {plan.clip.seq_id}: out of memory even with windows of {window} frames; "
                            f"use a larger device, fewer layers or amp ({failure.splitlines()[0][:120]})")


def _explained(plans: Sequence[Plan], per_layer: bool, window: int) -> List[Found]:
    plan, probes = plans[0], probes_of_all(plans)
    step = plan.recogniser.frames_per_step
    spans = cut(plan.recogniser, len(plan.clip), window)
    alone = plan.per_window or len(spans) == 1 or not any(aimed(one.method) for one in plans)
    target = plan.target if alone else partial(_decided, plan.target(_read(plan, spans)))
    blank, places, logits = set(probes), [], []  # type: ignore[var-annotated]
    picks: Sequence[Picks] = ()
    parts: List[List[Dict[str, List[Tensor]]]] = []         # of each plan and pick, by layer, one a window
    details: Dict[str, List[Dict[str, Tensor]]] = {}        # by layer, a window each
    groups = [[name] for name in probes] if per_layer else [list(probes)]
    for span in spans:
        inputs = _prepared(plan, span)
        places.append(Placed.of(inputs, span, len(plan.clip)))
        blank &= _blank(plan, inputs, probes)
        first = 0 if alone else span[0] // step
        for names in groups:
            window_logits, taken = explain_window(plans, span, inputs, names, target, first)
            picks = taken.picks
            for name, taken_here in taken.details.items():
                details.setdefault(name, []).append(taken_here)
            parts = parts or [[{name: [] for name in one.probes} for _ in of_picks]
                              for one, of_picks in zip(plans, taken.maps)]
            _keep(parts, taken.maps, probes, span[0], len(plan.clip))
        logits.append(window_logits)
    steps = [(span[0] // step, span[0] // step + len(part)) for span, part in zip(spans, logits)]
    touched = [[any(begin <= at < end for at in pick.steps) for begin, end in steps] if not alone else None
               for pick in picks] or [None]
    if len(spans) > 1 and plan.recogniser.reads_whole:
        plan.notes.append(f"each step of {plan.recogniser.name} depends on the whole clip: read in windows of {window} "
                          "frames, its logits and maps differ from those of the whole clip")
    whole = _joined_logits(logits, spans, step)
    known = {name: _details(windows, places, probes[name]) for name, windows in details.items()}
    return [Found(whole, picks, [_joined_maps(by_layer, places, probes, counted)
                                 for by_layer, counted in zip(of_picks, touched)], places[0].left,
                  blank & set(one.probes), {name: known[name] for name in known if name in one.probes})
            for one, of_picks in zip(plans, parts)]


def _keep(parts: List[List[Dict[str, List[Tensor]]]], made: Sequence[Sequence[Dict[str, Tensor]]],
          probes: Dict[str, Probe], start: int, frames: int) -> None:
    """The maps of one window, from clip frame `start` on, to those of the windows before."""
    for kept, of_picks in zip(parts, made):
        for into, maps in zip(kept, of_picks):
            for name, part in maps.items():
                into[name].append(_in_clip(part, probes[name], start, frames))


def _joined_maps(parts: Dict[str, List[Tensor]], places: Sequence[Placed], probes: Dict[str, Probe],
                 counted: Optional[Sequence[bool]]) -> Dict[str, Tensor]:
    return {name: joined(pieces, places, probes[name].stride, probes[name].padded, counted, probes[name].lost)
            for name, pieces in parts.items()}


def _details(details: Sequence[Dict[str, Tensor]], places: Sequence[Placed], probe: Probe) -> Dict[str, np.ndarray]:
    return {key: once([part[key] for part in details], places, probe.stride, probe.padded, probe.lost).numpy()
            for key in details[0]}


def _joined_logits(parts: Sequence[Tensor], spans: Sequence[Span], step: int) -> Tensor:
    if len(parts) == 1:
        return parts[0]
    return torch.from_numpy(average_windows([part.float().cpu().numpy() for part in parts], spans, step))


def _decided(picks: Sequence[Picks], logits: Tensor) -> Sequence[Picks]:
    return picks


def _blank(plan: Plan, inputs: Inputs, probes: Dict[str, Probe]) -> Set[str]:
    if on_clip(plan.method):
        return set(probes) if all(map(is_even, inputs.tensors)) else set()
    return blank_layers(plan.recogniser, inputs, probes)


def _read(plan: Plan, spans: Sequence[Tuple[int, int]]) -> Tensor:
    """The whole clip's logits, no gradients: what a target is decided on when the clip is longer than a window."""
    logits = [one_pass(plan.recogniser, _prepared(plan, span), {}, Tensor.sum, lambda *_: None, False,
                       plan.precision.dtype) for span in spans]
    return _joined_logits(logits, spans, plan.recogniser.frames_per_step)


def _prepared(plan: Plan, span: Span) -> Inputs:
    with torch.no_grad():
        return plan.recogniser.prepare(plan.clip.window(*span))


def _in_clip(part: Tensor, probe: Probe, start: int, frames: int) -> Tensor:
    """Of what the steps of a window give to each other [T', T'], the columns are the clip's."""
    if not is_matrix(part, probe):
        return part
    whole = part.new_zeros((len(part), -(-frames // probe.stride)))
    first = start // probe.stride
    whole[:, first:first + part.shape[1]] = part
    return whole


def is_matrix(raw: Tensor, probe: Probe) -> bool:
    return raw.dim() == 2 and not probe.spatial

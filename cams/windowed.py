"""A whole clip, window by window, in as much memory as there is."""
from dataclasses import dataclass
from functools import partial
from typing import Dict, List, Sequence, Set, Tuple

import numpy as np
import torch
from torch import Tensor

from cams.blank import blank_layers, is_even
from cams.catalogue import aimed, on_clip
from cams.frames import Placed, joined, once
from cams.one_pass import one_pass
from cams.one_window import Span, explain_window
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


def explain_windows(plan: Plan, per_layer: bool, window: int) -> Found:
    """Layer by layer, then in smaller windows, where memory runs out."""
    while True:
        failure = ""
        try:
            return _explained(plan, per_layer, window)
        except RuntimeError as error:
            if not _out_of_memory(error):
                raise
            failure = str(error)
        # Only here, when the exception and with it the frames that hold the graph are gone, can memory be had back.
        if plan.recogniser.device.type == "cuda":
            torch.cuda.empty_cache()
        if not per_layer and len(plan.probes) > 1:
            per_layer = True
            plan.notes.append("out of memory: each layer was explained in a pass of its own")
        elif plan.recogniser.cuts and min(window, len(plan.clip)) // 2 >= SMALLEST_WINDOW:
            window = min(window, len(plan.clip)) // 2 // 8 * 8
            plan.notes.append(f"out of memory: windows of {window} frames")
        else:
            raise UserError(f"clip {plan.clip.seq_id}: out of memory even with windows of {window} frames; "
                            f"use a larger device, fewer layers or amp ({failure.splitlines()[0][:120]})")


def _out_of_memory(error: RuntimeError) -> bool:
    text = str(error).lower()
    return (isinstance(error, torch.cuda.OutOfMemoryError) or "out of memory" in text
            or "can't allocate memory" in text or "not enough memory" in text)


def _explained(plan: Plan, per_layer: bool, window: int) -> Found:
    step = plan.recogniser.frames_per_step
    spans = cut(plan.recogniser, len(plan.clip), window)
    alone = plan.per_window or len(spans) == 1 or not aimed(plan.method)
    target = plan.target if alone else partial(_decided, plan.target(_read(plan, spans)))
    blank, places, logits = set(plan.probes), [], []  # type: ignore[var-annotated]
    picks: Sequence[Picks] = ()
    parts: List[Dict[str, List[Tensor]]] = []       # of each pick, by layer, one a window
    details: Dict[str, List[Dict[str, Tensor]]] = {}        # by layer, a window each
    groups = [[name] for name in plan.probes] if per_layer else [list(plan.probes)]
    for span in spans:
        inputs = _prepared(plan, span)
        places.append(Placed.of(inputs, span, len(plan.clip)))
        blank &= _blank(plan, inputs)
        first = 0 if alone else span[0] // step
        for names in groups:
            window_logits, taken = explain_window(plan, span, inputs, names, target, first)
            picks = taken.picks
            for name, told in taken.details.items():
                details.setdefault(name, []).append(told)
            parts = parts or [{name: [] for name in plan.probes} for _ in taken.maps]
            for by_layer, made in zip(parts, taken.maps):
                for name in names:
                    by_layer[name].append(_in_clip(made[name], plan.probes[name], span[0], len(plan.clip)))
        logits.append(window_logits)
    steps = [(span[0] // step, span[0] // step + len(part)) for span, part in zip(spans, logits)]
    touched = [[any(begin <= at < end for at in pick.steps) for begin, end in steps] if not alone else None
               for pick in picks] or [None]
    raw = [{name: joined(pieces, places, plan.probes[name].stride, plan.probes[name].padded, counted,
                           plan.probes[name].lost)
            for name, pieces in by_layer.items()} for by_layer, counted in zip(parts, touched)]
    if len(spans) > 1 and plan.recogniser.reads_whole:
        plan.notes.append(f"each step of {plan.recogniser.name} depends on the whole clip: read in windows of {window} "
                          "frames, its logits and maps are not those that it gives of the whole")
    return Found(_joined_logits(logits, spans, step), picks, raw, places[0].left, blank,
                 {name: _details(told, places, plan.probes[name]) for name, told in details.items()})


def _details(told: Sequence[Dict[str, Tensor]], places: Sequence[Placed], probe: Probe) -> Dict[str, np.ndarray]:
    return {key: once([part[key] for part in told], places, probe.stride, probe.padded, probe.lost).numpy()
            for key in told[0]}


def _joined_logits(parts: Sequence[Tensor], spans: Sequence[Span], step: int) -> Tensor:
    if len(parts) == 1:
        return parts[0]
    return torch.from_numpy(average_windows([part.float().cpu().numpy() for part in parts], spans, step))


def _decided(picks: Sequence[Picks], logits: Tensor) -> Sequence[Picks]:
    return picks


def _blank(plan: Plan, inputs: Inputs) -> Set[str]:
    if on_clip(plan.method):
        return set(plan.probes) if all(map(is_even, inputs.tensors)) else set()
    return blank_layers(plan.recogniser, inputs, plan.probes)


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

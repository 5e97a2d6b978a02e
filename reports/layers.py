"""What the page says of each layer: its energy, where its map lies, and the map itself."""
import base64
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from drawing.matrix import matrix_of
from drawing.overlay import png
from geometry.joints import JointMap
from geometry.laid import LaidMap
from poses.regions import SIDE
from records.codec import to_json
from records.explanation import Explanation, LayerMap
from records.sequence import Sequence
from records.several import JOINT, layer_of
from records.style import Style
from reports.quantised_map import Knots, knots
from results.flags import in_words
from results.shares import mass, shares

DEPTHS = (("deep", 15), ("middle", 27), ("early", 1 << 20))      # by the most cells down the view
PER_GLOSS = ("flags", "note", "check", "energy", "shares", "shares_over_time", "sheet")       # the rest is the layer's
Regions = Optional[Tuple[np.ndarray, np.ndarray]]   # the region of each cell [T, 64, 64], frames with a signer [T]


def layer_records(explanations: Mapping[str, Explanation], record: Sequence,
                  labelled: Regions) -> Tuple[Dict[str, List[Dict[str, Any]]], Dict[str, Knots]]:
    """What the page says of each model's layers, and their maps by sheet."""
    records: Dict[str, List[Dict[str, Any]]] = {model: [] for model in explanations}
    maps: Dict[str, Knots] = {}
    for model, explanation in explanations.items():
        for name, layer in explanation.layers.items():
            entry, drawn = _layer(name, layer, record.models[model].layers[name].evidence, labelled)
            if drawn is not None:
                entry["sheet"] = f"map{len(maps)}"
                maps[entry["sheet"]] = drawn
            records[model].append(entry)
    return records, maps


def gloss_records(explanations: Mapping[str, Explanation], record: Sequence,
                  labelled: Regions) -> Tuple[Dict[str, List[Dict[str, Any]]], Dict[str, Knots]]:
    """The same of each gloss that was explained on its own."""
    records: Dict[str, List[Dict[str, Any]]] = {}
    maps: Dict[str, Knots] = {}
    for model, explanation in explanations.items():
        records[model] = []
        for gloss in explanation.glosses:
            layers = {}
            for name, layer in gloss.layers.items():
                entry, drawn = _layer(name, layer, record.models[model].layers[name].evidence, labelled)
                if drawn is not None:
                    entry["sheet"] = f"gloss{len(maps)}"
                    maps[entry["sheet"]] = drawn
                layers[name] = {key: entry[key] for key in PER_GLOSS if key in entry}
            records[model].append({**to_json(gloss.about), "layers": layers})
    return records, maps


def _layer(name: str, layer: LayerMap, evidence: str, labelled: Regions) -> Tuple[Dict[str, Any], Optional[Knots]]:
    """What the page says of a layer, and its map when it has a place and is not empty."""
    laid = layer.laid
    record: Dict[str, Any] = {"name": name, "spatial": bool(layer.spatial), "flags": list(layer.flags),
                              "note": in_words(layer.flags), "seen": laid.extent.seen, "box": laid.extent.box,
                              "cells": (*laid.raw.shape[1:], 1)[:2], **looks(name, laid, layer.field, layer.method),
                              "made": layer.made, "evidence": evidence}
    if layer.check is not None:
        record["check"] = {"verdict": layer.check.verdict, "words": layer.check.words}
    if layer.method:
        record["method"] = layer.method
    record["energy"] = _rounded(laid.energy())
    if layer.laid.matrix is not None:
        picture = png(matrix_of(layer.laid, Style(colormap="viridis")))
        record["matrix_of"] = "joint" if isinstance(laid, JointMap) else "frame"
        record["matrix"] = "data:image/png;base64," + base64.b64encode(picture).decode()
    if not layer.spatial:
        return record, None
    small = laid.coarse(SIDE)
    if labelled is not None:
        labels, seen = labelled
        record["shares"], record["shares_over_time"] = shares(mass(small, labels), seen)
    if not small.any():
        return record, None
    return record, knots(laid)


def looks(name: str, laid: LaidMap, field: Optional[float], method: str = "") -> Dict[str, str]:
    """What kind of layer it is, and what its cells see, in words. field: the part of the view that reaches a cell;
    method: the one that stands before the layer's name."""
    frames = laid.cells.frames
    step = f"{float(frames[1] - frames[0]) if len(frames) > 1 else len(laid):g}"
    every = "a step a frame" if step == "1" else f"a step every {step} frames"
    if isinstance(laid, JointMap):
        return {"kind": "joints", "looks": f"{laid.raw.shape[1]} joints, {every}"}
    if laid.cells.rows is None or laid.cells.columns is None:
        return {"kind": "time only", "looks": every}
    top, bottom, _, _ = laid.extent.box
    words = [f"{laid.raw.shape[1]} \u00d7 {laid.raw.shape[2]} cells", every]
    if field is not None:
        pixels = round(field * (bottom - top))
        words.insert(1, "each sees the whole view" if field == 1 else f"each sees {pixels} \u00d7 {pixels} pixels")
    if layer_of(name, method).rpartition(".")[2] == JOINT:
        return {"kind": "joint map", "looks": ", ".join(words)}
    depth = next(kind for kind, most in DEPTHS if laid.raw.shape[1] <= most)
    return {"kind": "fused" if "fus" in name or "lateral" in name else depth, "looks": ", ".join(words)}


def _rounded(values: np.ndarray) -> List[float]:
    return [float(f"{value:.4g}") for value in np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).tolist()]

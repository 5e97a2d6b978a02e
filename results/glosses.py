"""glosses.csv: a row for each gloss explained on its own and each layer, for those who count.

Columns:
    sequence, split, signer, model      where it was signed, and who read it
    place                               of the gloss among those explained
    gloss, verdict, true                as it was read (deleted: the true one); right, substituted, inserted or deleted,
                                        empty without a truth; the true gloss where there is one
    start, stop                         its frames start..stop-1, by forced alignment
    score                               mean probability over its steps
    layer, target, method, pool         what the map is of
    left_hand, right_hand, face, body, elsewhere    share of the map there, within the gloss's own frames; the signer's
                                        own left and right; empty without keypoints, and for layers without space
    area_left_hand, ...                 share of the picture that each of them covers in those frames
    inside                              share of the map that lies in the gloss's own frames
    chance                              the share of the frames seen that those are: what an even map would have
    peak_frame, peak_x, peak_y          where the map is largest, in frames and pixels of the clip
    flags                               what is wrong with the map
"""
import csv
import io
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from files.atomic import atomic_file
from files.reading import read_text
from geometry.laid import LaidMap
from poses.regions import APART, SIDE, cover
from results.shares import mass

FILE = "glosses.csv"
PLACES = tuple(name.replace(" ", "_") for name in APART)
COLUMNS = ("sequence", "split", "signer", "model", "place", "gloss", "verdict", "true", "start", "stop", "score",
           "layer", "target", "method", "pool", *PLACES, *(f"area_{name}" for name in PLACES), "inside", "chance",
           "peak_frame", "peak_x", "peak_y", "flags")
Regions = Optional[Tuple[np.ndarray, np.ndarray]]       # labels of APART [T, 64, 64], frames with a signer [T]


def rows(preds: Mapping[str, Any], explanations: Mapping[str, Any], found: Regions) -> List[Dict[str, Any]]:
    """explanations: model -> .glosses [.place, .about with frames start and stop, .layers {name: .laid, .flags}]."""
    out = []
    for model, told in explanations.items():
        for gloss in told.glosses:
            about = preds["models"][model]["explained"][gloss.place - 1]
            for name, layer in gloss.layers.items():
                span = about["start"], about["stop"]
                out.append({
                    "sequence": preds["sequence"], "split": preds["split"], "signer": preds["signer"], "model": model,
                    "place": gloss.place, "gloss": about["gloss"], "verdict": about["verdict"], "true": about["true"],
                    "start": span[0], "stop": span[1], "score": about["score"], "layer": name,
                    "target": about["words"], "method": told.method, "pool": told.weights,
                    **_shares(layer.laid, span, found), **_when(layer.laid, span), **_peak(layer.laid),
                    "flags": " ".join(layer.flags)})
    return out


def _shares(laid: LaidMap, span: Tuple[int, int], found: Regions) -> Dict[str, float]:
    if found is None or not laid.spatial:
        return {}
    labels, seen = (each[span[0]:span[1]] for each in found)
    if not seen.any():
        return {}
    area = cover(labels, len(APART))[seen].mean(axis=0)
    out = {f"area_{name}": round(float(each), 6) for name, each in zip(PLACES, area)}
    small = laid.coarse(SIDE)[span[0]:span[1]]
    lies = mass(small[seen], labels[seen], len(APART)).sum(axis=0)
    if lies.sum() > 0:
        out.update({name: round(float(each), 6) for name, each in zip(PLACES, lies / lies.sum())})
    return out


def _when(laid: LaidMap, span: Tuple[int, int]) -> Dict[str, float]:
    first, stop = laid.place.seen
    own = max(0, min(span[1], stop) - max(span[0], first))
    energy = laid.energy().astype(np.float64)
    out = {"chance": round(own / (stop - first), 6)}
    if energy.sum() > 0:
        out["inside"] = round(float(energy[span[0]:span[1]].sum() / energy.sum()), 6)
    return out


def _peak(laid: LaidMap) -> Dict[str, int]:
    if laid.void:
        return {}
    frame = laid.place.seen[0] + int(laid.highs.argmax())
    if not laid.spatial:
        return {"peak_frame": frame}
    y, x = np.unravel_index(int(laid.at(frame).argmax()), laid.place.size[1:])
    return {"peak_frame": frame, "peak_x": int(x), "peak_y": int(y)}


def table(found: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: "" if value is None else value for key, value in row.items()} for row in found)
    return text.getvalue()


def write_merged(out: Path, sequences: Sequence[str]) -> None:
    """One table of all these sequences' own, where there are any."""
    texts = []
    for path in (out / name / FILE for name in sequences):
        with suppress(OSError, ValueError):     # none there, or damaged since: the index tells of it
            texts.append(read_text(path))
    head = ",".join(COLUMNS) + "\n"
    bodies = [text[len(head):] for text in texts if text.startswith(head)]
    if bodies:
        with atomic_file(out / FILE) as draft:
            draft.write_text(head + "".join(bodies), encoding="utf-8")

"""glosses.csv: a row for each gloss explained on its own and each layer, for those who count.

Columns:
    format                              of this table; this is 3
    sequence, split, signer, model      where it was signed, and who read it
    id                                  of the explanation, as in preds.json: read-3, or of a contrast read-3-for-true
    number                              from 1, among what was explained
    gloss, verdict, correct             as it was read (deleted: the true one); right, substituted, inserted or deleted;
                                        yes or no. Both are empty without a truth
    true_gloss                          what was signed, where that is known
    side                                of a contrast: what speaks for the gloss read, or for the true one
    first_frame, last_frame             its frames, by forced alignment, counted from 0
    confidence                          mean probability over its steps
    layer, target, method, pool         what the map is of
    checkpoint                          SHA-256 of the network's file
    left_hand, right_hand, hands, face, body, elsewhere
                                        share of the map there, within the gloss's own frames; left and right are the
                                        signer's own; empty without keypoints, and for layers without space
    area_left_hand, ...                 share of the picture that each of them covers in those frames
    lift_left_hand, ...                 the first over the second: 1 is what an even map has
    inside                              share of the map that lies in the gloss's own frames
    inside_even                         the share that an even map would have there
    lift_inside                         the first over the second
    peak_frame                          of the gloss's own frames the one where the map's mean is largest, as pictures
                                        and pages have it; empty where nothing of the map lies in them
    peak_x, peak_y                      where the map is largest in that frame, in pixels of the clip
    flags                               what is wrong with the map
    check                               of main.py --check: holds, or no better than its shifts, on this clip; cannot be
                                        told where the clip is too short
    check_lost, check_usual             what the score loses without the map's highest tenth, and without that of its
                                        shifts on average
    check_beaten, check_shifts          of how many shifts it loses more than of
    check_hide                          what stood in for what was hidden: still, mean or blur
    part_right_hand, ...                with --write parts: the Shapley value of each part, the same in all rows of a
                                        gloss; empty of a part that is not in the picture. parts.csv has more
    when_first_frame, when_last_frame, when_without
                                        the stretch of the clip without which the gloss loses most, and how much
"""
import csv
import io
from contextlib import suppress
from pathlib import Path
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from files.atomic import atomic_file
from files.reading import read_text
from geometry.laid import LaidMap
from poses.regions import APART, SIDE, cover
from records.explained import ExplainedGloss
from records.explanation import Explanation, LayerMap
from records.parts import PARTS, ClipParts
from records.sequence import Sequence as SequenceRecord
from records.several import layer_of
from records.transcript import Range
from results.shares import mass

FILE = "glosses.csv"
FORMAT = 3
REGIONS = tuple(name.replace(" ", "_") for name in APART)
HANDS = ("left_hand", "right_hand")
SHOWN = (*HANDS, "hands", *(name for name in REGIONS if name not in HANDS))
PARTED = (*(f"part_{name.replace(' ', '_')}" for name in dict.fromkeys(sum(PARTS.values(), ()))),
          "when_first_frame", "when_last_frame", "when_without")
COLUMNS = ("format", "sequence", "split", "signer", "model", "id", "number", "gloss", "verdict", "correct",
           "true_gloss", "side", "first_frame", "last_frame", "confidence", "layer", "target", "method", "pool",
           "checkpoint", *SHOWN, *(f"area_{name}" for name in SHOWN), *(f"lift_{name}" for name in SHOWN), "inside",
           "inside_even", "lift_inside", "peak_frame", "peak_x", "peak_y", "flags", "check",
           "check_lost", "check_usual", "check_beaten", "check_shifts", "check_hide", *PARTED)
Regions = Optional[Tuple[np.ndarray, np.ndarray]]       # labels of APART [T, 64, 64], frames with a signer [T]
Row = Dict[str, Union[str, int, float]]


def rows(record: SequenceRecord, explanations: Mapping[str, Explanation], labelled: Regions) -> List[Row]:
    out: List[Row] = []
    for model, explanation in explanations.items():
        for gloss in explanation.glosses:
            parted = _parted(record.models[model].parts, gloss.about.id, record.frames)
            for name, layer in gloss.layers.items():
                about = gloss.about
                out.append({
                    "format": FORMAT, "sequence": record.sequence, "split": record.split, "signer": record.signer,
                    "model": model, **gloss_cells(about), "layer": layer_of(name, layer.method),
                    "target": about.words, "method": layer.method or explanation.method, "pool": explanation.pool,
                    "checkpoint": record.models[model].checkpoint.sha256,
                    **_shares(layer.laid, about.frames, labelled), **_when(layer.laid, about.frames),
                    **peak(layer.laid, about.frames),
                    "flags": " ".join(layer.flags), **_check(layer), **parted})
    return out


def _parted(parts: Optional[ClipParts], id: str, frames: int) -> Row:
    gloss = parts and next((gloss for gloss in parts.glosses if gloss.about.id == id), None)
    if not parts or not gloss:
        return {}
    row: Row = {f"part_{part.name.replace(' ', '_')}": part.value for part in gloss.parts if part.value is not None}
    if gloss.when:
        least = gloss.when.index(min(gloss.when))
        row.update({"when_first_frame": least * parts.stretch,
                    "when_last_frame": min((least + 1) * parts.stretch, frames) - 1,
                    "when_without": round(gloss.score - gloss.when[least], 6)})
    return row


def _check(layer: LayerMap) -> Row:
    check = layer.check
    return {} if check is None else {
        "check": check.verdict, "check_lost": check.lost, "check_usual": check.usual, "check_beaten": check.beaten,
        "check_shifts": check.shifts, "check_hide": check.hide}


def gloss_cells(about: ExplainedGloss) -> Row:
    correct = "" if about.verdict is None else "yes" if about.verdict == "right" else "no"
    return {"id": about.id, "number": about.number, "gloss": about.gloss, "verdict": about.verdict or "",
            "correct": correct, "true_gloss": about.true_gloss or "", "side": about.side or "",
            "first_frame": about.frames[0], "last_frame": about.frames[1] - 1, "confidence": about.score}


def _shares(laid: LaidMap, frames: Range, labelled: Regions) -> Row:
    if labelled is None or not laid.spatial:
        return {}
    labels, seen = (of_frame[frames[0]:frames[1]] for of_frame in labelled)
    if not seen.any():
        return {}
    area = _with_hands(cover(labels, len(APART))[seen].mean(axis=0))
    out: Row = {f"area_{name}": round(value, 6) for name, value in area.items()}
    small = laid.coarse(SIDE)[frames[0]:frames[1]]
    lies = mass(small[seen], labels[seen], len(APART)).sum(axis=0)
    if lies.sum() > 0:
        shares = _with_hands(lies / lies.sum())
        out.update({name: round(value, 6) for name, value in shares.items()})
        out.update({f"lift_{name}": round(value / area[name], 4) for name, value in shares.items() if area[name] > 0})
    return out


def _with_hands(values: np.ndarray) -> Dict[str, float]:
    """Of each region, and of both hands together."""
    shares = {name: float(value) for name, value in zip(REGIONS, values)}
    shares["hands"] = sum(shares[name] for name in HANDS)
    return shares


def _when(laid: LaidMap, frames: Range) -> Row:
    first, stop = laid.extent.seen
    even = max(0, min(frames[1], stop) - max(frames[0], first)) / (stop - first)
    energy = laid.energy().astype(np.float64)
    out: Row = {"inside_even": round(even, 6)}
    if energy.sum() > 0:
        inside = float(energy[frames[0]:frames[1]].sum() / energy.sum())
        out["inside"] = round(inside, 6)
        if even > 0:
            out["lift_inside"] = round(inside / even, 4)
    return out


def peak(laid: LaidMap, frames: Range) -> Row:
    frame = laid.peak(*frames)
    if frame is None:
        return {}
    if not laid.spatial:
        return {"peak_frame": frame}
    y, x = laid.highest(frame)
    return {"peak_frame": frame, "peak_x": x, "peak_y": y}


def table(rows: Iterable[Row], columns: Sequence[str] = COLUMNS) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
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

"""What the glosses of a batch have in common: where and when their own maps lie, by verdict, gloss and signer."""
import csv
import io
from collections import defaultdict
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

import numpy as np

from records.several import key_of
from results.interval import of_mean

KINDS = ("verdict", "gloss", "signer")
PLACES = {"hands": ("hands",), "face": ("face",), "body": ("body",), "elsewhere": ("elsewhere",)}

Row = Dict[str, str]


def study(tables: Iterable[str]) -> List[Dict[str, Any]]:
    """From glosses.csv of each sequence: for each model and layer with a gloss in it, groups of each kind.

    A group has its count, mean shares by place (None without keypoints), how many times more of the map lies in the
    gloss's own frames than chance would give, both with the ends of their 95% interval, and its sequences.
    """
    by_layer: Dict[Tuple[str, str], List[Row]] = defaultdict(list)
    rows = [row for text in tables for row in csv.DictReader(io.StringIO(text))]
    several = len({row["method"] for row in rows}) > 1
    for row in rows:
        by_layer[row["model"], key_of(row["method"], row["layer"]) if several else row["layer"]].append(row)
    return [{"model": model, "layer": layer, **{kind: _groups(rows, kind) for kind in KINDS}}
            for (model, layer), rows in by_layer.items()]


def _groups(rows: Sequence[Row], kind: str) -> List[Dict[str, Any]]:
    groups: Dict[str, List[Row]] = defaultdict(list)
    for row in rows:
        groups[row[kind] or "not judged"].append(row)
    return [{"name": name, "count": len(members), "shares": _shares(members), "hands": _interval(_hands(members)),
             "even": _even(members),
             "time": _interval([float(row["inside"]) / float(row["inside_even"]) for row in members
                                if row["inside"] and float(row["inside_even"] or 0) > 0]),
             "sequences": list(dict.fromkeys(row["sequence"] for row in members))}
            for name, members in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))]


def _shares(rows: Sequence[Row]) -> Optional[List[float]]:
    known = [row for row in rows if row["elsewhere"]]
    if not known:
        return None
    return [round(float(np.mean([sum(float(row[column]) for column in columns) for row in known])), 4)
            for columns in PLACES.values()]


def _hands(rows: Sequence[Row]) -> List[float]:
    return [float(row["hands"]) for row in rows if row["elsewhere"]]


def _even(rows: Sequence[Row]) -> Optional[float]:
    """The share that an even map would have on the hands."""
    known = [float(row["area_hands"]) for row in rows if row["elsewhere"] and row.get("area_hands")]
    return round(float(np.mean(known)), 4) if known else None


def _interval(values: Sequence[float]) -> Optional[List[float]]:
    """[mean, low, high]"""
    if not values:
        return None
    value, low, high = of_mean(values)
    return [round(figure, 4) for figure in (value, low, high)] if len(values) > 1 else [round(value, 4)] * 3

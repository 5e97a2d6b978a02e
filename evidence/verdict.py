"""The study's verdict on one checkpoint: what travels with it."""
from typing import Any, Dict, List, Optional

import numpy as np

from evidence.gloss_maps import ALONE
from evidence.places import RIVALS, Key
from evidence.study import Study
from evidence.tally import mass_ratio, pointing
from results.interval import Interval, of_mean
from results.verdict import line_of

REFEREE = "occlusion"
WORDS = {"motion": "motion alone", "centre": "the picture's centre", "random": "random maps", "mean map":
         "other clips' maps", "gradient": "|gradient| at the input"}


def verdict(study: Study, model: str, checkpoint: str, sha256: str) -> Dict[str, Any]:
    """`layers`: {layer: {method: figures [value, low, high], the rivals that are beaten, the line}}"""
    places = study.plain
    layers: Dict[str, Dict[str, Any]] = {}
    for key in places.maps(model):
        layers.setdefault(key[1], {})[key[2]] = _told(study, key)
    return {"checkpoint": checkpoint, "sha256": sha256, "clips": places.clips, "target": "pred",
            "rivals": {name: {"mass_ratio": _figure(places.known[model, "-", name].interval(mass_ratio)),
                              "pointing": _figure(places.known[model, "-", name].interval(pointing))}
                       for _, _, name in (key for key in places.known if key[0] == model and key[1] == "-")},
            "layers": layers}


def _told(study: Study, key: Key) -> Dict[str, Any]:
    model, layer, method = key
    places, known = study.plain, study.plain.known[key]
    own = study.own.get((model, layer, method, ALONE))
    figures: Dict[str, Any] = {
        "mass_ratio": _figure(known.interval(mass_ratio)), "pointing": _figure(known.interval(pointing)),
        "in_time": _figure(of_mean(own.time)) if own and own.time else None,
        "referee": _figure(of_mean(study.bench.agreement.get((*key, REFEREE), []))),
        "above": [WORDS[name] for name in RIVALS if name in places.beaten(key, mass_ratio)]}
    return {**figures, "line": line_of(figures)}


def _figure(interval: Interval) -> Optional[List[Optional[float]]]:
    if not np.isfinite(interval.value):
        return None
    return [round(number, 4) if np.isfinite(number) else None for number in interval]

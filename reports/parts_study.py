"""What the glosses of a batch were read from, for the index: by verdict, gloss, signer and model."""
import math
from typing import Any, Dict, Iterable, List, Optional

from records.figure_request import GROUPS
from records.hiding import Hiding
from results.interval import Interval
from results.part_groups import PartGroup, read_parts


def parts_study(tables: Iterable[str]) -> List[Dict[str, Any]]:
    """From parts.csv of each sequence: for each model its parts, and groups of each kind with the parts' shares, or for
    contrasts log-odds, [value, low, high], and their sequences."""
    return [{"model": model.model, "names": model.names, "contrast": model.contrast, "absent": model.absent,
             "asks": Hiding(model.hide, model.points).words(True),
             "groups": {kind: [_group(group) for group in model.groups(kind)] for kind in GROUPS}}
            for model in read_parts(tables)]


def _group(group: PartGroup) -> Dict[str, Any]:
    return {"name": group.name, "count": group.glosses, "parts": [_figure(part) for part in group.parts],
            "sequences": group.sequences}


def _figure(interval: Interval) -> Optional[List[float]]:
    """Of one clip all three are alike."""
    if not math.isfinite(interval.value):
        return None
    return [round(interval.value if math.isnan(end) else end, 4) for end in interval]

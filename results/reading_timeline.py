"""A model's glosses in order: read ones with their frames, missed ones where they were due."""
from typing import Any, Dict, List, Mapping, Sequence, Tuple


def reading(model: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """A model's part of preds.json -> [{"gloss", "verdict", "start", "stop", ...}]."""
    spans = list(model["spans"])
    entries: List[Dict[str, Any]] = [dict(span) for span in spans]
    # From the back, so that places in front stay true.
    for missed in sorted(model.get("deleted", []), key=lambda each: each["position"], reverse=True):
        start, stop = _due(missed, spans, model.get("truth_spans") or [])
        entries.insert(missed["position"], {"gloss": missed["gloss"], "verdict": "deleted", "start": start,
                                            "stop": stop})
    return entries


def _due(missed: Mapping[str, Any], spans: Sequence[Mapping[str, Any]],
         truth: Sequence[Mapping[str, Any]]) -> Tuple[int, int]:
    """The frames at which a missed gloss was due: its place in the aligned truth, else the gap it left."""
    place = missed["position"]
    before = spans[place - 1]["stop"] if place > 0 else 0
    after = spans[place]["start"] if place < len(spans) else before + 1
    same = [span for span in truth if span["gloss"] == missed["gloss"]]
    if same:
        nearest = min(same, key=lambda span: abs(span["start"] + span["stop"] - before - after))
        return nearest["start"], nearest["stop"]
    return before, max(before + 1, after)

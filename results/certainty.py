"""How sure a recogniser was of a clip that is none of its corpus, beside how sure it is of the corpus's own."""
import json
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from files.atomic import atomic_file
from files.reading import DAMAGED_JSON, read_json
from records.sequence import Certainty
from records.transcript import Span

SURE = 0.5              # a gloss's mean probability over its steps below which it is a guess
SPAN = (5, 95)          # percentiles of a corpus's clips that count as its range
BESIDE = ".certainty.json"


def certainty(logits: np.ndarray, scores: Sequence[float], blank: int) -> Certainty:
    """scores: of the glosses read. Its line is written once the corpus's own range is known."""
    return Certainty(round(float(np.mean(scores)), 4) if scores else None,
                     round(float((logits.argmax(axis=1) == blank).mean()), 4), "")


def guessed(spans: Sequence[Span]) -> str:
    """Why nothing was read, where no gloss is sure; empty where one is, or none was read anyway."""
    if not spans or any(span.score >= SURE for span in spans):
        return ""
    best = max(spans, key=lambda span: span.score)
    return f"nothing read: the surest gloss, {best.gloss}, has a probability of {best.score:.2f}"


def is_guess(sure: Certainty, known: Optional[Mapping[str, Any]]) -> bool:
    """Whether a reading is less sure than nearly all of the corpus's own clips."""
    bounds = known["confidence"] if known else None
    return sure.confidence is not None and bounds is not None and sure.confidence < bounds[0]


def range_of(measured: Iterable[Certainty], split: str, sha256: str) -> Dict[str, Any]:
    """How sure a network was of a split's clips -> the range to hold others against, of one checkpoint."""
    rows = list(measured)
    known: Dict[str, List[float]] = {
        "confidence": [row.confidence for row in rows if row.confidence is not None],
        "blank": [row.blank for row in rows]}
    return {"sha256": sha256, "split": split, "clips": len(rows),
            **{name: [round(float(value), 4) for value in np.percentile(values, SPAN)] if values else None
               for name, values in known.items()}}


def write_range(folder: Path, checkpoint: Path, sha256: str, split: str,
                measured: Iterable[Certainty]) -> None:
    """Beside a checkpoint, or in the evaluation's folder, main.py holds videos against it."""
    with atomic_file(folder / (checkpoint.name + BESIDE)) as draft:
        draft.write_text(json.dumps(range_of(measured, split, sha256), indent=1) + "\n", encoding="utf-8")


def known_range(checkpoint: Path, sha256: str, others: Sequence[Path] = ()) -> Optional[Dict[str, Any]]:
    """The range that was measured of this very checkpoint: beside it, or in one of the other files."""
    for path in (checkpoint.with_name(checkpoint.name + BESIDE), *others):
        try:
            stored = read_json(path)
        except DAMAGED_JSON:
            continue        # none there, or none of ours
        if isinstance(stored, dict) and stored.get("sha256") == sha256 and _is_range(stored):
            return stored
    return None


def _is_range(measured: Mapping[str, Any]) -> bool:
    def ends(value: Any) -> bool:
        return value is None or (isinstance(value, list) and len(value) == 2
                                 and all(isinstance(end, (int, float)) and abs(end) <= 1 for end in value))

    return isinstance(measured.get("split"), str) and all(name in measured and ends(measured[name])
                                                      for name in ("confidence", "blank"))


def certainty_line(sure: Certainty, known: Optional[Mapping[str, Any]]) -> str:
    """In words, beside the corpus where that was measured."""
    confidence = "no gloss" if sure.confidence is None else f"mean confidence {sure.confidence:.2f}"
    blank = f"blank in {100 * sure.blank:.0f} % of steps"
    if known is None:
        return f"{confidence}, {blank}; the corpus's own range was not measured (evaluate.py --split dev measures it)"
    split = known["split"]
    return (f"{confidence}{_against(sure.confidence, known['confidence'], split, 1, '.2f')}, "
            f"{blank}{_against(sure.blank, known['blank'], split, 100, '.0f')}")


def _against(value: Optional[float], bounds: Optional[Tuple[float, float]], split: str, scale: int, form: str) -> str:
    if value is None or bounds is None:
        return ""
    low, high = bounds
    verdict = "below" if value < low else "above" if value > high else "within"
    return f" ({verdict} {split}'s {format(scale * low, form)} to {format(scale * high, form)})"


def video_lines(file: str, start: float, stop: float, crop: str, keypoints: str, hands: str,
                notes: Sequence[str]) -> List[str]:
    """What must be said of a video of the user's own."""
    return [f"{file}, {start:.2f} to {stop:.2f} s, is outside the recognisers' training data: they can be sure and "
            "wrong", f"framing: {crop} (left, top, width, height); keypoints: {keypoints}",
            *([hands] if hands else []), *notes]

"""A gloss that was explained on its own: what it is, when it is signed, and what its maps show."""
from dataclasses import dataclass, field
from typing import Dict, Optional, Tuple

from records.shift_check import ShiftCheck
from records.transcript import Range


@dataclass(frozen=True)
class ExplainedGloss:
    id: str                     # the span's id; of a contrast with its side behind it: read-3-for-read
    number: int                 # from 1, among what was explained
    span: str                   # the id of what it is in the transcript: a gloss read, or a true one that was missed
    gloss: str
    verdict: Optional[str]      # right, substituted, inserted, deleted; None without a truth
    true_gloss: Optional[str]   # what was signed, where that is known,
    truth: Optional[str]        # and its id in the transcript
    words: str                  # what was added up to the score
    steps: Range
    frames: Range
    score: float                # mean probability over the steps
    side: Optional[str] = None  # of a contrast: what speaks for the gloss `read`, or for the `true` one
    layers: Dict[str, Tuple[str, ...]] = field(default_factory=dict)    # flags of its maps
    checks: Dict[str, ShiftCheck] = field(default_factory=dict)         # whether they hold on this clip


def explained_id(span: str, side: Optional[str]) -> str:
    return span if side is None else f"{span}-for-{side}"

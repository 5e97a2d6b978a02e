"""What became of the sequences of a run: summary.json."""
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from records.codec import to_json
from records.sequence import Sequence
from records.transcript import WordErrors

FORMAT = 2
DONE, SKIPPED, FAILED = STATUSES = ("done", "skipped", "failed")       # skipped: finished before


@dataclass(frozen=True)
class ModelOutcome:
    glosses: Tuple[str, ...]
    wer: Optional[WordErrors]
    wer_authors: Optional[WordErrors]
    flags: Dict[str, Tuple[str, ...]]       # of the layers that have any
    guess: bool = False                     # what was read is no more than a guess


@dataclass(frozen=True)
class Outcome:
    sequence: str
    status: str                             # one of STATUSES
    reason: str                             # of a failure, else empty
    users: bool                             # whether a failure is for the user to mend
    frames: Optional[int]
    seconds: Optional[float]
    peak_memory: Optional[int]              # bytes
    truth: Optional[Tuple[str, ...]]
    models: Dict[str, ModelOutcome]


@dataclass(frozen=True)
class Summary:
    counts: Dict[str, int]                  # by status
    wer: Dict[str, WordErrors]              # of each model, over all sequences, by the common rule
    wer_authors: Dict[str, WordErrors]      # and by that of its authors
    seconds: float
    sequences: Tuple[Outcome, ...]


def outcome_of(record: Sequence, status: str) -> Outcome:
    """status: done or skipped."""
    models = {name: ModelOutcome(model.glosses, model.wer, model.wer_authors,
                                 {name: layer.flags for name, layer in model.layers.items() if layer.flags},
                                 model.guess)
              for name, model in record.models.items()}
    return Outcome(record.sequence, status, "", False, record.frames, record.seconds.get("total"), record.peak_memory,
                   record.truth, models)


def failure(sequence: str, reason: str, users: bool) -> Outcome:
    return Outcome(sequence, FAILED, reason, users, None, None, None, None, {})


def summary_json(summary: Summary) -> Dict[str, Any]:
    return {"format": FORMAT, **to_json(summary)}

"""What is known of a sequence once it was explained: preds.json."""
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Tuple

from records.codec import from_json, to_json
from records.explained import ExplainedGloss
from records.hiding import Hiding
from records.parts import ClipParts
from records.shift_check import ShiftCheck
from records.transcript import Range, Transcript
from terminal.errors import UserError

FORMAT = 3              # 2 had no parts


@dataclass(frozen=True)
class LayerRecord:
    shape: Tuple[int, ...]          # of the raw map: T', H', W', or T' alone
    spatial: bool                   # False: it says when, not where
    flags: Tuple[str, ...]          # all-zero, constant, non-finite, saturated
    seen: Range                     # frames
    field: Optional[float]          # the part of the view's height that reaches a cell
    evidence: str = ""              # what the evidence study found of such maps
    made: str = ""                  # of what it is made, where it is no layer's own map
    check: Optional[ShiftCheck] = None      # whether it holds on this clip, where that was asked
    method: str = ""                # which made it, where several did: it then stands before the layer's name


@dataclass(frozen=True)
class CheckpointRecord:
    file: str
    sha256: str
    drawn: bool = False             # trained on drawings: its glosses are those of the drawn signer


@dataclass(frozen=True)
class Certainty:
    """How sure a network was of a clip that no corpus holds."""

    confidence: Optional[float]     # mean score of the glosses; None without any
    blank: float                    # share of the steps whose likeliest class is the blank
    line: str                       # the same in words, beside what is usual on the corpus
    guess: bool = False             # surer of nearly all clips of the corpus: what was read is a guess


@dataclass(frozen=True)
class ModelRecord(Transcript):
    """What one network read, and how it was explained."""

    title: str
    target: str                     # in words
    method: str
    pool: str                       # clip or frame: what shares a channel's weight
    normalise: str                  # clip or frame: what shares a smallest and largest value
    precision: str
    viewport: Tuple[float, ...]     # left, top, right, bottom in parts of the frame
    layers: Dict[str, LayerRecord]
    explained: Tuple[ExplainedGloss, ...]
    checkpoint: CheckpointRecord
    certainty: Optional[Certainty] = None
    hiding: Optional[Hiding] = None     # how the method hides, where it does
    parts: Optional[ClipParts] = None   # what each gloss was read from, where that was asked

    @property
    def guess(self) -> bool:
        """Whether what was read is no more than a guess."""
        return self.certainty is not None and self.certainty.guess


@dataclass(frozen=True)
class VideoRecord:
    """Where a clip that no corpus holds was taken from."""

    file: str
    start: float                    # seconds of the file
    stop: float
    crop: str
    keypoints: str                  # how they were found
    notes: Tuple[str, ...]
    lines: Tuple[str, ...]          # what must be said of it
    unseen: Dict[str, Tuple[Range, ...]] = field(default_factory=dict)      # frames without it, by hand


@dataclass(frozen=True)
class Sequence:
    sequence: str
    dataset: str
    data_root: str                  # from the output folder
    split: str
    signer: str
    frames: int
    fps: float
    truth: Optional[Tuple[str, ...]]
    models: Dict[str, ModelRecord]
    settings: Dict[str, Any]        # what makes two runs the same, as JSON has it
    versions: Dict[str, str]
    command: str
    video: Optional[VideoRecord] = None
    seconds: Dict[str, float] = field(default_factory=dict)     # by stage
    peak_memory: int = 0            # bytes


def sequence_json(record: Sequence) -> Dict[str, Any]:
    return {"format": FORMAT, **to_json(record)}


def read_sequence(tree: Any, where: str) -> Sequence:
    """UserError where it is of another format, or not as this program writes it."""
    check_format(tree, FORMAT, where)
    return from_json(Sequence, tree, where)


def check_format(tree: Any, expected: int, where: str) -> None:
    stored = tree.get("format", 1) if isinstance(tree, Mapping) else None
    if stored != expected:
        raise UserError(f"{where}: format {stored!r}, expected {expected}; it is of another version of this program: "
                        "make it again with main.py")

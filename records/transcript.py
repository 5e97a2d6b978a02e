"""What a network read in a clip, held against the truth. Frames are counted from 0, glosses from 1."""
from dataclasses import dataclass, field
from typing import Optional, Tuple

from records.codec import KEY

Range = Tuple[int, int]     # the first, and one past the last


@dataclass(frozen=True)
class Span:
    """A gloss and when it is signed."""

    id: str                         # read-1, read-2 ...; of the truth true-1, true-2 ...: one of a kind in a transcript
    gloss: str
    steps: Range                    # of the network's output
    frames: Range                   # of the clip
    score: float                    # mean probability over the steps
    verdict: Optional[str]          # right, substituted, inserted; None without a truth, and for the truth itself
    truth: Optional[str] = None     # the id of the true gloss that it stands for


@dataclass(frozen=True)
class Missed:
    """A true gloss that was not read."""

    id: str                         # that of the true gloss: true-3
    gloss: str
    after: int                      # how many glosses were read before it
    frames: Range                   # where it was due


@dataclass(frozen=True)
class WordErrors:
    """Errors over the glosses of the truth, in percent, and what they are made of."""

    wer: float
    substitutions: int = field(metadata={KEY: "sub"})
    insertions: int = field(metadata={KEY: "ins"})
    deletions: int = field(metadata={KEY: "del"})
    reference: int                  # glosses of the truth
    rule: str                       # the name of the rule they were counted by


@dataclass(frozen=True)
class Transcript:
    glosses: Tuple[str, ...]        # as read
    spans: Tuple[Span, ...]         # one for each of them
    deleted: Tuple[Missed, ...]
    truth_spans: Tuple[Span, ...]   # the true glosses that the network has a class for, where it aligns them
    wer: Optional[WordErrors]       # by the one rule for all networks on a corpus; None without a truth
    wer_authors: Optional[WordErrors]       # by the rule of the network's authors, where they have published any
    notes: Tuple[str, ...]


def read_id(number: int) -> str:
    """number: from 1, in the order in which glosses were read."""
    return f"read-{number}"


def index_of(id: str) -> int:
    """Where the gloss of an id stands in its list, counted from 0."""
    return int(id.split("-")[1]) - 1


def true_id(number: int) -> str:
    """number: from 1, in the order of the annotation."""
    return f"true-{number}"

"""A network's glosses in order: those it read with their frames, those it missed where they were due."""
from dataclasses import dataclass
from typing import List, Optional

from records.transcript import Range, Transcript


@dataclass(frozen=True)
class Entry:
    id: str                     # read-2, or true-3 of a missed one
    gloss: str
    verdict: Optional[str]      # right, substituted, inserted, deleted; None without a truth
    frames: Range
    score: Optional[float]      # None of a missed one


def timeline(transcript: Transcript) -> List[Entry]:
    read = [Entry(span.id, span.gloss, span.verdict, span.frames, span.score) for span in transcript.spans]
    # From the back, so that what is in front stays where it is.
    for missed in reversed(transcript.deleted):
        read.insert(missed.after, Entry(missed.id, missed.gloss, "deleted", missed.frames, None))
    return read

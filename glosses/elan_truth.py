"""What is signed, from a tier of an ELAN file: a corpus's glosses, one an interval or a sentence, or your own."""
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence, Tuple

from files.eaf import Interval, Tier
from glosses.elan_tier import elan_tier


@dataclass(frozen=True)
class ElanTruth:
    tier: Tier
    notes: Tuple[str, ...] = ()         # what must be said of it
    origin: float = 0.0                 # second of the video that is the annotation's 0

    def glosses(self, start: float = float("-inf"), stop: float = float("inf")) -> Tuple[str, ...]:
        """Those whose middle lies in these seconds of the video, in the order in which they begin."""
        return tuple(word for interval in self.tier.intervals if start <= self._middle(interval) < stop
                     for word in interval.text.split())

    def outside(self, spans: Sequence[Tuple[float, float]]) -> int:
        """How many glosses have their middle in none of these spans of seconds."""
        return sum(len(interval.text.split()) for interval in self.tier.intervals
                   if not any(start <= self._middle(interval) < stop for start, stop in spans))

    def _middle(self, interval: Interval) -> float:
        return self.origin + (interval.start + interval.stop) / 2


def elan_truth(path: Path, tier: str = "", video: str = "") -> ElanTruth:
    """tier: its name, empty where only one has texts; video: the name of the file that is annotated, empty: unknown."""
    elan = elan_tier("--truth", path, tier, video, texts=True)
    empty = sum(not interval.text for interval in elan.tier.intervals)
    notes = (f"{path.name}: {empty} of {len(elan.tier.intervals)} intervals of tier {elan.tier.name} have no gloss",)
    return ElanTruth(elan.tier, (*elan.notes, *(notes if empty else ())), elan.origin)

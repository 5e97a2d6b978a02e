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
        return tuple(word for each in self.tier.intervals if start <= self._middle(each) < stop
                     for word in each.text.split())

    def outside(self, spans: Sequence[Tuple[float, float]]) -> int:
        """How many glosses have their middle in none of these spans of seconds."""
        return sum(len(each.text.split()) for each in self.tier.intervals
                   if not any(start <= self._middle(each) < stop for start, stop in spans))

    def _middle(self, each: Interval) -> float:
        return self.origin + (each.start + each.stop) / 2


def elan_truth(path: Path, tier: str = "", video: str = "") -> ElanTruth:
    """tier: its name, empty where only one has texts; video: the name of the file that is annotated, empty: unknown."""
    found = elan_tier("--truth", path, tier, video, texts=True)
    empty = sum(not each.text for each in found.tier.intervals)
    notes = (f"{path.name}: {empty} of {len(found.tier.intervals)} intervals of tier {found.tier.name} have no gloss",)
    return ElanTruth(found.tier, (*found.notes, *(notes if empty else ())), found.origin)

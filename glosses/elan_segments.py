"""When sentences are signed, from a tier of an ELAN file, with glosses or without: segmenters leave such ones."""
from dataclasses import dataclass
from pathlib import Path
from typing import List, Tuple

import numpy as np

from glosses.elan_tier import elan_tier
from terminal.errors import UserError


@dataclass(frozen=True)
class ElanSegments:
    name: str                                   # of the tier
    spans: Tuple[Tuple[float, float], ...]      # seconds of the video, in the order in which they begin
    notes: Tuple[str, ...] = ()                 # what must be said of them

    def frames(self, times: np.ndarray, lasts: float) -> List[Tuple[int, int]]:
        """The frames of each, first and one past the last, of those at `times`, which last so many seconds each.

        A frame belongs to a segment if its middle lies in it. Segments without a frame are left out.
        """
        middles = times + lasts / 2
        bounds = [(int(np.searchsorted(middles, start)), int(np.searchsorted(middles, stop)))
                  for start, stop in self.spans]
        return [(first, stop) for first, stop in bounds if stop > first]


def elan_segments(path: Path, tier: str = "", video: str = "") -> ElanSegments:
    """tier: its name, empty where only one has intervals; video: the name of the file that is annotated, empty:
    unknown."""
    elan = elan_tier("--segments", path, tier, video, texts=False)
    spans = tuple((interval.start + elan.origin, interval.stop + elan.origin) for interval in elan.tier.intervals)
    if all(start == stop for start, stop in spans):
        raise UserError(f"--segments {path}: all intervals of tier {elan.tier.name} have a length of 0; name another "
                        "tier")
    return ElanSegments(elan.tier.name, spans, elan.notes)

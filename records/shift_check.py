"""Whether a map holds on its own clip: what hiding its highest tenth does, against shifts of the very same map."""
from dataclasses import dataclass

from records.hiding import KEYPOINTS, LOOKS

HOLDS, NO_BETTER, UNTOLD = "holds", "no better than its shifts", "cannot be told"


@dataclass(frozen=True)
class ShiftCheck:
    """Losses: of the log-probability of what the map explains (of a contrast the log-odds; a score of one's own)."""

    lost: float             # with the map's highest tenth hidden
    usual: float            # the mean over its shifts
    beaten: int             # shifts that lose less
    shifts: int             # of how many; 0: the clip is too short for as many
    hide: str               # what stood in, of records.hiding.WAYS
    points: str             # what became of keypoints, of records.hiding.POINTS

    @property
    def verdict(self) -> str:
        """With 20 shifts a map that knows nothing beats them all once in 21."""
        if not self.shifts:
            return UNTOLD
        return HOLDS if self.beaten == self.shifts else NO_BETTER

    @property
    def words(self) -> str:
        if not self.shifts:
            return f"{UNTOLD} on this clip: too short for shifts of the map"
        return (f"{self.verdict} on this clip: hiding its highest tenth costs the score {self.lost:.2f}, more than "
                f"{self.beaten} of {self.shifts} shifts of it ({self.usual:.2f} on average); hidden by {self.hide}: "
                f"{LOOKS[self.hide]}; {KEYPOINTS[self.points]}")

"""index.html while a batch goes on: what is finished, and what is still to come."""
import time
from pathlib import Path
from typing import List, Sequence

from records.summary import FAILED, Outcome

SHARE = 0.05        # of the time of a run that may go into it


class RunningIndex:
    def __init__(self, out: Path, names: Sequence[str]) -> None:
        self._out = out
        self._open: List[str] = list(names)         # all but those that failed
        self._next = 0.0                            # when it may be written again
        self._behind = False                        # whether something is over that it does not show

    def report(self, outcome: Outcome) -> None:
        """Writes it, unless the last time was just now; the first sequence that is over has it written at once."""
        if outcome.status == FAILED:
            self._open.remove(outcome.sequence)
            return
        self._behind = True
        if time.monotonic() >= self._next:
            self.write()

    def write(self) -> None:
        """Where it does not show all that is over."""
        if not self._behind:
            return
        from reports.report import write_index

        started, self._behind = time.monotonic(), False
        write_index(self._out, self._open)
        self._next = time.monotonic() + (time.monotonic() - started) / SHARE

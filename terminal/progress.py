"""What the user sees while a run goes on: a bar on a terminal, a line for each sequence, nothing when quiet."""
import sys
import time
from typing import Optional, TextIO

from tqdm import tqdm

FIRST, AGAIN = 5.0, 30.0        # seconds until an estimate is printed, and until the next


class Progress:
    def __init__(self, total: int, quiet: bool, bar: bool = True) -> None:
        self.quiet = quiet
        self._total, self._skipped = total, 0
        # disable=None: no bar where the output is no terminal.
        self._bar = tqdm(total=total, unit="seq", dynamic_ncols=True, file=sys.stderr, leave=False,
                         disable=None if bar and not quiet else True)
        self._passes: Optional[tqdm] = None
        self._lines = bar and not quiet and bool(self._bar.disable)     # an estimate in lines, where no bar can be
        self._begun = self._told = 0.0
        self._stage = ""

    def stage(self, name: str) -> None:
        self._stage = name
        self._bar.set_description_str(name)

    def passes(self, done: int, total: int) -> None:
        """Of a method that takes many: a bar of their own below the first."""
        if self._passes is None or self._passes.total != total:
            self._end_passes()
            self._begun = self._told = time.monotonic()
            self._passes = tqdm(total=total, unit="pass", dynamic_ncols=True, file=sys.stderr, leave=False, position=1,
                                disable=self._bar.disable)
        self._passes.update(done - self._passes.n)
        if done == total:
            self._end_passes()
        elif self._lines:
            self._estimate(done, total)

    def _estimate(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told >= (FIRST if self._told == self._begun else AGAIN):
            self._told = now
            left = (now - self._begun) / done * (total - done)
            self.note(f"{self._stage}: {done} of {total} passes, about {left:.0f} s left")

    def _end_passes(self) -> None:
        if self._passes is not None:
            self._passes.close()
        self._passes = None

    def over(self, count: int, skipped: int) -> None:
        """How many sequences are over, and how many of these were finished before: the time left is told by the others
        alone."""
        if skipped != self._skipped:
            self._skipped = skipped
            self._bar.total = self._total - skipped
            self._bar.unpause()         # the time until now went into looking at what is there
        self._bar.update(count - skipped - self._bar.n)

    def say(self, line: str) -> None:
        if not self.quiet:
            _write(line, sys.stdout)

    def note(self, line: str) -> None:
        if not self.quiet:
            _write(line, sys.stderr)

    def error(self, line: str) -> None:
        _write(line, sys.stderr)

    def close(self) -> None:
        self._end_passes()
        self._bar.close()


def _write(line: str, stream: TextIO) -> None:
    """In one piece, lest the lines of several processes run into each other where output is not buffered."""
    tqdm.write(line + "\n", file=stream, end="")
    stream.flush()

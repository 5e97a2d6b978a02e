import sys
from typing import List

import pytest

from terminal import progress as progress_module
from terminal.progress import Progress


class Pieces:
    def __init__(self) -> None:
        self.written: List[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)

    def flush(self) -> None:
        pass


def test_a_line_leaves_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = Pieces()
    monkeypatch.setattr(sys, "stdout", pieces)
    Progress(total=1, quiet=False, bar=False).say("clip-0: 8 frames")
    assert [piece for piece in pieces.written if piece] == ["clip-0: 8 frames\n"]


class Terminal(Pieces):
    def isatty(self) -> bool:
        return True


def test_passes_have_a_bar_that_goes_when_they_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = Progress(total=1, quiet=False)
    for done in range(1, 4):
        progress.passes(done, 3)
    assert any("0/3" in piece for piece in terminal.written) and progress._passes is None
    progress.passes(1, 2)           # of the next model
    progress.close()
    assert any("0/2" in piece for piece in terminal.written) and progress._passes is None


def test_a_quiet_run_shows_no_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = Progress(total=1, quiet=True)
    progress.passes(1, 1)
    assert not terminal.written


class File(Pieces):
    def isatty(self) -> bool:
        return False


def test_without_a_terminal_long_work_says_in_lines_how_long_it_still_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces, clock = File(), iter([0.0, 1.0, 6.0, 8.0, 40.0])
    monkeypatch.setattr(sys, "stderr", pieces)
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: next(clock))
    progress = Progress(total=1, quiet=False)
    progress.stage("clip-0: slowfast")
    for done in range(1, 5):
        progress.passes(done, 10)
    assert [piece for piece in pieces.written if "passes" in piece] == [
        "clip-0: slowfast: 2 of 10 passes, about 24 s left\n", "clip-0: slowfast: 4 of 10 passes, about 60 s left\n"]


def test_what_was_finished_before_does_not_count_for_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """99 of 100 in no time, one in 10 seconds: another takes 10 too, and not a tenth."""
    clock = [0.0]
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress = Progress(total=101, quiet=False)
    bar = progress._bar
    monkeypatch.setattr(bar, "_time", lambda: clock[0])
    bar.start_t = bar.last_print_t = 0.0
    for skipped in range(1, 100):
        clock[0] += 0.3
        progress.over(skipped, skipped)
    clock[0] += 10
    progress.over(100, 99)
    assert (bar.n, bar.total) == (1, 2)
    state = bar.format_dict
    assert state["rate"] == pytest.approx(0.1, rel=0.05) or state["elapsed"] / state["n"] == pytest.approx(10, rel=0.05)
    progress.close()

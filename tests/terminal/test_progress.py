import sys
from typing import List

import pytest

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

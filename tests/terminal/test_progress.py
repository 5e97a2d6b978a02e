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

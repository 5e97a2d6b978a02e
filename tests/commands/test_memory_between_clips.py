from pathlib import Path
from typing import List

import pytest

from runs import pipeline
from tests.kit.commands import ROWS, tiny_case


def test_freed_memory_is_given_back_after_every_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: List[bool] = []
    monkeypatch.setattr(pipeline, "give_freed_memory_back", lambda: calls.append(True))
    assert tiny_case(tmp_path).run("--split", "test", "--write", "cams", "--device", "cpu", "--quiet") == 0
    assert len(calls) == len(ROWS)

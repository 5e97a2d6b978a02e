"""index.html is there from the first clip on, and after a run that was stopped."""
import json
import re
from pathlib import Path
from typing import Any, Dict, List

import pytest

from terminal.progress import Progress
from tests.kit.commands import Case, tiny_case

ASKED = ("--split", "test", "--seq", "clip-0,clip-1,clip-2,clip-3", "--write", "report", "--quiet")


def shown(case: Case) -> Dict[str, Any]:
    text = (case.out / "index.html").read_text(encoding="utf-8")
    match = re.search(r'id="data">(.*?)</script>', text, re.S)
    assert match is not None
    return json.loads(match.group(1))


def test_a_batch_that_is_stopped_leaves_an_index_of_what_is_done_and_to_come(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = tiny_case(tmp_path)
    seen: List[int] = []
    over = Progress.over

    def stops_after_two(self: Progress, count: int, skipped: int) -> None:
        over(self, count, skipped)
        if (case.out / "index.html").exists():
            seen.append(len(shown(case)["rows"]))
        if count == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "over", stops_after_two)
    assert case.run(*ASKED) == 130
    assert seen and seen[0] == 1            # already while the second was being written
    index = shown(case)
    assert [row["sequence"] for row in index["rows"]] + index["coming"] == ["clip-0", "clip-1", "clip-2", "clip-3"]
    assert index["coming"]
    monkeypatch.undo()
    assert case.run(*ASKED) == 0
    assert shown(case)["coming"] == [] and len(shown(case)["rows"]) == 4
    assert not list(case.out.glob(".*"))

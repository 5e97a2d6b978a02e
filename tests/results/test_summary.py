import csv
import json
from pathlib import Path
from typing import Any, Dict

from results.summary import failure, outcome_of, summary_lines, totals, write_summary


def preds(name: str, sub: int) -> Dict[str, Any]:
    wer = {"wer": 50.0 * sub, "sub": sub, "ins": 0, "del": 0, "reference": 2}
    model = {"glosses": ["REGEN", "X"], "wer": wer, "layers": {"a": {"flags": ["all-zero"]}, "b": {"flags": []}}}
    return {"sequence": name, "frames": 8, "truth": ["KÜHL", "REGEN"], "seconds": {"total": 1.5},
            "peak_memory": 2 ** 30, "models": {"slowfast": model}}


OUTCOMES = [outcome_of(preds("one", 1), "done"), failure("two", "two: broken", True),
            outcome_of(preds("three", 0), "skipped")]


def test_wer_is_counted_over_all_sequences() -> None:
    assert totals(OUTCOMES)["slowfast"] == {"wer": 25.0, "sub": 1, "ins": 0, "del": 0, "reference": 4}


def test_there_is_a_row_for_each_sequence(tmp_path: Path) -> None:
    write_summary(tmp_path, OUTCOMES, 3.0)
    with open(tmp_path / "summary.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["sequence"], row["status"], row["slowfast glosses"]) for row in rows] == [
        ("one", "done", "REGEN X"), ("two", "failed", ""), ("three", "skipped", "REGEN X")]
    assert rows[0]["truth"] == "KÜHL REGEN" and rows[0]["slowfast flags"] == "a: all-zero"
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))["counts"] == {
        "done": 1, "skipped": 1, "failed": 1}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["summary.csv", "summary.json"]


def test_the_terminal_gets_counts_wer_memory_and_the_place(tmp_path: Path) -> None:
    first, wer, memory, place = summary_lines(tmp_path, OUTCOMES, 3.0)
    assert first == "3 sequences: 1 done, 1 skipped, 1 failed, in 3.0 s"
    assert wer.startswith("SlowFastSign WER: 25.00 %") and memory == "peak memory 1.00 GB" and str(tmp_path) in place


def test_memory_is_of_what_was_made_now(tmp_path: Path) -> None:
    """A sequence that was finished before tells of another run."""
    before = outcome_of({**preds("three", 0), "peak_memory": 2 ** 33}, "skipped")
    assert summary_lines(tmp_path, [OUTCOMES[0], before], 3.0)[2] == "peak memory 1.00 GB"
    assert not any(line.startswith("peak") for line in summary_lines(tmp_path, [before], 3.0))

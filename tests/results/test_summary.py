import csv
import json
from dataclasses import replace
from pathlib import Path

from records.sequence import Sequence
from records.summary import failure, outcome_of
from records.transcript import WordErrors
from results.summary import summary_lines, totals, write_summary
from tests.kit import records


def record(name: str, sub: int) -> Sequence:
    layers = {"a": records.layer(["all-zero"]), "b": records.layer()}
    model = records.model(glosses=("REGEN", "X"), wer=records.errors(sub), layers=layers,
                          wer_authors=replace(records.errors(sub + 1), rule="VAC python"))
    return records.sequence({"slowfast": model}, sequence=name, frames=8, truth=("KÜHL", "REGEN"))


OUTCOMES = [outcome_of(record("one", 1), "done"), failure("two", "two: broken", True),
            outcome_of(record("three", 0), "skipped")]


def test_wer_is_counted_over_all_sequences() -> None:
    assert totals(OUTCOMES)["slowfast"] == WordErrors(25.0, 1, 0, 0, 4, "TwoStream 2014")


def test_there_is_a_row_for_each_sequence_and_model(tmp_path: Path) -> None:
    write_summary(tmp_path, OUTCOMES, 3.0)
    with open(tmp_path / "summary.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["sequence"], row["status"], row["model"], row["glosses"]) for row in rows] == [
        ("one", "done", "slowfast", "REGEN X"), ("two", "failed", "", ""), ("three", "skipped", "slowfast", "REGEN X")]
    assert rows[0]["truth"] == "KÜHL REGEN" and rows[0]["flags"] == "a: all-zero" and rows[0]["substitutions"] == "1"
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))["counts"] == {
        "done": 1, "skipped": 1, "failed": 1}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["summary.csv", "summary.json"]


def test_the_terminal_gets_counts_wer_memory_and_the_place(tmp_path: Path) -> None:
    first, wer, theirs, memory, last = summary_lines(tmp_path, OUTCOMES, 3.0)
    assert first == "3 sequences: 1 done, 1 skipped (finished before), 1 failed, in 3.0 s"
    assert wer == "SlowFastSign WER: 25.00 % (sub 1, ins 0, del 0, of 4 glosses; TwoStream 2014)"
    assert theirs.startswith("SlowFastSign WER as its authors count: 75.00 % ") and theirs.endswith("; VAC python)")
    assert memory == "peak memory 1.00 GB" and str(tmp_path) in last


def test_memory_is_of_what_was_made_now(tmp_path: Path) -> None:
    """A sequence that was finished before tells of another run."""
    before = outcome_of(replace(record("three", 0), peak_memory=2 ** 33), "skipped")
    assert "peak memory 1.00 GB" in summary_lines(tmp_path, [OUTCOMES[0], before], 3.0)
    assert not any(line.startswith("peak") for line in summary_lines(tmp_path, [before], 3.0))

"""`python main.py --demo` on a machine that has nothing but the repository."""
import json
from pathlib import Path

import pytest

import main
from tests.kit.tiers import full


@full
def test_both_models_read_the_demo_and_it_says_where_to_look(tmp_path: Path,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "dämo out"
    assert main.main(["--demo", "--out", str(out), "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    folders = [path for path in out.iterdir() if (path / "preds.json").is_file()]
    assert len(folders) == 2 and f"look at {out / 'index.html'}" in printed
    for folder in folders:
        truth = json.loads((folder / "preds.json").read_text(encoding="utf-8"))["truth"]
        assert f"GT: {' '.join(truth)}" in printed
    scores = json.loads((out / "summary.json").read_text(encoding="utf-8"))["wer"]
    assert set(scores) == {"slowfast", "twostream"} and all(score["wer"] < 25 for score in scores.values())

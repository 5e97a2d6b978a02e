"""`python main.py --demo` on a machine that has nothing but the repository."""
import json
from pathlib import Path

import main


def test_the_demo_reads_its_clips_with_both_models_and_says_where_to_look(tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "dämo out"
    assert main.main(["--demo", "--out", str(out), "--device", "cpu"]) == 0
    told = capsys.readouterr().out
    folders = [path for path in out.iterdir() if (path / "preds.json").is_file()]
    assert len(folders) == 2 and f"look at {out / 'index.html'}" in told
    for folder in folders:
        preds = json.loads((folder / "preds.json").read_text(encoding="utf-8"))
        for model in ("slowfast", "twostream"):
            assert preds["models"][model]["glosses"] == preds["truth"]
        assert f"GT: {' '.join(preds['truth'])}" in told

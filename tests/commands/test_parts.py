"""main.py --write parts: what it leaves behind, and what it refuses."""
import csv
import json
from pathlib import Path
from typing import Any, List

import pytest

import main
from records.parts import PARTS
from tests.kit.commands import Case, tiny_case


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return tiny_case(tmp_path_factory.mktemp("case"))


def test_parts_of_a_gloss_land_in_tables_records_and_the_terminal(case: Case,
                                                                  capsys: pytest.CaptureFixture[str]) -> None:
    assert case.run("--split", "test", "--seq", "clip-0", "clip-1", "--target", "REGEN", "--write", "parts", "--parts",
                    "4") == 0
    folder = case.out / "clip-0"
    record = json.loads((folder / "preds.json").read_text(encoding="utf-8"))
    parts = record["models"]["slowfast"]["parts"]
    gloss, = parts["glosses"]
    values = [part["value"] for part in gloss["parts"] if "value" in part]
    assert parts["readings"] == 2 ** len(values) + 1 and parts["names"] == list(PARTS[4])
    assert sum(values) == pytest.approx(gloss["score"] - gloss["hidden"], abs=1e-4)
    rows = list(csv.DictReader((folder / "parts.csv").open(encoding="utf-8")))
    assert [row["part"] for row in rows] == list(PARTS[4])
    assert len(list(csv.DictReader((folder / "when.csv").open(encoding="utf-8")))) == 1
    assert len((case.out / "parts.csv").read_text(encoding="utf-8").splitlines()) == 1 + 2 * 4
    assert gloss["sentence"] in capsys.readouterr().out
    assert f"parts: {gloss['sentence']}; together" in (folder / "preds.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("flags, words", [
    (["--target", "each", "--parts", "4"], "--parts 4: no parts are written; add parts to --write"),
    (["--write", "parts"], "--target max: parts are of single glosses"),
    (["--write", "parts", "--target", "each", "--budget", "9"], "--budget 9: name the method too"),
    (["--hide", "still"], "--hide still: name the method too; it is for integrated, occlusion, rise and parts")])
def test_what_has_no_parts_is_refused_in_a_line(case: Case, capsys: pytest.CaptureFixture[str], flags: List[str],
                                                words: str) -> None:
    assert case.run("--split", "test", "--seq", "clip-2", *flags) == 2
    line, = capsys.readouterr().err.splitlines()
    assert words in line


def test_the_demo_writes_parts_where_glosses_are_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: List[Any] = []

    def explain(given: Any) -> int:
        asked.append(main.question(given).parts)
        return 0

    monkeypatch.setattr(main, "explain", explain)
    for flags in ([], ["--target", "errors"], ["--target", "pred"], ["--write", "cams"], ["--parts", "4"]):
        assert main.main(["--demo", "--out", str(tmp_path), *flags]) == 0
    assert asked == [6, 6, None, None, 4]


def test_parts_are_added_to_a_finished_sequence_and_stay_when_more_is_added(case: Case,
                                                                            capsys: pytest.CaptureFixture[str]) -> None:
    def run(*flags: str) -> int:
        return case.run("--split", "test", "--seq", "clip-3", "--target", "REGEN", "--quiet", *flags)

    def parts() -> Any:
        record = json.loads((case.out / "clip-3" / "preds.json").read_text(encoding="utf-8"))
        return record["models"]["slowfast"].get("parts"), record["settings"].get("parts")

    assert run("--write", "cams") == 0 and parts() == (None, None)
    assert run("--write", "parts", "--parts", "4") == 0
    made = parts()
    assert made[0]["glosses"] and made[1] == 4
    assert run("--write", "glosses") == 0 and parts() == made
    assert run("--write", "parts") == 2 and "parts: " in capsys.readouterr().err


def test_several_methods_share_the_parts_and_what_hides_them(case: Case) -> None:
    assert case.run("--split", "test", "--seq", "clip-4", "--target", "REGEN", "--method", "gradcam", "occlusion",
                    "--budget", "2", "--hide", "mean", "--write", "parts", "--parts", "4", "--quiet") == 0
    model = json.loads((case.out / "clip-4" / "preds.json").read_text(encoding="utf-8"))["models"]["slowfast"]
    assert model["method"] == "gradcam, occlusion" and model["parts"]["hiding"]["way"] == "mean"
    assert len(model["parts"]["glosses"]) == 1

"""What lies beside a run's own sequences in --out is left out of the index where it is not as it was written."""
import json
import shutil
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from reports.compare_with import write_beside
from reports.report import write_index
from results.glosses import COLUMNS, FILE
from results.manifest import write_manifest
from terminal.errors import UserError
from tests.kit import report as made

FRAMES = 12


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "clip"
    folder.mkdir()
    made.write(folder, made.record(FRAMES, sequence="clip"))
    return folder


def rewritten(name: str, change: Callable[[Any], None]) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        record = json.loads((folder / name).read_text())
        change(record)
        (folder / name).write_text(json.dumps(record))
        write_manifest(folder, {}, {})
    return do


def listed(folder: Path) -> None:
    (folder / "preds.json").write_text("[1]")
    write_manifest(folder, {}, {})


def row(**values: str) -> str:
    return ",".join(COLUMNS) + "\n" + ",".join(values.get(column, "") for column in COLUMNS) + "\n"


DAMAGE: Dict[str, Callable[[Path], Any]] = {
    "a table cut inside a character": lambda folder: (folder / FILE).write_bytes("gloss,ü".encode()[:-1]),
    "a table of other columns": lambda folder: (folder / FILE).write_text("a,b\n1,2\n"),
    "a table of words": lambda folder: (folder / FILE).write_text(row(elsewhere="much", left_hand="x")),
    "a table that is a folder": lambda folder: (folder / FILE).mkdir(),
    "no models": rewritten("preds.json", lambda preds: preds.pop("models")),
    "models as a list": rewritten("preds.json", lambda preds: preds.update(models=[1])),
    "a model of text": rewritten("preds.json", lambda preds: preds["models"].update(slowfast="x")),
    "glosses as a number": rewritten("preds.json", lambda preds: preds["models"]["slowfast"].update(glosses=3)),
    "spans of text": rewritten("preds.json", lambda preds: preds["models"]["slowfast"].update(spans=["x"])),
    "a record that is a list": lambda folder: listed(folder),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_neighbour_is_left_out_and_named(whole: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(whole, tmp_path / "good")
    DAMAGE[name](shutil.copytree(whole, tmp_path / "bad"))
    assert write_index(tmp_path) == ["bad"]
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert '"folder":"good"' in text and '"folder":"bad"' not in text


@pytest.mark.parametrize("change", [lambda record: record.update(cover="x"), lambda record: record.update(shares=[1]),
                                    lambda record: record["shares"].update(slowfast={"a": [1]})])
def test_a_damaged_record_of_shares_says_nothing_of_them(whole: Path, tmp_path: Path,
                                                         change: Callable[[Any], None]) -> None:
    rewritten("report.json", change)(shutil.copytree(whole, tmp_path / "bad"))
    assert write_index(tmp_path) == []
    assert '"cover":null' in (tmp_path / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("data", ["{", "[1]", "{}", '{"frames": 12, "preds": 3}', "[" * 50_000, "NaN",
                                  '{"frames": NaN, "size": 1, "preds": {}, "models": [], "sheets": {}}'])
def test_a_damaged_report_is_not_set_beside(whole: Path, tmp_path: Path, data: str) -> None:
    mine, other = shutil.copytree(whole, tmp_path / "a" / "clip"), shutil.copytree(whole, tmp_path / "b" / "clip")
    assert write_beside(mine, other).is_file()
    text = (other / "report.html").read_text(encoding="utf-8")
    start = text.index('id="data">') + len('id="data">')
    (other / "report.html").write_text(text[:start] + data + text[text.index("</script>", start):], encoding="utf-8")
    with pytest.raises(UserError, match=r"report\.html"):
        write_beside(mine, other)

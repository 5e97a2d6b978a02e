"""figure.py --show parts: bars of what glosses were read from, of one clip and of a run."""
import csv
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import figure
from drawing.figure_board import Board
from drawing.figure_text import settings
from drawing.part_stacks import lay_stacks
from drawing.parts_sheet import PartsSheet
from records.figure_request import GROUPS, PartsRequest
from results.glosses import table
from results.parts import COLUMNS
from runs.figure_parts import parts_figure
from tests.commands.test_figure import texts_of_pdf
from tests.kit.parts_run import CHINESE, parts_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return parts_run(tmp_path_factory.mktemp("run"))


def damaged(run: Path, text: str) -> None:
    """A run of one clip with this table."""
    (run / "clip-0").mkdir()
    (run / "clip-0" / "parts.csv").write_text(text, encoding="utf-8")
    (run / "clip-0" / "manifest.json").write_text("{}")


def drawn(sheet: PartsSheet) -> Figure:
    with matplotlib.rc_context(settings(sheet.words())):
        board = Board(3.3)
        made = board.figure(lay_stacks(board, sheet), smooth=True)
        FigureCanvasAgg(made).draw()
    return made


def test_a_bar_of_a_clip_has_the_shares_of_its_gloss(run: Path) -> None:
    sheet, words = parts_figure(run / "clip-2", PartsRequest())
    first = sheet.blocks[1].stacks[0]
    assert [block.title for block in sheet.blocks] == ["SlowFastSign", "TwoStream-SLR"]
    assert (first.label, first.note) == ("REGEN", "inserted") and sheet.absent == ["mouth"]
    assert [part.value for part in first.parts] == pytest.approx([1.1 / 4, 0.5 / 4, 0, 0.2 / 4, 1.3 / 4, 0.9 / 4])
    assert "sequence clip-2" in words and "each network" in words and "bootstrap" not in words


def test_groups_are_of_all_clips_with_intervals_over_them(run: Path) -> None:
    sheet, words = parts_figure(run, PartsRequest(models=["slowfast"], by="gloss"))
    block, = sheet.blocks
    assert {stack.label for stack in block.stacks} == {"REGEN", "WAHRSCHEINLICH-SCHNEE", CHINESE}
    trunk = next(stack for stack in block.stacks if stack.label == "REGEN").parts[4]
    assert trunk.value == pytest.approx((1.1 + 0.15) / 4) and 1.1 / 4 <= trunk.low < trunk.value < trunk.high <= 1.4 / 4
    assert "4 clips" in words and "by gloss" in words and "bootstrap" in words
    by_verdict, = parts_figure(run, PartsRequest(models=["slowfast"], by="verdict"))[0].blocks
    assert [stack.label for stack in by_verdict.stacks] == ["right", "substituted", "inserted"]


@pytest.mark.parametrize("by", GROUPS)
def test_no_words_are_cut_or_lie_on_each_other(run: Path, by: str) -> None:
    made = drawn(parts_figure(run, PartsRequest(by=by))[0])
    renderer: Any = FigureCanvasAgg(made).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in made.texts]
    assert all(made.bbox.x0 <= box.x0 and box.x1 <= made.bbox.x1 and made.bbox.y0 <= box.y0 and box.y1 <= made.bbox.y1
               for box in boxes)
    apart = [(one, other) for number, one in enumerate(boxes) for other in boxes[number + 1:]]
    assert not any(one.x0 < other.x1 - 1 and other.x0 < one.x1 - 1 and one.y0 < other.y1 - 3 and other.y0 < one.y1 - 3
                   for one, other in apart)


def test_what_speaks_against_lies_left_of_zero_and_nothing_has_no_bar(run: Path, tmp_path: Path) -> None:
    with (run / "clip-0" / "parts.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == "slowfast"]
    for row in rows:
        row["value"] = "-0.5" if row["part"] == "right hand" else row["value"]
        row["score"] = "-4.5" if row["number"] == "2" else row["score"]
    damaged(tmp_path, table(rows, COLUMNS["parts.csv"]))
    sheet, _ = parts_figure(tmp_path, PartsRequest(by="gloss"))
    stacks = {stack.label: stack for block in sheet.blocks for stack in block.stacks}
    assert stacks["REGEN"].parts[0].value == pytest.approx(-0.5 / 4)
    assert stacks["WAHRSCHEINLICH-SCHNEE"].lacking and not stacks["REGEN"].lacking
    assert "no more likely than in the hidden clip" in [text.get_text() for text in drawn(sheet).texts]


def test_contrasts_are_in_log_odds(tmp_path: Path) -> None:
    sheet, words = parts_figure(parts_run(tmp_path / "run", 2, side="read"), PartsRequest())
    assert not sheet.shares and "log-odds" in sheet.axis and "log-odds" in words
    assert sheet.blocks[0].stacks[0].parts[1].value == pytest.approx(0.8)


def test_a_pdf_has_its_words_as_words_and_is_the_same_each_time(run: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "a.pdf", tmp_path / "b.pdf"
    for out in (one, two):
        assert figure.main([str(run / "clip-1"), "--show", "parts", "--out", str(out)]) == 0
    assert one.read_bytes() == two.read_bytes() and " Tf" in texts_of_pdf(one)


@pytest.mark.parametrize("clip, flags, words", [
    ("", ["--frames", "2"], "--frames: of figures of maps, and not of --show parts"),
    ("", ["--glosses", "2"], "--glosses 2: "), ("clip-0", ["--glosses", "9"], "--glosses 9: SlowFastSign has 1, 2, 3"),
    ("clip-0", ["--by", "gloss"], "--by gloss: "), ("", ["--models", "mska"], "has parts of slowfast, twostream only")])
def test_a_mistake_is_one_line(run: Path, capsys: pytest.CaptureFixture[str], clip: str, flags: Any, words: str
                               ) -> None:
    assert figure.main([str(run / clip), "--show", "parts", "--out", str(run / "f.png"), *flags]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert words in line


def test_by_is_of_parts_alone_and_damage_is_one_line(run: Path, tmp_path: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    assert figure.main([str(run / "clip-0"), "--by", "gloss"]) == 2
    assert "--by: of --show parts alone" in capsys.readouterr().err
    assert figure.main([str(tmp_path), "--show", "parts"]) == 2
    assert "it has no parts of any gloss" in capsys.readouterr().err
    damaged(tmp_path, "side,model\n,x\n")
    assert figure.main([str(tmp_path), "--show", "parts"]) == 2
    assert "parts.csv: not as main.py writes it" in capsys.readouterr().err

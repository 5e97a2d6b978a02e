"""What lies on a figure: words of 7 points or more, none cut, nothing over anything else; strips and marks where they
belong; pictures of enough pixels."""
import re
import warnings
from itertools import combinations
from pathlib import Path
from typing import Any, Dict, List, Tuple

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from drawing.figure import drawn, write_figure
from drawing.figure_board import MARGIN, Board
from drawing.figure_picture import picture
from drawing.figure_sheet import Cell, Row, Sheet
from drawing.figure_text import inches, lines, settings
from drawing.layer import LayerPictures
from drawing.overlay import enlarged
from drawing.strips import PAPER
from geometry.links import linked
from records.style import Style
from tests.kit.maps import laid, on_grid

TOTAL = 24
FRAMES = {frame: np.full((40, 40, 3), 90 + frame, np.uint8) for frame in range(TOTAL)}
LEGEND = "from the lowest to the highest value of each map over the clip or in each frame (see the caption)"
SPACE = laid(np.random.default_rng(3).random((TOTAL, 40, 40)) * 0.9)
TIME = laid(np.linspace(0, 1, TOTAL), (40, 40))
CHINESE = "\u4eca\u5929_\u522e\u98ce\u4e0b\u96e8 (HEAVY)"
READ = [(name, (4 * number, 4 * number + 2)) for number, name in enumerate(("ABEND", "WIND", CHINESE, "$BERG$"))]


def over_frames(maps: Any = SPACE, count: int = 4, read: Any = READ) -> Row:
    cells = [Cell(maps, 5 * number % TOTAL) for number in range(count)]
    return Row("SlowFastSign, conv2d.fast_path.layer4", cells, read)


def over_glosses(maps: Any = SPACE, count: int = 4) -> Row:
    return Row("TwoStream-SLR, \u878d\u5408", [Cell(maps, 5 * number, f"{CHINESE}, frame {number}", (4 * number, 20))
                                             for number in range(1, count)] + [Cell(None, 0, "not read")])


SHEETS: Dict[str, Sheet] = {
    "frames": Sheet([over_frames(), over_frames(TIME)], ["frame 1, 0.04 s"] * 4, LEGEND, True, "column", 4),
    "glosses": Sheet([over_glosses(), over_glosses(TIME)], ["WAHRSCHEINLICH-SCHNEE", CHINESE, "$x$", "A_B"], LEGEND,
                     False, "column", 4),
    "one alone": Sheet([over_glosses(count=1)], [CHINESE], LEGEND, False, "column", 4),
    "below one another": Sheet([over_frames(count=7)], [f"frame {number}" for number in range(7)], LEGEND, True,
                               "column", 3),
    "a label of one long word": Sheet([Row("x" * 300, [Cell(SPACE, 1)])], ["y" * 90], LEGEND, True, "page", 6),
    "as many as there may be": Sheet([over_frames(count=24)], ["frame 10, 0.40 s"] * 24, LEGEND, True, "column", 24),
    "more glosses than find room": Sheet([over_frames(read=READ * 5)], ["frame 1"] * 4, LEGEND, True, "column", 4),
}


def figure_of(sheet: Sheet) -> Figure:
    with matplotlib.rc_context(settings(sheet.words())):
        made = drawn(Board(3.3 if sheet.width == "column" else 6.9), FRAMES, sheet, smooth=True)
        FigureCanvasAgg(made).draw()
    return made


def boxes(made: Figure) -> Tuple[List[Any], List[Any]]:
    """Of its words, and of its pictures and strips; in pixels."""
    renderer: Any = FigureCanvasAgg(made).get_renderer()
    return [text.get_window_extent(renderer) for text in made.texts], [axes.get_window_extent() for axes in made.axes]


@pytest.mark.parametrize("name", SHEETS)
def test_no_words_are_cut_or_lie_on_anything(name: str) -> None:
    made = figure_of(SHEETS[name])
    words, pictures = boxes(made)
    assert all(float(text.get_fontsize()) >= 7 for text in made.texts)
    for text, box in zip(made.texts, words):
        assert made.bbox.x0 <= box.x0 and box.x1 <= made.bbox.x1 and made.bbox.y0 <= box.y0 and \
            box.y1 <= made.bbox.y1, text.get_text()
    for (one, first), (other, second) in combinations(list(zip(made.texts, words)), 2):
        assert apart(first, second), (one.get_text(), other.get_text())
    for text, box in zip(made.texts, words):
        assert all(apart(box, picture) for picture in pictures), text.get_text()
    assert all(apart(one, other) for one, other in combinations(pictures, 2))


def apart(one: Any, other: Any) -> bool:
    """Up to half a pixel."""
    return min(one.x1, other.x1) - max(one.x0, other.x0) < 0.5 or min(one.y1, other.y1) - max(one.y0, other.y0) < 0.5


@pytest.mark.parametrize("name", SHEETS)
def test_all_words_are_there(name: str) -> None:
    sheet = SHEETS[name]
    shown = plain("".join(text.get_text() for text in figure_of(sheet).texts))
    for words in [sheet.legend, *sheet.titles, *(row.label for row in sheet.rows)]:
        assert all(part in shown for part in map(plain, words.split())), words


def plain(words: str) -> str:
    return re.sub(r"\s", "", words)


def test_lines_lose_nothing_and_break_at_spaces_first() -> None:
    assert lines("frame 10, 0.40\u00a0s", 0.8) == ["frame 10,", "0.40\u00a0s"]
    for words in ("conv2d.fast_path.layer4", "x" * 50, CHINESE * 4, "a b", "WAHRSCHEINLICH-SCHNEE"):
        for width in (0.2, 0.5, 1.1):
            broken = lines(words, width)
            assert plain("".join(broken)) == plain(words)
            assert all(inches(line) <= width for line in broken)
    assert lines("conv2d.fast_path.layer4", 0.8) == ["conv2d.fast_", "path.layer4"]


def images(made: Figure) -> List[np.ndarray]:
    return [np.asarray(axes.images[0].get_array()) for axes in made.axes]


def test_a_layer_that_knows_only_when_is_a_strip_and_no_frame() -> None:
    sheet = Sheet([over_frames(TIME)], ["frame 1"] * 4, LEGEND, True, "column", 4)
    strip, ramp = images(figure_of(sheet))
    high, wide = strip.shape[:2]
    coloured = (strip != np.array(PAPER.ground)).any(-1).sum(0) / high
    expected = np.linspace(0, 1, TOTAL)[np.arange(wide) * TOTAL // wide] * 7 / 8
    assert np.abs(coloured - expected).max() < 0.05 and ramp.shape[1] == 256


def test_strips_are_marked_where_a_frame_is_shown_and_a_gloss_is_signed() -> None:
    sheet = Sheet([Row("r", [Cell(SPACE, 12, "", (6, 18))])], ["t"], "l", False, "column", 1)
    made = figure_of(sheet)
    line, = [artist for artist in made.artists if isinstance(artist, Line2D)]
    arrow, = [artist for artist in made.artists if isinstance(artist, Polygon)]
    across = np.asarray(line.get_xdata(), float) * 3.3 - MARGIN
    assert across / (3.3 - 2 * MARGIN) == pytest.approx([6 / TOTAL, 18 / TOTAL])
    tip = arrow.get_xy()[2][0] * 3.3 - MARGIN
    assert tip / (3.3 - 2 * MARGIN) == pytest.approx(12.5 / TOTAL)


@pytest.mark.parametrize("width, columns", [("column", 4), ("column", 1), ("page", 6)])
def test_pictures_have_300_pixels_an_inch_and_maps_are_laid_at_that_size(width: str, columns: int) -> None:
    sheet = Sheet([over_frames(count=columns)], ["t"] * columns, "l", True, width, columns)
    made = figure_of(sheet)
    for axes, image in zip(made.axes, images(made)[:columns]):
        assert image.shape[1] >= 300 * axes.get_position().width * made.get_figwidth()
    picture = images(made)[0].astype(int)
    assert len(np.unique(np.diff(picture, axis=1))) > 20       # no blocks of equal pixels


def test_links_of_a_graph_are_drawn_as_on_other_pictures() -> None:
    ends = {"neighbours": np.array([[[3], [3], [3], [0]]]), "shares": np.ones((1, 4, 1))}
    plain = on_grid(np.zeros((1, 2, 2), np.float32), 1, 1, (40, 40), (0, 40, 0, 40))
    graph = linked(plain, ends)
    frame = FRAMES[0]
    drawn = picture(frame, graph, 0, Style(), times=2)
    assert (drawn != picture(frame, plain, 0, Style(), times=2)).any()
    pictures = LayerPictures(graph, (), Style(scale=2))
    assert (drawn == pictures.draw(0, enlarged(frame, 2))).all()


def test_labels_take_no_room_beside_the_pictures() -> None:
    made = figure_of(SHEETS["frames"])
    first, last = made.axes[0].get_position(), made.axes[3].get_position()
    assert first.x0 * 3.3 == pytest.approx(MARGIN) and last.x1 * 3.3 == pytest.approx(3.3 - MARGIN)


def test_columns_that_find_no_room_go_on_below() -> None:
    made = figure_of(SHEETS["below one another"])
    pictures = [axes for axes in made.axes if axes.images[0].get_array().shape[0] > 100]   # type: ignore[union-attr]
    lefts = [round(axes.get_position().x0, 3) for axes in pictures]
    assert len(pictures) == 7 and lefts[:3] == lefts[3:6] and lefts[6] == lefts[0]


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_chinese_glosses_are_characters_and_not_boxes(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"f.{kind}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")          # matplotlib warns of each character that it draws as a box
        write_figure(path, FRAMES, SHEETS["glosses"])
    if kind == "pdf":
        assert b"DejaVuSans" in path.read_bytes() and path.read_bytes().count(b"/FontFile2") == 3
    if kind == "svg":
        text = path.read_text(encoding="utf-8")
        assert text.count("@font-face") == 3 and ">$x$</text>" in text and "\u522e\u98ce" in text


def test_a_figure_without_chinese_words_looks_for_no_font_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch
                                                                    ) -> None:
    monkeypatch.setattr("drawing.figure_text.chinese", lambda: pytest.fail("asked"))
    write_figure(tmp_path / "f.svg", FRAMES, Sheet([Row("r", [Cell(SPACE, 1)])], ["S\u00dcD"], "l", True))
    assert (tmp_path / "f.svg").read_text(encoding="utf-8").count("@font-face") == 2

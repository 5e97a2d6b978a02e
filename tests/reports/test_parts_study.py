"""What glosses of a batch were read from, in the index: figures, and a real browser that shows them."""
import math
from pathlib import Path
from typing import Any

import pytest

from reports.index import write_index
from reports.parts_study import parts_study
from results.part_groups import read_parts
from tests.kit.parts_run import parts_run
from tests.kit.tiers import first

CLIPS = 4


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = parts_run(tmp_path_factory.mktemp("run"), CLIPS)
    assert write_index(made) == []
    return made


def texts(run: Path) -> Any:
    return [(run / f"clip-{clip}" / "parts.csv").read_text(encoding="utf-8") for clip in range(CLIPS)]


def test_groups_have_their_shares_counts_and_clips(run: Path) -> None:
    slowfast, twostream = parts_study(texts(run))
    assert (slowfast["model"], slowfast["absent"], slowfast["contrast"]) == ("slowfast", ("mouth",), False)
    whole, = slowfast["groups"]["model"]
    left, trunk = whole["parts"][1], whole["parts"][4]
    assert whole["count"] == 3 * CLIPS and left == pytest.approx([0.2] * 3)
    assert trunk[0] == pytest.approx((1.2 + 0.15) / 4) and trunk[1] < trunk[0] < trunk[2]
    assert {group["name"]: group["count"] for group in slowfast["groups"]["verdict"]} == {
        "right": 6, "substituted": 3, "inserted": 3}
    assert twostream["groups"]["model"][0]["parts"][1][0] == pytest.approx(0.125)


def test_clips_are_drawn_anew_and_not_glosses() -> None:
    """Two glosses of one clip say no more of other clips than one."""
    rows = "side,model,split,sequence,id,part,hide,hidden_keypoints,in_picture,value,score,hidden_score,gloss,verdict\n"
    table = rows + "".join(f",slowfast,dev,a,read-{number},{part},still,gone,yes,{value},4,0,A,right\n"
                           for number in (1, 2) for part, value in (("hands", 1 + 2 * (number - 1)), ("face", 1)))
    model, = read_parts([table])
    group, = model.groups("gloss")
    assert group.glosses == 2 and group.parts[0].value == pytest.approx(4 / 8) and math.isnan(group.parts[0].low)


HEAD = "side,model,split,sequence,id,part,hide,hidden_keypoints,in_picture,value,score,hidden_score,gloss,verdict\n"


def contrast(number: int, side: str, value: float, gloss: str = "A") -> str:
    return f"{side},slowfast,dev,clip-{number},read-1-for-{side},hands,still,gone,yes,{value},4,0,{gloss},inserted\n"


def test_of_contrasts_the_mean_of_what_speaks_for_what_was_read_counts() -> None:
    table = HEAD + "".join(contrast(number, side, value) for number in (1, 2)
                           for side, value in (("read", float(number)), ("true", -float(number))))
    model, = read_parts([table])
    group, = model.groups("verdict")
    assert model.contrast and group.glosses == 2 and group.parts[0].value == pytest.approx(1.5)


def test_the_largest_group_comes_first_and_equal_ones_by_name() -> None:
    table = HEAD + "".join(contrast(number, "read", 1.0, name) for number, name in enumerate("BCABBC"))
    model, = read_parts([table])
    assert [(group.name, group.glosses) for group in model.groups("gloss")] == [("B", 3), ("C", 2), ("A", 1)]


def test_the_panel_shows_a_bar_for_each_group(opened: Any, run: Path) -> None:
    page = opened(run / "index.html")
    panel = page.locator("#parts-study")
    assert panel.locator("tbody tr").count() == 2 and panel.locator(".parts-bar").count() == 2
    panel.locator("select").first.select_option("verdict")
    assert panel.locator("summary").all_inner_texts() == ["right", "substituted", "inserted"]
    first = panel.locator("tbody tr").first
    assert "left hand 20%" in first.inner_text() and "mouth not in the picture" in first.inner_text()
    widths = first.locator(".parts-bar i").evaluate_all("each => each.map(one => one.getBoundingClientRect().width)")
    whole = first.locator(".parts-bar").evaluate("each => each.getBoundingClientRect().width")
    assert sum(widths) == pytest.approx(whole, rel=0.01) and len(widths) == 5


@pytest.mark.parametrize("width", first([360, 800, 1600]))
def test_nothing_is_wider_than_the_window(opened: Any, run: Path, width: int) -> None:
    page = opened(run / "index.html")
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_damaged_table_is_left_out(tmp_path: Path) -> None:
    run = parts_run(tmp_path / "run", 2)
    (run / "clip-1" / "parts.csv").write_text("side,model\n,x\n", encoding="utf-8")
    assert write_index(run) == ["clip-1"]

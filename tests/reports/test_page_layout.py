"""The report on screens of all widths, in the dark and on paper."""
from itertools import combinations
from pathlib import Path
from typing import Any, List, Sequence

import pytest

from tests.kit.tiers import first


def test_the_picture_stays_in_sight_while_the_lanes_are_scrubbed(report: Any) -> None:
    for width, height in ((1200, 800), (800, 1000), (390, 844)):
        report.set_viewport_size({"width": width, "height": height})
        report.locator("#lane-rows .layer-lane").last.evaluate("lane => lane.scrollIntoView({ block: 'end' })")
        lane = report.locator("#lane-rows .layer-lane").last.bounding_box()
        for part in ("#single-view canvas", "#transport"):
            box = report.locator(part).first.bounding_box()
            assert box["y"] >= 0 and box["y"] + box["height"] <= height, (width, part)
            assert lane["y"] >= box["y"] + box["height"] - 1 or lane["x"] >= box["x"] + box["width"], (width, part)


FIRST = ("#single-view .picture-top canvas", "#single-view select", "#legend", "#legend-high", "#scrubber", "#play")


@pytest.mark.parametrize("width, height, parts", first([
    (1400, 800, (*FIRST, "#lanes")), (390, 844, FIRST), (1600, 1000, (*FIRST, "#lanes")), (800, 1000, FIRST)], 2))
def test_what_is_looked_at_is_in_sight_as_the_page_opens(opened: Any, outputs: Path, width: int, height: int,
                                                         parts: Sequence[str]) -> None:
    page = opened(outputs / "index.html")
    page.set_viewport_size({"width": width, "height": height})
    page = opened(outputs / "clip 0" / "report.html")
    page.wait_for_selector("#single-view canvas[data-frame]")
    for part in parts:
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= height, part
    assert page.evaluate("scrollY") == 0
    page.click("#fold")
    assert page.is_visible("#readings") != page.is_visible("#folded")


@pytest.mark.parametrize("width", first([390, 800, 1400]))
def test_nothing_moves_as_glosses_and_views_are_chosen(opened: Any, outputs: Path, width: int) -> None:
    page = opened(outputs / "clip 0" / "report.html", "#frame=0")
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_selector("#single-view canvas[data-frame='0']")

    def where() -> List[Any]:
        return [page.locator(part).bounding_box() for part in ("#play", "#clock", "#save", "#scrubber", "#lanes")]

    before = where()
    for key in ("n", "n", "l", "f", "Escape", "x"):
        page.keyboard.press(key)
        assert where() == before, key


@pytest.mark.parametrize("width", first([390, 1600, 1200, 800]))
def test_nothing_lies_on_anything_and_the_scrubber_is_wide(report: Any, width: int) -> None:
    report.set_viewport_size({"width": width, "height": 800})
    assert report.locator("#scrubber").bounding_box()["width"] > 250
    transport, stage = (report.locator(part).bounding_box() for part in ("#transport", "#stage"))
    assert stage["x"] <= transport["x"] and transport["x"] + transport["width"] <= stage["x"] + stage["width"]
    rows = report.evaluate("""() => [...document.querySelectorAll('#shares tbody tr:not(.model)')].map((row) =>
        [...row.querySelectorAll('th code, .bar .stack, .number b, .number .ratio')].map((cell) =>
            cell.getBoundingClientRect()).map(({ left, right, top, bottom }) => [left, right, top, bottom]))""")
    assert len(rows) >= 7 and all(rows)
    for boxes in rows:
        for (left, right, top, bottom), other in combinations(boxes, 2):
            beside = right <= other[0] + 1 or other[1] <= left + 1
            assert beside or bottom <= other[2] + 1 or other[3] <= top + 1


def test_it_prints_with_its_colour_scale(report: Any) -> None:
    report.emulate_media(media="print")
    assert report.is_visible("#legend") and report.is_visible("#legend-high") and not report.is_visible("#transport")


def test_it_prints_the_bars_of_glosses_and_regions_folded_or_not_on_white(report: Any) -> None:
    report.evaluate("document.documentElement.dataset.theme = 'dark'")
    report.click("#fold")
    report.emulate_media(media="print")
    for bar in (".gloss .bar", "#shares .stack i"):
        kept = report.locator(bar).first.evaluate("bar => getComputedStyle(bar).printColorAdjust")
        assert kept == "exact", bar         # browsers print no other grounds
    assert report.is_visible("#readings .word >> nth=0") and not report.is_visible("#fold")
    assert report.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("width", first([420, 1280]))
def test_names_of_glosses_do_not_lie_on_each_other(report: Any, width: int) -> None:
    report.set_viewport_size({"width": width, "height": 900})
    for lane in report.locator("#lane-rows .gloss-lane .track").all():
        boxes = lane.evaluate("""lane => [...lane.querySelectorAll('.word')].map(word => word.getBoundingClientRect())
            .map(({ left, right, top, bottom }) => [left, right, top, bottom])""")
        for index, (left, right, top, bottom) in enumerate(boxes):
            for other in boxes[index + 1:]:
                beside = right <= other[0] + 1 or other[1] <= left + 1
                assert beside or bottom <= other[2] + 1 or other[3] <= top + 1


@pytest.mark.parametrize("name", ["clip 0/report.html", "index.html"])
def test_a_narrow_screen_needs_no_sideways_scrolling(opened: Any, outputs: Path, name: str) -> None:
    page = opened(outputs / name)
    page.set_viewport_size({"width": 360, "height": 700})
    page.wait_for_timeout(200)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360


def test_colours_can_be_dark(report: Any) -> None:
    def ground() -> str:
        return report.evaluate("getComputedStyle(document.body).backgroundColor")

    light = ground()
    report.click("#theme")
    dark = ground()
    report.emulate_media(color_scheme="dark")
    report.reload()
    assert light != dark == ground()

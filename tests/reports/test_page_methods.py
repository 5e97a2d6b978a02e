"""A page of several methods: one is looked at at a time."""
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from records.several import together
from reports.report import write_report
from tests.kit import records
from tests.kit import report as made
from tests.kit.pages import FRAMES, TITLES, assert_drawn, scrub, set_opacity

NAMES = made.SPATIAL["slowfast"]


@pytest.fixture()
def page(opened: Any, tmp_path: Path) -> Any:
    """LayerCAM's maps are those that Grad-CAM has of the layer before."""
    record, explanations = made.record(FRAMES), made.explanations(FRAMES)
    for model, one in explanations.items():
        names = made.SPATIAL[model]
        other = {name: one.layers[names[number - 1]] for number, name in enumerate(names)}
        both = together([one, replace(one, method="layercam", layers=other)], True)
        explanations[model] = both
        layers = {name: records.layer(spatial=layer.spatial) for name, layer in both.layers.items()}
        record = made.changed(record, model, layers=layers)
    write_report(tmp_path, made.picture(FRAMES), explanations, record)
    shown = opened(tmp_path / "report.html", "#frame=0")
    shown.wait_for_selector("#single-view canvas[data-frame='0']")
    return shown


def test_the_method_chosen_shows_its_map_of_the_same_layer(page: Any) -> None:
    page.check(f"#choice fieldset:has(legend:text-is('{TITLES['slowfast']}')) label:has-text('gradcam/{NAMES[1]}') "
               "input")
    page.select_option("#method", "layercam")
    set_opacity(page, 100)
    scrub(page, 11)
    canvas = page.wait_for_selector(
        f"#single-view canvas[data-layer='slowfast/layercam/{NAMES[1]}'][data-frame='11']")
    assert_drawn(canvas, "slowfast", NAMES[0], 11)


def test_the_layers_of_other_methods_are_not_listed(page: Any) -> None:
    for method, other in (("layercam", "gradcam"), ("gradcam", "layercam")):
        page.select_option("#method", method)
        for selector in ("#choice label", "#grid .cell"):
            if selector.startswith("#grid"):
                page.click("#all")
            shown = page.locator(f"{selector}:visible").all_inner_texts()
            assert shown and all(f"{method}/" in text and f"{other}/" not in text for text in shown)
        page.click("#one")


def test_lanes_are_those_of_the_method_chosen_by_their_own_names(page: Any) -> None:
    for method in ("layercam", "gradcam"):
        page.select_option("#method", method)
        lanes = page.locator(".layer-lane:visible button")
        assert lanes.all_inner_texts()[:len(NAMES)] == list(NAMES)
        assert all(f"Show {method}/" in lane.get_attribute("title") for lane in lanes.all())


@pytest.mark.parametrize("width", [1280, 1600])
def test_the_tools_are_one_row_and_names_of_layers_one_line(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    tops = page.locator(".tools > *:visible").evaluate_all("all => all.map(each => each.getBoundingClientRect().top)")
    assert max(tops) - min(tops) < 12
    heights = page.locator(".layer-lane:visible .lane-label").evaluate_all("all => all.map(each => each.clientHeight)")
    assert max(heights) < 24


def test_one_method_alone_has_nothing_to_switch(report: Any) -> None:
    assert not report.is_visible("#method")

"""A page of more networks than fit below each other."""
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.report import write_report
from tests.kit import report as made
from tests.kit.tiers import first

FRAMES = 12


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("six")
    record, explanations = made.record(FRAMES), made.explanations(FRAMES)
    for number in range(2):
        for model in ("slowfast", "twostream"):
            name = f"{model}{number}"
            title = f"{record.models[model].title} {number}"
            record = replace(record, models={**record.models, name: replace(record.models[model], title=title)})
            explanations[name] = replace(explanations[model], model=name)
    write_report(folder, made.picture(FRAMES), explanations, record, made.keypoints(FRAMES))
    return folder / "report.html"


@pytest.mark.parametrize("width, height", first([(1400, 800), (390, 844)]))
def test_each_of_six_networks_has_a_tab(opened: Any, six: Path, width: int, height: int) -> None:
    page = opened(six)
    page.set_viewport_size({"width": width, "height": height})
    page.reload()
    page.wait_for_selector("#single-view canvas[data-frame]")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    assert page.locator("#tabs button").count() == 7
    assert page.locator("#lane-rows h3:visible").all_inner_texts() == ["SlowFastSign"]
    if width == 1400:
        box = page.locator("#lanes").bounding_box()
        assert box["y"] + box["height"] <= height
    page.click("#tabs button:text-is('TwoStream-SLR 1')")
    page.wait_for_selector("#single-view canvas[data-layer^='twostream1/']")
    assert page.locator("#lane-rows h3:visible").all_inner_texts() == ["TwoStream-SLR 1"]
    assert page.locator("#choice legend:visible").all_inner_texts() == ["TwoStream-SLR 1"]
    page.select_option("#single-view select", "0")          # a layer of another brings its tab
    assert page.locator("#lane-rows h3:visible").all_inner_texts() == ["SlowFastSign"]
    page.click("#tabs button:text-is('All')")
    assert page.locator("#lane-rows h3:visible").count() == 6
    page.click("#all")
    assert page.locator("#grid h2:visible").count() == 6

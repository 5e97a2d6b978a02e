"""Maps of single glosses in the report."""
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.report import write_report
from tests.kit import records
from tests.kit import report as made
from tests.kit.pages import FRAMES, OPENING, assert_drawn, scrub, set_opacity


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SlowFastSign's first gloss, and both sides of its first error, explained on their own at one layer."""
    folder = tmp_path_factory.mktemp("alone")
    record, explanations = made.record(FRAMES), made.explanations(FRAMES)
    name, slowfast = OPENING.split("/")[1], explanations["slowfast"]
    chosen = [(0, None, "conv2d.slow_path.layer1"), (3, "read", "conv2d.fast_path.layer1"),
              (3, "true", "conv2d.slow_path.layer1")]
    glosses = []
    for number, (place, side, other) in enumerate(chosen, start=1):
        span = record.models["slowfast"].spans[place]
        about = records.gloss(number, span.gloss, span.frames, span=span.id, side=side,
                              words=f"what was asked, {number}")
        glosses.append(records.gloss_maps(about, {name: slowfast.layers[other]}))
    explanations["slowfast"] = replace(slowfast, glosses=tuple(glosses))
    write_report(folder, made.picture(FRAMES), explanations, record, made.keypoints(FRAMES))
    return folder / "report.html"


def shows(page: Any, gloss: str, other: str, frame: int) -> None:
    canvas = page.wait_for_selector(f"#single-view canvas[data-layer='{OPENING}#{gloss}'][data-frame='{frame}']")
    assert_drawn(canvas, "slowfast", other, frame)


def test_a_gloss_shows_its_own_map_and_escape_goes_back_to_all(opened: Any, alone: Path) -> None:
    page = opened(alone)
    words = page.query_selector_all("#readings .reading:has-text('SlowFastSign') .word")
    words[0].click()
    set_opacity(page, 100)
    scrub(page, 5)
    shows(page, "read-1", "conv2d.slow_path.layer1", 5)
    assert "what was asked, 1" in page.inner_text("#single-view .explained")
    page.keyboard.press("Escape")
    page.wait_for_selector(f"#single-view canvas[data-layer='{OPENING}']")


def test_an_error_shows_the_contrast_both_ways(opened: Any, alone: Path) -> None:
    page = opened(alone)
    page.query_selector_all("#readings .reading:has-text('SlowFastSign') .word")[3].click()
    set_opacity(page, 100)
    scrub(page, 9)
    shows(page, "read-4-for-read", "conv2d.fast_path.layer1", 9)
    page.click("#for-true")
    shows(page, "read-4-for-true", "conv2d.slow_path.layer1", 9)

"""Maps of single glosses in the report."""
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict

import pytest

from reports.report import write_report
from tests.kit import report as made
from tests.kit.pages import FRAMES, OPENING, assert_drawn, scrub, set_opacity


@dataclass(frozen=True)
class Gloss:
    place: int
    layers: Dict[str, Any]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SlowFastSign's first gloss, and both sides of its first error, explained on their own at one layer."""
    folder = tmp_path_factory.mktemp("alone")
    preds, layers = made.preds(FRAMES), made.layers(FRAMES)
    name = OPENING.split("/")[1]
    its = preds["models"]["slowfast"]
    chosen = [(0, None), (3, "read"), (3, "true")]
    its["explained"] = [{"place": number, "words": f"what was asked, {number}", "layers": {}, **its["spans"][span],
                         **({"side": side} if side else {})} for number, (span, side) in enumerate(chosen, start=1)]
    preds["models"]["twostream"]["explained"] = []
    maps = ("conv2d.slow_path.layer1", "conv2d.fast_path.layer1", "conv2d.slow_path.layer1")
    glosses = [Gloss(number, {name: layers["slowfast"][other]}) for number, other in enumerate(maps, start=1)]
    write_report(folder, made.picture(FRAMES), layers, preds, made.keypoints(FRAMES),
                 {"slowfast": glosses, "twostream": []})
    return folder / "report.html"


def shows(page: Any, place: int, other: str, frame: int) -> None:
    canvas = page.wait_for_selector(f"#single-view canvas[data-layer='{OPENING}#{place}'][data-frame='{frame}']")
    assert_drawn(canvas, "slowfast", other, frame)


def test_a_gloss_shows_its_own_map_and_escape_goes_back_to_all(opened: Any, alone: Path) -> None:
    page = opened(alone)
    words = page.query_selector_all("#readings .reading:has-text('SlowFastSign') .word")
    words[0].click()
    set_opacity(page, 100)
    scrub(page, 5)
    shows(page, 1, "conv2d.slow_path.layer1", 5)
    assert "what was asked, 1" in page.inner_text("#single-view .explained")
    page.keyboard.press("Escape")
    page.wait_for_selector(f"#single-view canvas[data-layer='{OPENING}']")


def test_an_error_shows_the_contrast_both_ways(opened: Any, alone: Path) -> None:
    page = opened(alone)
    page.query_selector_all("#readings .reading:has-text('SlowFastSign') .word")[3].click()
    set_opacity(page, 100)
    scrub(page, 9)
    shows(page, 2, "conv2d.fast_path.layer1", 9)
    page.click("#for-true")
    shows(page, 3, "conv2d.slow_path.layer1", 9)

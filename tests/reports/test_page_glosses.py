"""Maps of single glosses in the report."""
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from records.shift_check import ShiftCheck
from reports.report import write_report
from tests.kit import records
from tests.kit import report as made
from tests.kit.pages import FRAMES, OPENING, assert_drawn, scrub, set_opacity

TIME = "temporal_model.1"       # of a gloss it has another course than of all


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SlowFastSign's first gloss, and both sides of its first error, explained on their own at one layer."""
    folder = tmp_path_factory.mktemp("alone")
    record, explanations = made.record(FRAMES), made.explanations(FRAMES)
    name, slowfast = OPENING.split("/")[1], explanations["slowfast"]
    chosen = [(0, None, "conv2d.slow_path.layer1"), (3, "read", "conv2d.fast_path.layer1"),
              (3, "true", "conv2d.slow_path.layer1")]
    glosses = []
    for number, (index, side, other) in enumerate(chosen, start=1):
        span = record.models["slowfast"].spans[index]
        about = records.gloss(number, span.gloss, span.frames, span=span.id, side=side,
                              words=f"what was asked, {number}")
        glosses.append(records.gloss_maps(about, {name: slowfast.layers[other],
                                                  TIME: slowfast.layers["conv1d.fused_features"]}))
    explanations["slowfast"] = replace(slowfast, glosses=tuple(glosses))
    # The other model explains its third gloss, in the frames of the first one's fourth.
    deep, twostream = "rgb_stream.layer4", explanations["twostream"]
    span = record.models["twostream"].spans[3]
    about = records.gloss(1, span.gloss, span.frames, span=span.id, words="its own, 1")
    own = records.gloss_maps(about, {deep: twostream.layers["rgb_stream.layer1"]})
    explanations["twostream"] = replace(twostream, glosses=(own,))
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


def test_a_page_opens_where_the_first_gloss_that_has_a_map_is_strongest(opened: Any, alone: Path) -> None:
    laid = made.layers(FRAMES)["slowfast"]["conv2d.slow_path.layer1"].laid
    first, stop = made.record(FRAMES).models["slowfast"].spans[0].frames
    strongest = first + int(laid.energy()[first:stop].argmax())
    page = opened(alone)
    canvas = page.wait_for_selector(f"#single-view canvas[data-layer='{OPENING}#read-1'][data-frame='{strongest}']")
    set_opacity(page, 100)
    assert_drawn(canvas, "slowfast", "conv2d.slow_path.layer1", strongest)


def test_compare_shows_the_gloss_chosen_in_both_models_and_says_where_there_is_none(opened: Any, alone: Path) -> None:
    page = opened(alone, "#view=two&frame=0")
    words = page.query_selector_all("#readings .reading:has-text('SlowFastSign') .word")
    words[3].click()
    page.wait_for_selector(f"#single-view canvas[data-layer='{OPENING}#read-4-for-read']")
    page.wait_for_selector("#second-view canvas[data-layer='twostream/rgb_stream.layer4#read-4']")
    assert page.inner_text("#second-view .explained") == "explains its own, 1"
    words[0].click()
    page.wait_for_selector(f"#single-view canvas[data-layer='{OPENING}#read-1']")
    assert page.inner_text("#second-view .explained").startswith("no separate map at the time of ")


def test_a_gloss_without_a_map_of_its_own_says_so(opened: Any, alone: Path) -> None:
    page = opened(alone, "#frame=0")
    page.query_selector("#readings .reading:has-text('SlowFastSign') .word.deleted").click()
    page.wait_for_selector("#whole", state="hidden")
    assert page.inner_text("#single-view .explained").startswith("no separate map of ")


def test_all_layers_show_the_gloss_in_strips_too(opened: Any, alone: Path) -> None:
    page = opened(alone, "#view=all&frame=0")
    strip = page.wait_for_selector(f".cell[title='Show {TIME} alone'] .view-strip")
    of_all = strip.evaluate("canvas => canvas.toDataURL()")
    page.query_selector_all("#readings .reading:has-text('SlowFastSign') .word")[0].click()
    assert strip.evaluate("canvas => canvas.toDataURL()") != of_all


def test_each_gloss_s_map_says_whether_it_holds_on_this_clip(opened: Any, tmp_path: Path) -> None:
    """For all together it is the verdict of their sum."""
    record, explanations = made.record(FRAMES), made.explanations(FRAMES)
    name, slowfast = OPENING.split("/")[1], explanations["slowfast"]
    holds, fails = (ShiftCheck(1.0, 0.5, beaten, 20, "still", "gone") for beaten in (20, 3))
    span = record.models["slowfast"].spans[0]
    own = records.gloss_maps(records.gloss(1, span.gloss, span.frames, span=span.id),
                             {name: replace(slowfast.layers[name], check=fails)})
    layers = {**slowfast.layers, name: replace(slowfast.layers[name], check=holds)}
    explanations["slowfast"] = replace(slowfast, layers=layers, glosses=(own,))
    write_report(tmp_path, made.picture(FRAMES), explanations, record)
    page = opened(tmp_path / "report.html")
    words = "no better than its shifts on this clip"
    page.wait_for_selector(f"#single-view .explained:has-text('{words}')")
    page.keyboard.press("Escape")
    page.wait_for_selector("#single-view .explained:has-text('holds on this clip')")
    assert words not in page.inner_text("#single-view .explained")

"""What the report shows, in a real browser."""
import json
from pathlib import Path
from typing import Any, Dict

import cv2
import numpy as np
import pytest

from reports.compare_with import write_beside
from reports.run_names import run_names
from terminal.errors import UserError
from tests.kit import report as made
from tests.kit.pages import (
    EVIL,
    FRAMES,
    OPENING,
    TITLES,
    assert_drawn,
    levels,
    pixels,
    scrub,
    set_opacity,
    spatial,
    until,
)
from tests.kit.tiers import only


@pytest.mark.parametrize("model, name", only(spatial()[1:5:3], spatial()))
def test_choosing_a_layer_shows_its_picture(report: Any, model: str, name: str) -> None:
    report.check(f"#choice fieldset:has(legend:text-is('{TITLES[model]}')) label:has-text('{name}') input")
    set_opacity(report, 100)
    scrub(report, 11)
    canvas = report.wait_for_selector(f"#single-view canvas[data-layer='{model}/{name}'][data-frame='11']")
    assert_drawn(canvas, model, name, 11)


def test_a_frame_can_have_a_scale_of_its_own(report: Any) -> None:
    set_opacity(report, 100)
    report.click("#by-frame")
    assert report.inner_text("#legend-high") == "1, each frame’s strongest value"
    scrub(report, 11)
    canvas = report.wait_for_selector(f"#single-view canvas[data-layer='{OPENING}'][data-frame='11']")
    model, name = OPENING.split("/")
    assert_drawn(canvas, model, name, 11, per_frame=True)


def test_all_layers_show_their_own_pictures_at_once(report: Any) -> None:
    report.click("#all")
    set_opacity(report, 100)
    scrub(report, 20)
    for model, name in spatial():
        canvas = report.wait_for_selector(f"#grid canvas[data-layer='{model}/{name}'][data-frame='20']")
        assert_drawn(canvas, model, name, 20)


def test_it_opens_on_the_deepest_layer_with_space_of_the_first_model_in_the_colours_asked_for(report: Any) -> None:
    report.wait_for_selector(f"#single-view canvas[data-layer='{OPENING}']")
    assert report.input_value("#scale") == "jet"


def test_two_views_move_in_step_each_with_a_layer_of_its_own(report: Any) -> None:
    report.click("#two")
    report.select_option("#second-view select", label="pose_stream.layer1")
    scrub(report, 9)
    report.wait_for_selector(f"#single-view canvas[data-layer='{OPENING}'][data-frame='9']")
    report.wait_for_selector("#second-view canvas[data-layer='twostream/pose_stream.layer1'][data-frame='9']")


def test_another_run_of_the_clip_can_stand_beside_this_one(opened: Any, outputs: Path, tmp_path: Path) -> None:
    folder, other = tmp_path / "ours" / "clip", tmp_path / "theirs" / "clip"
    for each in (folder, other):
        each.mkdir(parents=True)
        made.write(each, made.record(FRAMES, sequence="clip"), points=False)
    page = opened(write_beside(folder, other))
    page.wait_for_selector("#second-view canvas[data-layer^='beside:slowfast/']")      # opens with both in sight
    page.locator("#second-view select").select_option(str(10 + 2))      # the other run's third layer
    scrub(page, 5)
    page.wait_for_selector("#second-view canvas[data-layer='beside:slowfast/conv2d.fast_path.layer3'][data-frame='5']")
    one, two = (pixels(page.query_selector(f"{view} .picture-top canvas")) for view in ("#single-view", "#second-view"))
    assert (one == two).all() and "theirs: SlowFastSign" in page.inner_text("#choice")


def test_two_runs_are_called_by_what_differs_between_them(opened: Any, tmp_path: Path) -> None:
    for name, method in (("a", "gradcam"), ("b", "hirescam")):
        record = made.record(FRAMES, sequence="clip")
        for model in record.models:
            record = made.changed(record, model, method=method)
        (tmp_path / name / "clip").mkdir(parents=True)
        made.write(tmp_path / name / "clip", record, points=False)
    page = opened(write_beside(tmp_path / "a" / "clip", tmp_path / "b" / "clip"))
    page.wait_for_selector("#second-view canvas[data-layer^='beside:slowfast/']")
    assert page.inner_text("#single-view .explained").startswith("method gradcam; explains ")
    assert page.inner_text("#second-view .explained").startswith("method hirescam; explains ")
    assert page.get_attribute("#two", "aria-pressed") == "true"


@pytest.mark.parametrize("mine, other, names", [
    ({}, {}, ("left", "right")),
    ({"settings": {"target": "max"}}, {"settings": {"target": "each"}}, ("target max", "target each")),
    ({"settings": {"hide": "still"}}, {}, ("hide still", "no hide")),
    ({"models": {"vac": {"checkpoint": {"file": "a.pt", "sha256": "1" * 64}}}},
     {"models": {"vac": {"checkpoint": {"file": "b.pt", "sha256": "2" * 64}}}}, ("vac from a.pt", "vac from b.pt")),
    ({"models": {"vac": {"checkpoint": {"file": "a.pt", "sha256": "1" * 64}}}},
     {"models": {"vac": {"checkpoint": {"file": "a.pt", "sha256": "2" * 64}}}},
     ("vac from a.pt (11111111)", "vac from a.pt (22222222)")),
    ({"models": {"vac": {"method": "gradcam", "pool": "clip"}}},
     {"models": {"vac": {"method": "gradcam"}}, "settings": 3}, ("pool clip", "no pool"))])
def test_what_differs_is_named(mine: Any, other: Any, names: Any) -> None:
    assert run_names(mine, other, ("left", "right")) == names


def test_runs_of_different_clips_are_not_set_beside_each_other(tmp_path: Path) -> None:
    for name, frames in (("a", 4), ("b", 5)):
        (tmp_path / name).mkdir()
        made.write(tmp_path / name, made.record(frames), points=False)
    with pytest.raises(UserError, match="not the same clip"):
        write_beside(tmp_path / "a", tmp_path / "b")
    with pytest.raises(UserError, match="no report"):
        write_beside(tmp_path / "a", tmp_path / "c")


def test_what_stands_at_a_frame_says_whose_alignment_it_is_and_no_null(report: Any) -> None:
    report.check("#choice label:has-text('conv1d.fused_features') input")
    scrub(report, 0)
    text = report.inner_text("#now")
    assert "null" not in text and text.count("truth, by its own alignment: " + EVIL) == 2


def test_the_wheel_goes_into_the_picture(report: Any) -> None:
    report.hover("#single-view .picture-top")
    report.mouse.wheel(0, -400)
    until(report, "document.querySelector('#single-view canvas').style.transform.includes('scale')")
    report.dblclick("#single-view .picture-top")
    until(report, "document.querySelector('#single-view canvas').style.transform === ''")


def test_the_view_is_saved_as_a_picture_with_labels(report: Any, tmp_path: Path) -> None:
    report.wait_for_selector(f"#single-view canvas[data-layer='{OPENING}']")
    with report.expect_download() as saving:
        report.click("#save")
    assert saving.value.suggested_filename == "clip 0_frame_000.png"
    saving.value.save_as(tmp_path / "saved.png")
    picture = cv2.imread(str(tmp_path / "saved.png"))
    assert picture is not None and picture.shape[1] == 2 * 256 + 48 and picture.shape[0] > 600


def test_a_layer_without_a_place_has_a_strip_and_no_heat_map(report: Any) -> None:
    set_opacity(report, 100)
    frame = pixels(report.query_selector("#single-view .picture-top canvas"))
    report.check("#choice label:has-text('conv1d.fused_features') input")
    set_opacity(report, 100)
    report.select_option("#scale", "viridis")
    shown = pixels(report.query_selector("#single-view .picture-top canvas"))
    assert np.abs(shown.astype(int) - made.picture(1)[0]).mean() < 3 < np.abs(frame.astype(int) - shown).mean()
    strip = levels(pixels(report.query_selector("#single-view .view-strip")))[0]
    wanted = made.layers(FRAMES)["slowfast"]["conv1d.fused_features"].laid.whole().astype(float) * 255
    assert np.abs(strip - wanted).max() <= 1
    assert report.inner_text("#single-view .view-note") == "knows when, not where"


def test_the_frame_alone_is_seen_while_held(report: Any) -> None:
    canvas = report.query_selector("#single-view .picture-top canvas")
    report.wait_for_selector("#single-view canvas[data-layer='slowfast/conv2d.fast_path.layer3']")
    before = pixels(canvas)
    report.keyboard.down("r")
    report.wait_for_selector("#single-view canvas[data-layer='']")
    assert np.abs(pixels(canvas).astype(int) - made.picture(1)[0]).mean() < 3
    report.keyboard.up("r")
    report.wait_for_selector("#single-view canvas[data-layer='slowfast/conv2d.fast_path.layer3']")
    assert (pixels(canvas) == before).all()


def test_verdicts_are_marked_and_a_tag_of_a_gloss_stays_text(report: Any) -> None:
    row = report.locator("#readings .reading:nth-child(2)")
    assert row.locator(".substituted").inner_text() == "MORGEN"
    assert row.locator(".inserted").inner_text() == "SCHNEE"
    assert row.locator(".deleted").inner_text() == "loc-REGION"
    assert report.locator("#readings .reading:first-child button").first.inner_text() == EVIL
    assert report.locator(".gloss .word", has_text="window.hacked").count() == 4


def test_region_shares_are_those_that_were_stored(report: Any, outputs: Path) -> None:
    stored: Dict[str, Any] = json.loads((outputs / "clip 0" / "report.json").read_text())
    shares = stored["shares"]["slowfast"]["conv2d.fast_path.layer3"]
    cells = report.locator("#shares tr:has-text('conv2d.fast_path.layer3') td.number b").all_inner_texts()
    assert [float(cell.rstrip("%")) for cell in cells] == pytest.approx([100 * share for share in shares], abs=0.51)
    report.click("#lane-regions")
    assert report.locator("#lane-rows path.region.hands").count() == len(spatial())


def test_the_foot_tells_how_to_make_it_again(report: Any) -> None:
    text = report.inner_text("#made")
    for fact in ("0f" * 32, "gradcam", "2.11.0", "3.00 GB", "python main.py --seq clip 0 --models slowfast twostream"):
        assert fact in text


def test_each_count_of_errors_says_whose_it_is(report: Any) -> None:
    counts = report.locator("#readings .wer")
    assert counts.all_inner_texts() == ["0.0% WER, 30.8% as its authors count", "25.0% WER, as its authors count"]
    assert counts.first.get_attribute("title").endswith("of 12, counted by TwoStream 2014")
    assert counts.first.locator(".theirs").get_attribute("title").endswith("of 13, counted by VAC python")

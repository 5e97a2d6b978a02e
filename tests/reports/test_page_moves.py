"""Going through time in the report: keys, clicks, links and playing."""
from typing import Any

import pytest

from tests.kit import report as made
from tests.kit.pages import EVIL, FRAMES, pixels, scrub, set_opacity, until
from tests.kit.tiers import first


def test_scrubbing_moves_every_view_to_the_same_frame(report: Any) -> None:
    report.click("#all")
    set_opacity(report, 0)
    for frame in (3, FRAMES - 1):
        scrub(report, frame)
        canvases = report.query_selector_all("#grid .picture-top canvas")
        assert len(canvases) == 10
        for canvas in canvases:
            assert canvas.get_attribute("data-frame") == str(frame)
            assert abs(pixels(canvas)[2:14, 2:14].mean() - frame) < 2      # the corner counts the frames
        cursors = report.evaluate("""() => [...document.querySelectorAll('.track')].filter(track => track.clientWidth)
            .map(track => parseFloat(getComputedStyle(track, '::after').left) / track.clientWidth)""")
        assert len(cursors) > 14 and cursors == pytest.approx([(frame + 0.5) / FRAMES] * len(cursors), abs=0.004)
        assert report.input_value("#scrubber") == str(frame)
        assert report.inner_text("#clock").startswith(f"{frame:02d} / {FRAMES - 1}")


def test_a_reload_loses_nothing_and_a_link_leads_to_its_moment(report: Any, opened: Any) -> None:
    report.click("#two")
    report.select_option("#second-view select", label="rgb_stream.layer4")
    report.select_option("#scale", "cividis")
    report.locator("#readings .reading:nth-child(2) button", has_text="GESTERN").click()
    frame = report.input_value("#scrubber")
    until(report, f"location.hash.includes('frame={frame}') && location.hash.includes('gloss=slowfast')")
    report.reload()
    report.wait_for_selector(f"#second-view canvas[data-layer='twostream/rgb_stream.layer4'][data-frame='{frame}']")
    assert report.input_value("#scale") == "cividis"
    assert report.locator("#readings .chosen").all_inner_texts() == ["GESTERN"]
    report.evaluate("location.hash = '#frame=3&layer=twostream/pose_stream.layer1&view=one'")
    report.wait_for_selector("#single-view canvas[data-layer='twostream/pose_stream.layer1'][data-frame='3']")


@pytest.mark.parametrize("chosen", first(["#choice label:has-text('fast_path.layer1')",
                                          "#lane-rows button.mono >> nth=2"]))
def test_after_choosing_a_layer_keys_still_move_through_time(report: Any, chosen: str) -> None:
    report.locator(chosen).click()
    for key, frame in (("ArrowRight", 1), ("End", FRAMES - 1), ("Home", 0)):
        report.keyboard.press(key)
        report.wait_for_selector(f"#lanes[data-frame='{frame}']")
    report.keyboard.press("Space")
    report.wait_for_selector("#play[aria-label='Pause']")
    report.keyboard.press("Space")


def test_keys_are_told(report: Any) -> None:
    report.keyboard.press("?")
    assert "play or pause" in report.inner_text("#keys")


def test_a_gloss_is_played_over_and_over(report: Any) -> None:
    report.locator("#readings .reading:nth-child(2) button", has_text="GESTERN").click()
    span = next(span for span in made.record(FRAMES).models["slowfast"].spans if span.gloss == "GESTERN")
    report.keyboard.press("l")
    assert "GESTERN" in report.get_attribute("#loop", "title")
    report.evaluate("""() => { window.seen = new Set();
        new MutationObserver(() => window.seen.add(Number(document.getElementById('lanes').dataset.frame)))
            .observe(document.getElementById('lanes'), { attributes: true }); }""")
    report.keyboard.press("Space")
    report.wait_for_timeout(600)
    assert report.get_attribute("#play", "aria-label") == "Pause"
    report.keyboard.press("Space")
    first, stop = span.frames
    assert set(report.evaluate("[...window.seen]")) <= set(range(first, max(stop, first + 1)))


def test_the_next_gloss_is_a_key_away(report: Any) -> None:
    spans = made.record(FRAMES).models["slowfast"].spans
    for number in (0, 1, 2):
        report.keyboard.press("n")
        assert report.locator("#readings .chosen").inner_text() == (EVIL, *made.TRUTH[1:])[number]
    assert int(report.input_value("#scrubber")) in range(*spans[2].frames)


@pytest.mark.parametrize("where", first(["#readings .reading:nth-child(2)", "#lane-rows .gloss-lane >> nth=1"]))
def test_clicking_a_gloss_jumps_to_it(report: Any, where: str) -> None:
    span = next(span for span in made.record(FRAMES).models["slowfast"].spans if span.gloss == "GESTERN")
    report.locator(where).locator("button", has_text="GESTERN").click()
    report.locator(where).locator(".now", has_text="GESTERN").wait_for()
    assert span.frames[0] <= int(report.input_value("#scrubber")) < span.frames[1]


def test_keys_step_play_and_pause(report: Any) -> None:
    for key, frame in (("ArrowRight", 1), ("Shift+ArrowRight", 11), ("ArrowLeft", 10)):
        report.keyboard.press(key)
        report.wait_for_selector(f"#lanes[data-frame='{frame}']")
    report.keyboard.press("Space")
    report.wait_for_selector("#play[aria-label='Pause']")
    until(report, "Number(document.getElementById('lanes').dataset.frame) > 12")
    report.keyboard.press("Space")
    report.wait_for_selector("#play[aria-label='Play']")
    report.click("#back")


def test_playing_ends_at_the_last_frame(report: Any) -> None:
    report.click("#play")
    report.wait_for_selector(f"#lanes[data-frame='{FRAMES - 1}']")
    report.wait_for_selector("#play[aria-label='Play']")


def test_pressing_a_track_moves_the_clip_there(report: Any) -> None:
    track = report.locator("#lane-rows .track.chart").first
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    report.mouse.click(box["x"] + box["width"] * 15.5 / FRAMES, box["y"] + 5)
    report.wait_for_selector("#lanes[data-frame='15']")

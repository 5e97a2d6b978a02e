"""The report and the index in a real browser, opened from disk."""
import base64
import json
import os
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple
from urllib.parse import quote

import cv2
import numpy as np
import pytest

from drawing.layer import LayerPictures
from drawing.overlay import Style
from reports.beside import write_beside
from reports.report import write_index, write_report
from results.manifest import write_manifest
from terminal.errors import UserError
from tests.kit import report as made

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
FRAMES = 24
TITLES = {"slowfast": "SlowFastSign", "twostream": "TwoStream-SLR"}
OPENING = "slowfast/conv2d.fast_path.layer3"
EVIL = "<script>window.hacked = 1</script>"
VIRIDIS = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_VIRIDIS)[:, 0, ::-1].astype(int)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    binary = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if binary is None:
        pytest.skip("no chromium found: install Debian's package, or name the binary in CHROMIUM")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six sequences; the first has a real report, a gloss that looks like a tag, and an empty map."""
    root = tmp_path_factory.mktemp("made") / "outputs"
    for number in range(6):
        folder = root / f"clip {number}"
        folder.mkdir(parents=True)
        preds = made.preds(FRAMES, sequence=f"clip {number}", first=EVIL if number == 0 else "HEUTE")
        wer = preds["models"]["slowfast"]["wer"]
        wer.update(sub=number % 3, ins=0, **{"del": 0})
        if number == 4:
            preds["models"]["twostream"]["layers"]["rgb_stream.layer4"]["flags"] = ["all-zero"]
        (folder / "preds.json").write_text(json.dumps(preds))
        write_report(folder, made.picture(FRAMES), made.layers(FRAMES), preds, made.keypoints(FRAMES))
        write_manifest(folder, {}, {})
    write_index(root)
    moved = root.parent / "moved to another ö place"        # a page must not know where it was written
    root.rename(moved)
    return moved


@pytest.fixture()
def opened(browser: Any) -> Iterator[Any]:
    """Opens a file; afterwards nothing may have been logged, asked of the network, or run from a gloss."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.set_default_timeout(90_000)                        # a busy machine is slow, not wrong
    trouble: List[str] = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith("file:") else trouble.append(request.url))

    def go(path: Path) -> Any:
        page.goto("file://" + quote(str(path)))
        return page

    yield go
    assert page.evaluate("window.hacked") is None
    page.close()
    assert trouble == []


@pytest.fixture()
def report(opened: Any, outputs: Path) -> Any:
    page = opened(outputs / "clip 0" / "report.html")
    page.wait_for_selector("#single-view canvas[data-frame='0']")
    return page


def until(page: Any, script: str) -> None:
    """Asks from outside: the page's policy forbids to evaluate text inside it."""
    deadline = time.monotonic() + 20
    while not page.evaluate(script):
        assert time.monotonic() < deadline, script
        time.sleep(0.02)


def scrub(page: Any, frame: int) -> None:
    page.evaluate("""frame => { const range = document.getElementById('scrubber');
        range.value = frame; range.dispatchEvent(new Event('input')); }""", frame)
    page.wait_for_selector(f"#lanes[data-frame='{frame}']")


def set_opacity(page: Any, share: int) -> None:
    page.evaluate("""share => { const range = document.getElementById('opacity');
        range.value = share; range.dispatchEvent(new Event('input')); }""", share)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def pixels(canvas: Any) -> np.ndarray:
    """RGB of a canvas, [H, W, 3]."""
    png = base64.b64decode(canvas.evaluate("canvas => canvas.toDataURL('image/png')").split(",")[1])
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR))[..., ::-1]


def levels(picture: np.ndarray) -> np.ndarray:
    """The 0..255 that each pixel's viridis colour stands for; fails on any other colour."""
    codes, weights = VIRIDIS @ (65536, 256, 1), picture.astype(int) @ (65536, 256, 1)
    order = np.argsort(codes)
    found = order[np.searchsorted(codes[order], weights).clip(0, 255)]
    assert (codes[found] == weights).all()
    return found


def spatial() -> List[Tuple[str, str]]:
    return [(model, name) for model, names in made.SPATIAL.items() for name in names]


def test_scrubbing_moves_every_view_to_the_same_frame(report: Any) -> None:
    report.click("#all")
    set_opacity(report, 0)
    for frame in (17, 3, FRAMES - 1):
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


def assert_drawn(canvas: Any, model: str, name: str, frame: int, **changes: Any) -> None:
    """As the PNG of this frame shows it; the run asked for jet."""
    layer = made.layers(FRAMES)[model][name]
    laid = replace(layer.laid, **changes)
    wanted = LayerPictures(laid, layer.flags, Style(1.0, "jet")).draw(frame, made.picture(FRAMES)[frame])
    off = np.abs(pixels(canvas).astype(int) - wanted)
    assert off.mean() < 3 and np.percentile(off, 99) < 24


@pytest.mark.parametrize("model, name", spatial())
def test_choosing_a_layer_shows_its_picture(report: Any, model: str, name: str) -> None:
    report.check(f"#choice fieldset:has(legend:text-is('{TITLES[model]}')) label:has-text('{name}') input")
    set_opacity(report, 100)
    scrub(report, 11)
    canvas = report.wait_for_selector(f"#single-view canvas[data-layer='{model}/{name}'][data-frame='11']")
    assert_drawn(canvas, model, name, 11)


def test_a_frame_can_have_a_scale_of_its_own(report: Any) -> None:
    set_opacity(report, 100)
    report.click("#by-frame")
    assert report.inner_text("#legend-high") == "1, each frame’s strongest place"
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
        write_report(each, made.picture(FRAMES), made.layers(FRAMES), made.preds(FRAMES, sequence="clip"))
    page = opened(write_beside(folder, other))
    page.click("#two")
    page.locator("#second-view select").select_option(str(10 + 2))      # the other run's third layer
    scrub(page, 5)
    page.wait_for_selector("#second-view canvas[data-layer='beside:slowfast/conv2d.fast_path.layer3'][data-frame='5']")
    one, two = (pixels(page.query_selector(f"{view} .picture-top canvas")) for view in ("#single-view", "#second-view"))
    assert (one == two).all() and "theirs: SlowFastSign" in page.inner_text("#choice")


def test_runs_of_different_clips_are_not_set_beside_each_other(tmp_path: Path) -> None:
    for name, frames in (("a", 4), ("b", 5)):
        (tmp_path / name).mkdir()
        write_report(tmp_path / name, made.picture(frames), made.layers(frames), made.preds(frames))
    with pytest.raises(UserError, match="not the same clip"):
        write_beside(tmp_path / "a", tmp_path / "b")
    with pytest.raises(UserError, match="no report"):
        write_beside(tmp_path / "a", tmp_path / "c")


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


@pytest.mark.parametrize("chosen", ["#choice label:has-text('fast_path.layer1')", "#lane-rows button.mono >> nth=2"])
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
    span = next(span for span in made.preds(FRAMES)["models"]["slowfast"]["spans"] if span["gloss"] == "GESTERN")
    report.keyboard.press("l")
    assert report.inner_text("#loop") == "Loop GESTERN"
    report.evaluate("""() => { window.seen = new Set();
        new MutationObserver(() => window.seen.add(Number(document.getElementById('lanes').dataset.frame)))
            .observe(document.getElementById('lanes'), { attributes: true }); }""")
    report.keyboard.press("Space")
    report.wait_for_timeout(600)
    assert report.get_attribute("#play", "aria-label") == "Pause"
    report.keyboard.press("Space")
    assert set(report.evaluate("[...window.seen]")) <= set(range(span["start"], max(span["stop"], span["start"] + 1)))


def test_the_next_gloss_is_a_key_away(report: Any) -> None:
    spans = made.preds(FRAMES)["models"]["slowfast"]["spans"]
    for place in (0, 1, 2):
        report.keyboard.press("n")
        assert report.locator("#readings .chosen").inner_text() == (EVIL, *made.TRUTH[1:])[place]
    assert int(report.input_value("#scrubber")) in range(spans[2]["start"], spans[2]["stop"])


def test_what_stands_at_a_frame_says_whose_alignment_it_is_and_no_null(report: Any) -> None:
    report.check("#choice label:has-text('conv1d.fused_features') input")
    scrub(report, 0)
    told = report.inner_text("#now")
    assert "null" not in told and told.count("truth, by its own alignment: " + EVIL) == 2


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


def test_the_picture_stays_in_sight_while_the_lanes_are_scrubbed(report: Any) -> None:
    for width, height in ((1200, 800), (800, 1000), (390, 844)):
        report.set_viewport_size({"width": width, "height": height})
        report.locator("#lane-rows .layer-lane").last.evaluate("lane => lane.scrollIntoView({ block: 'end' })")
        lane = report.locator("#lane-rows .layer-lane").last.bounding_box()
        for part in ("#single-view canvas", "#transport"):
            box = report.locator(part).first.bounding_box()
            assert box["y"] >= 0 and box["y"] + box["height"] <= height, (width, part)
            assert lane["y"] >= box["y"] + box["height"] - 1 or lane["x"] >= box["x"] + box["width"], (width, part)


@pytest.mark.parametrize("width", [1600, 1200, 800, 390])
def test_nothing_lies_on_anything_and_the_scrubber_is_wide(report: Any, width: int) -> None:
    report.set_viewport_size({"width": width, "height": 800})
    assert report.locator("#scrubber").bounding_box()["width"] > 250
    transport, stage = (report.locator(part).bounding_box() for part in ("#transport", "#stage"))
    assert stage["x"] <= transport["x"] and transport["x"] + transport["width"] <= stage["x"] + stage["width"]
    for row in report.locator("#shares tbody tr:not(.model)").all():
        boxes = [cell.bounding_box() for cell in row.locator("th code, .bar .stack, .number b, .number .ratio").all()]
        for index, one in enumerate(boxes):
            for other in boxes[index + 1:]:
                assert (one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1
                        or one["y"] + one["height"] <= other["y"] + 1 or other["y"] + other["height"] <= one["y"] + 1)


def test_it_prints_with_its_colour_scale(report: Any) -> None:
    report.emulate_media(media="print")
    assert report.is_visible("#legend") and report.is_visible("#legend-high") and not report.is_visible("#transport")


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


@pytest.mark.parametrize("where", ["#readings .reading:nth-child(2)", "#lane-rows .gloss-lane >> nth=1"])
def test_clicking_a_gloss_jumps_to_it(report: Any, where: str) -> None:
    span = next(span for span in made.preds(FRAMES)["models"]["slowfast"]["spans"] if span["gloss"] == "GESTERN")
    report.locator(where).locator("button", has_text="GESTERN").click()
    report.locator(where).locator(".now", has_text="GESTERN").wait_for()
    assert span["start"] <= int(report.input_value("#scrubber")) < span["stop"]


def test_verdicts_are_marked_and_a_tag_of_a_gloss_stays_text(report: Any) -> None:
    row = report.locator("#readings .reading:nth-child(2)")
    assert row.locator(".substituted").inner_text() == "MORGEN"
    assert row.locator(".inserted").inner_text() == "SCHNEE"
    assert row.locator(".deleted").inner_text() == "loc-REGION"
    assert report.locator("#readings .reading:first-child button").first.inner_text() == EVIL
    assert report.locator(".gloss .word", has_text="window.hacked").count() == 4


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


def test_region_shares_are_those_that_were_stored(report: Any, outputs: Path) -> None:
    stored: Dict[str, Any] = json.loads((outputs / "clip 0" / "report.json").read_text())
    shares = stored["shares"]["slowfast"]["conv2d.fast_path.layer3"]
    cells = report.locator("#shares tr:has-text('conv2d.fast_path.layer3') td.number b").all_inner_texts()
    assert [float(cell.rstrip("%")) for cell in cells] == pytest.approx([100 * share for share in shares], abs=0.51)
    report.click("#lane-regions")
    assert report.locator("#lane-rows path.region.hands").count() == len(spatial())


def test_the_foot_tells_how_to_make_it_again(report: Any) -> None:
    text = report.inner_text("#made")
    for told in ("0f" * 32, "gradcam", "2.11.0", "3.00 GB", "python main.py --seq clip 0 --models slowfast twostream"):
        assert told in text


@pytest.mark.parametrize("width", [1280, 420])
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


def names(page: Any) -> List[str]:
    return page.locator("#table .name > :first-child").all_text_contents()


def test_the_index_sorts(opened: Any, outputs: Path) -> None:
    page = opened(outputs / "index.html")
    assert names(page) == [f"clip {number}" for number in range(6)]
    page.click("#table th[data-key='wer slowfast'] button")
    assert names(page) == [f"clip {number}" for number in (2, 5, 1, 4, 0, 3)]
    page.click("#table th[data-key='wer slowfast'] button")
    assert names(page) == [f"clip {number}" for number in (0, 3, 1, 4, 2, 5)]
    assert page.get_attribute("#table th[data-key='wer slowfast']", "aria-sort") == "ascending"


def test_the_index_filters_and_adds_up_what_it_shows(opened: Any, outputs: Path) -> None:
    page = opened(outputs / "index.html")
    assert "8.3%" in page.inner_text("#totals")                        # 6 errors of 72
    page.fill("#search", "window.HACKED")
    assert names(page) == ["clip 0"] and "1 of 6" in page.inner_text("#totals")
    page.fill("#search", "")
    page.click("#which button:text-is('Flagged')")
    assert names(page) == ["clip 4"]
    page.fill("#search", "nowhere")
    assert names(page) == [] and page.is_visible("#none")
    assert "no sequence shown" in page.inner_text("#totals") and "no truth" not in page.inner_text("#totals")


@pytest.mark.parametrize("width", [1600, 1200])
def test_headings_stand_above_their_columns(opened: Any, outputs: Path, width: int) -> None:
    page = opened(outputs / "index.html")
    page.set_viewport_size({"width": width, "height": 800})
    for head, cell in ((".heads .for-readings", "td.readings"), (".heads [data-key='wer slowfast']", "td .measure b"),
                       (".heads [data-key='hands slowfast']", "td .measure > .hands"), (".heads select", "td .stack")):
        above, below = (page.locator(f"#table {part}").first.bounding_box() for part in (head, cell))
        assert above["x"] + above["width"] == pytest.approx(below["x"] + below["width"], abs=2), head
    assert page.inner_text(".heads [data-key='hands slowfast']") == "hands"


def test_shares_are_of_the_layer_chosen_and_flags_name_theirs(opened: Any, outputs: Path) -> None:
    page = opened(outputs / "index.html")
    assert page.locator("#table .flag").all_inner_texts() == ["rgb_stream.layer4: all-zero"]
    stored = json.loads((outputs / "clip 0" / "report.json").read_text())["shares"]["slowfast"]
    for name in ("conv2d.fast_path.layer1", "conv2d.slow_path.layer1"):
        page.locator(".heads select").first.select_option(name)
        told = page.locator("#table td .measure > .hands").first.text_content()
        assert float(told.rstrip("%")) == pytest.approx(100 * stored[name][0], abs=0.51)
        assert f"of {name} on the hands" in page.inner_text("#totals")


def test_the_index_shows_one_split_alone(opened: Any, tmp_path: Path) -> None:
    for number, split in enumerate(("dev", "test", "dev")):
        folder = tmp_path / str(number)
        folder.mkdir()
        preds = {**made.preds(30, sequence=f"clip {number}"), "split": split}
        (folder / "preds.json").write_text(json.dumps(preds))
        write_manifest(folder, {}, {})
    write_index(tmp_path)
    page = opened(tmp_path / "index.html")
    page.select_option("#split", "test")
    assert names(page) == ["clip 1"]


def test_a_report_leads_to_the_clips_before_and_after_it(opened: Any, outputs: Path) -> None:
    page = opened(outputs / "clip 1" / "report.html")
    for link, wanted in (("next clip", "clip 2"), ("previous clip", "clip 1"), ("previous clip", "clip 0")):
        page.click(f"#links a:has-text('{link}')")
        page.wait_for_url(f"**/{quote(wanted)}/report.html*")
        page.wait_for_selector("#single-view canvas[data-frame='0']")
    page.click("#links a:text-is('index')")
    page.wait_for_selector("#table")


def test_the_index_leads_to_the_reports_and_shows_their_pictures(opened: Any, outputs: Path) -> None:
    page = opened(outputs / "index.html")
    until(page, "document.querySelector('#table img').naturalHeight > 0")
    assert EVIL in page.locator("#table .readings").first.inner_text()
    page.click("#table .name a >> nth=0")
    page.wait_for_selector("#single-view canvas[data-frame='0']")


def test_six_hundred_rows_sort_and_filter_without_lag(opened: Any, tmp_path: Path) -> None:
    for number in range(600):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "preds.json").write_text(json.dumps(made.preds(30 + number, sequence=f"clip-{number}")))
        write_manifest(folder, {}, {})
    write_index(tmp_path)
    page = opened(tmp_path / "index.html")
    assert page.locator("#table tbody tr").count() == 600
    milliseconds = min(page.evaluate("""() => { const began = performance.now();
        const search = document.getElementById('search');
        search.value = ''; search.dispatchEvent(new Event('input'));
        document.body.offsetHeight;
        document.querySelector("#table th[data-key='frames'] button").click();
        document.body.offsetHeight;
        search.value = 'clip-59'; search.dispatchEvent(new Event('input'));
        document.body.offsetHeight;
        return performance.now() - began; }""") for _ in range(5))
    assert names(page)[0] == "clip-599" and len(names(page)) == 11
    assert milliseconds < 500


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

"""The report and the index in a real browser, opened from disk."""
import base64
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple
from urllib.parse import quote

import cv2
import numpy as np
import pytest

from reports.report import write_index, write_report
from results.manifest import write_manifest
from tests.kit import report as made

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
FRAMES = 24
TITLES = {"slowfast": "SlowFastSign", "twostream": "TwoStream-SLR"}
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


@pytest.mark.parametrize("model, name", spatial())
def test_choosing_a_layer_shows_its_pixels(report: Any, model: str, name: str) -> None:
    report.check(f"#choice fieldset:has(legend:text-is('{TITLES[model]}')) label:has-text('{name}') input")
    set_opacity(report, 100)
    scrub(report, 11)
    canvas = report.wait_for_selector(f"#single-view canvas[data-layer='{model}/{name}'][data-frame='11']")
    wanted = made.layers(FRAMES)[model][name].laid.at(11).astype(float) * 255
    wrong = np.abs(levels(pixels(canvas)) - wanted)
    assert wrong.mean() < 2 and np.percentile(wrong, 99) < 8


def test_all_layers_show_their_own_pixels_at_once(report: Any) -> None:
    report.click("#all")
    set_opacity(report, 100)
    scrub(report, 20)
    for model, name in spatial():
        canvas = report.wait_for_selector(f"#grid canvas[data-layer='{model}/{name}'][data-frame='20']")
        wanted = made.layers(FRAMES)[model][name].laid.at(20).astype(float) * 255
        assert np.abs(levels(pixels(canvas)) - wanted).mean() < 2


def test_a_layer_without_a_place_has_a_strip_and_no_heat_map(report: Any) -> None:
    frame = pixels(report.query_selector("#single-view .picture-top canvas"))
    report.check("#choice label:has-text('conv1d.fused_features') input")
    set_opacity(report, 100)
    shown = pixels(report.query_selector("#single-view .picture-top canvas"))
    assert np.abs(shown.astype(int) - made.picture(1)[0]).mean() < 3 < np.abs(frame.astype(int) - shown).mean()
    strip = levels(pixels(report.query_selector("#single-view .view-strip")))[0]
    wanted = made.layers(FRAMES)["slowfast"]["conv1d.fused_features"].laid.whole().astype(float) * 255
    assert np.abs(strip - wanted).max() <= 1
    assert report.inner_text("#single-view .view-note") == "Knows when, not where"


def test_the_frame_alone_is_seen_while_held(report: Any) -> None:
    canvas = report.query_selector("#single-view .picture-top canvas")
    report.wait_for_selector("#single-view canvas[data-layer='slowfast/conv2d.slow_path.layer1']")
    before = pixels(canvas)
    report.keyboard.down("r")
    report.wait_for_selector("#single-view canvas[data-layer='']")
    assert np.abs(pixels(canvas).astype(int) - made.picture(1)[0]).mean() < 3
    report.keyboard.up("r")
    report.wait_for_selector("#single-view canvas[data-layer='slowfast/conv2d.slow_path.layer1']")
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

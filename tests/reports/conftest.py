"""A real browser, pages opened from disk, and six sequences to look at."""
import os
import shutil
from pathlib import Path
from typing import Any, Iterator, List, Tuple
from urllib.parse import quote

import pytest

from reports.report import write_index
from tests.kit import records
from tests.kit import report as made
from tests.kit.pages import EVIL, FRAMES, PATIENCE

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
LOCAL = ("file:", "about:blank")


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    binary = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if binary is None:
        pytest.skip("no chromium found: install Debian's package, or name the binary in CHROMIUM")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six sequences; the first has a real report, a gloss that looks like a tag, and an empty map."""
    root = tmp_path_factory.mktemp("made") / "outputs"
    for number in range(6):
        folder = root / f"clip {number}"
        folder.mkdir(parents=True)
        record = made.record(FRAMES, sequence=f"clip {number}", first=EVIL if number == 0 else "HEUTE")
        record = made.changed(record, "slowfast", wer=records.errors(number % 3, 0, 0, 12))
        if number == 4:
            layers = {**record.models["twostream"].layers, "rgb_stream.layer4": records.layer(["all-zero"])}
            record = made.changed(record, "twostream", layers=layers)
        made.write(folder, record)
    write_index(root)
    moved = root.parent / "moved to another ö place"        # a page must not know where it was written
    root.rename(moved)
    return moved


@pytest.fixture(scope="package")
def tab(browser: Any) -> Tuple[Any, List[str]]:
    """One for all tests, as a new one takes as long as a page; and what should not have happened in it."""
    page = browser.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.set_default_navigation_timeout(1000 * PATIENCE)
    trouble: List[str] = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(LOCAL) else trouble.append(request.url))
    return page, trouble


@pytest.fixture()
def opened(tab: Tuple[Any, List[str]]) -> Iterator[Any]:
    """Opens a file; afterwards nothing may have been logged, asked of the network, or run from a gloss."""
    page, trouble = tab
    trouble.clear()
    page.set_viewport_size({"width": 1280, "height": 1300})
    page.emulate_media(media="screen", color_scheme="light")
    page.mouse.move(0, 0)

    def go(path: Path, moment: str = "") -> Any:
        page.goto("file://" + quote(str(path)) + moment)
        return page

    yield go
    assert page.evaluate("window.hacked") is None
    page.goto("about:blank")
    assert trouble == []


@pytest.fixture()
def report(opened: Any, outputs: Path) -> Any:
    page = opened(outputs / "clip 0" / "report.html", "#frame=0")
    page.wait_for_selector("#single-view canvas[data-frame='0']")
    return page

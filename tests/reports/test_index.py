"""The index of a batch, in a real browser."""
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, List
from urllib.parse import quote

import pytest

from reports.report import write_index
from tests.kit import report as made
from tests.kit.pages import EVIL, until
from tests.kit.tiers import first, full


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


@pytest.mark.parametrize("width", first([1200, 1600]))
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
        text = page.locator("#table td .measure > .hands").first.text_content()
        assert float(text.rstrip("%")) == pytest.approx(100 * stored[name][0], abs=0.51)
        assert f"of {name} on the hands" in page.inner_text("#totals")


def test_the_index_shows_one_split_alone(opened: Any, tmp_path: Path) -> None:
    for number, split in enumerate(("dev", "test", "dev")):
        folder = tmp_path / str(number)
        folder.mkdir()
        made.save(folder, replace(made.record(30, sequence=f"clip {number}"), split=split))
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


SORTED_AND_FILTERED = """() => { const began = performance.now();
    const search = document.getElementById('search');
    search.value = ''; search.dispatchEvent(new Event('input'));
    document.body.offsetHeight;
    document.querySelector("#table th[data-key='frames'] button").click();
    document.body.offsetHeight;
    search.value = 'clip-59'; search.dispatchEvent(new Event('input'));
    document.body.offsetHeight;
    return performance.now() - began; }"""


@full
def test_ten_times_the_rows_take_far_less_than_a_hundred_times_as_long(opened: Any, tmp_path: Path) -> None:
    """Beside each other, as a busy machine is slow at both."""
    took = {}
    for count in (60, 600):
        for number in range(count):
            folder = tmp_path / str(count) / str(number)
            folder.mkdir(parents=True)
            made.save(folder, made.record(30 + number, sequence=f"clip-{number}"))
        write_index(tmp_path / str(count))
        page = opened(tmp_path / str(count) / "index.html")
        assert page.locator("#table tbody tr").count() == count
        took[count] = min(page.evaluate(SORTED_AND_FILTERED) for _ in range(5))
    assert names(page)[0] == "clip-599" and len(names(page)) == 11
    assert took[600] < 50 * took[60] + 100          # milliseconds


def test_the_authors_own_count_stands_beside_the_common_one(opened: Any, outputs: Path) -> None:
    page = opened(outputs / "index.html")
    slowfast, twostream = page.locator("#totals .total").all_inner_texts()[1:3]
    assert "30.8% as its authors count" in slowfast and "\nas its authors count" in twostream
    assert page.locator("#table td .measure b").first.get_attribute("title") == (
        "0 substituted, 0 inserted, 0 deleted of 12, counted by TwoStream 2014; 30.8% as its authors count")

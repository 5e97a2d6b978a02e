"""What the index says of its run before anything is read: which maps these are, what the bars mean, what is to come."""
from pathlib import Path
from typing import Any

from reports.index import write_index
from tests.kit import report as made


def test_the_head_says_run_models_method_and_target(opened: Any, tmp_path: Path) -> None:
    out = tmp_path / "my run"
    for number in range(2):
        (out / str(number)).mkdir(parents=True)
        record = made.record(30, sequence=f"clip {number}")
        record.settings["target"] = "each"
        made.save(out / str(number), made.changed(record, "twostream", method="hirescam"))
    write_index(out, ["0", "1", "clip 2", "clip 3"])
    page = opened(out / "index.html")
    assert page.inner_text("#heading") == "my run: SlowFastSign and TwoStream-SLR"
    assert page.inner_text("#facts") == ("method SlowFastSign gradcam, TwoStream-SLR hirescam · target each · train · "
                                         "2 sequences · 2 still to come")
    assert page.title().startswith("my run: SlowFastSign and TwoStream-SLR, method ")
    page.click("#coming summary")
    assert page.inner_text("#coming p").split("  ") == ["clip 2", "clip 3"]


def test_where_all_is_finished_nothing_is_to_come(opened: Any, outputs: Path) -> None:
    page = opened(outputs / "index.html")
    assert page.is_hidden("#coming") and "to come" not in page.inner_text("#facts")


def test_bars_have_a_legend_a_line_at_chance_and_a_head_that_stays(opened: Any, outputs: Path) -> None:
    page = opened(outputs / "index.html")
    legend = page.inner_text("#bar-key")
    assert all(words in legend for words in ("hands", "face", "body", "elsewhere", "chance: the hands' share"))
    share, bar, line = page.evaluate("""() => { const bar = document.querySelector("#table td .against"),
        box = bar.getBoundingClientRect(), line = bar.querySelector(".even").getBoundingClientRect();
        return [rows[0].cover[0], box.width, line.left + line.width / 2 - box.left]; }""")
    assert abs(line - share * bar) < 1
    page.set_viewport_size({"width": 1280, "height": 300})
    page.evaluate("window.scrollTo(0, 600)")
    assert page.locator("#table thead").bounding_box()["y"] >= 0


def test_printed_the_bars_keep_their_colours(opened: Any, outputs: Path) -> None:
    page = opened(outputs / "index.html")
    page.emulate_media(media="print")
    kept = page.evaluate("""() => [...document.querySelectorAll("#table td .stack i, #table td .even")].map((each) =>
        [getComputedStyle(each).printColorAdjust || getComputedStyle(each).webkitPrintColorAdjust,
         getComputedStyle(each).backgroundColor])""")
    assert kept and all(adjust == "exact" and colour != "rgba(0, 0, 0, 0)" for adjust, colour in kept)

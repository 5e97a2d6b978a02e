"""Page and index show a guess in grey, and say that it is one."""
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from records.sequence import Certainty, CheckpointRecord, VideoRecord
from reports.report import write_index
from tests.kit import records
from tests.kit import report as made
from tests.kit.pages import FRAMES, scrub

SOFT = "rgb(93, 99, 107)"


@pytest.fixture()
def guessed(tmp_path: Path) -> Path:
    record = made.record(FRAMES, sequence="a clip")
    model = record.models["slowfast"]
    record = made.changed(record, "slowfast", wer=records.errors(1, 0, 0, 12),
                          certainty=Certainty(0.6, 0.5, "a guess: mean confidence 0.60", True),
                          checkpoint=CheckpointRecord(model.checkpoint.file, model.checkpoint.sha256, True))
    notes = ("two people are in the picture",)
    record = replace(record, video=VideoRecord("a.mp4", 0, 1, "0,0,210,260", "none", notes,
                                               ("a.mp4 is outside the training data", *notes, "framing: 0,0,210,260"),
                                               {"left hand": ((2, 5), (8, 9)), "right hand": ()}))
    folder = tmp_path / "outputs" / "a clip"
    folder.mkdir(parents=True)
    made.write(folder, record)
    write_index(folder.parent)
    return folder


def colour(page: Any, selector: str) -> str:
    return str(page.eval_on_selector(selector, "element => getComputedStyle(element).color"))


def test_the_page_calls_a_guess_a_guess(opened: Any, guessed: Path) -> None:
    page = opened(guessed / "report.html")
    readings = page.locator("#readings .reading")
    texts = [readings.nth(index).inner_text() for index in range(readings.count())]
    mine, = (text for text in texts if "SlowFastSign" in text)
    assert "guess, trained on drawings" in mine
    assert not any("guess" in text for text in texts if "SlowFastSign" not in text)
    words = page.locator("#readings .word.guessed")
    assert words.count() > 0
    assert {words.nth(index).evaluate("element => getComputedStyle(element).color")
            for index in range(words.count())} == {SOFT}
    assert page.locator(".video > ul").inner_text() == "two people are in the picture"
    assert page.locator(".video li").count() == 2


def test_frames_without_a_hand_are_marked(opened: Any, guessed: Path) -> None:
    page = opened(guessed / "report.html")
    lane = page.locator(".unseen-lane")
    assert lane.count() == 1 and "no left hand" in lane.inner_text() and "17%" in lane.inner_text()
    box = page.locator(".unseen-lane svg").bounding_box()
    marks = page.locator(".unseen-lane .unseen")
    starts = [marks.nth(index).bounding_box()["x"] - box["x"] for index in range(2)]
    assert starts == pytest.approx([box["width"] * frame / FRAMES for frame in (2, 8)], abs=1)
    for frame, said in ((3, True), (5, False), (8, True)):
        scrub(page, frame)
        assert (page.locator(".unseen-now").count() == 1) == said


def test_the_index_calls_a_guess_a_guess(opened: Any, guessed: Path) -> None:
    page = opened(guessed.parent / "index.html")
    assert page.locator(".guess").inner_text() == "guess"
    assert colour(page, ".sentence.soft") == SOFT

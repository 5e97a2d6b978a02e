"""Parts of a gloss on the page: bars, masks, the stretches without which it is lost."""
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from records.hiding import STILL, Hiding
from records.parts import PARTS, ClipParts, GlossParts, Part
from reports.report import write_report
from tests.kit import records
from tests.kit import report as made
from tests.kit.pages import FRAMES, scrub

MOMENT = 10
VALUES = (6.0, -2.0, None, 1.0, 4.0, 1.0)       # of the parts of the first gloss: 10 in all; no mouth in the picture


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts")
    record = made.record(FRAMES)
    first, second = record.models["slowfast"].spans[:2]
    parts = tuple(Part(name, value, value, value) for name, value in zip(PARTS[6], VALUES))
    when = tuple(-0.5 - (5.0 if start == 8 else 0.0) for start in range(0, FRAMES, 8))
    glosses = tuple(
        GlossParts(records.gloss(number, span.gloss, span.frames, span=span.id, words="its log-probability"), -0.5,
                   -10.5, own_parts, when, f"{span.gloss} was read from {what}")
        for number, span, own_parts, what in ((1, first, parts, "hands"), (2, second, parts[:1], "one hand")))
    clip_parts = ClipParts(Hiding(STILL), "asks what is read", PARTS[6], 70, 8, glosses, ("a note",))
    record = made.changed(record, "slowfast", parts=clip_parts)
    write_report(folder, made.picture(FRAMES), made.explanations(FRAMES), record, made.keypoints(FRAMES))
    return folder / "report.html"


def rows(page: Any) -> Any:
    return page.eval_on_selector_all("#parts button.part",
                                     "all => all.map((one) => one.innerText.split('\\n').filter(Boolean))")


def test_each_part_has_a_bar_with_its_share_and_one_that_is_not_there_says_so(opened: Any, parted: Path) -> None:
    page = opened(parted)
    page.wait_for_selector("#single-view canvas[data-frame]")
    assert rows(page) == [["right hand", "60%", "6.00", "6.00"], ["left hand", "-20%", "-2.00", "-2.00"],
                          ["mouth", "not in the picture"], ["upper face", "10%", "1.00", "1.00"],
                          ["arms and trunk", "40%", "4.00", "4.00"], ["everything else", "10%", "1.00", "1.00"]]
    shown = page.inner_text("#parts")
    for words in ("was read from hands", "Together 10.00: the score -0.50 minus -10.50", "asks what is read", "a note"):
        assert words in shown
    assert page.is_disabled("[data-part='mouth']")


def test_the_bars_are_of_the_gloss_that_is_chosen(opened: Any, parted: Path) -> None:
    page = opened(parted)
    page.click("#readings .reading:has-text('SlowFastSign') .word >> nth=1")
    page.wait_for_selector("#parts:has-text('was read from one hand')")
    assert len(rows(page)) == 1


def test_a_bar_pressed_shows_where_the_part_lies_and_pressed_again_no_longer(opened: Any, parted: Path) -> None:
    """The corner of the picture counts frames in grey: it is nobody's hand."""
    page = opened(parted)
    page.wait_for_selector("#single-view canvas[data-frame]")
    scrub(page, MOMENT)

    def brightness(x: float, y: float) -> float:
        taken = np.frombuffer(page.query_selector("#single-view canvas").screenshot(), np.uint8)
        picture = cv2.imdecode(taken, cv2.IMREAD_COLOR)
        assert picture is not None
        return float(picture[int(y * len(picture)), int(x * picture.shape[1])].sum())

    hand = made.hands(FRAMES)[MOMENT, 0]
    before = brightness(0.9, 0.1), brightness(*hand)
    page.click("[data-part='right hand']")
    page.wait_for_selector("[data-part='right hand'][aria-pressed='true']")
    page.wait_for_timeout(300)
    assert brightness(0.9, 0.1) < 0.6 * before[0] and brightness(*hand) > 0.9 * before[1]
    page.click("[data-part='right hand']")
    page.wait_for_timeout(300)
    assert brightness(0.9, 0.1) > 0.9 * before[0]


def test_a_lane_says_what_is_lost_without_each_stretch(opened: Any, parted: Path) -> None:
    page = opened(parted)
    page.wait_for_selector("#single-view canvas[data-frame]")
    for frame, lost in ((9, "5.00"), (20, "0.00")):
        scrub(page, frame)
        page.wait_for_selector(f".when-lane .lane-value:text-is('{lost}')")
    assert page.eval_on_selector_all(".when-lane", "all => all.length") == 1


def test_a_page_without_parts_has_no_room_for_them(report: Any) -> None:
    assert not report.is_visible("#parts") and not report.query_selector(".when-lane")


def test_a_record_whose_parts_are_not_known_says_why(opened: Any, tmp_path: Path) -> None:
    record = made.record(FRAMES)
    gloss = GlossParts(records.gloss(), -0.5, -10.5, (), (-0.5,) * (-(-FRAMES // 8)))
    clip_parts = ClipParts(Hiding(STILL), "asks what", PARTS[6], 9, 8, (gloss,), ("the clip has no keypoints",))
    record = replace(made.changed(record, "slowfast", parts=clip_parts))
    write_report(tmp_path, made.picture(FRAMES), made.explanations(FRAMES), record)
    page = opened(tmp_path / "report.html")
    page.wait_for_selector("#parts:has-text('the clip has no keypoints')")
    assert rows(page) == []

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from drawing import fonts
from drawing.text import bold, chip_boxes, fitted
from terminal.errors import UserError


def drawn(text: str) -> np.ndarray:
    image = Image.new("L", (120, 30))
    ImageDraw.Draw(image).text((2, 15), text, font=bold(16), fill=255, anchor="lm")
    return np.asarray(image)


def test_chinese_characters_are_drawn_and_not_boxed() -> None:
    rain, snow, none = (drawn(text) for text in ("雨", "雪", "\U000f0000"))
    assert (rain > 0).sum() > 40 and not np.array_equal(rain, snow) and not np.array_equal(rain, none)


def test_what_dejavu_has_is_drawn_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "chinese", lambda: pytest.fail("asked"))
    assert drawn("\u2260 SÜD\u2026").any()


def test_chips_are_as_wide_as_their_characters() -> None:
    (_, _, one), (_, _, two) = chip_boxes(["雨", "雷雨"], 500)[0]
    assert two - one == pytest.approx(bold(14).getlength("雷"), abs=1)
    assert fitted("雷雨雷雨雷雨雷雨", bold(14), 60) != "雷雨雷雨雷雨雷雨"


def test_without_any_font_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", (str(tmp_path),))
    monkeypatch.setattr(fonts, "PACKAGE", "no_such_fonts")
    fonts.chinese.cache_clear()
    with pytest.raises(UserError, match="install that with pip"):
        fonts.chinese()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "wqy-zenhei.ttc").touch()
    assert fonts.chinese() == tmp_path / "deep" / "wqy-zenhei.ttc"
    fonts.chinese.cache_clear()


def test_emoji_are_no_chinese() -> None:
    assert not fonts.is_chinese("\U0001f600 REGEN \ud800 \ue000")
    assert all(map(fonts.is_chinese, "\u96e8\u3042\ud55c\uff01\U00020000"))


def test_a_font_of_the_same_characters_is_the_same_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for now in (1_700_000_000, 1_800_000_000):
        monkeypatch.setattr("time.time", lambda now=now: now)
        made.append(fonts.chinese_subset("\u96e8\u96ea"))
    assert made[0] == made[1]

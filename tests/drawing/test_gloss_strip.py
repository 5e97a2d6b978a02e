from dataclasses import replace
from typing import Any, List, Tuple

import numpy as np
import pytest

from drawing.gloss_strip import FRAMES, chosen_frames, gloss_strip
from drawing.grounds import DARK, GROUNDS, LIGHT
from drawing.overlay import palette
from drawing.part_bars import amount, bars_height
from records.explanation import LayerMap
from records.parts import PARTS, GlossParts, Part
from records.shift_check import ShiftCheck
from records.style import Style
from tests.kit import records
from tests.kit.maps import laid


@pytest.mark.parametrize("span, wanted", [((10, 30), [10, 15, 20, 24, 29]), ((10, 12), [9, 10, 11, 12, 13]),
                                          ((0, 1), [0, 1, 2, 3, 4]), ((48, 50), [45, 46, 47, 48, 49])])
def test_five_frames_are_shown_across_the_gloss(span: Tuple[int, int], wanted: List[int]) -> None:
    assert chosen_frames(*span, 50) == wanted


def test_a_clip_of_fewer_frames_shows_what_there_is() -> None:
    assert chosen_frames(0, 2, 3) == [0, 1, 2]


def test_the_strip_has_a_row_for_each_layer_and_the_frames_of_the_gloss() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (20, 64, 80, 3)).astype(np.uint8)
    zero = laid(np.zeros((20, 64, 80)))
    about = records.gloss(1, "REGEN", (4, 12), verdict="right", true_gloss="REGEN")
    one, two = (gloss_strip(frames, about, "SlowFastSign", layers, Style()) for layers in (
        {"where": LayerMap(zero)}, {"where": LayerMap(zero), "again": LayerMap(zero)}))
    assert two.shape[0] > one.shape[0] + 64 and one.shape[1] == 28 + FRAMES * 80 + (FRAMES - 1) * 8
    for number, frame in enumerate(chosen_frames(4, 12, 20)):
        left = 14 + number * 88
        rows = [row for row in range(one.shape[0] - 64)
                if np.array_equal(one[row:row + 64, left:left + 80], frames[frame])]
        assert len(rows) == 1           # where the map is zero the frame is itself


def peaked(frame: int, shape: Tuple[int, ...]) -> Any:
    """A map that is strongest at a frame, and stronger still outside the gloss."""
    values = np.full((20, *shape), 0.1)
    values[frame], values[18] = 0.6, 1.0
    return LayerMap(laid(values, (64, 80)))


def strip_of(layer: LayerMap, ground: Any = DARK, words: str = "REGEN, which was read") -> np.ndarray:
    frames = np.full((20, 64, 80, 3), 120, np.uint8)
    about = records.gloss(1, "REGEN", (4, 12), verdict="right", true_gloss="REGEN", words=words)
    return gloss_strip(frames, about, "SlowFastSign", {"layer": layer}, Style(), ground)


@pytest.mark.parametrize("frame", [4, 5, 7, 11])
def test_the_peak_of_the_gloss_is_among_the_frames_and_framed(frame: int) -> None:
    layer = peaked(frame, (64, 80))
    assert layer.laid.peak(4, 12) == frame
    chosen = chosen_frames(4, 12, 20, frame)
    assert frame in chosen and chosen == sorted(set(chosen)) and len(chosen) == FRAMES
    picture = strip_of(layer)
    framed = (picture == DARK.peak).all(axis=2)
    column = chosen.index(frame)
    left = 14 + column * 88
    assert framed[:, left - 3:left].all(axis=1).sum() >= 64 and framed[:, left + 80:left + 83].all(axis=1).sum() >= 64
    others = [14 + number * 88 - 3 for number in range(FRAMES) if number != column]
    assert not any(framed[:, other:other + 3].all(axis=1).sum() >= 64 for other in others)


def test_a_layer_that_knows_only_when_is_a_curve_without_frames() -> None:
    picture = strip_of(peaked(7, ()))
    assert not (picture == 120).all(axis=2).any() and picture.shape[0] < strip_of(peaked(7, (64, 80))).shape[0]
    spots = np.argwhere((picture == DARK.peak).all(axis=2))
    assert abs(spots[:, 1].mean() - (14 + 7.5 / 20 * (picture.shape[1] - 28))) < 1.5        # the dot, over frame 7


@pytest.mark.parametrize("name", GROUNDS)
def test_the_picture_has_the_colour_scale_on_either_ground(name: str) -> None:
    ground = GROUNDS[name]
    picture = strip_of(peaked(7, (64, 80)), ground)
    assert (picture[0] == ground.paper).all() and (picture[-1] == ground.paper).all()
    ramp = palette("turbo")[np.arange(120) * 256 // 120, 0]
    assert any(np.array_equal(row[28:148], ramp) for row in picture)


def test_on_white_all_lettering_is_dark_enough_to_read() -> None:
    def light(colour: Any) -> float:
        parts = np.array(colour) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    for colour in (LIGHT.ink, LIGHT.dim, LIGHT.peak, *LIGHT.verdicts.values()):
        assert 1.05 / (light(colour) + 0.05) >= 4.5


def test_all_that_a_gloss_explains_is_said_in_lines_as_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import ImageDraw

    said: List[str] = []
    write = ImageDraw.ImageDraw.text

    def spy(self: Any, position: Any, text: str, *rest: Any, **more: Any) -> None:
        said.append(text)
        write(self, position, text, *rest, **more)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", spy)
    words = "REGEN, which was read, minus the best other class at the steps of the gloss itself, " * 2
    strip_of(peaked(7, ()), words=words.strip())
    assert " ".join(words.split()) in " ".join(said)


def test_a_map_s_verdict_of_this_clip_stands_beside_its_name() -> None:
    layer = peaked(7, (64, 80))
    check = ShiftCheck(1.0, 0.5, 20, 20, "still", "gone")
    plain, judged = strip_of(layer), strip_of(replace(layer, check=check))
    rows, columns = np.nonzero((plain != judged).any(2))
    assert rows.size and rows.max() - rows.min() < 20 and columns.min() > plain.shape[1] // 2


def test_how_a_joint_map_is_made_stands_beside_its_name() -> None:
    layer = peaked(7, (64, 80))
    rows, columns = np.nonzero((strip_of(layer) != strip_of(replace(layer, made="product of all"))).any(2))
    assert rows.size and rows.max() - rows.min() < 20 and columns.max() < 200


def longest(row: np.ndarray) -> int:
    """Of what is set without a gap."""
    return max((len(run) for run in "".join("x" if pixel else " " for pixel in row).split()), default=0)


def test_the_parts_of_a_gloss_are_bars_below_its_name() -> None:
    frames = np.full((20, 64, 80, 3), 120, np.uint8)
    about, layers = records.gloss(1, "REGEN", (4, 12)), {"where": LayerMap(laid(np.zeros((20, 64, 80))))}
    values = (8.0, 4.0, None, -4.0)
    gloss = GlossParts(about, 0.0, -8.0, tuple(Part(name, value, value, value)
                                               for name, value in zip(PARTS[6], values)), ())
    without, bars = (gloss_strip(frames, about, "SlowFastSign", layers, Style(), DARK, parts)
                     for parts in (None, gloss))
    assert bars.shape[0] - without.shape[0] == bars_height(gloss) + 8
    lengths = []
    for colour in (DARK.ink, DARK.verdicts["substituted"]):
        runs = [longest(row) for row in (bars == np.array(colour)).all(-1)]
        lengths.append(sorted({run for run in runs if run > 40}))
    (four, eight), (against,) = lengths
    assert eight == pytest.approx(2 * four, abs=3) and against == pytest.approx(four, abs=2)


@pytest.mark.parametrize("side, gained, words", [(None, 8.0, "50%"), ("read", 8.0, "+4.00"), (None, -1.0, "+4.00")])
def test_a_bar_has_a_share_and_of_a_contrast_log_odds(side: Any, gained: float, words: str) -> None:
    about = records.gloss(1, "REGEN", (4, 12), side=side)
    assert amount(GlossParts(about, gained, 0.0, (), ()), 4.0) == words

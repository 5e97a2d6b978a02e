"""A known damage, and how a square is seen through it."""
import cv2
import numpy as np
import pytest

from records.damage import Damage, read_damage
from restoration.damage import damaged, line, matrix
from terminal.errors import UserError
from tests.kit.tiers import first

BLUR, DOWN = Damage("blur", 1.5), Damage("down", 2)


def frames(height: int = 40, width: int = 36) -> np.ndarray:
    return np.random.RandomState(0).randint(0, 256, (2, height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("sigma", first([1.5, 0.3, 4.0]))
def test_a_blur_is_opencvs(sigma: float) -> None:
    given, reach = frames(), int(np.ceil(3 * sigma))
    expected = [cv2.GaussianBlur(frame.astype(np.float32), (2 * reach + 1,) * 2, sigma,
                                 borderType=cv2.BORDER_REFLECT_101) for frame in given]
    assert np.abs(damaged(given, Damage("blur", sigma)) - np.stack(expected)).max() < 1e-3


@pytest.mark.parametrize("factor", [2, 4])
def test_scaling_down_leaves_the_means_of_blocks(factor: int) -> None:
    given = frames()
    small = [cv2.resize(frame.astype(np.float32), (36 // factor, 40 // factor), interpolation=cv2.INTER_AREA)
             for frame in given]
    expected = np.stack(small).repeat(factor, 1).repeat(factor, 2)
    assert np.abs(damaged(given, Damage("down", factor)) - expected).max() < 1e-3


@pytest.mark.parametrize("damage", [BLUR, DOWN])
def test_what_is_even_stays(damage: Damage) -> None:
    assert np.allclose(matrix(damage, 30).sum(1), 1)


@pytest.mark.parametrize("damage", [BLUR, DOWN])
@pytest.mark.parametrize("start", [0, 4, 8])
def test_a_line_says_how_its_pixels_are_seen(damage: Damage, start: int) -> None:
    """Where a damaged pixel is made of the square's alone, U' A x = s V' x."""
    given, side = np.random.RandomState(1).rand(24), 16
    one = line(damage, 24, start, side)
    seen = matrix(damage, 24) @ given
    found = one.seen @ seen[start:start + side]
    assert np.allclose(found, one.strength * (one.into @ given[start:start + side]))
    assert np.allclose(one.into @ one.into.T, np.eye(side))


def test_pixels_that_others_are_mixed_into_are_no_data() -> None:
    reach = 5                                   # of the blur
    inner, edge = line(BLUR, 40, 8, 16), line(BLUR, 40, 0, 16)
    assert inner.rows.tolist() == [reach <= row < 16 - reach for row in range(16)]
    assert edge.rows.tolist() == [row < 16 - reach for row in range(16)]        # beyond the frame there is nobody


@pytest.mark.parametrize("text", ["blur:2", "down:4", "blur:0.3"])
def test_a_damage_is_read_as_it_is_written(text: str) -> None:
    assert str(read_damage(text)) == text


@pytest.mark.parametrize("text", ["blur", "blur:0.1", "blur:9", "down:3", "down:2.5", "motion:3", "blur:x", "", ":2",
                                  "blur:nan", "blur:inf", "down:8"])
def test_an_unknown_damage_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UserError, match="--damage .*: expected blur:SIGMA") as caught:
        read_damage(text)
    assert "\n" not in str(caught.value)

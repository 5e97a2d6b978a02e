"""Rivals on pictures where what they are is plain."""
import numpy as np
import pytest

from evidence.rivals import centre, motion, other_phases, others_mean, same_spectrum, still


def test_motion_is_zero_where_nothing_moves() -> None:
    frames = np.zeros((3, 40, 40, 3), np.uint8)
    frames[2, 5, 5] = 90
    assert motion(frames)[2, 5, 5] == 90 and motion(frames).sum() == 90
    assert motion(frames[::-1])[1, 5, 5] == 90              # what darkens moves too


def test_the_centre_is_highest_in_the_middle_of_every_frame() -> None:
    spot = centre(2, 41, 21)
    assert spot.shape == (2, 41, 21) and np.unravel_index(spot[1].argmax(), (41, 21)) == (20, 10)
    assert np.allclose(spot[0], spot[0, ::-1, ::-1])
    wide = centre(1, 10, 100)[0]            # a fifth of the width off it has fallen to exp(-1/2)
    assert wide[5, 70] / wide[5, 50] == pytest.approx(np.exp(-0.5), rel=0.03)


def smooth() -> np.ndarray:
    grid = np.indices((12, 32, 32)) - np.array([6, 10, 20])[:, None, None, None]
    return np.exp(-(grid ** 2).sum(0) / 40).astype(np.float32)


def test_other_phases_keep_the_values_and_nearly_the_spectrum() -> None:
    values = np.random.default_rng(0).standard_normal((8, 32, 32)).cumsum(1).cumsum(2).astype(np.float32)
    other = other_phases(values, 0)
    assert np.array_equal(np.sort(other, axis=None), np.sort(values, axis=None))
    one, two = (np.log(np.abs(np.fft.rfftn(each - each.mean())) + 1e-3).ravel() for each in (values, other))
    assert np.corrcoef(one, two)[0, 1] > 0.7
    assert abs(np.corrcoef(values.ravel(), other.ravel())[0, 1]) < 0.7


def test_noise_of_the_same_spectrum_is_as_smooth_and_lies_in_the_box() -> None:
    maps = np.zeros((12, 40, 40), np.float32)
    maps[:, 4:36, 4:36] = smooth()
    noise = same_spectrum(maps, (4, 36, 4, 36), 3)
    assert noise[:, :4].sum() == noise[:, :, 36:].sum() == 0
    steps = [np.abs(np.diff(maps_of, axis=2)).mean() for maps_of in (maps[:, 4:36, 4:36], noise[:, 4:36, 4:36])]
    assert steps[1] < 6 * steps[0] and noise.max() == pytest.approx(maps.max(), rel=1e-5)


def test_the_mean_map_is_of_the_other_clips_alone() -> None:
    stills = [still(np.eye(1, 4, number).reshape(1, 2, 2)) for number in range(3)]
    mean = others_mean(stills, 0, 5)
    assert mean.shape == (5, 2, 2) and mean[0].ravel().tolist() == [0, 0.5, 0.5, 0]


def test_a_still_map_adds_up_to_one_or_is_empty() -> None:
    assert still(np.full((3, 2, 2), 7.0)).sum() == pytest.approx(1)
    assert still(np.zeros((3, 2, 2))).sum() == 0

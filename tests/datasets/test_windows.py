import numpy as np
import pytest

from datasets.windows import average_windows, windows


@pytest.mark.parametrize("frames, cuts", [
    (1, [(0, 1)]), (200, [(0, 200)]), (201, [(0, 200), (100, 201)]), (300, [(0, 200), (100, 300)]),
    (399, [(0, 200), (100, 300), (200, 399)]),
])
def test_windows_start_every_hundred_frames_until_one_reaches_the_end(frames: int, cuts: list) -> None:
    assert windows(frames) == cuts


def test_windows_cover_every_frame_for_any_length() -> None:
    for frames in range(1, 700):
        cuts = windows(frames)
        assert cuts[-1][1] == frames
        assert all(start <= before for (_, before), (start, _) in zip(cuts, cuts[1:]))


@pytest.mark.parametrize("frames", [77, 200, 201, 350, 399, 563])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_windows_of_one_series_average_back_to_it(frames: int, stride: int) -> None:
    steps = -(-frames // stride)
    series = np.random.default_rng(0).random((steps, 3, 2)).astype(np.float32)
    cuts = windows(frames)
    parts = [series[start // stride:-(-stop // stride)] for start, stop in cuts]
    np.testing.assert_allclose(average_windows(parts, cuts, stride), series, rtol=1e-5)


def test_steps_that_do_not_fill_the_end_are_left_out() -> None:
    cuts = windows(351)                       # one step per four whole frames, as TwoStream has
    parts = [np.full(((stop - start) // 4, 2), number, np.float32) for number, (start, stop) in enumerate(cuts)]
    mean = average_windows(parts, cuts, 4)
    assert mean.shape == (351 // 4, 2)
    assert mean[[0, 25, 50, 74, 75, 86], 0].tolist() == [0, 0.5, 1.5, 1.5, 2, 2]


def test_windows_off_the_grid_weigh_by_the_frames_they_share() -> None:
    mean = average_windows([np.zeros(4, np.float32), np.ones(4, np.float32)], [(0, 16), (6, 22)], 4)
    np.testing.assert_allclose(mean, [0, 2 / 6, 4 / 8, 4 / 8, 1, 1])


def test_steps_missing_between_windows_are_an_error() -> None:
    with pytest.raises(ValueError, match="no window covers step 2"):
        average_windows([np.zeros(2), np.zeros(2)], [(0, 200), (100, 300)], 4)

"""What was taken out is the weighted mean of its neighbours again."""
import numpy as np
import pytest
import torch

from evidence.road import NEIGHBOURS, fill, impute


def test_a_single_missing_pixel_is_the_weighted_mean_of_the_eight_around() -> None:
    values = torch.arange(9.0).reshape(1, 1, 3, 3) ** 2
    holes = torch.zeros(1, 1, 3, 3, dtype=torch.bool)
    holes[..., 1, 1] = True
    by_hand = (1 + 9 + 25 + 49) / 6 + (0 + 4 + 36 + 64) / 12
    assert fill(values, holes, 1e-6)[0, 0, 1, 1].item() == pytest.approx(by_hand, rel=1e-5)


def test_a_ramp_goes_on_through_a_hole() -> None:
    ramp = torch.arange(20.0).expand(1, 2, 20, 20).clone()
    holes = torch.zeros(1, 1, 20, 20, dtype=torch.bool)
    holes[..., 6:15, 4:13] = True
    assert torch.allclose(fill(torch.where(holes, torch.tensor(99.0), ramp), holes, 1e-5), ramp, atol=1e-2)


def dense(values: np.ndarray, holes: np.ndarray) -> np.ndarray:
    """The same equations written out and solved at once."""
    places = [tuple(cell) for cell in np.argwhere(holes)]
    left, right = np.zeros((len(places), len(places))), np.zeros(len(places))
    for number, (row, column) in enumerate(places):
        for down, across, weight in NEIGHBOURS:
            near = row + down, column + across
            if not (0 <= near[0] < holes.shape[0] and 0 <= near[1] < holes.shape[1]):
                continue
            left[number, number] += weight
            if holes[near]:
                left[number, places.index(near)] -= weight
            else:
                right[number] += weight * values[near]
    out = values.copy()
    out[holes] = np.linalg.solve(left, right)
    return out


@pytest.fixture
def holed() -> np.ndarray:
    return np.random.default_rng(1).random((18, 17)) < 0.5


def test_holes_at_the_border_are_solved_as_a_whole(holed: np.ndarray) -> None:
    values = np.random.default_rng(0).random((18, 17)) * 255
    found = fill(torch.from_numpy(values)[None, None].float(), torch.from_numpy(holed)[None, None], 1e-4)
    assert np.allclose(found[0, 0].numpy(), dense(values, holed), atol=0.05)


def test_quantus_solves_the_same(holed: np.ndarray) -> None:
    functions = pytest.importorskip("quantus.functions.perturb_func")
    values = np.random.default_rng(0).random((1, 18, 17)) * 255
    theirs = functions.noisy_linear_imputation(values, np.flatnonzero(holed), noise=0.0)
    ours = fill(torch.from_numpy(values)[None].float(), torch.from_numpy(holed)[None, None], 1e-4)
    assert np.allclose(ours[0].numpy(), theirs, atol=0.05)


def test_frames_keep_what_was_not_taken_out_and_get_noise_where_it_was() -> None:
    frames = np.full((3, 16, 16, 3), 120, np.uint8)
    missing = np.zeros((3, 16, 16), bool)
    missing[1, 4:12, 4:12] = True
    out = impute(frames, missing)
    assert (out[~missing] == 120).all()
    assert abs(out[missing].astype(float) - 120).max() < 15 and out[missing].std() > 1

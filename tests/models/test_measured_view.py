from typing import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.measured_view import measured_view
from terminal.errors import UserError

SHAPE = (2, 60, 80, 3)


def measured(change: Callable[[Tensor], Tensor]) -> "tuple[float, ...]":
    def look(frames: np.ndarray) -> np.ndarray:
        x = change(torch.from_numpy(frames).permute(3, 0, 1, 2).float() / 255)
        return ((x - torch.tensor([0.4, 0.5, 0.3]).view(3, 1, 1, 1)) / 0.2).numpy()

    return measured_view(look, SHAPE).sides


def scaled(x: Tensor, *size: int) -> Tensor:
    return F.interpolate(x[None], size=(2, *size), mode="trilinear", align_corners=False)[0]


def test_a_whole_frame_scaled_is_the_whole_view() -> None:
    assert measured(lambda x: scaled(x, 37, 91)) == (0, 0, 1, 1)


def test_a_cut_is_found_before_and_after_scaling() -> None:
    assert measured(lambda x: scaled(x[:, :, 15:60, 8:72], 32, 32)) == pytest.approx((0.1, 0.25, 0.9, 1), abs=0.004)
    after = measured(lambda x: scaled(x, 32, 32)[:, :, 4:28, 8:24])
    assert after == pytest.approx((0.25, 0.125, 0.75, 0.875), abs=0.004)


def test_a_view_of_padded_frames_reaches_beyond_them() -> None:
    assert measured(lambda x: F.pad(x, (0, 0, 10, 10))) == pytest.approx((0, -1 / 6, 1, 7 / 6), abs=0.004)


@pytest.mark.parametrize("change", [lambda x: x.flip(3), lambda x: x.transpose(2, 3), lambda x: x.roll(40, 3),
                                    lambda x: x * 0])
def test_what_cannot_be_a_part_of_a_frame_is_refused(change: Callable[[Tensor], Tensor]) -> None:
    with pytest.raises(UserError, match=r"^view: .* give it as view=Viewport"):
        measured(change)

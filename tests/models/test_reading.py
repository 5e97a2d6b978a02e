from dataclasses import replace

import numpy as np
import pytest
import torch

from models.reading import read
from tests.kit import networks

NAMES = ("slowfast", "twostream", "mska")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("frames", [7, 9, 13, 16, 19])
def test_windows_give_as_many_steps_as_the_clip_has(name: str, frames: int) -> None:
    model = networks.recogniser(name)
    logits = read(model, networks.clip(frames), window=8)
    steps = -(-frames // 4) if name == "slowfast" else frames // 4
    assert logits.shape == (steps, 7) and model.steps(frames) == steps and torch.isfinite(logits).all()


def test_a_window_is_no_longer_than_what_the_authors_take_at_once() -> None:
    model = networks.recogniser("twostream", longest=8)
    assert len(read(model, networks.clip(16), window=200)) == 4


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_of_windows_reads_as_one_by_one(name: str) -> None:
    model, clip = networks.recogniser(name), networks.clip(24)
    one, many = read(model, clip, window=8), read(model, clip, batch=3, window=8)
    np.testing.assert_allclose(one, many, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_short_clip_is_one_forward_and_a_second_call_is_the_same(name: str) -> None:
    model, clip = networks.recogniser(name), networks.clip(9)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    first, second = read(model, clip), read(model, clip)
    assert torch.equal(first, second) and np.array_equal(first, networks.logits(model, clip))
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert not model.training and not any(module._forward_hooks for module in model.modules())


def test_where_windows_overlap_the_logits_are_their_mean() -> None:
    model, clip = networks.recogniser("slowfast"), networks.clip(12)
    left, right = (read(model, clip.window(*cut)) for cut in ((0, 8), (4, 12)))
    both = read(model, clip, window=8)
    expected = torch.cat([left[:1], (left[1:] + right[:1]) / 2, right[1:]])
    np.testing.assert_allclose(both, expected, rtol=1e-5, atol=1e-6)


def test_frames_of_either_size_show_the_same_picture() -> None:
    def ramp(height: int, width: int) -> np.ndarray:
        across = np.broadcast_to((np.arange(width) + 0.5) / width * 255, (height, width))
        return np.repeat(np.stack([across, across / 2, 255 - across], 2)[None], 8, 0).round().astype(np.uint8)

    model = networks.recogniser("twostream")
    square = replace(networks.clip(8), frames=ramp(256, 256))
    tall = replace(square, tall_frames=ramp(260, 210))
    np.testing.assert_allclose(model.prepare(tall).tensors[0], model.prepare(square).tensors[0], atol=0.02)

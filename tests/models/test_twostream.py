from dataclasses import replace
from typing import Any, Callable

import numpy as np
import pytest
import torch

from models.recogniser import Inputs
from terminal.errors import UserError
from tests.golden import published
from tests.kit import networks
from tests.kit.tiers import full


@full
@published.of("twostream")
def test_every_published_key_and_no_other() -> None:
    state = published.recogniser("twostream").network.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == {
        key: shape for key, (shape, _) in published.keys("twostream").items()}


@full
@published.of("twostream")
def test_inputs_from_frames_and_keypoints_are_the_authors() -> None:
    model, golden = published.recogniser("twostream"), published.golden("twostream")
    inputs = model.prepare(published.clip("twostream"))
    rgb, pose = (tensor[0][:, [0, -1]].numpy() for tensor in inputs.tensors)
    np.testing.assert_allclose(rgb, golden["rgb_input/first_last_frame"], atol=5e-4)     # golden as float16
    np.testing.assert_allclose(pose, golden["pose_input/first_last_frame"], atol=5e-4)
    assert (inputs.frames, inputs.left, inputs.right) == (26, 0, -2)


@published.of("twostream")
def test_layers_have_the_authors_shapes() -> None:
    model, golden = published.recogniser("twostream"), published.golden("twostream")
    shapes = model.layer_shapes(26)
    assert {name: [1, *shapes[name]] for name in model.default_layers} == {
        name: golden[f"shape/{name}"].tolist() for name in model.default_layers}


@full
@published.of("twostream")
def test_logits_and_layers_from_frames_and_keypoints_are_the_authors() -> None:
    model, golden = published.recogniser("twostream", folded=True), published.golden("twostream")
    inputs = model.prepare(published.clip("twostream"))
    with published.shapes_of(model) as shapes, torch.no_grad():
        heads = model.network(*inputs.tensors)
    for name, key in (("logits", "logits"), *((head, f"logits/{head}") for head in ("rgb", "keypoint", "fuse"))):
        assert abs(heads[name][0].numpy() - golden[key]).max() <= 1e-4 * abs(golden[key]).max(), name
    assert {name: [1, *shapes[name]] for name in model.default_layers} == {
        name: golden[f"shape/{name}"].tolist() for name in model.default_layers}
    within = {name: shape for name, shape in model.layer_shapes(26).items() if not name.endswith("input")}
    assert shapes == within         # the inputs' own layers lie before the network


def test_a_pose_stream_of_two_channels_sees_left_and_right() -> None:
    model = networks.recogniser("twostream", pose_channels=2)
    clip = networks.clip(8)
    pose = model.prepare(clip).tensors[1]
    assert pose.shape == (1, 2, 8, 32, 32) and -1 <= float(pose.min()) < float(pose.max()) <= 1
    assert networks.logits(model, clip).shape == (2, 7)


@pytest.mark.parametrize("spoil, message", [
    (lambda points: None, "keypoints/keypoints.pkl"), (lambda points: points[:-1], "expected finite"),
    (lambda points: points * np.nan, "expected finite")])
def test_keypoints_that_are_missing_or_broken_are_told(spoil: Callable[[Any], Any], message: str) -> None:
    clip = networks.clip(8)
    with pytest.raises(UserError, match=message):
        networks.recogniser("twostream").prepare(replace(clip, keypoints=spoil(clip.keypoints)))


def test_the_middle_of_what_is_too_long_and_nothing_of_what_is_too_short() -> None:
    model = networks.recogniser("twostream", longest=8)
    inputs = model.prepare(networks.clip(13))
    whole = networks.recogniser("twostream").prepare(networks.clip(13).window(2, 10))
    assert (inputs.frames, inputs.left, inputs.right) == (13, -2, -3)
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(inputs.tensors, whole.tensors))
    with pytest.raises(UserError, match="has 3 frames; TwoStream-SLR needs at least 4"):
        model.prepare(networks.clip(3))


def test_training_gives_every_head_its_logits_and_lengths() -> None:
    model = networks.recogniser("twostream").train()
    parts = [model.prepare(networks.clip(frames)) for frames in (12, 12)]
    outputs = model.network(*Inputs.batch(parts).tensors, torch.tensor([12, 8]))
    assert outputs["lengths"].tolist() == [3, 2] and outputs["remain_lengths"].tolist() == [6, 4]
    for name in ("logits", "rgb", "keypoint", "fuse"):
        assert outputs[name].shape == (2, 3, 7)
    for name in ("rgb_remain0", "rgb_remain1", "keypoint_remain0", "keypoint_remain1"):
        assert outputs[name].shape == (2, 6, 7)

from dataclasses import replace
from typing import Any, Callable, List

import numpy as np
import pytest
import torch

from cam_runner import explain
from models.joint_graph import JointBlock
from models.mska import BODY, FACE, LEFT, MSKA, RIGHT, normalised
from models.recogniser import Inputs
from models.registry import published_architecture
from records.question import Question
from terminal.errors import UserError
from tests.golden import published
from tests.kit import networks

HEADS = ("left", "right", "body", "fuse")


def test_every_published_key_and_no_other() -> None:
    state = published.recogniser("mska").network.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == {
        key: shape for key, (shape, _) in published.keys("mska").items()}


@pytest.mark.parametrize("folded", [False, True])
def test_logits_of_all_heads_and_layers_are_the_authors(folded: bool) -> None:
    model, golden = published.recogniser("mska", folded), published.golden("mska")
    inputs = model.prepare(published.clip("mska"))
    with published.shapes_of(model) as shapes, torch.no_grad():
        heads = model.network(*inputs.tensors)
        model(inputs)
    for name, key in (("logits", "logits"), *((head, f"logits/{head}") for head in HEADS)):
        assert abs(heads[name][0].numpy() - golden[key]).max() <= 1e-4 * abs(golden[key]).max(), name
    assert shapes == model.layer_shapes(26)
    assert {name: list(shape) for name, shape in shapes.items() if name != "input"} == {
        key[6:]: shape.tolist() for key, shape in golden.items() if key.startswith("shape/")}
    assert (inputs.frames, inputs.left, inputs.right) == (26, 0, -2)


def test_the_gradient_at_the_input_is_the_authors() -> None:
    model, golden = published.recogniser("mska"), published.golden("mska")["inputgrad"]
    points = model.prepare(published.clip("mska")).tensors[0].requires_grad_(True)
    model.network(points)["logits"].max(-1).values.sum().backward()
    assert points.grad is not None
    found = points.grad[0].numpy()
    assert abs(found - golden).max() <= 5e-3 * abs(golden).max()
    assert np.corrcoef(found.ravel(), golden.ravel())[0, 1] > 0.9999


@pytest.mark.parametrize("layer", [f"{part}_graph_layers.{number}" for part in ("left", "right", "face", "body")
                                   for number in (0, 7)])
def test_what_joints_take_from_joints_is_the_authors(layer: str) -> None:
    model, golden = published.recogniser("mska"), published.golden("mska")[f"attention/{layer}"]
    block, found = model.layers[layer].module, []
    assert isinstance(block, JointBlock)
    handle = block.register_forward_pre_hook(
        lambda block, given: found.append((block.attention(*given) + block.attention0s)[0]))
    with torch.no_grad():
        model(model.prepare(published.clip("mska")))
    handle.remove()
    assert abs(found[0].numpy() - golden).max() <= 1e-4 * abs(golden).max()


def test_streams_are_the_authors_joints_in_their_order() -> None:
    assert (len(LEFT), len(RIGHT), len(FACE), len(BODY)) == (27, 27, 26, 79)
    assert LEFT[:7] == (0, 1, 3, 5, 7, 9, 91) and RIGHT[:7] == (0, 2, 4, 6, 8, 10, 112)
    assert (LEFT[-1], RIGHT[-1], FACE[:8], FACE[-5:]) == (111, 132, (23, 26, 29, 33, 36, 39, 41, 43),
                                                          (76, 77, 79, 80, 81))
    assert LEFT + RIGHT[1:] + FACE == BODY and len(set(BODY)) == 79


def test_up_is_positive_and_confidence_stays_as_it_is() -> None:
    points = torch.tensor([[[0.0, 0.0, 0.25], [210.0, 260.0, 0.5], [105.0, 65.0, 2.0]]])
    found = normalised(points, published_architecture("mska"))[:, 0].T
    assert found.tolist() == [[-1, 1, 0.25], [1, -1, 0.5], [0, 0.5, 2]]


def test_csl_dailys_points_are_counted_from_above_the_banner_that_its_frames_lack() -> None:
    """A clip's points are in pixels of the 210x260 frame that is shown; the authors' are in those of 512x512."""
    a = MSKA.fit(published_architecture("mska"), {
        "recognition_network.left_visual_head.gloss_output_layer.weight": torch.empty(2004, 512)})
    theirs = torch.tensor([[[256.0, 128.0, 1.0], [10.0, 500.0, 1.0]]])
    shown = theirs.clone()
    shown[..., 0] = (theirs[..., 0] + 0.5) * 210 / 512 - 0.5
    shown[..., 1] = (theirs[..., 1] - 80 + 0.5) * 260 / 432 - 0.5
    assert torch.allclose(normalised(shown, a)[:2, 0].T, torch.tensor([[0, 0.5], [-0.9609375, -0.953125]]), atol=1e-5)


def test_points_of_csl_daily_in_pixels_of_another_frame_are_refused() -> None:
    model, clip = networks.recogniser("mska", pose_frame=[512, 512], banner=80), networks.clip(8)
    assert clip.keypoints is not None
    model.prepare(clip)
    with pytest.raises(UserError, match="outside the 210x260 frame"):
        model.prepare(replace(clip, keypoints=clip.keypoints * np.array([512 / 210, 432 / 260, 1], np.float32) * 1.1))


@pytest.mark.parametrize("columns, fused", [(768, ("left", "right", "face")),
                                            (1024, ("left", "face", "right", "body"))])
def test_the_fused_head_takes_what_its_checkpoint_has_room_for(columns: int, fused: Any) -> None:
    a = MSKA.fit(published_architecture("mska"), {
        "recognition_network.fuse_visual_head.fc1.weight": torch.empty(512, columns)})
    assert a["fuse_body"] is (columns == 1024)
    small = networks.recogniser("mska", fuse_body=a["fuse_body"])
    network: Any = small.network.recognition_network
    assert network.fused == fused
    taken: List[Any] = []
    network.fuse_visual_head.register_forward_pre_hook(lambda _, given: taken.append(given[0]))
    inputs = small.prepare(networks.clip(8))
    small(inputs)
    streams = network.visual_backbone_keypoint(*inputs.tensors)
    assert torch.equal(taken[0], torch.cat([streams[part] for part in fused], 2))


@pytest.mark.parametrize("spoil, message", [
    (lambda points: None, "reads nothing else"), (lambda points: points[:-1], "expected finite"),
    (lambda points: points * np.nan, "expected finite")])
def test_keypoints_that_are_missing_or_broken_are_told(spoil: Callable[[Any], Any], message: str) -> None:
    clip = networks.clip(8)
    with pytest.raises(UserError, match=message):
        networks.recogniser("mska").prepare(replace(clip, keypoints=spoil(clip.keypoints)))


def test_the_middle_of_what_is_too_long_and_nothing_of_what_is_too_short() -> None:
    model = networks.recogniser("mska", longest=8)
    inputs = model.prepare(networks.clip(13))
    whole = networks.recogniser("mska").prepare(networks.clip(13).window(2, 10))
    assert (inputs.frames, inputs.left, inputs.right) == (13, -2, -3)
    assert torch.equal(inputs.tensors[0], whole.tensors[0])
    with pytest.raises(UserError, match="has 3 frames; MSKA-SLR needs at least 4"):
        model.prepare(networks.clip(3))


def test_strides_that_do_not_make_a_step_of_four_frames_are_refused() -> None:
    with pytest.raises(UserError, match="strides whose product is 4"):
        networks.recogniser("mska", strides=[2, 1, 1, 1, 1, 1, 1, 1])


def test_training_gives_every_head_its_logits_and_lengths() -> None:
    model = networks.recogniser("mska").train()
    parts = [model.prepare(networks.clip(frames)) for frames in (12, 12)]
    outputs = model.network(*Inputs.batch(parts).tensors, torch.tensor([12, 8]))
    assert outputs["lengths"].tolist() == [3, 2]
    for name in ("logits", *HEADS):
        assert outputs[name].shape == (2, 3, 7)


def test_pooling_that_changes_nothing_is_said() -> None:
    pooled = explain(networks.recogniser("mska"), networks.clip(16), Question(pool="frame"))
    assert "pool frame changes nothing here: inputxgradient averages no channel's gradients" in pooled.notes

import numpy as np
import torch

from tests.golden import published


def test_every_published_key_and_no_other() -> None:
    state = published.recogniser("twostream").network.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == {
        key: shape for key, (shape, _) in published.keys("twostream").items()}


def test_inputs_from_frames_and_keypoints_are_the_authors() -> None:
    model, golden = published.recogniser("twostream"), published.golden("twostream")
    inputs = model.prepare(published.clip("twostream"))
    rgb, pose = (tensor[0][:, [0, -1]].numpy() for tensor in inputs.tensors)
    np.testing.assert_allclose(rgb, golden["rgb_input/first_last_frame"], atol=5e-4)     # golden as float16
    np.testing.assert_allclose(pose, golden["pose_input/first_last_frame"], atol=5e-4)
    assert (inputs.frames, inputs.left, inputs.right) == (26, 0, -2)


def test_logits_and_layers_from_frames_and_keypoints_are_the_authors() -> None:
    model, golden = published.recogniser("twostream"), published.golden("twostream")
    inputs = model.prepare(published.clip("twostream"))
    with published.shapes_of(model) as shapes, torch.no_grad():
        heads = model.network(*inputs.tensors)
    for name, key in (("logits", "logits"), *((head, f"logits/{head}") for head in ("rgb", "keypoint", "fuse"))):
        assert abs(heads[name][0].numpy() - golden[key]).max() <= 1e-4 * abs(golden[key]).max(), name
    assert {name: [1, *shapes[name]] for name in model.default_layers} == {
        name: golden[f"shape/{name}"].tolist() for name in model.default_layers}
    assert shapes == model.layer_shapes(26)

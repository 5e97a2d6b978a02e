import numpy as np
import pytest
import torch

from models.recogniser import Inputs
from terminal.errors import UserError
from tests.golden import published
from tests.kit import networks
from tests.kit.tiers import full


@published.of("slowfast")
def test_every_published_key_and_no_other() -> None:
    state = published.recogniser("slowfast").network.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == {
        key: shape for key, (shape, _) in published.keys("slowfast").items()}


@published.of("slowfast")
def test_layers_have_the_authors_shapes() -> None:
    model, golden = published.recogniser("slowfast"), published.golden("slowfast")
    shapes = model.layer_shapes(26)
    assert {name: [1, *shapes[name]] for name in model.default_layers} == {
        name: golden[f"shape/{name}"].tolist() for name in model.default_layers}


@full
@published.of("slowfast")
@pytest.mark.parametrize("folded", [False, True])
def test_logits_and_layers_from_frames_are_the_authors(folded: bool) -> None:
    model, golden = published.recogniser("slowfast", folded), published.golden("slowfast")
    inputs = model.prepare(published.clip("slowfast"))
    assert list(inputs.tensors[0].transpose(1, 2).shape) == golden["input"].tolist()
    with published.shapes_of(model) as shapes, torch.no_grad():
        logits = model(inputs)[0].numpy()
    assert abs(logits - golden["logits"]).max() <= 1e-4 * abs(golden["logits"]).max()
    assert {name: [1, *shapes[name]] for name in model.default_layers} == {
        name: golden[f"shape/{name}"].tolist() for name in model.default_layers}
    assert shapes == model.layer_shapes(26)


@pytest.mark.parametrize("frames", [1, 2, 4, 5, 9])
def test_a_step_for_every_four_frames_begun(frames: int) -> None:
    model = networks.recogniser("slowfast")
    inputs = model.prepare(networks.clip(frames))
    assert inputs.tensors[0].shape[2] == model.input_frames(frames) == inputs.left + frames + inputs.right
    assert len(networks.logits(model, networks.clip(frames))) == model.steps(frames) == -(-frames // 4)


def test_no_frames_are_told() -> None:
    with pytest.raises(UserError, match="has no frames"):
        networks.recogniser("slowfast").prepare(networks.clip(4).window(0, 0))


def test_a_padded_batch_in_evaluation_gives_each_clip_its_own_steps() -> None:
    model = networks.recogniser("slowfast")
    parts = [model.prepare(networks.clip(frames)) for frames in (12, 8)]
    lengths = torch.tensor([part.tensors[0].shape[2] for part in parts])
    padded = torch.zeros(2, 3, int(lengths[0]), 112, 112)
    for clip, part in zip(padded, parts):
        clip[:, :part.tensors[0].shape[2]] = part.tensors[0][0]
    outputs = model.network(padded, lengths)
    assert outputs["lengths"].tolist() == [3, 2] and outputs["logits"].shape == (2, 3, 7)
    np.testing.assert_allclose(outputs["logits"][0], networks.logits(model, networks.clip(12)), rtol=1e-4, atol=1e-5)


def test_training_gives_every_branch_its_logits() -> None:
    model = networks.recogniser("slowfast").train()
    inputs = Inputs.batch([model.prepare(networks.clip(8))] * 2)
    outputs = model.network(*inputs.tensors, torch.tensor([20, 20]))
    assert {name: tuple(value.shape) for name, value in outputs.items() if name != "lengths"} == dict.fromkeys(
        ("logits", "conv", "slow", "slow_conv", "fast", "fast_conv"), (2, 2, 7))


def test_evaluation_runs_no_auxiliary_branch() -> None:
    model = networks.recogniser("slowfast")
    idle = [module for name, module in model.network.named_modules() if name.startswith(
        ("conv1d.slow", "conv1d.fast", "temporal_model.1", "temporal_model.2", "classifier.1", "classifier.2"))]
    handles = [module.register_forward_hook(lambda *_: pytest.fail("ran")) for module in idle]
    assert idle and np.isfinite(networks.logits(model, networks.clip(4))).all()
    for handle in handles:
        handle.remove()

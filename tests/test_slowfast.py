import torch

from tests.golden import published


def test_every_published_key_and_no_other() -> None:
    state = published.recogniser("slowfast").network.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == {
        key: shape for key, (shape, _) in published.keys("slowfast").items()}


def test_logits_and_layers_from_frames_are_the_authors() -> None:
    model, golden = published.recogniser("slowfast"), published.golden("slowfast")
    inputs = model.prepare(published.clip("slowfast"))
    assert list(inputs.tensors[0].transpose(1, 2).shape) == golden["input"].tolist()
    with published.shapes_of(model) as shapes, torch.no_grad():
        logits = model(inputs)[0].numpy()
    assert abs(logits - golden["logits"]).max() <= 1e-4 * abs(golden["logits"]).max()
    assert {name: [1, *shapes[name]] for name in model.default_layers} == {
        name: golden[f"shape/{name}"].tolist() for name in model.default_layers}
    assert shapes == model.layer_shapes(26)

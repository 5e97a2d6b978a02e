from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
import torch

from models.arcface import ArcFace
from models.registry import build_embedder, published_architecture
from terminal.errors import UserError
from tests.golden import published, recipe
from tests.kit import networks


@published.of("arcface")
def test_every_published_key_and_no_other() -> None:
    state = ArcFace(published_architecture("arcface")).network.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == {
        key: shape for key, (shape, _) in published.keys("arcface").items()}


def shapes(name: str) -> Dict[str, Any]:
    return {key: torch.empty(shape, device="meta") for key, (shape, _) in published.keys(name).items()}


def test_depth_is_counted_from_the_file() -> None:
    fitted = ArcFace.fit(published_architecture("arcface"), shapes("arcface_r100"))
    assert fitted["blocks"] == [3, 13, 30, 3] and fitted["widths"] == [64, 128, 256, 512]
    assert fitted["embedding"] == 512 and fitted["size"] == 112
    state = ArcFace(fitted).network.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == {
        key: shape for key, (shape, _) in published.keys("arcface_r100").items()}


@pytest.mark.parametrize("blocks,last", [([2, 2, 2, 2], "layer4.1.conv2"), ([3, 4, 14, 3], "layer4.2.conv2"),
                                         ([6, 26, 60, 6], "layer4.5.conv2")])
def test_the_last_convolution_is_that_of_the_last_block(blocks: Any, last: str) -> None:
    model = networks.embedder("arcface", blocks=blocks)
    assert model.default_layers == ("layer3", "layer4", last)
    convolutions = [name for name, module in model.network.named_modules() if isinstance(module, torch.nn.Conv2d)]
    assert convolutions[-1] == last


def test_pictures_are_resized_as_the_authors_do() -> None:
    golden = published.golden("arcface")["resized/250x250"]
    pixels = networks.embedder("arcface").pixels(recipe.images(1, 250, 250, 0)[0])
    levels = (pixels[0].permute(1, 2, 0) * 0.5 + 0.5) * 255
    assert (levels.round().byte().numpy() == golden).all()


def test_layers_have_the_sizes_they_say() -> None:
    model = networks.embedder("arcface")
    with published.shapes_of(model) as found, torch.no_grad():
        model(model.prepare(networks.picture(112, 112)))
    assert found == model.layer_shapes(1)


def test_a_file_with_all_states_is_read_as_one_with_the_network_alone(tmp_path: Path) -> None:
    model = networks.embedder("arcface")
    state = model.network.state_dict()
    torch.save(state, tmp_path / "backbone.pth")
    torch.save({"epoch": 3, "global_step": 9, "state_dict_backbone": state, "state_optimizer": {},
                "state_dict_softmax_fc": {"weight": torch.zeros(2, 2)}}, tmp_path / "checkpoint_gpu_0.pt")
    clip = networks.picture(112, 112)
    for name in ("backbone.pth", "checkpoint_gpu_0.pt"):
        loaded = build_embedder("arcface", tmp_path / name)
        np.testing.assert_array_equal(loaded(loaded.prepare(clip)).numpy(), model(model.prepare(clip)).numpy())


def test_a_file_of_the_other_network_is_refused(tmp_path: Path) -> None:
    torch.save(networks.embedder("promptsg").network.state_dict(), tmp_path / "other.pth")
    with pytest.raises(UserError, match="not a checkpoint of ArcFace; it looks like one of PromptSG"):
        build_embedder("arcface", tmp_path / "other.pth")
    (tmp_path / "model.onnx").write_bytes(b"\x08\x07\x12\x07pytorch")
    with pytest.raises(UserError, match="no gradients in it; give the PyTorch weights"):
        build_embedder("arcface", tmp_path / "model.onnx")

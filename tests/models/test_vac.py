from itertools import product
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
import torch
from torchvision import models as zoo

from models.frame_resnet import FrameResNet, over_clips, over_images
from models.registry import build, create
from terminal.errors import UserError
from tests.golden import published
from tests.kit import networks
from tests.kit.tiers import full, only

NAMES = ("vac", "smkd", "corrnet", "corrnetplus", "sen", "tlp", "signgraph")


@pytest.mark.parametrize("name", published.each(*NAMES))
def test_every_published_key_and_no_other(name: str) -> None:
    state = published.recogniser(name).network.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == {
        key: shape for key, (shape, _) in published.keys(name).items()}


@pytest.mark.parametrize("name", published.each(*NAMES, always=("vac",)))
def test_layers_have_the_shapes_that_are_told(name: str) -> None:
    model, golden = published.recogniser(name, folded=True), published.golden(name)
    with published.shapes_of(model) as shapes, torch.no_grad():
        model(model.prepare(published.clip(name, 5)))
    assert shapes == model.layer_shapes(5)
    layer_shapes = model.layer_shapes(26)
    for layer in (key[len("shape/"):] for key in golden if key.startswith("shape/") and not key.endswith("conv.3")):
        assert list(layer_shapes[layer]) == golden[f"shape/{layer}"].tolist()


@pytest.mark.parametrize("depth, convolve", only([(18, over_clips), (50, over_images)], list(product(
    [18, 34, 50], [over_images, over_clips]))))
def test_a_frame_is_seen_as_torchvisions_resnet_sees_it(depth: int, convolve: object, tmp_path: Path) -> None:
    torch.manual_seed(0)
    theirs = {18: zoo.resnet18, 34: zoo.resnet34, 50: zoo.resnet50}[depth](weights=None).eval()
    torch.save(theirs.state_dict(), tmp_path / "imagenet.pth")
    ours = FrameResNet(depth, convolve=convolve).eval()      # type: ignore[arg-type]
    ours.load_imagenet(tmp_path / "imagenet.pth")
    theirs.fc = torch.nn.Identity()
    frames = torch.randn(2, 3, 2, 65, 64)
    with torch.no_grad():
        wanted = torch.stack([theirs(clip.transpose(0, 1)).T for clip in frames])
        assert torch.allclose(ours(frames), wanted, atol=1e-4 * float(wanted.abs().max()))


def test_imagenet_weights_of_another_depth_are_refused(tmp_path: Path) -> None:
    torch.save(zoo.resnet34(weights=None).state_dict(), tmp_path / "deep.pth")
    with pytest.raises(UserError, match=r"deep.pth: not weights of this ResNet \(layer1.2"):
        FrameResNet(18).load_imagenet(tmp_path / "deep.pth")


def test_a_small_file_that_asks_for_much_memory_is_refused(tmp_path: Path) -> None:
    state = zoo.resnet18(weights=None).state_dict()
    state["conv1.weight"] = torch.zeros(1).expand(64, 3, 7, 7, 1 << 30)
    torch.save(state, tmp_path / "bomb.pth")
    with pytest.raises(UserError, match="bomb.pth: damaged"):
        FrameResNet(18).load_imagenet(tmp_path / "bomb.pth")


def test_a_width_that_does_not_divide_is_refused() -> None:
    with pytest.raises(UserError, match="width 24: expected a multiple of 16"):
        create(networks.architecture("vac", width=24))


def older(architecture: Dict[str, Any]) -> Dict[str, Any]:
    """As files have it that were written before a width could be chosen."""
    return {key: value for key, value in architecture.items() if key != "width"}


@full
def test_depth_width_and_classifier_are_read_from_the_weights(tmp_path: Path) -> None:
    for name, changes in (("vac", {"depth": 34}), ("vac", {"width": 32}), ("smkd", {}), ("smkd", {"depth": 50})):
        made = networks.recogniser(name, **changes)
        torch.save({"model_state_dict": made.network.state_dict(),
                    "architecture": older(networks.architecture("vac", classes=99))}, tmp_path / "file.pt")
        loaded = build("vac", tmp_path / "file.pt")
        assert loaded.architecture == made.architecture
        clip = networks.clip(5)
        np.testing.assert_allclose(networks.logits(loaded, clip), networks.logits(made, clip), rtol=1e-4, atol=1e-4)


@published.of("smkd")
def test_published_weights_need_no_architecture(tmp_path: Path) -> None:
    torch.save({"model_state_dict": {f"module.{key}": value for key, value in published.state("smkd").items()}},
               tmp_path / "smkd.pt")
    loaded = build("vac", tmp_path / "smkd.pt", fold=False)
    assert loaded.architecture["classifier"] == "normalised"
    assert all(torch.equal(value, published.state("smkd")[key]) for key, value in loaded.network.state_dict().items())


def test_two_classifiers_that_should_be_one_must_agree(tmp_path: Path) -> None:
    state = {key: value.clone() for key, value in networks.recogniser("smkd").network.state_dict().items()}
    state["conv1d.fc.weight"][0, 0] += 1
    torch.save({"model_state_dict": state, "architecture": networks.architecture("smkd")}, tmp_path / "two.pt")
    with pytest.raises(UserError, match="conv1d.fc.weight and classifier.weight differ"):
        build("vac", tmp_path / "two.pt")
    build("vac", save(tmp_path / "linear.pt", "vac"))       # VAC's own two may differ


def save(path: Path, name: str) -> Path:
    made = networks.recogniser(name)
    torch.save({"model_state_dict": made.network.state_dict(), "architecture": made.architecture}, path)
    return path


def test_what_fills_up_a_batch_is_not_in_its_batch_norms() -> None:
    """The shorter clip's statistics are the same however it is filled up, and its own steps too."""
    seen = []
    for filling in (0.0, 9.0):
        model = networks.recogniser("vac", lstm_dropout=0.0).train()
        frames = torch.cat([model.prepare(networks.clip(8)).tensors[0]] * 2)
        frames[1, :, 16:] = filling
        outputs = model.network(frames, torch.tensor([20, 16]))
        seen.append((outputs["logits"][1, :1], model.network.state_dict()["conv2d.bn1.running_mean"].clone()))
    assert all(torch.equal(one, other) for one, other in zip(*seen))


def test_training_gives_the_logits_before_the_lstm_too() -> None:
    model = networks.recogniser("vac").train()
    frames = model.prepare(networks.clip(8)).tensors[0]
    outputs = model.network(frames, torch.tensor([20]))
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {
        "lengths": (1,), "logits": (1, 2, 7), "conv": (1, 2, 7)}


def test_an_unknown_depth_or_classifier_is_told() -> None:
    with pytest.raises(UserError, match="depth 19 is unknown; choose from 18, 34, 50"):
        create(networks.architecture("vac", depth=19))
    with pytest.raises(UserError, match="classifier 'cosine' is unknown"):
        create(networks.architecture("vac", classifier="cosine"))

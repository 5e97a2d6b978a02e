"""What holds for every network with a ResNet of frames, a temporal convolution and an LSTM."""
from itertools import product
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
import torch
from torchvision import models as zoo

from cam_runner import explain
from models.registry import build, create
from records.question import Question
from terminal.errors import UserError
from tests.golden import published
from tests.kit import networks
from tests.kit.tiers import first, full, only
from training.evaluation import read_batch

NAMES = ("vac", "corrnet", "corrnetplus", "sen", "tlp", "signgraph", "swin")
LIFTED = ("corrnetplus", "tlp", "swin")
TITLES = {"signgraph": "SignGraph", "swin": "Swin-MSTP",
          "vac": "VAC", "corrnet": "CorrNet", "corrnetplus": r"CorrNet\+", "sen": "SEN", "tlp": "TLP"}


@pytest.mark.parametrize("given, file", only(
    [(name, name) for name in NAMES[:2]] + list(zip(NAMES, NAMES[1:] + NAMES[:1])), list(product(NAMES, NAMES))))
def test_a_file_of_another_names_what_it_looks_like(given: str, file: str, tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    made = networks.recogniser(file)
    torch.save({"model_state_dict": {f"module.{key}": value for key, value in made.network.state_dict().items()},
                **({"architecture": made.architecture} if given == file else {})}, path)
    if given == file:
        assert build(given, path).name == given
        return
    with pytest.raises(UserError, match=f"not a checkpoint of {TITLES[given]}; it looks like one of {TITLES[file]}$"):
        build(given, path)


@pytest.mark.parametrize("name", first(NAMES, 1))
def test_a_clip_reads_the_same_whatever_it_is_batched_with(name: str) -> None:
    made, clips = networks.recogniser(name), [networks.clip(frames) for frames in (24, 9, 16)]
    together, = read_batch(made, clips, [1], {})
    inputs = [made.prepare(clip).tensors[0] for clip in clips]
    lengths = torch.tensor([tensor.shape[2] for tensor in inputs])
    filled = torch.full((3, *inputs[0].shape[1:]), 7.0)
    for row, tensor in zip(filled, inputs):
        row[:, :tensor.shape[2]] = tensor[0]
    outputs = made.network(filled, lengths)
    for number, clip in enumerate(clips):
        alone, steps = networks.logits(made, clip), made.steps(len(clip))
        assert outputs["lengths"][number] == steps == len(alone)
        np.testing.assert_allclose(outputs["logits"][number, :steps], alone, rtol=1e-5, atol=1e-5)
        assert together[number] == read_batch(made, [clip], [1], {})[0][0]


@pytest.mark.parametrize("name", first(LIFTED, 2))
def test_a_clip_too_short_for_a_norm_over_steps_is_told(name: str) -> None:
    made = networks.recogniser(name)
    assert len(networks.logits(made, networks.clip(5))) == 2
    with pytest.raises(UserError, match="clip small has 4 frames; .* needs at least 5"):
        made.prepare(networks.clip(4))
    with pytest.raises(UserError, match="clip small has no frames"):
        made.prepare(networks.clip(5).window(0, 0))


@pytest.mark.parametrize("name", first(NAMES, 2))
def test_only_lift_pools_say_that_windows_are_not_the_whole(name: str) -> None:
    made = networks.recogniser(name)
    noted = ["depends on the whole clip" in " ".join(explain(made, networks.clip(24), window=window).notes)
             for window in (24, 16)]
    assert noted == [False, name in LIFTED] and made.reads_whole == (name in LIFTED)


@pytest.mark.parametrize("name", first(LIFTED))
def test_a_lift_pools_steps_lie_where_windows_join(name: str) -> None:
    asked = Question(layers=("conv1d.temporal_conv.1",))
    explanation = explain(networks.recogniser(name), networks.clip(64), asked, window=40)
    layer = explanation.layers["conv1d.temporal_conv.1"]
    whole = explain(networks.recogniser(name), networks.clip(64), asked).layers[
        "conv1d.temporal_conv.1"]
    assert layer.raw.shape == whole.raw.shape == (36,) and layer.map.shape == (64,)
    np.testing.assert_array_equal(layer.laid.cells.frames, whole.laid.cells.frames)
    assert whole.laid.cells.frames[:4].tolist() == [-3.5, -1.5, 0.5, 2.5]


@pytest.mark.parametrize("name", first(["vac", "corrnet", "corrnetplus", "sen", "tlp"]))
def test_as_much_of_a_frame_reaches_a_cell_as_is_told(name: str) -> None:
    made = networks.recogniser(name, size=224)
    frames = torch.randn(1, 3, 3, 224, 224, requires_grad=True)
    taken: Dict[str, torch.Tensor] = {}
    spatial = {layer: probe for layer, probe in made.layers.items() if layer.startswith("conv2d")}
    handles = [probe.module.register_forward_hook(lambda module, given, output, layer=layer: taken.update(
        {layer: output})) for layer, probe in spatial.items()]
    network: Any = made.network
    network.conv2d(frames)
    for handle in handles:
        handle.remove()
    for layer, probe in spatial.items():
        middle = taken[layer][0, :, 1, probe.size // 2, probe.size // 2].sum()
        gradient, = torch.autograd.grad(middle, frames, retain_graph=True)
        reached = int((gradient[0].abs().sum((0, 1, 3)) > 0).sum())
        assert probe.field is not None and reached == pytest.approx(probe.field * 224, abs=1), layer
    assert len(spatial) >= 4 and spatial["conv2d.layer1"].field == (1 if name == "sen" else 43 / 224)


@full
@pytest.mark.parametrize("name", ["tlp", "corrnetplus"])
def test_the_convolutions_reading_is_the_authors(name: str) -> None:
    """It teaches in training alone; the weights of `conv1d.fc` are used nowhere else."""
    made, golden = published.recogniser(name), published.golden(name)
    network: Any = made.network
    with torch.no_grad():
        features = network.conv1d(network.frame_features(*made.prepare(published.clip(name)).tensors, None))
        logits = network.conv1d.fc(features.permute(2, 0, 1))[:, 0].numpy()
    assert abs(logits - golden["conv_logits"]).max() <= 1e-4 * abs(golden["conv_logits"]).max()


@pytest.mark.parametrize("name", first(["tlp", "corrnetplus", "sen"], 2))
def test_all_begin_from_imagenets_resnet(name: str, tmp_path: Path) -> None:
    theirs = zoo.resnet18(weights=None)
    torch.save(theirs.state_dict(), tmp_path / "imagenet.pth")
    network: Any = create(networks.architecture(name, width=64)).network
    net = network.conv2d
    before = {key: value.clone() for key, value in net.state_dict().items()}
    net.load_imagenet(tmp_path / "imagenet.pth")
    for key, value in net.state_dict().items():
        own = theirs.state_dict().get(key)
        assert torch.equal(value, before[key] if own is None else own.view_as(value)), key


@pytest.mark.parametrize("name", first(LIFTED, 2))
def test_training_tells_what_each_lift_pool_costs(name: str) -> None:
    made = networks.recogniser(name).train()
    outputs = made.network(made.prepare(networks.clip(8)).tensors[0], torch.tensor([20]))
    assert outputs["lift"].shape == (2, 2) and (outputs["lift"] > 0).all()
    assert outputs["conv"].shape == outputs["logits"].shape == (1, 2, 7)


def test_sen_has_no_form_with_bottlenecks() -> None:
    with pytest.raises(UserError, match="depth 50 is unknown; choose from 18, 34$"):
        create(networks.architecture("sen", depth=50))
    assert len([name for name in networks.recogniser("sen", depth=34).layers if name.endswith("ssem")]) == 16


def test_a_lift_pool_halves_and_nothing_else() -> None:
    with pytest.raises(UserError, match="P4 can't be lifted; a lift pool halves, so expected P2"):
        create(networks.architecture("tlp", temporal_conv=["K5", "P4"]))

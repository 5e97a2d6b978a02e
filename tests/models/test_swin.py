from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
import torch
from torchvision import models as zoo

from cam_runner import explain
from models.registry import build
from models.swin import FrameSwin, WindowAttention, relative_positions
from models.swin_mstp import MultiScale
from records.question import Question
from terminal.errors import UserError
from tests.golden import published
from tests.kit import networks
from tests.kit.tiers import full, only

SIZES = {"tiny": (zoo.swin_t, [2, 2, 6, 2]), "small": (zoo.swin_s, [2, 2, 18, 2])}


def imagenet(size: str, path: Path) -> Any:
    """torchvision's own, every weight drawn anew, saved."""
    theirs = SIZES[size][0](weights=None).eval()
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter += 0.05 * torch.randn(parameter.shape)
    torch.save(theirs.state_dict(), path)
    return theirs


@pytest.mark.parametrize("size, side", only([("tiny", 100)], [(size, side) for size in SIZES for side in (100, 224)]))
def test_a_frame_is_seen_as_torchvisions_swin_sees_it(size: str, side: int, tmp_path: Path) -> None:
    """100 pixels: cells that fill no whole window, and a last map smaller than one."""
    theirs = imagenet(size, tmp_path / "imagenet.pth")
    a = networks.published_architecture("swin", depths=SIZES[size][1], features=0, recompute=2)
    ours = FrameSwin(a).eval()
    ours.load_imagenet(tmp_path / "imagenet.pth")
    theirs.head = torch.nn.Identity()
    frames = torch.randn(1, 3, 3, side, side)
    with torch.no_grad():
        wanted = theirs(frames[0].transpose(0, 1)).t()
        assert torch.allclose(ours(frames)[0], wanted, atol=1e-5 * float(wanted.abs().max()))


@full
def test_imagenet_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    imagenet("small", tmp_path / "small.pth")
    with pytest.raises(UserError, match=r"small.pth: not weights of this Swin transformer \(features.5.1"):
        FrameSwin(networks.published_architecture("swin")).load_imagenet(tmp_path / "small.pth")


def test_a_head_stays_as_it_was(tmp_path: Path) -> None:
    imagenet("tiny", tmp_path / "tiny.pth")
    ours = FrameSwin(networks.published_architecture("swin"))
    before = ours.state_dict()["head.weight"].clone()
    ours.load_imagenet(tmp_path / "tiny.pth")
    assert torch.equal(ours.state_dict()["head.weight"], before)


@pytest.mark.parametrize("variant, depths, drop", [("swin", [2, 2, 6, 2], 0.2), ("swin_small", [2, 2, 18, 2], 0.3)])
def test_every_published_key_and_no_other(variant: str, depths: Any, drop: float) -> None:
    from models.registry import create, published_architecture, recogniser_class

    stored = {key: torch.empty(shape, device="meta") for key, (shape, _) in published.keys(variant).items()}
    fitted = recogniser_class("swin").fit(published_architecture("swin"), stored)
    assert fitted == {**published_architecture("swin"), "depths": depths}
    state = create(fitted).network.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == {
        key: shape for key, (shape, _) in published.keys(variant).items()}


def test_relative_positions_are_the_published_ones() -> None:
    assert relative_positions(7).tolist() == published.state("swin")[
        "conv2d.features.1.0.attn.relative_position_index"].tolist()


def test_frames_at_once_do_not_change_what_comes_out_nor_any_gradient() -> None:
    found = []
    for count in (2, 100):
        model: Any = networks.recogniser("swin", recompute=count).double()
        x = model.prepare(networks.clip(8)).tensors[0].double().requires_grad_()
        logits = model.network(x)["logits"]
        logits.square().sum().backward()
        found.append((logits.detach(), x.grad))
    for few, all_ in zip(*found):
        assert torch.allclose(few, all_, rtol=1e-9, atol=1e-12)


def test_more_frames_than_at_once_are_computed_again_in_the_backward() -> None:
    """As that is what memory is saved by; of fewer they are remembered."""
    for count, passes in ((2, 2), (100, 1)):
        model: Any = networks.recogniser("swin", recompute=count)
        block, ran = model.network.conv2d.features[3][0], []     # type: ignore[var-annotated]
        block.norm1.register_forward_hook(lambda module, given, output, ran=ran: ran.append(len(output)))
        x = model.prepare(networks.clip(8)).tensors[0].requires_grad_()
        model.network(x)["logits"].sum().backward()
        assert sum(ran) == passes * x.shape[2]


@full
def test_the_last_blocks_attention_is_the_authors() -> None:
    golden = published.golden("swin")
    model = published.recogniser("swin", folded=True)
    explanation = explain(model, published.clip("swin"), Question(layers=("conv2d.features.7.1",), method="attention"))
    assert abs(explanation.logits - golden["logits"]).max() <= 1e-4 * abs(golden["logits"]).max()
    ours, theirs = explanation.layers["conv2d.features.7.1"].raw, golden["attention/conv2d.features.7.1"]
    assert abs(ours - theirs).max() <= 1e-4 * theirs.max()
    np.testing.assert_allclose(ours.sum((1, 2)), 1, rtol=1e-5)


@pytest.mark.parametrize("shift", [0, 3])
def test_what_a_cell_is_given_is_what_moves_when_its_value_does(shift: int) -> None:
    """Of 9 x 9 cells in windows of 7, filled up: the mean over heads and the cells that ask in its window, which get
    a change of its value (of all channels alike) in the share that they attend to it."""
    torch.manual_seed(0)
    attention = WindowAttention(6, 2, 7, shift).double()
    attention.qkv.bias.data.zero_()
    attention.qkv.weight.data[12:] = 0
    attention.qkv.weight.data[12:, 5] = 1           # every channel of a value is the cell's last channel,
    attention.qkv.weight.data[:12, 5] = 0           # which neither queries nor keys look at
    attention.proj.weight.data, attention.proj.bias.data = torch.eye(6, dtype=torch.float64), torch.zeros(6).double()
    x = torch.randn(1, 9, 9, 6, dtype=torch.float64)
    given = attention.received(x).detach()
    for row, column in ((0, 0), (3, 3), (4, 8), (8, 8)):
        moved = x.clone()
        moved[0, row, column, 5] += 1
        shares = (attention(moved) - attention(x))[0].mean(-1).detach()         # [9, 9], of each cell that asks
        assert float(given[0, row, column]) == pytest.approx(float(shares.sum()) / askers(shift, row, column), rel=1e-9)


def askers(shift: int, row: int, column: int) -> int:
    """Cells in a window with this one, 9 x 9 filled up to 14 x 14 and turned."""
    sides = []
    for index in (row, column):
        own = (index - shift) % 14 // 7
        sides.append(sum((other - shift) % 14 // 7 == own for other in range(9)))
    return sides[0] * sides[1]


def test_windows_over_time_are_those_of_the_paper() -> None:
    """A frame that differs reaches each branch as far as its dilation says, the last one not beyond itself."""
    module = MultiScale(4, 3).eval()
    x = torch.randn(1, 4, 21)
    moved = x.clone()
    moved[:, :, 10] += 5
    with torch.no_grad():
        change = (module(moved) - module(x)).abs()[0].view(6, 3, 21).amax(1)
    reached = [set(torch.nonzero(row)[:, 0].tolist()) for row in change]
    assert reached[:4] == [{10 - gap, 10, 10 + gap} for gap in (1, 2, 3, 4)]
    assert reached[4] <= {9, 10, 11} and reached[5] == {10}


def test_widths_depths_and_the_head_are_read_from_the_file(tmp_path: Path) -> None:
    changes: Dict[str, Any]
    for changes in ({"features": 0}, {"depths": [1, 1, 3, 2]}, {"branch": 4, "width": 24, "patch": 8, "lift_taps": 5}):
        made = networks.recogniser("swin", **changes)
        torch.save({"model_state_dict": made.network.state_dict(),
                    "architecture": networks.architecture("swin", classes=99)}, tmp_path / "made.pt")
        loaded = build("swin", tmp_path / "made.pt")
        assert loaded.architecture == made.architecture
        np.testing.assert_allclose(networks.logits(loaded, networks.clip(8)), networks.logits(made, networks.clip(8)),
                                   rtol=1e-4, atol=1e-4)


def test_a_clip_of_one_step_is_refused_in_a_line() -> None:
    with pytest.raises(UserError, match="has 4 frames; Swin-MSTP needs at least 5"):
        networks.recogniser("swin").prepare(networks.clip(4))
    assert networks.logits(networks.recogniser("swin"), networks.clip(5)).shape == (2, 7)


def test_heads_that_do_not_divide_are_refused() -> None:
    with pytest.raises(UserError, match="12 channels of stage 1 are not 5 heads"):
        networks.recogniser("swin", heads=[5, 2, 3, 4])


def test_drop_path_leaves_branches_out_of_frames() -> None:
    model: Any = networks.recogniser("swin", drop_path=0.5)
    first, last = model.network.conv2d.features[1][0], model.network.conv2d.features[-1][-1].train()
    torch.manual_seed(0)
    ones = last._dropped(torch.ones(40, 2, 2, 3))
    assert set(ones.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(ones, ones[:, :1, :1, :1].expand_as(ones))
    assert first.drop == 0


@pytest.mark.parametrize("asked, given", [("tlp", "swin"), ("vac", "swin"), ("swin", "vac"), ("signgraph", "swin")])
def test_a_file_of_another_network_says_which_it_looks_like(asked: str, given: str, tmp_path: Path) -> None:
    made = networks.recogniser(given)
    torch.save({"model_state_dict": made.network.state_dict()}, tmp_path / "other.pt")
    with pytest.raises(UserError, match=f"it looks like one of {made.title}"):
        build(asked, tmp_path / "other.pt")


@pytest.mark.parametrize("depths", [[1, 2, 2, 2], [2, 2, 6, 2], [1, 1, 1, 1]])
def test_as_much_of_a_frame_reaches_a_cell_as_is_told(depths: Any) -> None:
    made: Any = networks.recogniser("swin", size=224, depths=depths)
    frames = torch.randn(1, 3, 1, 224, 224, requires_grad=True)
    taken: Dict[str, torch.Tensor] = {}
    spatial = {name: probe for name, probe in made.layers.items() if name in made.default_layers and probe.spatial}
    for name, probe in spatial.items():
        probe.module.register_forward_hook(lambda module, given, output, name=name: taken.update({name: output}))
    made.network.conv2d(frames)
    for name, probe in spatial.items():
        middle = probe.arrange(taken[name])[0, :, 0, probe.size // 2, probe.size // 2].sum()
        gradient, = torch.autograd.grad(middle, frames, retain_graph=True)
        assert int((gradient[0].abs().sum((0, 1, 3)) > 0).sum()) == round(probe.field * 224), name
    assert spatial["conv2d.features.7"].field == 1

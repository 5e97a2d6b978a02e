import math
from pathlib import Path
from typing import Any, Dict

import pytest
import torch
from torch import Tensor

from cam_runner import explain
from models.corrnetplus import NeighbourResNet
from models.neighbours import AttentionPool, NeighbourCorrelation
from models.registry import build, create
from records.question import Question
from terminal.errors import UserError
from tests.kit import networks


def drawn(channels: int, neighbours: int) -> NeighbourCorrelation:
    torch.manual_seed(0)
    made = NeighbourCorrelation(channels, neighbours)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, 0.1, 0.3)
    return made.double()


def attended(pool: AttentionPool, places: Tensor) -> Tensor:
    """places [P, C] of one frame -> [C]"""
    query = pool.q_proj(pool.query[0, 0])
    keys, values = pool.k_proj(places), pool.v_proj(places)
    shares = (keys @ query / math.sqrt(len(query))).exp()
    return pool.c_proj((shares[:, None] * values).sum(0) / shares.sum())


def as_in_the_paper(made: NeighbourCorrelation, x: Tensor) -> Tensor:
    """x [C, T, H, W] -> [C, T], frame by frame and place by place."""
    count = len(made.weights2) // 2
    frames = x.shape[1]
    seen = torch.einsum("oc,cthw->othw", made.down_conv2.weight[:, :, 0, 0, 0], x)
    out = []
    for t in range(frames):
        places = x[:, t].flatten(1).t()
        asked = (made.weights4[0] * places.mean(0) + made.weights4[1] * places.max(0).values
                 + made.weights4[2] * attended(made.attpool, places))
        total = torch.zeros(len(x), dtype=x.dtype)
        for weight, offset in zip(made.weights2, [*range(-count, 0), *range(1, count + 1)]):
            if not 0 <= t + offset < frames:
                continue
            for features in seen[:, t + offset].flatten(1).t():
                key = weight * features
                total = total + key * (1 / (1 + (-(asked @ key)).exp()) - 0.5)
        out.append(total)
    return torch.stack(out, 1)


@pytest.mark.parametrize("neighbours, frames", [(1, 4), (3, 7), (5, 4), (1, 2)])
def test_what_a_frame_finds_is_the_formula(neighbours: int, frames: int) -> None:
    made = drawn(16, neighbours)
    gradients = []
    for slowly in (True, False):
        x = torch.randn(16, frames, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        x.requires_grad_()
        found = as_in_the_paper(made, x) if slowly else made.correlated(
            x[None], made.down_conv2(x[None]))[0, :, :, 0, 0]
        weights = torch.arange(found.numel(), dtype=torch.float64).view_as(found)
        wanted = (x, made.weights2, made.weights4, made.attpool.query, made.attpool.v_proj.bias)
        gradients.append([found, *torch.autograd.grad((found * weights).sum(), wanted)])
    for slow, ours in zip(*gradients):
        assert torch.allclose(slow, ours, rtol=1e-8, atol=1e-10)


def test_a_frame_alone_finds_nothing() -> None:
    made = drawn(16, 3)
    x = torch.randn(1, 16, 1, 3, 2, dtype=torch.float64)
    assert not made.correlated(x, x).any()


def test_faint_affinities_do_not_cancel() -> None:
    made = drawn(16, 1)
    x = 1e-4 * torch.randn(16, 4, 3, 2, dtype=torch.float64)
    exact = as_in_the_paper(made, x)
    made.float()
    with torch.no_grad():
        found = made.correlated(x[None].float(), made.down_conv2(x[None].float()))[0, :, :, 0, 0]
        assert torch.allclose(found.double(), exact, rtol=1e-4, atol=1e-6 * float(exact.abs().max()))


def test_no_neighbour_is_copied() -> None:
    """What is kept for the backward does not grow with how many are asked."""
    def kept(neighbours: int) -> int:
        made = drawn(64, neighbours).float()
        sizes: Dict[int, int] = {}
        x = torch.randn(1, 64, 30, 12, 12).contiguous(memory_format=torch.channels_last_3d).requires_grad_()

        def note(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage() if hasattr(tensor, "untyped_storage") else tensor.storage()
            sizes[storage.data_ptr()] = storage.nbytes()
            return tensor

        seen = made.down_conv2(x)
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            found = made.correlated(x, seen)
        assert found.requires_grad
        return sum(sizes.values())

    assert kept(5) < kept(1) + 4 * 64 * 30 * 12 * 12        # one neighbour's features, of all frames, are as much


def test_a_gate_that_underflowed_contributes_nothing_and_draws_nothing() -> None:
    made: Any = networks.recogniser("corrnetplus")
    assert explain(made, networks.clip(16), Question(layers=("conv2d.corr2",))).layers["conv2d.corr2"].flags == ()
    made.network.conv2d.corr2.weights.fill_(1e-41)
    explanation = explain(made, networks.clip(16), Question(layers=("conv2d.corr2", "conv2d.layer3")))
    layer = explanation.layers["conv2d.corr2"]
    assert layer.flags == ("all-zero",) and not layer.raw.any() and not layer.map.any()
    assert explanation.layers["conv2d.layer3"].flags == ()
    before = networks.logits(made, networks.clip(16))
    made.network.conv2d.alpha[0] = 0
    assert (networks.logits(made, networks.clip(16)) == before).all()


def test_a_block_is_emphasised_after_it_is_correlated() -> None:
    net: Any = NeighbourResNet(18, [1, 1, 1], 64)
    net.alpha.data = torch.tensor([0.3, 0.5, 0.7])
    torch.nn.init.ones_(net.temporal_weight3.alpha)
    x = torch.randn(1, 256, 3, 4, 4)
    y = x + 0.5 * net.corr3(x)
    assert torch.allclose(net.after(2, x), y + net.temporal_weight3(y), rtol=1e-5, atol=1e-6)
    first = torch.randn(1, 64, 3, 8, 8)
    assert torch.equal(net.after(0, first), first)


def test_neighbours_and_taps_are_read_from_the_file(tmp_path: Path) -> None:
    made = networks.recogniser("corrnetplus", neighbours=[2, 1, 4], lift_taps=5)
    torch.save({"model_state_dict": made.network.state_dict(), "architecture": networks.architecture("corrnetplus")},
               tmp_path / "own.pt")
    architecture = build("corrnetplus", tmp_path / "own.pt").architecture
    assert (architecture["neighbours"], architecture["lift_taps"]) == ([2, 1, 4], 5)


def test_neighbours_of_two_blocks_are_told() -> None:
    with pytest.raises(UserError, match="neighbours is .*; expected"):
        create(networks.architecture("corrnetplus", neighbours=[1, 3]))
    with pytest.raises(UserError, match=r"neighbours \[1, 3\]: expected how many on each side"):
        NeighbourResNet(18, [1, 3], 64)


def test_what_never_runs_never_learns() -> None:
    made = networks.recogniser("corrnetplus").train().requires_grad_(True)
    outputs = made.network(made.prepare(networks.clip(8)).tensors[0], torch.tensor([20]))
    (outputs["logits"].sum() + outputs["conv"].sum() + outputs["lift"].sum()).backward()
    idle = {name.split(".", 2)[2] for name, parameter in made.network.named_parameters() if parameter.grad is None}
    assert made.rests and idle == {"weights3", "mlp.0.weight", "mlp.0.bias", "mlp.2.weight", "mlp.2.bias"}

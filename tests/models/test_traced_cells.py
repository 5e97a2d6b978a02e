"""Cells traced from the graph lie where the built-in networks, which know their own windows, say that theirs do."""
from typing import Any, Dict, Tuple

import pytest
import torch
from torch import Tensor, nn

from models.contract import Probe
from models.evaluating import evaluating
from models.traced_cells import Lattice, lattice_of
from tests.kit import networks
from tests.kit.tiers import in_full


def traced(name: str, recurrent: Tuple[str, ...]) -> Dict[str, Tuple[Probe, Lattice]]:
    made = networks.recogniser(name)
    lattices: Dict[str, Tuple[Probe, Lattice]] = {}
    inputs = made.prepare(networks.clip(24))
    for tensor in inputs.tensors:
        tensor.requires_grad_()

    def watch(title: str, probe: Probe) -> Any:
        own = inputs.tensors[1] if title.startswith("pose") else inputs.tensors[0]

        def note(module: nn.Module, given: Any, output: Any) -> None:
            lattice = lattice_of(probe.select(output), own, (own.shape[2], own.shape[3], own.shape[4]))
            assert lattice is not None, title
            lattices[title] = probe, lattice

        return probe.module.register_forward_hook(note)

    handles = [watch(*each) for each in made.layers.items() if each[0] not in recurrent]
    with evaluating(made):
        made(inputs)
    for handle in handles:
        handle.remove()
    return lattices


@pytest.mark.parametrize("name", ["vac", "slowfast", in_full("corrnet"), in_full("twostream")])
def test_cells_lie_where_the_network_says(name: str) -> None:
    compared = 0
    for title, (probe, lattice) in traced(name, ("temporal_model", "head", "visual_head")).items():
        if probe.spatial:
            for axis, expected in zip(lattice.axes[1:], probe.cells[1:]):
                assert (axis.first, axis.stride) == pytest.approx((expected.first, expected.stride)), title
                assert lattice.even or axis.seen == expected.seen, title
            compared += 1
        if not lattice.even and "slow_path" not in title:   # it picks frames by number, of which a graph tells nothing
            assert lattice.axes[0] == probe.cells[0], title
    assert compared >= 4


def traced_of(network: nn.Module, *shape: int) -> Lattice:
    x = torch.rand(1, 3, *shape, requires_grad=True)
    lattice = lattice_of(network(x), x, (shape[0], shape[1], shape[2]))
    assert lattice is not None
    return lattice


def test_every_kind_of_window_moves_the_cells() -> None:
    network = nn.Sequential(nn.Conv3d(3, 4, (3, 5, 3), (1, 2, 1), (1, 0, 2), dilation=(1, 1, 2)),
                            nn.MaxPool3d((1, 2, 3), (1, 2, 2), (0, 0, 1), ceil_mode=True), nn.AvgPool3d((2, 1, 1)))
    lattice = traced_of(network, 8, 31, 20)
    assert lattice.counts == tuple(network(torch.rand(1, 3, 8, 31, 20)).shape[2:]) and not lattice.even
    assert [(axis.first, axis.stride) for axis in lattice.axes] == [(0.5, 2), (3, 4), (0, 2)]


def test_a_window_that_would_start_in_the_padding_behind_is_none() -> None:
    network = nn.MaxPool3d((1, 2, 2), (1, 2, 2), (0, 1, 1), ceil_mode=True)
    for rows in range(3, 9):
        assert traced_of(network, 1, rows, rows).counts[1] == network(torch.rand(1, 3, 1, rows, rows)).shape[3]


def test_windows_along_time_behind_pooled_pictures() -> None:
    class Pooled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.time = nn.Sequential(nn.Conv1d(3, 4, 5), nn.MaxPool1d(2))

        def forward(self, x: Tensor) -> Tensor:
            return self.time(x.mean((3, 4)))

    lattice = traced_of(Pooled(), 13, 6, 6)
    assert (lattice.counts[0], lattice.axes[0].first, lattice.axes[0].stride) == (4, 2.5, 2)


def test_of_branches_the_one_that_sees_most_counts_and_a_gate_not_at_all() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.main, self.skip = nn.Conv3d(3, 4, 3, 2, 1), nn.Conv3d(3, 4, 1, 2)
            self.gate = nn.Sequential(nn.AdaptiveAvgPool3d(1), nn.Conv3d(4, 4, 1), nn.Sigmoid())

        def forward(self, x: Tensor) -> Tensor:
            made = self.main(x)
            return made * self.gate(made) + self.skip(x)

    lattice = traced_of(Gated(), 8, 8, 8)
    assert [(axis.first, axis.stride, axis.seen) for axis in lattice.axes] == [(0, 2, 3)] * 3
    assert lattice.counts == (4, 4, 4) and not lattice.even


def test_what_is_scaled_on_the_way_is_taken_to_lie_evenly() -> None:
    network = nn.Sequential(nn.Upsample(scale_factor=(1, 2, 2)), nn.Conv3d(3, 2, 1))
    lattice = traced_of(network, 4, 6, 6)
    assert lattice.even and lattice.counts == (4, 12, 12)
    assert (lattice.axes[1].first, lattice.axes[1].stride) == (-0.25, 0.5)


class Attending(nn.Module):
    """Cells of a frame take from each other."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.convolution(x[0].transpose(0, 1))                               # [T, C, H, W]
        cells = seen.flatten(2)
        mixed = torch.bmm(cells, torch.bmm(cells.transpose(1, 2), cells).softmax(2))
        return mixed.view_as(seen).transpose(0, 1)[None]


def test_where_cells_take_from_each_other_they_see_the_whole_frame() -> None:
    lattice = traced_of(Attending(), 4, 16, 16)
    assert [axis.seen for axis in lattice.axes[1:]] == [float("inf")] * 2 and lattice.axes[1].stride == 2


def test_a_function_of_one_s_own_may_take_from_anywhere_unless_it_says_otherwise() -> None:
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
            return gradient * 2

    class Local(Own):
        by_cell = True

    for function, seen in ((Own, float("inf")), (Local, 1.0)):
        network: Any = function.apply
        assert traced_of(network, 4, 8, 8).axes[1].seen == seen

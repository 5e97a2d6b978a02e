from pathlib import Path
from typing import List, Tuple

import pytest
import torch
from torch import Tensor

from models import correlation
from models.correlation import Correlate, Correlation
from models.corrnet import CorrelatedResNet
from models.registry import build, create
from terminal.errors import UserError
from tests.kit import networks


def as_in_the_paper(x: Tensor, seen: Tensor, weights: Tensor) -> Tensor:
    """[C, T, H, W], all affinities at once."""
    after, before = torch.cat((seen[:, 1:], seen[:, -1:]), 1), torch.cat((seen[:, :1], seen[:, :-1]), 1)
    total = torch.zeros_like(x)
    for weight, other in zip(weights, (after, before)):
        affinity = torch.einsum("cthw,ctij->thwij", x, other)
        total = total + weight * torch.einsum("ctij,thwij->cthw", other, affinity.sigmoid() - 0.5)
    return total


def inputs(frames: int) -> Tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    return (torch.randn(4, frames, 3, 5, dtype=torch.float64, requires_grad=True),
            torch.randn(4, frames, 3, 5, dtype=torch.float64, requires_grad=True),
            torch.tensor([0.7, -0.4], dtype=torch.float64, requires_grad=True))


@pytest.mark.parametrize("frames", [1, 2, 7])
@pytest.mark.parametrize("at_once", [1, 500, 2 ** 22])
def test_frames_in_chunks_correlate_as_all_at_once(frames: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correlation, "AFFINITIES", at_once)
    block = Correlation(16).double()
    found: List[List[Tensor]] = []
    for chunked in (True, False):
        x, seen, weights = inputs(frames)
        if chunked:
            block.weights2.data = weights.data
            y = block.correlated(x[None], seen[None])[0]
            weights = block.weights2
        else:
            y = as_in_the_paper(x, seen, weights)
        gradients = torch.autograd.grad((y * torch.arange(y.numel()).view_as(y)).sum(), (x, seen, weights))
        found.append([y, *gradients])
    for ours, theirs in zip(*found):
        assert torch.allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_the_gradient_is_the_slope() -> None:
    x, seen, weights = inputs(3)
    places, around = (each.detach().permute(1, 2, 3, 0).flatten(1, 2)[None] for each in (x, seen))
    around = torch.cat((around[:, :1], around, around[:, -1:]), 1)
    assert torch.autograd.gradcheck(lambda *given: Correlate.apply(*given),
                                    (places.requires_grad_(), around.requires_grad_(), weights))


def test_faint_affinities_do_not_cancel() -> None:
    x, seen, weights = (each.detach().float() for each in inputs(4))
    exact = as_in_the_paper(1e-4 * x.double(), seen.double(), weights.double())
    block = Correlation(16)
    block.weights2.data = weights
    with torch.no_grad():
        assert torch.allclose(block.correlated(1e-4 * x[None], seen[None])[0].double(), exact, rtol=1e-5, atol=1e-9)


def test_csl_dailys_two_blocks_are_read_from_the_keys(tmp_path: Path) -> None:
    made = networks.recogniser("corrnet", blocks=[2, 3])
    assert made.network.state_dict()["conv2d.alpha"].shape == (2,) and "conv2d.corr1" not in made.layers
    assert list(made.layers)[3:7] == ["conv2d.layer3", "conv2d.corr2", "conv2d.layer4", "conv2d.corr3"]
    torch.save({"model_state_dict": made.network.state_dict(), "architecture": networks.architecture("corrnet")},
               tmp_path / "csl.pt")
    assert build("corrnet", tmp_path / "csl.pt").architecture["blocks"] == [2, 3]


def test_each_block_has_its_own_alpha() -> None:
    net = CorrelatedResNet(18, [2, 3], 64)
    net.alpha.data = torch.tensor([0.3, 0.7])
    x = {stage: torch.randn(1, net.stage_channels[stage], 3, 4, 4) for stage in (1, 2, 3)}
    assert torch.equal(net.after(1, x[1]), x[1])
    for stage, alpha in ((2, 0.3), (3, 0.7)):
        assert torch.allclose(net.after(stage, x[stage]), x[stage] + alpha * getattr(net, f"corr{stage}")(x[stage]))


@pytest.mark.parametrize("given, file", [("VAC", "CorrNet"), ("CorrNet", "VAC")])
def test_one_of_the_family_given_as_the_other_names_what_it_looks_like(given: str, file: str, tmp_path: Path) -> None:
    torch.save({"model_state_dict": networks.recogniser(file.lower()).network.state_dict()}, tmp_path / "file.pt")
    with pytest.raises(UserError, match=f"not a checkpoint of {given}; it looks like one of {file}"):
        build(given.lower(), tmp_path / "file.pt")


def test_blocks_out_of_order_are_told() -> None:
    with pytest.raises(UserError, match="expected some of 1, 2, 3"):
        create(networks.architecture("corrnet", blocks=[3, 2]))

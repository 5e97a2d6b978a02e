"""Mamba-SLR's blocks a piece at a time: the same maps, and the same is learnt."""
from typing import Any, Dict, List

import pytest
import torch
from torch import Tensor

from cam_runner import explain
from models import mamba, pieces
from records.explanation import Explanation
from tests.kit import networks

FRAMES = 14


def read(monkeypatch: pytest.MonkeyPatch, tokens: int, recompute: int) -> Explanation:
    monkeypatch.setattr(pieces, "PIECE", tokens)
    return explain(networks.recogniser("mamba", recompute=recompute), networks.clip(FRAMES))


@pytest.mark.parametrize("recompute", [100, 1])
@pytest.mark.parametrize("tokens", [1, 45])         # one frame, or one place; several, and fewer at the end
def test_logits_and_maps_are_those_of_whole_blocks(monkeypatch: pytest.MonkeyPatch, tokens: int,
                                                    recompute: int) -> None:
    whole, cut = (read(monkeypatch, count, recompute) for count in (10 ** 6, tokens))
    assert abs(whole.logits - cut.logits).max() <= 1e-5 * abs(whole.logits).max()
    for layer, found in whole.layers.items():
        assert abs(found.raw - cut.layers[layer].raw).max() <= 1e-5 * found.raw.max(), layer


@pytest.mark.parametrize("recompute, times", [(1, 1), (100, 0)])
def test_blocks_that_are_run_again_give_their_memory_back(monkeypatch: pytest.MonkeyPatch, recompute: int,
                                                          times: int) -> None:
    given: List[bool] = []
    monkeypatch.setattr(mamba, "give_freed_memory_back", lambda: given.append(True))
    model: Any = networks.recogniser("mamba", recompute=recompute)
    explain(model, networks.clip(FRAMES))
    assert len(given) == times * len(model.network.layers)


def slopes(recompute: int) -> Dict[str, Tensor]:
    model: Any = networks.recogniser("mamba", recompute=recompute, drop_path=0.5).requires_grad_(True).train()
    torch.manual_seed(1)
    model(model.prepare(networks.clip(FRAMES))).square().sum().backward()
    return {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}


def test_a_piece_computed_again_leaves_out_what_it_left_out_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE", 45)
    kept, again = slopes(100), slopes(1)
    for name, slope in kept.items():
        assert torch.allclose(slope, again[name], rtol=1e-4, atol=1e-5 * float(slope.abs().max())), name


def test_who_looks_at_a_part_of_a_block_sees_it_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE", 1)
    model: Any = networks.recogniser("mamba", recompute=1)
    seen: List[Tensor] = []
    model.network.layers[0].mlp.fc1.register_forward_hook(lambda module, given, output: seen.append(output))
    model(model.prepare(networks.clip(FRAMES)))
    assert [len(output) for output in seen] == [FRAMES]

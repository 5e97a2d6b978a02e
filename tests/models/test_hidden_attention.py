"""What layers take, against what the scan does to a single unit put in at one place."""
from typing import Any

import pytest
import torch
from torch import Tensor

from models.hidden_attention import of_each_frame, of_the_class_token
from models.mamba_mixers import Clips, SpatialScan, TemporalScan
from models.state_space import scan
from tests.kit import networks


def mixers(kind: type) -> Any:
    model: Any = networks.recogniser("mamba")
    return next(module for module in model.network.modules() if isinstance(module, kind))


def tokens_of(mixer: Any, frames: int, count: int) -> Tensor:
    torch.manual_seed(0)
    return torch.randn(frames, count, mixer.in_proj.in_features)


def answers(x: Tensor, dt: Tensor, b: Tensor, c: Tensor, mixer: Any, clips: Any = None) -> Tensor:
    """[S, L, L, H]: the scan's output, in the second place, for a unit put in at the third."""
    length = x.shape[1]
    put = []
    for step in range(length):
        unit = torch.zeros_like(x)
        unit[:, step] = 1
        put.append(scan(unit, dt, -mixer.A_log.exp(), b, c, mixer.D, clips)[..., 0])
    return torch.stack(put, 2)


def test_the_class_token_took_what_reaches_it() -> None:
    mixer = mixers(SpatialScan)
    tokens = tokens_of(mixer, 2, mixer.grid ** 2 + 1)
    found = of_the_class_token(mixer, (tokens, None), None)
    x, dt, b, c = mixer.read(tokens)
    reached = answers(x, dt, b, c, mixer)[:, -1].abs()           # [F, L, H]
    places = torch.zeros(2, tokens.shape[1])
    each = reached.unflatten(2, (4, -1)).sum(3)
    for direction, order in enumerate(mixer.scan_indices):
        places[:, order] += each[:, :, direction]
    wanted = (places / places.sum(1, keepdim=True))[:, :-1].view(1, 2, mixer.grid, mixer.grid)
    assert torch.allclose(found, wanted, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("lengths", [[9], [4, 5]])
def test_each_frame_took_what_reaches_it_of_its_own_clip(lengths: list) -> None:
    mixer = mixers(TemporalScan)
    tokens, clips = tokens_of(mixer, 9, 3), Clips.of(lengths, torch.device("cpu"))
    found = of_each_frame(mixer, (tokens, clips), None)[0]
    x, dt, b, c = mixer.read(tokens, clips)
    reached = answers(x, dt, b, c, mixer, clips.numbers).abs().sum(0)                               # [F, F, H]
    ahead, back = reached.chunk(2, dim=2)
    taken = ahead.sum(2) + back.sum(2)[clips.turned][:, clips.turned]
    assert torch.allclose(found, taken / taken.sum(1, keepdim=True), rtol=1e-4, atol=1e-7)
    assert len(lengths) == 1 or not found[:4, 4:].any() and not found[4:, :4].any()
    assert len(lengths) > 1 or bool((found > 0).all())

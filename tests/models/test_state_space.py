"""The scan against the recurrence it stands for, written out step by step."""
from typing import Any, List, Optional

import pytest
import torch
from torch import Tensor

from models import state_space

scan: Any = state_space.scan
matrix: Any = state_space.matrix
GROUPS = 2


def arguments(length: int, sequences: int = 2, heads: int = 4, channels: int = 3, states: int = 5,
              dtype: torch.dtype = torch.float64) -> Any:
    """x, dt, a, b, c, d; steps from hardly any to some that forget everything."""
    torch.manual_seed(length)
    dt = 10 ** (4 * torch.rand(sequences, length, heads, dtype=dtype) - 3)
    return (torch.randn(sequences, length, heads, channels, dtype=dtype), dt,
            -torch.empty(heads, dtype=dtype).uniform_(1, 16), torch.randn(sequences, length, GROUPS, states,
            dtype=dtype), torch.randn(sequences, length, GROUPS, states, dtype=dtype), torch.randn(heads, dtype=dtype))


def recurrence(given: Any, clips: Optional[Tensor] = None) -> Tensor:
    x, dt, a, b, c, d = given
    state = x.new_zeros(x.shape[0], x.shape[2], x.shape[3], b.shape[3])
    b, c = (tensor.repeat_interleave(x.shape[2] // GROUPS, dim=2) for tensor in (b, c))
    outputs = []
    for t in range(x.shape[1]):
        if clips is not None and t and clips[t] != clips[t - 1]:
            state = torch.zeros_like(state)
        kept = torch.exp(dt[:, t] * a)[..., None, None]
        state = kept * state + (dt[:, t, :, None] * x[:, t])[..., None] * b[:, t, :, None]
        outputs.append((state * c[:, t, :, None]).sum(-1) + d[:, None] * x[:, t])
    return torch.stack(outputs, 1)


def numbers(lengths: List[int]) -> Tensor:
    return torch.cat([torch.full((length,), clip, dtype=torch.int32) for clip, length in enumerate(lengths)])


@pytest.mark.parametrize("chunk", [None, 1, 4, 64])
@pytest.mark.parametrize("length", [1, 2, 16, 17, 90])
def test_it_is_the_recurrence(length: int, chunk: Optional[int]) -> None:
    given = arguments(length)
    wanted = recurrence(given)
    assert (scan(*given, chunk=chunk) - wanted).abs().max() <= 1e-12 * wanted.abs().max()


@pytest.mark.parametrize("lengths", [[1, 1, 1], [8, 8], [5, 30, 1, 17], [53]])
@pytest.mark.parametrize("chunk", [4, 8, 64])
def test_the_state_is_zero_where_a_clip_begins(lengths: List[int], chunk: int) -> None:
    given, clips = arguments(sum(lengths)), numbers(lengths)
    wanted = recurrence(given, clips)
    assert (scan(*given, clips, chunk) - wanted).abs().max() <= 1e-12 * wanted.abs().max()


def test_clips_end_to_end_are_each_alone() -> None:
    x, dt, a, b, c, d = arguments(40)
    together = scan(x, dt, a, b, c, d, numbers([13, 27]), chunk=8)
    for part in (slice(0, 13), slice(13, 40)):
        alone = scan(x[:, part], dt[:, part], a, b[:, part], c[:, part], d, chunk=8)
        assert torch.allclose(together[:, part], alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("clips", [None, [3, 4]])
def test_gradients_are_those_of_finite_differences(clips: Optional[List[int]]) -> None:
    given: Any = [tensor.requires_grad_() for tensor in arguments(7, sequences=1, heads=2, channels=2, states=2)]
    borders = None if clips is None else numbers(clips)
    assert torch.autograd.gradcheck(lambda *tensors: scan(*tensors, borders, 3), given)


def test_gradients_are_those_of_the_recurrence() -> None:
    given: Any = [tensor.requires_grad_() for tensor in arguments(50)]
    torch.manual_seed(0)
    weights = torch.randn_like(given[0])
    ours = torch.autograd.grad((scan(*given, chunk=16) * weights).sum(), given)
    theirs = torch.autograd.grad((recurrence(given) * weights).sum(), given)
    for one, other in zip(ours, theirs):
        assert (one - other).abs().max() <= 1e-11 * other.abs().max()


def test_single_precision_loses_no_more_than_its_own_rounding() -> None:
    """Over 400 steps whose decays add up to thousands: sums that long are never exponentiated."""
    given = arguments(400)
    wanted = recurrence(given)
    output = scan(*[tensor.float() for tensor in given]).double()
    assert torch.isfinite(output).all()
    assert (output - wanted).abs().max() <= 2e-5 * wanted.abs().max()


def test_the_matrix_of_hidden_attention_is_the_scan() -> None:
    given = arguments(40)
    x, others = given[0], given[1:]
    taken = matrix(*others)
    wanted = scan(x, *others, chunk=16)
    assert torch.allclose(torch.einsum("shij,sjhp->sihp", taken, x), wanted, rtol=1e-10, atol=1e-10)
    assert torch.allclose(matrix(*others, rows=[39, 3]), taken[:, :, [39, 3]], rtol=1e-12)
    clips = numbers([13, 27])
    within = matrix(*others, clips=clips)
    assert torch.allclose(torch.einsum("shij,sjhp->sihp", within, x), scan(x, *others, clips, 16), rtol=1e-10,
                          atol=1e-10)


def values_kept(length: int) -> int:
    """How many values autograd keeps for the backward."""
    sizes: List[int] = []

    def note(tensor: Tensor) -> Tensor:
        sizes.append(tensor.numel())
        return tensor

    given: Any = [argument.requires_grad_() for argument in arguments(length)]
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        scan(*given, chunk=16)
    return sum(sizes)


def test_memory_grows_as_the_length_does() -> None:
    assert values_kept(640) <= 2.1 * values_kept(320)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available() or state_space.fused_scan() is None,
                    reason="needs a GPU and mamba-ssm")
def test_the_fused_kernel_is_the_same_function() -> None:
    given = [tensor.cuda() for tensor in arguments(200, heads=4, channels=64, states=16, dtype=torch.float32)]
    clips = numbers([70, 130]).cuda()
    x, dt, a, b, c, d = given
    fused = scan(x.half(), dt, a, b.half(), c.half(), d, clips).float()
    ours = scan(x, dt, a, b, c, d, clips, 32)
    assert (fused - ours).abs().max() <= 1e-2 * ours.abs().max()

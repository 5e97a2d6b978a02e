"""Selective state spaces of Mamba-2 (Dao, Gu 2024, "Transformers are SSMs"), read as matrix products.

Per head and channel: h_t = exp(dt_t a) h_(t-1) + dt_t b_t x_t and y_t = c_t h_t + d x_t, with h = 0 before a clip.
Written out, y = M x with M_ij = (c_i . b_j) exp(a (dt_(j+1) + ... + dt_i)) dt_j for j <= i: attention without a
softmax. Steps are cut into chunks; within a chunk M is made, and between chunks only h goes on, so memory grows as the
length does.
"""
import math
from functools import lru_cache
from typing import Callable, List, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

FUSED_CHUNK = 128       # steps, of mamba-ssm's kernel


def scan(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor, clips: Optional[Tensor] = None,
         chunk: Optional[int] = None) -> Tensor:
    """y [S, L, H, P] of S sequences: x [S, L, H, P], dt [S, L, H], a and d [H], b and c [S, L, G, N].

    Heads that follow one another share a group's b and c. `clips` [L]: number of the clip each step is of; the state is
    zero at the first step of each. a < 0 and dt >= 0.
    """
    fused = fused_scan() if x.is_cuda and chunk is None and x.dtype in (torch.float16, torch.bfloat16) else None
    if fused is not None:
        numbers = None if clips is None else clips.expand(len(x), -1).contiguous()
        return fused(x.contiguous(), dt.contiguous(), a, b.contiguous(), c.contiguous(), FUSED_CHUNK, D=d,
                     seq_idx=numbers)
    length, heads, states = x.shape[1], x.shape[2], b.shape[3]
    chunks, size = cut_for(length, states, x.shape[3]) if chunk is None else _cut(length, chunk)
    x, dt, b, c = (_chunked(tensor, chunks, size) for tensor in (x, dt[..., None], b, c))      # [S, H or G, K, Q, ...]
    dt = dt[..., 0]                                                     # [S, H, K, Q]
    ends = (dt * a[:, None, None]).cumsum(3)                            # log of what is left of a chunk's first state
    same = _same_clip(clips, chunks, size, x.device)
    mixed = _scores(b, c, heads) * _decays(ends, same[0]) * dt[..., None, :]
    mixed.diagonal(dim1=-2, dim2=-1).add_(d[:, None, None])
    y = mixed @ x                                                       # [S, H, K, Q, P]
    if chunks > 1:
        y = y + _across(x, dt, ends, b, c, same)
    return y.permute(0, 2, 3, 1, 4).flatten(1, 2)[:, :length]


@lru_cache(maxsize=1)
def fused_scan() -> Optional[Callable[..., Tensor]]:
    """mamba-ssm's kernel, where that is installed. It rounds float32 to 10 bits, so it is for half precision."""
    try:
        from mamba_ssm.ops.triton.ssd_combined import mamba_chunk_scan_combined
    except ImportError:
        return None
    return mamba_chunk_scan_combined


def matrix(dt: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor, clips: Optional[Tensor] = None,
           rows: Optional[List[int]] = None) -> Tensor:
    """M [S, H, rows, L], what each step (or those of `rows`) takes from each: the same scan as hidden attention."""
    length, heads = dt.shape[1:]
    steps = torch.arange(length, device=dt.device)
    wanted = steps if rows is None else steps[rows]
    dt, b, c = dt.transpose(1, 2), b.transpose(1, 2), c.transpose(1, 2)                    # [S, H or G, L, ...]
    ends = (dt * a[:, None]).cumsum(2)
    before = steps <= wanted[:, None]                                   # [rows, L]
    if clips is not None:
        before = before & (clips == clips[wanted, None])
    decays = (ends[:, :, wanted, None] - ends[:, :, None]).masked_fill(~before, -math.inf).exp()
    scores = (c[:, :, wanted] @ b.transpose(2, 3)).repeat_interleave(heads // b.shape[1], 1)
    return scores * decays * dt[:, :, None] + d[:, None, None] * (steps == wanted[:, None])


def cut_for(length: int, states: int, channels: int) -> Tuple[int, int]:
    """(chunks, steps in each). With Q steps a chunk and N states a step costs Q + N P / Q: least at Q = sqrt(N P)."""
    return _cut(length, max(16, round(math.sqrt(states * channels))))


def _cut(length: int, size: int) -> Tuple[int, int]:
    """As even as can be: little is padded."""
    chunks = max(1, math.ceil(length / size))
    return chunks, math.ceil(length / chunks)


def _chunked(x: Tensor, chunks: int, size: int) -> Tensor:
    """[S, L, H, P] -> [S, H, K, Q, P]. Steps beyond the end have dt = 0: they change nothing."""
    x = F.pad(x, (0, 0, 0, 0, 0, chunks * size - x.shape[1])) if chunks * size > x.shape[1] else x
    return x.unflatten(1, (chunks, size)).permute(0, 3, 1, 2, 4).contiguous()


def _scores(b: Tensor, c: Tensor, heads: int) -> Tensor:
    """c_i . b_j [S, H, K, Q, Q], one for all heads of a group."""
    scores = c @ b.transpose(3, 4)
    return scores[:, :, None].expand(-1, -1, heads // scores.shape[1], -1, -1, -1).flatten(1, 2)


def _decays(ends: Tensor, same: Tensor) -> Tensor:
    """exp(sum of a dt over j < k <= i) where j <= i, else 0."""
    return (ends[..., :, None] - ends[..., None, :]).masked_fill(~same, -math.inf).exp()


def _same_clip(clips: Optional[Tensor], chunks: int, size: int, device: torch.device) -> Tuple[Tensor, ...]:
    """bool: [K, Q, Q] j <= i of one clip; [K, Q] of the clip at the chunk's end, and at the end of the chunk before;
    [K] whether those two ends are of one clip."""
    if clips is None:
        clips = torch.zeros(chunks * size, dtype=torch.int32, device=device)
    numbers = torch.cat((clips, clips[-1:].expand(chunks * size - len(clips)))).view(chunks, size)
    last = numbers[:, -1]
    before = torch.cat((last[:1], last[:-1]))
    within = (numbers[:, :, None] == numbers[:, None, :]).tril()
    return within, numbers == last[:, None], numbers == before[:, None], last == before


def _across(x: Tensor, dt: Tensor, ends: Tensor, b: Tensor, c: Tensor, same: Tuple[Tensor, ...]) -> Tensor:
    """What later chunks read of earlier ones, [S, H, K, Q, P]."""
    _, at_end, at_start, goes_on = same
    heads = x.shape[1] // b.shape[1]
    b, c = (tensor.repeat_interleave(heads, 1) for tensor in (b, c))
    left = (ends[..., -1:] - ends).exp() * dt * at_end                  # of each step at its chunk's end
    made = (b * left[..., None]).transpose(3, 4) @ x                    # [S, H, K, N, P]
    kept = ends[..., -1].exp() * goes_on                                # [S, H, K]
    state, states = torch.zeros_like(made[:, :, 0]), []
    for chunk in range(x.shape[2]):
        states.append(state)
        state = kept[:, :, chunk, None, None] * state + made[:, :, chunk]
    return (c * (ends.exp() * at_start)[..., None]) @ torch.stack(states, 2)

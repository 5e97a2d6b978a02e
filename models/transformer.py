"""Pre-norm transformer blocks, CLIP's and timm's: one attention, two sets of names. Tokens are [B, N, C]."""
from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def split_heads(x: Tensor, heads: int) -> Tensor:
    """[B, N, C] -> [B, heads, N, C / heads]"""
    return x.unflatten(2, (heads, -1)).transpose(1, 2)


def attention_weights(query: Tensor, key: Tensor, mask: Optional[Tensor] = None) -> Tensor:
    """[B, heads, N, d], [B, heads, M, d] -> softmax over M [B, heads, N, M]"""
    scores = query * query.shape[-1] ** -0.5 @ key.transpose(-2, -1)
    return (scores if mask is None else scores + mask).softmax(-1)


def attend(packed: Tensor, heads: int, mask: Optional[Tensor]) -> Tensor:
    """Queries, keys and values side by side [B, N, 3 C] -> [B, N, C]"""
    query, key, value = (split_heads(part, heads) for part in packed.chunk(3, dim=-1))
    return (attention_weights(query, key, mask) @ value).transpose(1, 2).flatten(2)


def quick_gelu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(1.702 * x)


class ClipAttention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x: Tensor, mask: Optional[Tensor]) -> Tensor:
        return self.out_proj(attend(F.linear(x, self.in_proj_weight, self.in_proj_bias), self.heads, mask))


class ClipMlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(quick_gelu(self.c_fc(x)))


class ClipBlock(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn = ClipAttention(width, heads)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = ClipMlp(width)
        self.ln_2 = nn.LayerNorm(width)

    def forward(self, x: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        x = x + self.attn(self.ln_1(x), mask)
        return x + self.mlp(self.ln_2(x))


class ClipTransformer(nn.Module):
    def __init__(self, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(ClipBlock(width, heads) for _ in range(depth))

    def forward(self, x: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        for block in self.resblocks:
            x = block(x, mask)
        return x


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(attend(self.qkv(x), self.heads, None))


class Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(quick_gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class CrossAttention(nn.Module):
    """Its weights are all that is used of it: the published network computes values and throws them away, but their
    tensors are in its files."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """[B, 1, C], [B, N, C] -> [B, heads, N], which sum to 1 over N"""
        heads: Tuple[Tensor, Tensor] = (split_heads(self.q_proj(query), self.heads),
                                        split_heads(self.k_proj(key), self.heads))
        return attention_weights(*heads)[:, :, 0]

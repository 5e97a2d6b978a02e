"""CLIP's two encoders, as PromptSG keeps them: all image tokens come out, and the text is eight tokens long."""
from typing import Any, Dict, Tuple

import torch
from torch import Tensor, nn

from models.transformer import ClipTransformer


class ImageEncoder(nn.Module):
    def __init__(self, a: Dict[str, Any], grid: Tuple[int, int]) -> None:
        super().__init__()
        width = a["image_width"]
        self.conv1 = nn.Conv2d(3, width, a["patch"], a["stride"], bias=False)
        self.class_embedding = nn.Parameter(torch.randn(width) * width ** -0.5)
        self.positional_embedding = nn.Parameter(torch.randn(1 + grid[0] * grid[1], width) * width ** -0.5)
        self.proj = nn.Parameter(torch.randn(width, a["shared"]) * width ** -0.5)
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = ClipTransformer(width, a["image_depth"], a["image_heads"])
        self.ln_post = nn.LayerNorm(width)

    def forward(self, pictures: Tensor) -> Tuple[Tensor, Tensor]:
        """[B, 3, H, W] -> tokens [B, 1 + N, width], the class token first, and the same projected [B, 1 + N, shared]"""
        patches = self.conv1(pictures).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(len(patches), 1, -1)
        tokens = self.ln_pre(torch.cat((first, patches), dim=1) + self.positional_embedding)
        tokens = self.ln_post(self.transformer(tokens))
        return tokens, tokens @ self.proj


class TextEncoder(nn.Module):
    def __init__(self, a: Dict[str, Any]) -> None:
        super().__init__()
        width = a["shared"]
        self.positional_embedding = nn.Parameter(torch.randn(a["context"], width) * 0.01)
        self.text_projection = nn.Parameter(torch.randn(width, width) * width ** -0.5)
        self.transformer = ClipTransformer(width, a["text_depth"], a["text_heads"])
        self.ln_final = nn.LayerNorm(width)

    def forward(self, rows: Tensor) -> Tensor:
        """Token embeddings up to the end token [B, n, width] -> [B, width]. What follows the end is masked anyway."""
        length = rows.shape[1]
        mask = rows.new_full((length, length), float("-inf")).triu(1)
        states = self.transformer(rows + self.positional_embedding[:length], mask)
        return self.ln_final(states[:, -1]) @ self.text_projection

"""Networks whose pictures are compared: an embedding is an output without steps, a picture a clip of one frame."""
from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from datasets.clip import Clip
from models.contract import Explainable, Inputs
from models.float32 import full_float32

Head = Callable[[Tensor], Tensor]       # embeddings [..., D] -> logits [..., classes]


class Embedder(Explainable):
    """What everything downstream sees of a network that embeds pictures. Its output is embeddings [B, D], not
    normalised; their cosine is the similarity of two pictures."""

    heads: Dict[str, Head]                              # classifiers that were trained on the embedding
    single: str                                         # what is explained of a picture that is not compared
    targets: Tuple[str, ...]                            # all that can be
    vectors: Tuple[str, ...] = ()                       # layers that people ask for, but that have no place
    people: Sequence[int] = ()                          # who each class of the heads is, where that is known
    preprocessing: str                                  # in words

    def __init__(self, architecture: Dict[str, Any]) -> None:
        super().__init__(architecture)
        self.heads = {}

    def prepare(self, clip: Clip) -> Inputs:
        """The first frame exactly as the authors feed it, batch of one."""
        return Inputs((self.pixels(clip.frames[0]).to(self.device),), 1)

    def pixels(self, picture: np.ndarray) -> Tensor:
        """uint8 [H, W, 3] RGB -> float32 [1, 3, h, w]"""
        raise NotImplementedError(type(self).__name__)

    def forward(self, inputs: Inputs) -> Tensor:
        """[B, D]"""
        return self.network(inputs.tensors[0].to(next(self.network.parameters()).dtype))

    def input_frames(self, frames: int) -> int:
        return 1

    def class_name(self, number: int) -> str:
        return f"class {number}" + (f" (identity {self.people[number]:04d})" if self.people else "")

    def layer(self, name: str) -> str:
        """The name of a layer that was asked for by its name or its path in the network; empty if there is none."""
        if name in self.layers:
            return name
        return next((own for own, probe in self.layers.items() if probe.path == name), "")


def one_step(x: Tensor) -> Tensor:
    """[B, C, H, W] -> [B, C, 1, H, W]: a picture has one step."""
    return x.unsqueeze(2)


def embed(embedder: Embedder, clips: Sequence[Clip], batch: int = 8) -> Tensor:
    """Embeddings [N, D], not normalised, on the CPU."""
    embeddings: List[Tensor] = []
    with torch.no_grad(), full_float32():
        for start in range(0, len(clips), batch):
            inputs = Inputs.batch([embedder.prepare(clip) for clip in clips[start:start + batch]])
            embeddings.append(embedder(inputs).cpu())
    return torch.cat(embeddings)

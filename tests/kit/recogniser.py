"""A recogniser of a few hundred weights with every kind of output that a probe can meet."""
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor, nn

from datasets.clip import Clip
from geometry.viewport import Viewport
from glosses.rules import TWOSTREAM_2014
from glosses.vocabulary import GlossVocabulary
from models.cells import after
from models.input_tap import INPUT, Entry, entry_probe
from models.recogniser import Inputs, Probe, Recogniser

WORDS = ("<blank>", "REGEN", "SONNE", "WIND", "KALT")
PAD = 2


class Pathways(nn.Module):
    """[B, 4, T, H, W] -> a dict of [B, 6, T / 2, H / 2, W / 2] and what went in."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(4, 6, 3, stride=2, padding=1)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        return {"given": x, "made": self.drop(torch.relu(self.conv(x)))}


class TinyNetwork(nn.Module):
    kernel_spec = ["P2"]        # 2 frames a step

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.first = nn.Conv3d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm3d(4)
        self.pathways = Pathways()
        self.timed = nn.Conv1d(6, 8, 3)
        self.rnn = nn.LSTM(8, 5, bidirectional=True)
        self.head = nn.Linear(10, classes)

    def forward(self, frames: Tensor) -> Tensor:
        x = self.pathways(torch.relu_(self.norm(self.first(frames))))["made"]
        x = self.timed(x.mean((3, 4))).permute(2, 0, 1)
        return self.head(self.rnn(x)[0]).transpose(0, 1)


class TinyRecogniser(Recogniser):
    name = "tiny"
    default_layers = ("first", "pathways", "timed", "rnn")
    factors = ("first", "pathways")
    network: TinyNetwork

    def __init__(self, seed: int = 0, words: Sequence[str] = WORDS, window: int = 40) -> None:
        super().__init__({"beam": 4, "window": window}, GlossVocabulary(words))
        torch.manual_seed(seed)
        self.network = TinyNetwork(len(words))
        self.viewport = Viewport(0.125, 0.25, 0.875, 1.0)
        net = self.network
        halved = after([net.first, net.pathways.conv])
        timed = after([net.timed], halved[:1])
        self.entry = Entry()
        self.layers = {
            INPUT: entry_probe(self.entry, "entry", 3, 12, padded=True),
            "first": Probe(net.first, "first", 1, padded=True, view=(12, 12)),
            "pathways": Probe(net.pathways, "pathways", 2, padded=True, select=lambda output: output["made"],
                              cells=halved, view=(12, 12)),
            "timed": Probe(net.timed, "timed", 2, spatial=False, cells=timed),
            "rnn": Probe(net.rnn, "rnn", 2, select=lambda output: output[0], arrange=lambda x: x.permute(1, 2, 0),
                         spatial=False, cells=timed),
        }

    def prepare(self, clip: Clip) -> Inputs:
        top, bottom, left, right = self.viewport.box(*clip.frames.shape[1:3])
        after = PAD + len(clip) % 2
        order = np.arange(-PAD, len(clip) + after).clip(0, len(clip) - 1)
        frames = torch.from_numpy(clip.frames[order, top:bottom, left:right]).to(self.device)
        weights = next(self.network.parameters())
        return Inputs(((frames.permute(3, 0, 1, 2)[None].to(weights.dtype) / 255 - 0.5),), len(clip), PAD, after)

    def forward(self, inputs: Inputs) -> Tensor:
        return self.network(self.entry(*inputs.tensors))

    def steps(self, frames: int) -> int:
        return (frames + 1) // 2


def tiny_clip(frames: int = 20, seed: int = 0, glosses: Tuple[str, ...] = ("REGEN", "WIND"),
              pixels: Optional[Any] = None) -> Clip:
    random = np.random.RandomState(seed).randint(0, 256, (frames, 16, 16, 3)).astype(np.uint8)
    return Clip("tiny-clip", "dev", random if pixels is None else pixels, glosses, rule=TWOSTREAM_2014)

"""What Mamba-SLR's layers take from where: a state space, written out, is attention (Ali, Zimerman, Wolf 2024, "The
Hidden Attention of Mamba Models"). Magnitudes, added over heads; of what is taken, the share of each place."""
from typing import Any, Tuple

import torch
from torch import Tensor, nn

from models.mamba_mixers import SpatialAttention, SpatialScan, TemporalScan
from models.state_space import matrix

TOKENS = 8      # sequences at once: their matrices are as large as the clip is long, squared


def of_the_class_token(mixer: nn.Module, arguments: Tuple[Any, ...], output: Any) -> Tensor:
    """[1, F, H, W]: the share of each place of a frame in what the frame's class token took."""
    tokens: Tensor = arguments[0]
    if isinstance(mixer, SpatialAttention):
        taken = mixer.weights(tokens)[0][:, :, -1].sum(1)                           # [F, L]
    else:
        assert isinstance(mixer, SpatialScan)
        taken = torch.cat([_last_row(mixer, part) for part in tokens.split(TOKENS)])
    shares = taken / taken.sum(1, keepdim=True)
    side = round((shares.shape[1] - 1) ** 0.5)
    return shares[:, :-1].unflatten(1, (side, side))[None]


def _last_row(mixer: SpatialScan, tokens: Tensor) -> Tensor:
    """[F, L]: the class token is read last in every direction."""
    _, dt, b, c = mixer.read(tokens)
    row = matrix(dt, -mixer.A_log.exp(), b, c, mixer.D, rows=[tokens.shape[1] - 1])[:, :, 0].abs()      # [F, H, L]
    scans = row.unflatten(1, (len(mixer.scan_indices), -1)).sum(2)                   # [F, 4, L] in reading order
    return torch.stack([scans[:, i, order] for i, order in enumerate(mixer.inverse_scan_indices)]).sum(0)


def of_each_frame(mixer: nn.Module, arguments: Tuple[Any, ...], output: Any) -> Tensor:
    """[1, F, F]: of what each frame's tokens took, in rows, the share of each frame, in columns."""
    assert isinstance(mixer, TemporalScan)
    tokens, clips = arguments
    heads = mixer.A_log.numel() // 2
    taken = tokens.new_zeros((len(tokens), len(tokens)))
    for part in tokens.split(TOKENS, dim=1):
        _, dt, b, c = mixer.read(part, clips)
        weights = matrix(dt, -mixer.A_log.exp(), b, c, mixer.D, clips.numbers).abs().sum(0)             # [H, F, F]
        turned: Tensor = clips.turned
        taken += weights[:heads].sum(0) + weights[heads:].sum(0)[turned][:, turned]
    return (taken / taken.sum(1, keepdim=True))[None]

"""What hiding parts changes of a network's input, worked out once for each part and not for each coalition of them.

Inputs are sums over pixels (cut, made smaller, normalised) and over keypoints (a map for each), so what several parts
change is the sum of what each of them changes alone. Whether that is so of this network and clip is tried on some
coalitions; where it is not, each is prepared from its clip.
"""
from dataclasses import replace
from functools import partial
from typing import List, NamedTuple, Sequence

import torch
from torch import Tensor

from cams.rereading import Ready, Version
from models.contract import Inputs
from models.recogniser import Recogniser

EXACT = 1e-6            # of the largest value of an input
MOST = 2 ** 26          # values that the changes may have in all: half a gigabyte


class Change(NamedTuple):
    """Of one tensor of the input: few of its values."""

    places: Tensor          # int32 [n], as its values lie in memory
    values: Tensor          # [n]


def from_changes(recogniser: Recogniser, coalitions: Sequence[Version]) -> Sequence[Ready]:
    """coalitions: the clip for each, as `Parted.coalitions` orders them. Gives the same, prepared, or as they were."""
    everyone = len(coalitions) - 1
    players = everyone.bit_length()
    tried = {0, everyone & 0b010101, everyone & 0b101010}
    if players < 3 or players + len(tried) >= everyone:         # prepared one by one it is as fast
        return coalitions
    with torch.no_grad():
        whole = _dense(_prepare(recogniser, coalitions[everyone]))
        changes: List[List[Change]] = []
        for player in range(players):
            changes.append(_between(whole, _prepare(recogniser, coalitions[everyone ^ 1 << player])))
            if sum(change.values.numel() for group in changes for change in group) > MOST:
                return coalitions
        for coalition in tried:
            if not _alike(_changed(whole, changes, coalition), _prepare(recogniser, coalitions[coalition])):
                return coalitions
    return [partial(_changed, whole, changes, coalition) for coalition in range(len(coalitions))]


def _dense(inputs: Inputs) -> Inputs:
    """The same in memory that has no gaps and is no one else's."""
    return replace(inputs, tensors=tuple(tensor.clone() for tensor in inputs.tensors))


def _prepare(recogniser: Recogniser, version: Version) -> Inputs:
    return recogniser.prepare(version())


def _between(whole: Inputs, other: Inputs) -> List[Change]:
    out = []
    for one, two in zip(whole.tensors, other.tensors):
        difference = _in_line(two, one) - _in_line(one, one)
        places = torch.nonzero(difference).flatten()
        out.append(Change(places.int(), difference[places]))
    return out


def _in_line(tensor: Tensor, like: Tensor) -> Tensor:
    """All its values as those of `like` lie in memory; of `like` itself no copy, as it is dense."""
    return tensor.permute(sorted(range(like.dim()), key=like.stride, reverse=True)).reshape(-1)


def _changed(whole: Inputs, changes: Sequence[Sequence[Change]], coalition: int) -> Inputs:
    """The clip's input with all players hidden that are not in the coalition."""
    tensors = [tensor.clone() for tensor in whole.tensors]
    for player, player_changes in enumerate(changes):
        if not coalition >> player & 1:
            for tensor, change in zip(tensors, player_changes):
                _in_line(tensor, tensor).index_add_(0, change.places, change.values)
    return replace(whole, tensors=tuple(tensors))


def _alike(one: Inputs, other: Inputs) -> bool:
    return all(a.shape == b.shape and bool((a - b).abs().max() <= EXACT * a.abs().max())
               for a, b in zip(one.tensors, other.tensors))

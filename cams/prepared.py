"""What hiding parts changes of a network's input, worked out once for each part and not for each coalition of them.

Inputs are sums over pixels (cut, made smaller, normalised) and over keypoints (a map for each), so what several parts
change is the sum of what each of them changes alone. Whether that is so of this network and clip is tried on some
coalitions; where it is not, each is prepared from its clip.
"""
from functools import partial
from typing import List, NamedTuple, Sequence, Tuple

import torch
from torch import Tensor

from cams.kept_inputs import KeptInputs
from cams.rereading import Ready, Version
from cams.usual import Usual
from models.contract import Inputs
from models.recogniser import Recogniser

Tensors = Tuple[Tensor, ...]
AT_ONCE = 2 ** 20       # values that are compared
MOST = 2 ** 26          # values that the changes may have in all: half a gigabyte


class Change(NamedTuple):
    """Of one tensor of the input: few of its values."""

    places: Tensor          # int32 [n], as its values lie in memory
    values: Tensor          # [n]


def from_changes(usual: Usual, coalitions: Sequence[Version]) -> Sequence[Ready]:
    """coalitions: the usual clip for each, as `Parted.coalitions` orders them. Gives the same, prepared, or as they
    were."""
    everyone = len(coalitions) - 1
    players = everyone.bit_length()
    tried = {0, everyone & 0b010101, everyone & 0b101010}
    if players < 3 or players + len(tried) >= everyone:         # prepared one by one it is as fast
        return coalitions
    recogniser, kept = usual.recogniser, usual.kept
    with torch.no_grad():
        changes: List[List[Change]] = []
        for player in range(players):
            changes.append(_between(usual.inputs, _prepare(recogniser, coalitions[everyone ^ 1 << player])))
            if sum(change.values.numel() for group in changes for change in group) > MOST:
                return coalitions
        for coalition in tried:
            if not kept.alike(_changed(kept, changes, coalition), _prepare(recogniser, coalitions[coalition])):
                return coalitions
    return [partial(_changed, kept, changes, coalition) for coalition in range(len(coalitions))]


def _prepare(recogniser: Recogniser, version: Version) -> Inputs:
    return recogniser.prepare(version())


def _between(whole: Inputs, other: Inputs) -> List[Change]:
    return [_difference(_in_line(one, one), _in_line(two, one)) for one, two in zip(whole.tensors, other.tensors)]


def _difference(one: Tensor, two: Tensor) -> Change:
    """Some values at a time, which stay in the processor's cache."""
    places, values = [], []
    for number, (ours, theirs) in enumerate(zip(one.split(AT_ONCE), two.split(AT_ONCE))):
        difference = theirs - ours
        found = torch.nonzero(difference).flatten()
        places.append((found + number * AT_ONCE).int())
        values.append(difference[found])
    return Change(torch.cat(places), torch.cat(values))


def _in_line(tensor: Tensor, like: Tensor) -> Tensor:
    """All its values as those of `like` lie in memory; of `like` itself no copy, as it is dense."""
    return tensor.permute(sorted(range(like.dim()), key=like.stride, reverse=True)).reshape(-1)


def _changed(kept: KeptInputs, changes: Sequence[Sequence[Change]], coalition: int) -> Inputs:
    """The clip's input with all players hidden that are not in the coalition."""
    def write(tensors: Tensors) -> None:
        for player, player_changes in enumerate(changes):
            if not coalition >> player & 1:
                for tensor, change in zip(tensors, player_changes):
                    _in_line(tensor, tensor).index_add_(0, change.places, change.values)

    def undo(tensors: Tensors) -> None:
        for tensor, whole in zip(tensors, kept.usual.tensors):
            tensor.copy_(whole)

    return kept.changed(write, undo)

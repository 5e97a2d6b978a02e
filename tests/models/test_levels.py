"""What a level of a network says that a change reaches is what it reaches."""
from typing import Any, Sequence, Tuple

import pytest
import torch

from geometry.axis import Axis
from models.levels import Box, Level, Tensors, changed_box, places, repeated, within
from tests.kit import networks
from tests.kit.tiers import first

NETWORKS = [{"fast_kernels": [5, 3, 3, 3, 3], "slow_kernels": [3, 1, 3, 3, 3], "stem_kernel": 5, "fusion_kernel": 5},
            {},
            {"name": "twostream"},
            {"name": "twostream", "lateral_kernel": [3, 5, 5], "stem_kernel": 7},
            {"alpha": 8, "size": 64, "blocks": [2, 1, 1, 1], "temporal_blocks": [2, 1, 1, 1], "strides": [1, 2, 2, 2]}]
PLACES = ((0, 0, 0), (13, 20, 31), (31, 47, 47))


def levels_and_inputs(name: str = "slowfast", **changes: Any) -> Sequence[Tuple[Level, Tensors]]:
    """Of a small network, what each level is given for 32 frames of 48 x 48."""
    recogniser = networks.recogniser(name, **changes)
    assert recogniser.staged is not None
    backbone: Any = recogniser.network.get_submodule(recogniser.staged)
    tensors: Tensors = (torch.rand(1, 3, 32, 48, 48),)
    if name == "twostream":
        tensors = (*tensors, torch.rand(1, 79, 32, 24, 24))
    out = []
    with torch.no_grad():
        for level in backbone.levels():
            out.append((level, tensors))
            tensors = level.run(tensors)
    return out


@pytest.mark.parametrize("changes", first(NETWORKS, 3))
def test_a_change_reaches_no_further_than_is_said(changes: Any) -> None:
    for level, tensors in levels_and_inputs(**changes):
        usual = level.run(tensors)
        for number, tensor in enumerate(tensors):
            for most in PLACES:
                place = [min(*pair) for pair in zip(most, (size - 1 for size in tensor.shape[2:]))]
                other = tensor.clone()
                box: Box = tuple((start, start + 1) for start in place)
                other[places(box)] += 1000.0
                said = level.reached([box if index == number else None for index in range(len(tensors))])
                made = level.run(tuple(other if index == number else each for index, each in enumerate(tensors)))
                for one, own, claim in zip(made, usual, said):
                    assert holds(within(claim, own.shape[2:]), changed_box(one, own))


def holds(claim: Any, found: Any) -> bool:
    if found is None:
        return True
    return all(low <= start and stop <= high for (low, high), (start, stop) in zip(claim, found))


def test_windows_begin_where_an_output_does_and_cover_the_same_part() -> None:
    (level, tensors), (second, pair) = levels_and_inputs()[:2]
    frames = level.needed([((1, 2), (3, 4), (3, 4)), None], [(32, 48, 48)])[0]
    assert frames[0][0] % 4 == 0 and frames[1][0] % 4 == 0
    slow, fast = second.needed([None, ((9, 10), (3, 4), (3, 4))], [tuple(each.shape[2:]) for each in pair])
    assert [4 * end for end in slow[0]] == list(fast[0]) and fast[0][0] <= 8 and fast[0][1] >= 11


def test_repeated_steps_see_what_the_step_saw() -> None:
    level = Level(lambda tensors: tensors, [[repeated((Axis(seen=3), Axis(), Axis()), 4)]])
    assert level.reached([((3, 4), (0, 1), (0, 1))])[0] == ((8, 20), (0, 1), (0, 1))    # steps 2 to 4, four times each

"""A clip with a part of it hidden is computed again only where that reaches, and what comes of it is the same."""
from dataclasses import replace
from typing import Any, List, Optional, Tuple

import pytest
import torch
from torch import Tensor

from cams.changed_places import ChangedPlaces
from cams.kept_inputs import KeptInputs
from geometry.axis import Axis
from models.contract import Inputs
from models.levels import Box, Level, Span, Tensors, places
from tests.kit import networks
from tests.kit.tiers import first

FRAMES, SIDE = 32, 64
BOXES: List[Box] = [((12, 15), (24, 30), (30, 36)), ((0, 4), (0, 8), (0, 8)), ((30, 32), (56, 64), (50, 64)),
                    ((3, 4), (0, 64), (10, 11))]


def backbone(**changes: Any) -> Any:
    return networks.recogniser("slowfast", size=SIDE, **changes).network.conv2d


def clip_and(*boxes: Box) -> Tuple[Tensor, Tensor]:
    """A clip, and a batch of it with each of the boxes hidden."""
    usual = torch.rand(1, 3, FRAMES, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    batch = usual.repeat(len(boxes), 1, 1, 1, 1)
    for clip, box in zip(batch, boxes):
        clip[None][places(box)] = 0.5
    return usual, batch


def apart(made: Tensors, expected: Tensors) -> float:
    return max(float((one - other).abs().max() / other.abs().max()) for one, other in zip(made, expected))


def kept(*usual: Tensor) -> KeptInputs:
    return KeptInputs(Inputs(usual, FRAMES))


def reuse_of(network: Any, *usual: Tensor) -> ChangedPlaces:
    return ChangedPlaces(network.levels(), kept(*usual))


def values_seen(network: Any, run: Any, clip: Tensor) -> int:
    """How many the first convolution of the fast pathway is given."""
    seen: List[int] = []
    handle = network.s1["pathway1_stem"].conv.register_forward_hook(
        lambda module, given, output: seen.append(given[0].numel()))
    run((clip,))
    handle.remove()
    return sum(seen)


@pytest.mark.parametrize("number", first(range(len(BOXES)), 2))
def test_what_comes_of_a_part_is_what_comes_of_all(number: int) -> None:
    network = backbone(fusion_kernel=5, fast_kernels=[5, 3, 3, 3, 3])
    usual, given = clip_and(BOXES[number])
    with torch.no_grad():
        assert apart(reuse_of(network, usual)((given,)), network.early((given,))) < 1e-6


def test_clips_of_a_batch_are_hidden_each_in_its_own_place() -> None:
    network = backbone()
    usual, given = clip_and(((4, 6), (10, 16), (8, 12)), ((8, 9), (12, 20), (6, 9)), ((0, 0), (0, 0), (0, 0)))
    with torch.no_grad():
        assert apart(reuse_of(network, usual)((given,)), network.early((given,))) < 1e-6


def test_little_is_computed_again() -> None:
    network = backbone()
    usual, given = clip_and(((12, 14), (24, 32), (24, 32)))
    with torch.no_grad():
        twice = reuse_of(network, usual)
        whole, first_time, again, nothing = (
            values_seen(network, run, clip) for run, clip in (
                (network.early, given), (twice, given), (twice, given), (twice, usual)))
    assert first_time == whole + again and again < whole / 10 and nothing == 0


def test_where_much_changed_all_is_computed_once() -> None:
    network = backbone()
    usual, given = clip_and(((0, FRAMES), (0, SIDE), (0, SIDE)))
    reuse = reuse_of(network, usual)
    with torch.no_grad():
        assert values_seen(network, reuse, given) == given.numel()
        assert apart(reuse((given,)), network.early((given,))) == 0
    assert len(reuse.known) == 1


@pytest.mark.parametrize("rgb, pose", [(BOXES[0], None), (None, ((2, 5), (14, 18), (9, 20))),
                                       (BOXES[1], ((0, 32), (3, 6), (0, 8)))])
def test_of_two_streams_each_reaches_the_other(rgb: Optional[Box], pose: Optional[Box]) -> None:
    network: Any = networks.recogniser("twostream", size=SIDE, pose_size=SIDE // 2).network.get_submodule(
        "recognition_network.visual_backbone_twostream")
    usual = torch.rand(1, 3, FRAMES, SIDE, SIDE), torch.rand(1, 79, FRAMES, SIDE // 2, SIDE // 2)
    given = tuple(tensor.clone() for tensor in usual)
    for tensor, box in zip(given, (rgb, pose)):
        if box:
            tensor[places(box)] = 0.5
    with torch.no_grad():
        reuse = reuse_of(network, *usual)
        assert apart(reuse(given), network.early(given)) < 1e-6
    assert len(reuse.known) > 1


@pytest.mark.parametrize("told, right", [((12, 16), True), ((2, 30), True), (None, True), ((2, 4), False)])
def test_only_steps_that_may_differ_are_compared(told: Optional[Span], right: bool) -> None:
    """Wrong steps give a wrong result, so the others were not looked at."""
    network, usual, box = backbone(), clip_and()[0], BOXES[0]
    inputs = kept(usual)

    def write(tensors: Tensors) -> None:
        tensors[0][places(box)] = 0.5

    given = inputs.changed(write, lambda tensors: None, told).tensors
    with torch.no_grad():
        made = ChangedPlaces(network.levels(), inputs)(given)
        assert (apart(made, network.early(given)) < 1e-6) == right


@pytest.mark.parametrize("axis", [0, 1])
def test_a_level_that_sees_further_than_it_says_would_be_noticed(axis: int) -> None:
    network = backbone()
    usual, given = clip_and(BOXES[0])
    with torch.no_grad():
        levels = [shorter(level, axis) for level in network.levels()]
        assert apart(ChangedPlaces(levels, kept(usual))((given,)), network.early((given,))) > 1e-4


def shorter(level: Level, axis: int) -> Level:
    """As if each cell saw one place less on either side."""
    def less(own: Axis) -> Axis:
        return Axis(own.first, own.stride, max(1.0, own.seen - 2))

    return replace(level, sight=[[axes and tuple(less(own) if number == axis else own
                                                 for number, own in enumerate(axes)) for axes in axes_of]
                                 for axes_of in level.sight])

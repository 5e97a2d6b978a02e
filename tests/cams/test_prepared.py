"""Inputs made of what each part changes are those that the hidden clips themselves give, on every network."""
from typing import List, Sequence

import pytest
import torch

from cams.parts import _parted
from cams.prepared import from_changes
from cams.rereading import Version
from cams.usual import Usual
from datasets.clip import Clip
from datasets.hiding import stand_in
from models.contract import Inputs
from models.recogniser import Recogniser
from records.hiding import STILL, Hiding
from records.networks import RECOGNISERS
from tests.kit import networks
from tests.kit.parted import PartReader, parted_clip


def coalitions(model: Recogniser, clip: Clip) -> Sequence[Version]:
    return _parted(model, clip, stand_in(clip, Hiding(STILL)), 6).coalitions()


def direct(model: Recogniser, version: Version) -> Inputs:
    return model.prepare(version())


@pytest.mark.parametrize("name", [network.name for network in RECOGNISERS])
def test_prepared_from_changes_is_prepared_from_the_clip(name: str) -> None:
    model, clip = networks.recogniser(name), networks.clip(16)
    versions = coalitions(model, clip)
    made = from_changes(Usual(model, clip), versions)
    assert made is not versions, "this network's input is no sum"
    for version, own in list(zip(versions, made))[::7]:
        expected, inputs = direct(model, version), own()
        assert isinstance(inputs, Inputs) and (inputs.frames, inputs.left) == (expected.frames, expected.left)
        for one, two in zip(expected.tensors, inputs.tensors):
            torch.testing.assert_close(one, two, atol=1e-5, rtol=0)


def test_most_is_prepared_once_for_each_part_and_the_clip_is_left_as_it_is() -> None:
    asked: List[Clip] = []

    class Counting(PartReader):
        def prepare(self, clip: Clip) -> Inputs:
            asked.append(clip)
            return super().prepare(clip)

    model = Counting(lambda shown: torch.zeros(1), 0.0)
    made = from_changes(Usual(model, parted_clip()), coalitions(model, parted_clip()))
    assert len(asked) == 1 + 6 + 3
    whole, _, again = (version() for version in (made[63], made[0], made[63]))
    assert isinstance(whole, Inputs) and isinstance(again, Inputs)
    assert torch.equal(whole.tensors[0], again.tensors[0])


def test_an_input_that_is_no_sum_is_prepared_from_each_clip() -> None:
    class Evened(PartReader):
        """Of each pixel its brightness over that of the whole clip, which all parts share."""

        def prepare(self, clip: Clip) -> Inputs:
            made = super().prepare(clip)
            return Inputs((made.tensors[0] / (0.01 + made.tensors[0].mean()),), made.frames)

    model = Evened(lambda shown: torch.zeros(1), 0.0)
    versions = coalitions(model, parted_clip())
    assert from_changes(Usual(model, parted_clip()), versions) is versions

"""Of a clip with a part of it hidden the input is the network's own, and made of the frames that changed alone."""
from typing import List

import numpy as np
import pytest
import torch
from torch import Tensor

from cams.kept_inputs import MOST, KeptInputs
from cams.rereading import reread
from cams.usual import Usual
from datasets.clip import Clip
from datasets.hiding import hidden, stand_in
from models.contract import Inputs
from models.recogniser import Recogniser
from records.hiding import MEAN, Hiding
from records.networks import RECOGNISERS
from tests.kit import networks
from tests.kit.recogniser import TinyRecogniser
from tests.kit.tiers import only

FRAMES = 32
NAMES = [network.name for network in RECOGNISERS]


def without(clip: Clip, start: int, stop: int) -> Clip:
    def cover(height: int, width: int) -> np.ndarray:
        made = np.zeros((len(clip), height, width), bool)
        made[start:stop, :height // 2, :width // 2] = True
        return made

    return hidden(clip, cover, stand_in(clip, Hiding(MEAN)))


@pytest.mark.parametrize("name", only(("slowfast", "twostream"), NAMES))
def test_prepared_of_some_frames_is_prepared_of_all(name: str) -> None:
    model, clip = networks.recogniser(name), networks.clip(FRAMES)
    usual = Usual(model, clip)
    alive: List[Inputs] = []
    for start, stop in ((10, 13), (0, 4), (29, 32), (0, 0)):
        version = without(clip, start, stop)
        made, expected = usual.prepare(version), model.prepare(version)
        assert (made.frames, made.left, made.right) == (expected.frames, expected.left, expected.right)
        for one, other in zip(made.tensors, expected.tensors):
            torch.testing.assert_close(one, other, atol=1e-6, rtol=0)
        alive = [*alive, made][-2:]         # as when one is read while the next is prepared


@pytest.mark.parametrize("apart", [True, False])
def test_no_more_frames_are_prepared_than_changed(apart: bool) -> None:
    lengths: List[int] = []

    class Counting(TinyRecogniser):
        frames_apart = apart

        def prepare(self, clip: Clip) -> Inputs:
            lengths.append(len(clip))
            return Inputs((torch.from_numpy(clip.frames).permute(3, 0, 1, 2)[None].float(),), len(clip))

    model, clip = Counting(), networks.clip(FRAMES, None)
    usual = Usual(model, clip)
    usual.prepare(without(clip, 9, 11))
    usual.prepare(without(clip, 2, FRAMES))
    step = 2 * model.frames_per_step
    assert lengths == [FRAMES, -(-2 // step) * step if apart else FRAMES, FRAMES]


def test_a_copy_is_written_over_once_nobody_has_it() -> None:
    kept = KeptInputs(Inputs((torch.zeros(1, 1, 4, 1, 1),), 4))

    def changed(step: int) -> Tensor:
        def write(tensors: object, value: float = 1.0) -> None:
            tensors[0][:, :, step] = value      # type: ignore[index]

        return kept.changed(write, lambda tensors: write(tensors, 0.0)).tensors[0]

    held = [changed(step) for step in range(4)]
    assert [each.flatten().tolist().index(1) for each in held] == [0, 1, 2, 3] and len(kept.copies) == MOST
    place = held[0].data_ptr()
    del held
    again = changed(3)
    assert again.data_ptr() == place and again.flatten().tolist() == [0, 0, 0, 1]
    assert kept.usual.tensors[0].sum() == 0


def test_scores_are_the_same_with_what_is_usual_known(monkeypatch: pytest.MonkeyPatch) -> None:
    model: Recogniser = networks.recogniser("slowfast", size=64)
    clip = networks.clip(20)
    versions = [lambda start=start: without(clip, start, start + 3) for start in (0, 4, 17, 4)]

    def score(logits: Tensor) -> np.ndarray:
        return np.array([float(logits.double().max(1).values.sum())])

    plain, anew = (reread(model, versions, 20, 20, score, lambda *_: None, usual=usual)
                   for usual in (None, Usual(model, clip)))
    assert np.allclose(plain, anew, rtol=1e-6) and len(set(plain[:, 0].round(6))) == 3


def test_a_batch_lies_in_memory_as_its_clips_do() -> None:
    """Or a network that wants its channels last would move all of them."""
    one = Inputs((torch.rand(3, 4, 5, 2).permute(3, 0, 1, 2)[None],), 3)
    both = Inputs.batch([one, one]).tensors[0]
    assert both.stride()[1:] == one.tensors[0].stride()[1:] and torch.equal(both, torch.cat(one.tensors * 2))

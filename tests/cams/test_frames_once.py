"""Networks that see each frame alone look at no frame twice, and say the same."""
from functools import partial
from typing import Any, List, Tuple

import numpy as np
import pytest
import torch

from cams import memory
from cams.frames_once import frames_once
from cams.one_pass import one_pass
from cams.rereading import reread
from datasets.clip import Clip
from datasets.hiding import hidden, stand_in
from records.hiding import MEAN, Hiding
from tests.kit import networks
from tests.kit.tiers import first

FRAMES = 16
NAMES = ("vac", "tlp", "swin", "smkd", "slowfast", "corrnet")


def without(clip: Clip, start: int, stop: int, left: int) -> Clip:
    def cover(height: int, width: int) -> np.ndarray:
        made = np.zeros((len(clip), height, width), bool)
        made[start:stop, :, left * width // 4:(left + 1) * width // 4] = True
        return made

    return hidden(clip, cover, stand_in(clip, Hiding(MEAN)))


def score(logits: torch.Tensor) -> np.ndarray:
    return np.array([float(logits.double().max(1).values.sum())])


@pytest.mark.parametrize("at_once", first([64, 16]))
@pytest.mark.parametrize("name", first(NAMES))
def test_what_is_read_is_what_it_was(name: str, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "AT_ONCE", at_once)         # one clip at once, and four
    model, clip = networks.recogniser(name), networks.clip(FRAMES)
    versions = [partial(without, clip, start, start + 4, left) for start in (0, 8, 12) for left in (1, 2)]
    versions.append(partial(without, clip, 0, 0, 0))
    scores = reread(model, versions, FRAMES, FRAMES, score, lambda *_: None)[:, 0]
    alone = [score(one_pass(model, model.prepare(version()), {}, torch.Tensor.sum, lambda *_: None, False))[0]
             for version in versions]
    assert np.allclose(scores, alone, rtol=1e-6)
    assert len(set(np.round(scores, 6))) > 4


def looked_at(batches: List[List[Clip]], windows: int = 1) -> List[int]:
    """How many frames VAC's backbone sees of each batch."""
    model: Any = networks.recogniser("vac")
    counts: List[int] = []
    handle = model.network.conv2d.conv1.register_forward_hook(
        lambda module, given, output: counts.append(given[0].shape[2]))
    with torch.no_grad(), frames_once(model, windows):
        for batch in batches:
            before = len(counts)
            model(type(model.prepare(batch[0])).batch([model.prepare(clip) for clip in batch]))
            counts[before:] = [sum(counts[before:])]
    handle.remove()
    return counts


def test_frames_that_are_as_they_were_are_not_looked_at_again() -> None:
    clip = networks.clip(FRAMES)
    middle: Tuple[int, int] = (6, 9)
    assert looked_at([[clip], [clip]]) == [FRAMES, 0]       # nor is padding, which repeats the first and the last
    assert looked_at([[clip], [without(clip, *middle, 1)], [clip]]) == [FRAMES, 3, 3]
    assert looked_at([[clip, without(clip, *middle, 1), without(clip, *middle, 2)]]) == [FRAMES + 6]
    assert looked_at([[clip], [without(clip, 0, 2, 1)]]) == [FRAMES, 2]


def test_each_window_is_compared_with_itself() -> None:
    first_window, second = networks.clip(FRAMES), without(networks.clip(FRAMES), 0, FRAMES, 1)
    assert looked_at([[first_window], [second], [first_window], [second]], 2) == [FRAMES, FRAMES, 0, 0]


def test_a_window_of_another_length_is_looked_at_anew() -> None:
    """As after a batch that found no memory: its turns do not come round."""
    long, short = networks.clip(FRAMES), networks.clip(FRAMES - 4)
    assert looked_at([[long], [short], [short]]) == [FRAMES, FRAMES - 4, 0]


def test_a_network_that_mixes_frames_is_left_alone() -> None:
    model: Any = networks.recogniser("corrnet")
    with frames_once(model, 1):
        assert "forward" not in vars(model.network.conv2d)

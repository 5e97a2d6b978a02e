"""Maps of a trained network follow its weights and its evidence (the checks of Adebayo et al. 2018)."""
from typing import Tuple

import numpy as np
import pytest
import torch

from cam_runner import explain
from datasets.clip import Clip
from models.recogniser import Inputs
from records.question import Question
from tests.kit.recogniser import WORDS, TinyRecogniser, tiny_clip
from tests.kit.tiers import full

PLACES = {1: (6, 3), 2: (6, 9), 3: (11, 3), 4: (11, 9)}     # gloss: row and column of its sign, a 3 x 3 square
COLOURS = {1: (255, 0, 0), 2: (0, 255, 0), 3: (0, 0, 255), 4: (255, 255, 0)}


def signed(order: Tuple[int, ...], seed: int = 0) -> Clip:
    """Each gloss for ten frames: a square of its colour at its place, on faint noise."""
    frames = np.random.RandomState(seed).randint(90, 110, (10 * len(order), 16, 16, 3)).astype(np.uint8)
    for number, gloss in enumerate(order):
        row, column = PLACES[gloss]
        frames[10 * number:10 * number + 10, row:row + 3, column:column + 3] = COLOURS[gloss]
    return tiny_clip(pixels=frames, glosses=tuple(WORDS[gloss] for gloss in order))


@pytest.fixture(scope="module")
def trained() -> TinyRecogniser:
    """A few seconds of Adam on which gloss is signed at each step."""
    model = TinyRecogniser().train()
    model.network.pathways.drop.p = 0.0
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    random = np.random.RandomState(0)
    for step in range(120):
        orders = [tuple(random.permutation([1, 2, 3, 4])) for _ in range(4)]
        inputs = Inputs.batch([model.prepare(signed(order, step)) for order in orders])
        labels = torch.tensor(orders).repeat_interleave(5, 1)
        loss = torch.nn.functional.cross_entropy(model(inputs).flatten(0, 1), labels.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval().requires_grad_(False)
    reading = model(model.prepare(signed((2, 4, 1, 3))))[0].argmax(1).tolist()
    assert np.mean(np.array(reading) == np.repeat([2, 4, 1, 3], 5)) > 0.9
    return model


def map_of(model: TinyRecogniser, target: str = "max", method: str = "gradcam") -> np.ndarray:
    question = Question(target=target, method=method, layers=("pathways",))
    return explain(model, signed((2, 4, 1, 3)), question).layers["pathways"].raw


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    ranks = np.stack([np.argsort(np.argsort(values.ravel())) for values in (one, other)])
    return float(np.corrcoef(ranks)[0, 1])


def likeness_after_redrawing(model: TinyRecogniser, *parts: str) -> float:
    """Rank correlation of the map with the trained one's, mean over twelve draws of these parts of the network."""
    likeness = []
    for seed in range(10, 22):
        changed, fresh = TinyRecogniser(), TinyRecogniser(seed)
        changed.load_state_dict(model.state_dict())
        for part in parts:
            getattr(changed.network, part).load_state_dict(getattr(fresh.network, part).state_dict())
        likeness.append(rank_correlation(map_of(model), map_of(changed)))
    return float(np.mean(likeness))


@full
def test_the_map_is_lost_as_layers_are_redrawn_from_the_top(trained: TinyRecogniser) -> None:
    parts = ["head", "rnn", "timed", "pathways"]
    likeness = [likeness_after_redrawing(trained, *parts[:count]) for count in range(5)]
    assert likeness[0] > 0.999 and likeness[1] < 0.7, "a new classifier alone changes the map"
    assert likeness[2] < likeness[1] and likeness[4] < 0.15


def test_two_glosses_of_one_clip_have_different_maps(trained: TinyRecogniser) -> None:
    """Each in the steps where it is signed: SONNE first, WIND last."""
    sonne, wind = (map_of(trained, name, "hirescam").sum((1, 2)) for name in ("SONNE", "WIND"))
    assert sonne[:6].sum() > 10 * sonne[15:].sum() and wind[15:].sum() > 10 * wind[:6].sum()


def test_the_map_lies_on_the_evidence(trained: TinyRecogniser) -> None:
    question = Question(target="KALT", method="hirescam", layers=("pathways",))
    drawn = explain(trained, signed((4,) * 4), question).layers["pathways"].map
    inside = drawn[:, 11:14, 9:12].astype(np.float64).mean()
    assert inside > 3 * drawn[:, 4:, 2:14].astype(np.float64).mean()


@pytest.mark.parametrize("level", [0, 128])
def test_blank_frames_have_flagged_maps(trained: TinyRecogniser, level: int) -> None:
    blank = tiny_clip(pixels=np.full((20, 16, 16, 3), level, np.uint8))
    explanation = explain(trained, blank)
    assert all(layer.flags and not layer.map.any() for layer in explanation.layers.values())
    assert any("even colour" in note for note in explanation.notes)


def test_a_fade_still_says_when_but_not_where(trained: TinyRecogniser) -> None:
    fade = np.repeat(np.arange(0, 200, 10, np.uint8), 16 * 16 * 3).reshape(20, 16, 16, 3)
    layers = explain(trained, tiny_clip(pixels=fade), Question("WIND", "gradcam", ("pathways", "timed"))).layers
    assert layers["pathways"].flags == ("constant",) and layers["timed"].flags == ()

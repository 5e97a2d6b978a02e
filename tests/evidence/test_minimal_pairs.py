"""Maps against the pixels in which a pair differs, on figures and a network worked by hand."""
from dataclasses import replace
from typing import Callable, Iterator, List, Sequence, Tuple

import numpy as np
import pytest
import torch
from torch import Tensor

from evidence import minimal_pairs
from evidence.minimal_pairs import (
    Contrasts,
    Drawing,
    against,
    both,
    contrast,
    judge,
    prefers,
    smooth_pointing,
    study,
    tell_apart,
)
from evidence.pairs_table import lines
from evidence.tally import mass_ratio, pointing
from geometry.viewport import Viewport
from glosses.rules import RAW
from models.input_tap import entry_probe
from models.reading import read
from models.recogniser import Inputs
from runs.demo import CHECKPOINTS as WEATHER
from runs.demo import PAIRS as CHECKPOINTS
from runs.loading import load_for_pairs
from signer.look import cast
from signer.minimal_pairs import PAIRS, Pair, of_kind, sign_both_ways
from terminal.errors import UserError
from tests.kit.recogniser import TinyRecogniser, tiny_clip
from tests.kit.tiers import full

PAIR = of_kind("mouth")[0]         # its glosses are others here, which a tiny network knows
FRAMES, SIDE, STEP = 12, 64, 3
ROW, COLUMN = 20, 40                # of the pixel that is read


class OnePixel(TinyRecogniser):
    """Reads REGEN in one step where its pixel is bright, and SONNE where it is dark."""

    default_layers = ("input",)     # type: ignore[assignment]
    factors = ("input",)            # type: ignore[assignment]

    def __init__(self, gain: float = 4.0) -> None:
        super().__init__()
        self.viewport, self.gain = Viewport(), gain
        self.layers = {"input": entry_probe(self.entry, "entry", 3, SIDE)}

    def prepare(self, clip) -> Inputs:      # type: ignore[no-untyped-def]
        frames = torch.from_numpy(np.ascontiguousarray(clip.frames)).permute(3, 0, 1, 2)[None]
        return Inputs((frames.float() / 255,), len(clip))

    def forward(self, inputs: Inputs) -> Tensor:
        x = self.entry(*inputs.tensors)                                     # [B, 3, T, H, W]
        bright = self.gain * (x[:, 0, 2 * STEP, ROW, COLUMN] - 0.5)
        made = x.new_full((len(x), x.shape[2] // 2, 5), -1e4)
        made[..., 0] = 0.0
        made[:, STEP, 0], made[:, STEP, 1], made[:, STEP, 2] = -9.0, bright, -bright
        return made


def drawing(signed: str = "REGEN", sentence: int = 0) -> Drawing:
    """A picture with a bright block that moves, and one that shows what is signed."""
    pixels = np.full((FRAMES, SIDE, SIDE, 3), 60, np.uint8)
    pixels[:, 5, np.arange(FRAMES)] = 200
    differs = np.zeros(pixels.shape[:3], bool)
    differs[4:9, ROW - 2:ROW + 3, COLUMN - 2:COLUMN + 3] = True
    pixels[differs] = 250 if signed == "REGEN" else 5
    clip = replace(tiny_clip(glosses=(signed,), pixels=pixels), rule=RAW, keypoints=None)
    active = np.zeros(FRAMES, bool)
    active[4:9] = True
    return Drawing(PAIR, sentence, clip, 0, "SONNE" if signed == "REGEN" else "REGEN", active, differs)


def ways(sentence: int) -> Tuple[Drawing, Drawing]:
    return drawing("REGEN", sentence), drawing("SONNE", sentence)


def test_mass_and_pointing_by_hand() -> None:
    differs = np.zeros((2, 40, 50), bool)
    differs[0, 0, :10] = True                               # a hundredth of what is seen: 10 of 1000
    maps = np.zeros(differs.shape)
    maps[0, 0, 0], maps[0, 39, 49], maps[1, 30, 3] = 3, 2, 5
    tally = against(maps, differs, (0, 20, 0, 25))          # the seen part holds one of the three points
    assert tally.figure(mass_ratio) == pytest.approx(100) and tally.figure(pointing) == 1
    tally = against(maps, differs, (0, 40, 0, 50))
    assert tally.figure(mass_ratio) == pytest.approx(0.3 / (10 / 4000)) and tally.frames == 1
    assert against(maps * 7, differs, (0, 40, 0, 50)) == tally
    assert against(maps * 0, differs, (0, 40, 0, 50)).mass == 0


def test_a_single_high_pixel_elsewhere_weighs_less_once_smoothed() -> None:
    differs = np.zeros((1, 100, 100), bool)
    differs[0, 20:30, 20:30] = True
    maps = differs.astype(float)
    maps[0, 90, 90] = 2
    tally = against(maps, differs, (0, 100, 0, 100))
    assert tally.figure(pointing) == 0 and tally.figure(smooth_pointing) == 1
    maps[0, 80:, 80:] = 2
    assert against(maps, differs, (0, 100, 0, 100)).figure(smooth_pointing) == 0


def test_the_contrast_is_the_signed_gloss_less_its_twin() -> None:
    model = OnePixel()
    for signed in ("REGEN", "SONNE"):
        one = drawing(signed)
        logits = read(model, one.clip)
        own, twin = model.vocabulary.encode([signed, one.twin])
        score = float(contrast(model, logits, one)(logits))
        assert score == pytest.approx(float(logits[STEP, own] - logits[STEP, twin])) and score > 3
        assert prefers(model, logits, one) == pytest.approx(score, abs=1e-3)
    wrong = replace(drawing("REGEN"), clip=replace(drawing("SONNE").clip, glosses=("REGEN",)))
    assert prefers(model, read(model, wrong.clip), wrong) < -3


@pytest.fixture(autouse=True)
def few() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(minimal_pairs, "CAMS", ("layercam",))
        yield


def test_the_map_of_what_tells_them_apart_lies_on_what_differs() -> None:
    contrasts = Contrasts()
    for sentence in range(3):
        tell_apart(contrasts, "tiny", OnePixel(), ways(sentence))
        judge(contrasts, "tiny", OnePixel(), ways(sentence))
    assert contrasts.accuracy("tiny", [PAIR]).value == 1 and contrasts.perceived("tiny") == ["mouth"]
    still = ("tiny", "input", "integrated, still")
    area = drawing().differs.mean()
    assert contrasts.interval(still, "mouth", mass_ratio).value == pytest.approx(1 / area, rel=0.01)
    assert len(contrasts.rows(still, "mouth")) == 3             # a sentence drawn both ways counts once
    assert contrasts.interval(("tiny", "-", "even"), "mouth", mass_ratio).value == pytest.approx(1.0, rel=0.01)
    assert set(contrasts.beaten(still, "mouth", mass_ratio)) >= {"motion", "centre", "even"}
    table = "\n".join(lines(contrasts))
    assert "tiny        -" in table and "100%" in table and "no better than chance" not in table


def test_what_is_not_told_apart_is_not_judged() -> None:
    contrasts = Contrasts()
    for sentence in range(4):
        tell_apart(contrasts, "blind", OnePixel(gain=-1.0 if sentence % 2 else 1.0), ways(sentence))
    assert contrasts.accuracy("blind", [PAIR]).value == 0.5 and contrasts.perceived("blind") == []
    assert "no better than chance: mouth; its maps of these are not judged" in "\n".join(lines(contrasts))


def test_a_drawn_pair_is_two_clips_with_one_mask() -> None:
    pair = of_kind("brows")[0]
    twins = sign_both_ways(pair, cast(np.random.default_rng(0)), (3, 1))
    one, other = both(twins, 5, (3, 2))
    assert (one.clip.glosses[1], one.twin) == pair[1:] and (other.clip.glosses[1], other.twin) == pair[:0:-1]
    assert one.other == other.clip.glosses and one.sentence == other.sentence == 5
    assert np.array_equal(one.differs, (one.clip.frames != other.clip.frames).any(-1)) and one.differs.any()
    assert one.clip.frames.shape[1:] == (256, 256, 3)
    assert one.clip.keypoints is not None and len(one.clip.keypoints) == len(one.clip)


def test_a_network_that_always_says_the_same_tells_nothing_apart() -> None:
    """It is right in one drawing of the two, by no pixel that differs."""
    contrasts = Contrasts()
    model = OnePixel(gain=0.0)
    model.forward = biased(model.forward)       # type: ignore[method-assign,assignment]
    for sentence in range(3):
        tell_apart(contrasts, "biased", model, ways(sentence))
        judge(contrasts, "biased", model, ways(sentence))
    assert contrasts.accuracy("biased", [PAIR]).value == 0.5 and not contrasts.places


def biased(forward: Callable[[Inputs], Tensor]) -> Callable[[Inputs], Tensor]:
    def always(inputs: Inputs) -> Tensor:
        return forward(inputs) + torch.tensor([0.0, 2.0, 0.0, 0.0, 0.0])
    return always


def test_only_kinds_that_are_perceived_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten pairs, all are read; those of one kind are told apart, and two sentences of each explained."""
    judged: List[Pair] = []
    read_of: List[Pair] = []
    monkeypatch.setattr(minimal_pairs, "drawings", lambda seed, number: [replace(
        drawing("REGEN", number), pair=PAIRS[number % len(PAIRS)])])
    monkeypatch.setattr(minimal_pairs, "judge", lambda contrasts, model, recogniser, ways: judged.append(ways[0].pair))

    def tells(contrasts: Contrasts, model: str, recogniser: object, ways: Sequence[Drawing]) -> None:
        read_of.append(ways[0].pair)
        accuracies = contrasts.accuracies.setdefault((model, ways[0].pair), {})
        accuracies[ways[0].sentence] = float(ways[0].pair.kind == "place")

    monkeypatch.setattr(minimal_pairs, "tell_apart", tells)
    study({"tiny": OnePixel()}, 0, 4, 2, lambda: None)
    assert len(read_of) == 4 * len(PAIRS) and judged == 2 * list(of_kind("place"))


@full
def test_the_trained_siblings_tell_places_apart() -> None:
    numbers = [number for number in range(20) if PAIRS[number % len(PAIRS)].kind == "place"]
    sentences = [minimal_pairs.drawings(5, number) for number in numbers]
    for model, checkpoint in CHECKPOINTS.items():
        recogniser = load_for_pairs(model, checkpoint, "cpu")
        contrasts = Contrasts()
        for pair in sentences:
            tell_apart(contrasts, model, recogniser, pair)
        assert contrasts.accuracy(model, of_kind("place")).value >= 0.75, model


def test_a_checkpoint_of_other_glosses_is_refused() -> None:
    with pytest.raises(UserError, match="does not know OST, BLITZ, NEBEL, ...; --pairs needs a checkpoint trained on"):
        load_for_pairs("slowfast", WEATHER["slowfast"], "cpu")

"""Methods that take many passes, or look at the input, on networks worked by hand."""
from dataclasses import replace
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
import torch

from cam_runner import explain
from cams.catalogue import CATALOGUE
from cams.integrated import Integrated
from cams.multi_pass import ManyPasses, Window, clip_probe, steps_and_side
from cams.occlusion import Occlusion
from cams.precision import Precision
from cams.rise import Mask, Rise
from cams.smoothgrad import SmoothGrad
from cams.targets import largest
from datasets.clip import Clip
from datasets.hiding import stand_in
from geometry.viewport import Viewport
from models.recogniser import Inputs, Probe, Recogniser
from records.hiding import ASKS, GONE, MEAN, STILL, WAYS, Hiding
from records.methods import HIDING
from records.question import Question
from terminal.errors import UserError
from tests.cams.test_per_gloss import Reader
from tests.kit import networks
from tests.kit.linear import Linear, even_clip, spot
from tests.kit.recogniser import TinyRecogniser, tiny_clip
from tests.kit.tiers import crossed, in_full

MANY = [name for name, method in CATALOGUE.items() if isinstance(method, ManyPasses)]


def window(model: Recogniser, clip: Clip, layers: List[str]) -> Window:
    inputs = model.eval().requires_grad_(False).prepare(clip)
    logits = model(inputs)[0]
    return Window(model, clip, inputs, {name: model.layers[name] for name in layers}, logits, [largest(logits)], 0,
                  stand_in(clip, Hiding(MEAN)), Precision("fp32", torch.device("cpu")))


@pytest.mark.parametrize("method", ["inputxgradient", "integrated"])
def test_on_a_linear_network_each_place_is_given_its_part(method: str) -> None:
    clip = even_clip(48)
    model = Linear(clip)
    raw = explain(model, clip, Question(method=method)).layers["input"].raw
    np.testing.assert_allclose(raw, model.parts(clip), rtol=1e-4, atol=1e-6)


def test_on_a_linear_network_a_hidden_block_loses_the_sum_of_its_parts() -> None:
    clip = even_clip(48)
    model = Linear(clip)
    assert steps_and_side(144, 48, 84.0) == (4, 6)                 # blocks of 12 frames, 2 x 2 pixels
    blocks = model.parts(clip).reshape(4, 12, 6, 2, 6, 2).sum((1, 3, 5))
    raw = explain(model, clip, Question(method="occlusion", budget=144)).layers["input"].raw
    np.testing.assert_allclose(raw, blocks.repeat(12, axis=0), rtol=1e-4)


def test_on_a_linear_network_rise_finds_the_part_that_matters() -> None:
    clip = even_clip(8)
    model = Linear(clip)
    model.weights[..., :8, :] = model.weights[..., :6] = 0         # but the lower right corner of the view, 4 x 6
    raw = explain(model, clip, Question(method="rise", budget=150)).layers["input"].raw.sum(0)
    row, column = np.unravel_index(raw.argmax(), raw.shape)
    assert row >= 18 and column >= 14 and raw[18:, 14:].mean() > 3 * raw[:14, :10].mean()


def test_smoothgrad_without_noise_is_the_gradient() -> None:
    here = window(TinyRecogniser(), tiny_clip(), ["input", "pathways"])
    still = SmoothGrad(noise=0.0).maps(here, 3)[0]
    explanation = explain(TinyRecogniser(), tiny_clip(), Question(method="gradient", layers=("input", "pathways")))
    for name, layer in explanation.layers.items():
        np.testing.assert_allclose(still[name].numpy(), layer.raw, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("way", WAYS)
def test_integrated_gradients_of_the_input_add_up_to_what_hiding_all_costs(way: str) -> None:
    model, clip = TinyRecogniser(), tiny_clip()
    here = replace(window(model, clip, ["input", "first"]), instead=stand_in(clip, Hiding(way)))
    lost = float(here.scores[0] - here.read([lambda: here.instead])[0, 0])
    made = Integrated().maps(here, 64)[0]
    assert abs(lost) > 1e-3 and not here.notes
    for name in ("input", "first"):         # nothing goes past either
        assert float(made[name].double().sum()) == pytest.approx(lost, rel=0.02)


class Square(Linear):
    """Each place counts by its square."""

    def forward(self, inputs: Inputs) -> torch.Tensor:
        squares = self.entry(*inputs.tensors)[:, None] ** 2         # [B, 1, 3, T, H, W]
        frames = (squares * self.weights.abs()).sum((2, 4, 5))      # [B, V, T]
        return frames.unflatten(2, (-1, 2)).sum(3).transpose(1, 2)


def test_the_middles_of_the_way_are_exact_on_a_square() -> None:
    clip = even_clip(8)
    model = Square(clip)
    here = window(model, clip, ["input"])
    one, many = (Integrated().maps(here, passes)[0]["input"] for passes in (1, 4))
    torch.testing.assert_close(one, many, rtol=1e-4, atol=1e-5)
    assert float(one.double().sum()) == pytest.approx(float(here.scores[0]), rel=1e-4)


def test_the_noise_is_a_share_of_what_lies_between_least_and_most() -> None:
    inputs = Inputs((torch.linspace(-3, 5, 40_000)[None],), 1)
    noisy = SmoothGrad(noise=0.1)._noisy(inputs, torch.Generator().manual_seed(0)).tensors[0]
    assert float((noisy - inputs.tensors[0]).std()) == pytest.approx(0.8, rel=0.02)


class WithToken(Linear):
    """Beside each frame's places a token, their sum, that lies nowhere on the grid, and of which each class takes half
    as much as of all places."""

    def __init__(self, clip: Clip) -> None:
        super().__init__(clip)
        self.tokens = torch.nn.Identity()
        view = self.weights.shape[-1]
        self.layers["tokens"] = Probe(
            self.tokens, "tokens", 1, arrange=lambda x: x[:, :, :, :-1].unflatten(3, (-1, view)), channels=3,
            padded=True, view=(view, view))

    def forward(self, inputs: Inputs) -> torch.Tensor:
        places = (self.entry(*inputs.tensors) * self.weights.mean(0)).flatten(3)                # [1, C, T, P]
        made = self.tokens(torch.cat([places, places.sum(3, keepdim=True) / 2], 3))
        frames = made.sum((0, 1, 3))
        return (frames.unflatten(0, (-1, 2)).sum(1)[:, None] * torch.arange(1, 6))[None]


def test_the_parts_of_what_has_no_place_count_too() -> None:
    clip = even_clip(8)
    here = window(WithToken(clip), clip, ["tokens"])
    made = Integrated().maps(here, 1)[0]["tokens"]
    assert float(made.double().sum()) == pytest.approx(float(here.scores[0]) * 2 / 3, rel=1e-4)
    assert here.notes == []         # with the token's third they add up


def test_integrated_gradients_say_where_they_do_not_add_up() -> None:
    model = TinyRecogniser()
    model.network.head.weight.data *= 3000
    few = explain(model, tiny_clip(), Question(method="integrated", layers=("input",), budget=1))
    assert any("add up to" in note and "--budget" in note for note in few.notes)


def test_a_layer_of_a_dict_or_a_tuple_is_integrated_too() -> None:
    question = Question(method="integrated", layers=("pathways", "timed", "rnn"), budget=16)
    explanation = explain(TinyRecogniser(), tiny_clip(), question)
    assert all(layer.raw.any() for layer in explanation.layers.values())
    assert explanation.notes == ()                # checked in each


def by_hand(model: Recogniser, clip: Clip) -> Dict[str, np.ndarray]:
    """Input times gradient of the largest logits, by torch.autograd.grad on the prepared tensors."""
    inputs = model.prepare(clip)
    tensors = tuple(tensor.clone().requires_grad_() for tensor in inputs.tensors)
    score = model(Inputs(tensors, inputs.frames, inputs.left, inputs.right))[0].max(1).values.sum()
    slopes = torch.autograd.grad(score, tensors)
    names = [name for name in model.layers if name.endswith("input")]
    return {name: (x * slope)[0].sum(0).relu().detach().numpy() for name, x, slope in zip(names, tensors, slopes)}


@pytest.mark.parametrize("name", ["slowfast", "twostream", "mamba", "mska"])
def test_gradients_reach_each_stream_s_input(name: str) -> None:
    model, clip = networks.recogniser(name), networks.clip(12)
    explanation, expected = explain(model, clip, Question(method="inputxgradient")), by_hand(model, clip)
    assert list(explanation.layers) == list(expected)
    for layer, whole in expected.items():
        joints = model.layers[layer].joints             # of the points that are fed, those it looks at
        wanted = whole[:, list(joints)] if joints else whole
        assert wanted.any()
        np.testing.assert_allclose(explanation.layers[layer].raw, wanted, rtol=1e-3, atol=1e-5 * wanted.max())


class Bright(TinyRecogniser):
    """As fed, padding and all: each step's logits are its brightness."""

    def forward(self, inputs: Inputs) -> torch.Tensor:
        frames = self.entry(*inputs.tensors).sum((1, 3, 4))
        return frames[:, 2:-2 - (inputs.right - 2)].unflatten(1, (-1, 2)).sum(2)[..., None].expand(-1, -1, 5)


@pytest.mark.parametrize("frames", [30, 100])
@pytest.mark.parametrize("method", ["inputxgradient", "occlusion"])
def test_what_matters_lies_where_the_map_says(method: str, frames: int) -> None:
    """Of a whole clip and of one cut into windows: columns 2 to 13, rows 4 to 15 are seen."""
    at = (frames - 9, 6, 11)
    layer_map = explain(Bright(window=40), spot(frames, at), Question(method=method)).layers["input"]
    drawn = layer_map.map.astype(np.float32)
    assert drawn[at] == drawn.max()
    peak = np.array(np.unravel_index(drawn.argmax(), drawn.shape))
    assert (abs(peak - at) <= ((0, 0, 0) if method == "inputxgradient" else (8, 1, 1))).all()


def test_all_glosses_share_one_set_of_forwards() -> None:
    model, read = Reader(), []
    model.register_forward_hook(lambda _, given, logits: read.append(len(given[0].tensors[0])))
    explanation = explain(model, tiny_clip(), Question(target="each", method="occlusion", budget=30))
    assert len(explanation.glosses) == 3 and sum(read) == 1 + 25 and len(read) < 12    # the clip itself, and its blocks


def test_each_gloss_is_explained_as_if_alone() -> None:
    model = Reader()
    together = explain(model, tiny_clip(), Question(target="each", method="occlusion", budget=30))
    alone = explain(model, tiny_clip(), Question(target="SONNE", method="occlusion", budget=30))
    gloss = next(gloss for gloss in together.glosses if gloss.about.gloss == "SONNE")
    np.testing.assert_array_equal(gloss.layers["input"].raw, alone.layers["input"].raw)


@pytest.mark.parametrize("method", MANY)
def test_the_same_is_made_again_to_the_byte(method: str) -> None:
    question = Question(method=method, budget=9)
    one, other = (explain(TinyRecogniser(), tiny_clip(), question).layers["input"].raw for _ in "ab")
    assert one.any() and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("made", [Rise, SmoothGrad])
def test_another_seed_makes_another_map(made: Any) -> None:
    here = window(TinyRecogniser(), tiny_clip(), ["input"])
    assert not torch.equal(*(made(seed=seed).maps(here, 9)[0]["input"] for seed in (0, 1)))


@pytest.mark.parametrize("made", [Rise, SmoothGrad])
def test_each_window_of_a_clip_has_chances_of_its_own(made: Any) -> None:
    """What is drawn for the window before would be in step with it."""
    here = window(TinyRecogniser(), tiny_clip(), ["input"])
    pick, = here.picks
    later = replace(here, first=8, picks=[replace(pick, steps=tuple(step + 8 for step in pick.steps))])
    np.testing.assert_array_equal(here.scores, later.scores)
    assert not torch.equal(*(made().maps(each, 9)[0]["input"] for each in (here, later)))


def test_about_half_of_a_mask_is_shown() -> None:
    here = window(TinyRecogniser(), tiny_clip(), ["input"])
    assert Rise()._mask(np.random.default_rng(0), here, 3000).cells.mean() == pytest.approx(0.5, abs=0.1)


def test_masks_that_hide_nothing_say_nothing() -> None:
    here = window(TinyRecogniser(), tiny_clip(), ["input"])
    assert not Rise(shown=1.0).maps(here, 5)[0]["input"].any()


def test_rise_is_its_formula_written_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    masks: List[Mask] = []
    scores: List[float] = []
    make, read = Rise._mask, Window.read

    def noted_mask(*given: Any) -> Mask:
        masks.append(make(*given))
        return masks[-1]

    def noted_read(*given: Any) -> np.ndarray:
        scores.extend(read(*given)[:, 0])
        return np.array(scores)[:, None]

    monkeypatch.setattr(Rise, "_mask", noted_mask)
    monkeypatch.setattr(Window, "read", noted_read)
    clip = even_clip(6)
    made = Rise().maps(window(Linear(clip), clip, ["input"]), 7)[0]["input"].numpy()
    middle, mean = (np.arange(28) + 0.5) / 28, sum(scores) / 7
    expected = sum((score - mean) * mask.shown(middle, middle) for mask, score in zip(masks, scores)) / 7
    np.testing.assert_allclose(made, expected, rtol=1e-3, atol=1e-5)


def test_a_mask_is_smooth_and_fills_the_view() -> None:
    cells = np.random.RandomState(0).rand(3, 4, 4).astype(np.float32)
    cover = Mask(cells, np.array([0.2, 0.7, 0.0]), Viewport(0.1, 0.1, 0.9, 0.9), 12).cover(100, 80)
    assert cover.shape == (12, 100, 80) and 0 <= cover.min() < cover.max() <= 1
    assert abs(np.diff(cover, axis=1)).max() < 3 / 80 + 1e-6       # three cells over the view's 80 rows


def test_a_mask_s_cell_lies_where_it_falls_in_the_view() -> None:
    """Cell k is in the middle of its part of the view, less the shift."""
    cells = np.zeros((2, 5, 5), np.float32)
    cells[:, 1, 3] = 1
    hidden = Mask(cells, np.array([0.0, 0.25, 0.0]), Viewport(0.1, 0.2, 0.7, 0.9), 4).cover(100, 100)[2]
    row, column = 100 * (0.2 + 0.7 * (1 + 0.5 - 0.25) / 4), 100 * (0.1 + 0.6 * (3 + 0.5) / 4)
    assert np.unravel_index(hidden.argmin(), hidden.shape) == (round(row - 0.5), round(column - 0.5))


def test_a_mask_s_cell_lies_at_its_own_moment() -> None:
    """Steps of a mask are as far apart as its clip is long over their number, and begin half a step early."""
    cells = np.zeros((5, 2, 2), np.float32)
    cells[2] = 1
    shown = Mask(cells, np.array([0.25, 0.0, 0.0]), Viewport(), 40).shown(np.array([0.5]), np.array([0.5]))[:, 0, 0]
    middle = 40 * (2 + 0.5 - 0.25) / 4 - 0.5            # in frames, counted from the first one's middle
    frames = np.arange(40)
    assert (shown * frames).sum() / shown.sum() == pytest.approx(middle)
    np.testing.assert_allclose(shown, np.clip(1 - abs(frames - middle) / 10, 0, 1), atol=1e-6)


@pytest.mark.parametrize("budget", [1, 7, 50, 400, 3000])
@pytest.mark.parametrize("frames", [1, 16, 120, 900])
def test_blocks_keep_to_the_budget(budget: int, frames: int) -> None:
    steps, side = steps_and_side(budget, frames, 84.0)
    assert 1 <= steps <= frames and side >= 1 and steps * side ** 2 <= budget


@pytest.mark.parametrize("method", MANY)
def test_no_more_passes_are_taken_than_told(method: str) -> None:
    heard: List[Tuple[int, int]] = []
    explain(TinyRecogniser(), tiny_clip(), Question(method=method, budget=12), tell=lambda *count: heard.append(count))
    done = [count for count, _ in heard]
    assert done == sorted(set(done)) and heard[-1][0] == heard[-1][1] <= 12


def test_even_pictures_have_no_map() -> None:
    clip = tiny_clip(pixels=np.full((20, 16, 16, 3), 90, np.uint8))
    assert set(explain(TinyRecogniser(), clip, Question(method="occlusion", budget=9)).layers["input"].flags) <= {
        "constant", "all-zero"}


@pytest.mark.parametrize("method", ["occlusion", "rise"])
def test_what_hides_the_clip_explains_no_layer_within(method: str) -> None:
    with pytest.raises(UserError, match="its only layer is input"):
        explain(TinyRecogniser(), tiny_clip(), Question(method=method, layers=("pathways",)))


@pytest.mark.parametrize("wrong", [{"method": "gradcam", "budget": 5}, {"method": "rise", "budget": 0}])
def test_a_budget_is_a_number_of_passes_of_a_method_that_takes_many(wrong: Dict[str, Any]) -> None:
    with pytest.raises(UserError, match="budget"):
        explain(TinyRecogniser(), tiny_clip(), Question(**wrong))


def test_keypoints_are_hidden_with_the_pixels() -> None:
    """Of a network that reads the points, on even pictures: only they can matter."""
    model, clip = networks.recogniser("mska"), networks.clip(24)
    clip.frames[:] = 90
    here = window(model, clip, [])
    here.probes["input"] = clip_probe(model, 2)
    assert Occlusion().maps(here, 4)[0]["input"].any()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", HIDING)
def test_a_map_says_which_question_its_way_of_hiding_asks(method: str, way: str) -> None:
    """Of all glosses together, and of each on its own."""
    explanation = explain(Reader(), tiny_clip(), Question(target="each", method=method, budget=2, hide=way))
    assert explanation.hiding == Hiding(way, GONE) and ASKS[way] in explanation.target
    assert explanation.glosses and all(ASKS[way] in gloss.about.words for gloss in explanation.glosses)


def test_a_method_that_hides_nothing_asks_no_such_question() -> None:
    explanation = explain(Reader(), tiny_clip(), Question(target="each"))
    assert explanation.hiding is None and "asks" not in explanation.target


def test_hiding_a_place_that_stands_still_loses_nothing_but_from_an_even_picture_it_does() -> None:
    """Of a linear network and a clip in which one half of the view moves."""
    clip = even_clip(8)
    clip.frames[:, :, :8] = clip.frames[:1, :, :8]
    model = Linear(clip)
    still, mean = (explain(model, clip, Question(method="occlusion", budget=32, hide=way)).layers["input"].raw
                   for way in (STILL, MEAN))
    assert not still[:, :, :1].any() and still[:, :, -1:].any() and mean[:, :, :1].any()


def test_a_clip_in_which_nothing_moves_says_so() -> None:
    clip = tiny_clip(pixels=np.repeat(tiny_clip(1).frames, 8, axis=0))
    explanation = explain(TinyRecogniser(), clip, Question(method="integrated", budget=2, hide=STILL))
    assert sum("nothing moves in this clip" in note for note in explanation.notes) == 1
    assert "all-zero" in explanation.layers["input"].flags
    other = explain(TinyRecogniser(), clip, Question(method="integrated", budget=2, hide=MEAN))
    assert not any("nothing moves" in note for note in other.notes)


def test_in_windows_of_a_long_clip_it_is_the_whole_clip_that_stands_in() -> None:
    """A window in which nothing moves still differs from the median of all."""
    clip = tiny_clip(pixels=np.repeat(tiny_clip(2).frames, [20, 60], axis=0))
    raw = explain(Reader(), clip, Question(method="occlusion", budget=8, hide=STILL), window=20).layers["input"].raw
    assert raw[:10].any() and not raw[-10:].any()


@pytest.mark.parametrize("name, method", [
    *crossed(["slowfast", "mska"], ["occlusion", "rise"]), in_full(("corrnet", "occlusion"))])
def test_clips_read_together_give_the_maps_of_clips_read_one_by_one(monkeypatch: pytest.MonkeyPatch, name: str,
                                                                    method: str) -> None:
    model, clip = networks.recogniser(name), networks.clip(12)
    question = Question(method=method, budget=9)
    monkeypatch.setattr("cams.memory.AT_ONCE", 48)
    together = explain(model, clip, question).layers["input"].raw
    monkeypatch.setattr("cams.memory.AT_ONCE", 1)
    alone = explain(model, clip, question).layers["input"].raw
    read = abs(alone).max()
    assert read > 0
    np.testing.assert_allclose(together, alone, rtol=0, atol=max(1e-3 * read, 1e-5))


def test_a_clip_in_which_nothing_counts_has_no_map_made_of_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standing still, and hidden by standing still: every version is the clip, in batches of another size."""
    model, clip = networks.recogniser("twostream"), networks.clip(12)
    clip.frames[:], clip.keypoints[:] = clip.frames[:1], clip.keypoints[:1]     # type: ignore[index]
    monkeypatch.setattr("cams.memory.AT_ONCE", 48)
    question = Question(method="occlusion", budget=9, hide="still", hidden_keypoints="rest")
    assert explain(model, clip, question).layers["input"].flags == ("all-zero",)

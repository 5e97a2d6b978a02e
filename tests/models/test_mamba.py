import argparse
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
import torch

from cam_runner import explain
from models import mamba_stem
from models.mamba import MambaSLR
from models.mamba_mixers import reading_orders
from models.recogniser import Inputs
from models.registry import build
from records.question import Question
from terminal.errors import UserError
from tests.golden import published
from tests.kit import networks
from tests.kit.tiers import full

BRIEF = 3       # the seed of the golden of 5 frames


@published.of("mamba")
def test_every_published_key_and_no_other() -> None:
    state = published.recogniser("mamba", seed=BRIEF).network.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == {
        key: shape for key, (shape, _) in published.keys("mamba").items()}


def check(golden: Dict[str, np.ndarray], seed: int, weights: str, prefix: str) -> None:
    model = published.recogniser("mamba", seed=seed)
    explanation = explain(model, published.clip("mamba", int(golden["T"]), seed), Question(pool=weights))
    assert abs(explanation.logits - golden["logits"]).max() <= 5e-5 * abs(golden["logits"]).max()
    for layer in model.default_layers:
        ours, theirs = explanation.layers[layer].raw, golden[f"{prefix}/{layer}"]
        assert ours.shape == theirs.shape
        assert abs(ours - theirs).max() <= 2e-4 * theirs.max(), layer
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.999999, layer


@full
@published.of("mamba")
def test_logits_and_all_five_maps_are_the_authors() -> None:
    check(published.golden("mamba_small"), BRIEF, "frame", "camframe")


@published.of("mamba")
@pytest.mark.slow
def test_26_frames_are_the_authors_too() -> None:
    check(published.golden("mamba"), 0, "clip", "cam")


@published.of("mamba")
def test_frames_and_layers_are_the_authors() -> None:
    model, golden = published.recogniser("mamba", seed=BRIEF), published.golden("mamba_small")
    inputs = model.prepare(published.clip("mamba", 5, BRIEF))
    frames = inputs.tensors[0][0].transpose(0, 1).numpy()
    assert list(frames.shape) == golden["input"].tolist()
    np.testing.assert_allclose(frames[:, :, 0, 0], golden["input/top_left"], atol=1e-6)
    np.testing.assert_allclose(frames[:, :, -1, -1], golden["input/bottom_right"], atol=1e-6)
    shapes = model.layer_shapes(5)
    assert {name: [1, *shapes[name]] for name in model.default_layers} == {
        name: golden[f"shape/{name}"].tolist() for name in model.default_layers}


@published.of("mamba")
@pytest.mark.slow
def test_the_authors_average_reads_in_damaged_orders(tmp_path: Path) -> None:
    """Their figure, where it is asked for, and the right orders where it is not."""
    golden, weights = published.golden("mamba"), dict(published.state("mamba"))
    for key in weights:
        if key.endswith("scan_indices"):
            weights[key] = averaged_once(weights[key])
    torch.save({"module": {key: value for key, value in weights.items() if not key.endswith("scan_indices")},
                "model_ema": weights, "architecture": networks.published_architecture("mamba", stored_orders=True,
                                                                                      averaged=True)},
               tmp_path / "ema.pt")
    made: Any = build("mamba", tmp_path / "ema.pt")
    found = networks.logits(made, published.clip("mamba"))
    assert abs(found - golden["logits/ema_orders"]).max() <= 5e-5 * abs(found).max()
    assert any("22 of" in note for note in made.notes)


def averaged_once(orders: torch.Tensor) -> torch.Tensor:
    """What the authors' running average makes of whole numbers at its first step."""
    kept = orders.float() * 0.9999 + orders.float() * (1 - 0.9999)
    return kept.to(torch.int64)


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_a_step_a_frame(frames: int) -> None:
    model: Any = networks.recogniser("mamba")
    assert len(networks.logits(model, networks.clip(frames))) == model.steps(frames) == frames


def test_no_frames_are_told() -> None:
    with pytest.raises(UserError, match="has no frames"):
        networks.recogniser("mamba").prepare(networks.clip(4).window(0, 0))


def test_a_batch_gives_each_clip_what_it_gives_alone() -> None:
    model: Any = networks.recogniser("mamba")
    parts = [model.prepare(networks.clip(frames)) for frames in (9, 20)]
    padded = torch.full((2, 3, 20, 64, 64), 7.0)
    for clip, part in zip(padded, parts):
        clip[:, :part.tensors[0].shape[2]] = part.tensors[0][0]
    outputs = model.network(padded, torch.tensor([9, 20]))
    assert outputs["lengths"].tolist() == [9, 20] and outputs["logits"].shape == (2, 20, 7)
    for logits, part, steps in zip(outputs["logits"], parts, (9, 20)):
        assert torch.allclose(logits[:steps], model(part)[0], rtol=1e-4, atol=1e-5)


def test_blocks_computed_again_have_the_same_maps() -> None:
    clip = networks.clip(14)
    kept, again = (explain(networks.recogniser("mamba", recompute=frames), clip) for frames in (100, 1))
    for layer, found in kept.layers.items():
        assert abs(found.raw - again.layers[layer].raw).max() <= 1e-6 * found.raw.max(), layer


def test_a_stem_computed_again_learns_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mamba_stem, "LEARNED", 4)           # of ten frames two parts whole, and a shorter one
    clip, slopes = networks.clip(10), []
    for frames in (100, 1):
        model: Any = networks.recogniser("mamba", recompute=frames).requires_grad_(True)
        model(model.prepare(clip)).square().sum().backward()
        slopes.append({name: weight.grad for name, weight in model.named_parameters()})
    for name, slope in slopes[0].items():
        assert torch.allclose(slope, slopes[1][name], rtol=1e-4, atol=1e-5 * float(slope.abs().max())), name


def test_a_direction_reads_every_token_once_and_the_class_token_last() -> None:
    orders = reading_orders(3)
    assert orders.tolist() == [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [8, 7, 6, 5, 4, 3, 2, 1, 0, 9],
                               [0, 3, 6, 1, 4, 7, 2, 5, 8, 9], [8, 5, 2, 7, 4, 1, 6, 3, 0, 9]]


def test_tokens_are_laid_on_the_grid_row_by_row() -> None:
    """A bright spot in a dark clip is where the first layer's activation stands out."""
    model: Any = networks.recogniser("mamba")
    clip = networks.clip(2)
    dark = np.zeros_like(clip.frames)
    lit = dark.copy()
    lit[:, 16 + 3 * 56 - 20:16 + 3 * 56 + 20, 16 + 56 - 20:16 + 56 + 20] = 255     # three quarters down, one across
    probe = model.layers["patch_embed"]
    seen: List[Any] = []
    handle = probe.module.register_forward_hook(lambda module, args, output: seen.append(probe.arrange(output)[0]))
    for frames in (dark, lit):
        model(model.prepare(type(clip)("spot", "dev", frames)))
    handle.remove()
    change = (seen[1] - seen[0]).abs().sum(0)[0]                                    # [H, W]
    row, column = divmod(int(change.argmax()), change.shape[1])
    assert (row, column) == (round(change.shape[0] * 0.75), round(change.shape[1] * 0.25))


def saved(folder: Path, **content: Any) -> Path:
    torch.save(content, folder / "made.pt")
    return folder / "made.pt"


def test_a_deepspeed_file_in_bfloat16_is_read(tmp_path: Path) -> None:
    made: Any = networks.recogniser("mamba")
    halves = {key: value.bfloat16() if value.is_floating_point() else value
              for key, value in made.network.state_dict().items()}
    shapes = [{key: value.shape for key, value in halves.items()}]
    path = saved(tmp_path, module=halves, model_ema=made.network.state_dict(), buffer_names=[], optimizer=None,
                 param_shapes=shapes, frozen_param_shapes=None, shared_params={}, sparse_tensor_module_names=set(),
                 lr_scheduler=None, data_sampler=None, random_ltd=None, skipped_steps=0, global_steps=7,
                 global_samples=28, dp_world_size=2, mp_world_size=1, ds_config={"bf16": {"enabled": True}},
                 ds_version="0.17.2", epoch=3,
                 architecture=made.architecture)
    loaded: Any = build("mamba", path)
    for key, value in loaded.network.state_dict().items():
        assert torch.equal(value, halves[key].to(value.dtype)), key
    assert any("as trained" in note and "model_ema" in note for note in loaded.notes)


def test_a_plain_file_with_its_arguments_is_read_and_nothing_in_it_is_run(tmp_path: Path) -> None:
    made: Any = networks.recogniser("mamba")
    path = saved(tmp_path, model=made.network.state_dict(), optimizer={}, epoch=1, scaler={},
                 args=argparse.Namespace(lr=0.1, betas=(0.9, 0.99)), model_ema=made.network.state_dict(),
                 architecture=dict(made.architecture, averaged=True))
    loaded: Any = build("mamba", path)
    assert torch.equal(loaded.network.head.weight, made.network.head.weight)
    assert any("averaged over training" in note for note in loaded.notes)


def test_widths_depth_and_the_attention_block_are_read_off_the_weights() -> None:
    made: Any = networks.recogniser("mamba")
    fitted = MambaSLR.fit(networks.published_architecture("mamba"), made.network.state_dict())
    assert {key: fitted[key] for key in ("classes", "depth", "stem", "attention_blocks")} == {
        "classes": 7, "depth": 3, "stem": [8, 8, 16], "attention_blocks": [1]}


def test_damaged_orders_are_put_right_and_told(tmp_path: Path) -> None:
    made: Any = networks.recogniser("mamba")
    clip = networks.clip(3)
    state = {key: (value + 1) % value.shape[1] if key.endswith(".scan_indices") else value
             for key, value in made.network.state_dict().items()}
    loaded: Any = build("mamba", saved(tmp_path, module=state, architecture=made.architecture))
    np.testing.assert_array_equal(networks.logits(loaded, clip), networks.logits(made, clip))
    assert any("2 of the checkpoint's tables of reading orders are damaged" in note for note in loaded.notes)
    theirs = build("mamba", saved(tmp_path, module=state, architecture=dict(made.architecture, stored_orders=True)))
    assert abs(networks.logits(theirs, clip) - networks.logits(made, clip)).max() > 1e-3


def test_without_stored_orders_a_file_is_whole(tmp_path: Path) -> None:
    made: Any = networks.recogniser("mamba")
    state = {key: value for key, value in made.network.state_dict().items() if not key.endswith("scan_indices")}
    assert build("mamba", saved(tmp_path, module=state, architecture=made.architecture)).notes == (
        "the vocabulary has 0 names for 7 classes: a class without a name reads as # and its number",)


def test_heads_that_do_not_divide_are_refused() -> None:
    with pytest.raises(UserError, match="head"):
        networks.recogniser("mamba", head=5)


@pytest.mark.parametrize("blocks", [[], [0, 2]])
def test_any_number_of_blocks_may_have_softmax_attention(blocks: List[int]) -> None:
    state = networks.recogniser("mamba", attention_blocks=blocks).network.state_dict()
    assert [f"layers.{number}.spatial_mixer.in_proj.bias" in state for number in range(3)] == [
        number in blocks for number in range(3)]


def test_repeated_glosses_stay_two() -> None:
    model: Any = networks.recogniser("mamba")
    logits = torch.full((5, 7), -9.0)
    logits[range(5), [2, 0, 2, 3, 3]] = 9.0
    assert model.decode_ids(logits) == [2, 2, 3] and model.decode_ids(logits, beam=1) == [2, 2, 3]


def test_drop_path_leaves_out_frames_in_space_and_places_in_time() -> None:
    model: Any = networks.recogniser("mamba", drop_path=0.5)
    block = model.network.layers[-1].train()
    torch.manual_seed(0)
    ones = torch.ones(40, 30, 2)
    frames, places = block._dropped(ones, each_frame=True), block._dropped(ones, each_frame=False)
    assert set(frames.unique().tolist()) == set(places.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(frames, frames[:, :1, :1].expand_as(frames))
    assert torch.equal(places, places[:1, :, :1].expand_as(places))


def test_windows_of_a_batch_go_through_at_once() -> None:
    model: Any = networks.recogniser("mamba")
    both = Inputs.batch([model.prepare(networks.clip(6)), model.prepare(networks.clip(6).window(0, 6))])
    assert torch.allclose(model(both)[0], model(both)[1], atol=1e-5)

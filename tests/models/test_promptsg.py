from pathlib import Path
from typing import Optional

import numpy as np
import pytest
import torch

from models.promptsg import BUFFERS, PromptSG
from models.registry import build_embedder, published_architecture
from terminal.errors import UserError
from tests.golden import published, recipe
from tests.kit import networks
from tests.kit.tiers import full


@full
@published.of("promptsg")
def test_every_published_key_and_no_other() -> None:
    state = published.embedder("promptsg").network.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == {
        key: shape for key, (shape, _) in published.keys("promptsg").items()}


def test_pictures_are_resized_as_the_authors_do() -> None:
    model = networks.embedder("promptsg", high=256, wide=128, patch=16, stride=16)
    for high, wide in ((128, 64), (400, 170)):
        golden = published.golden("promptsg")[f"resized/{high}x{wide}"]
        levels = (model.pixels(recipe.images(1, high, wide, 0)[0])[0].permute(1, 2, 0) * 0.5 + 0.5) * 255
        apart = abs(levels.round().numpy() - golden)
        assert apart.max() <= (1 if high > 256 else 0)          # Pillow's versions round a shrunk pixel either way


def test_layers_have_the_sizes_they_say() -> None:
    model = networks.embedder("promptsg")
    with published.shapes_of(model) as found, torch.no_grad():
        model(model.prepare(networks.picture(64, 32)))
    assert found == model.layer_shapes(1)


@pytest.mark.parametrize("rows,high,wide,stride", [(129, 256, 128, 16), (193, 384, 128, 16), (211, 256, 128, 12)])
def test_the_grid_is_read_from_the_positions(rows: int, high: int, wide: int, stride: int) -> None:
    weights = {"classifier.weight": torch.empty(702, 768),
               "image_encoder.positional_embedding": torch.empty(rows, 768)}
    fitted = PromptSG.fit(published_architecture("promptsg"), weights)
    assert (fitted["high"], fitted["wide"], fitted["stride"], fitted["identities"]) == (high, wide, stride, 702)


def small() -> PromptSG:
    made = networks.embedder("promptsg")
    assert isinstance(made, PromptSG)
    return made


def save(tmp_path: Path, **changes: Optional[torch.Tensor]) -> Path:
    """A small sibling's file, with its architecture beside the weights."""
    model = small()
    state = dict(model.network.state_dict())
    for key, value in changes.items():
        key = key.replace("__", ".")
        if value is None:
            del state[key]
        else:
            state[key] = value
    torch.save({"model_state_dict": state, "architecture": model.architecture}, tmp_path / "small.pth")
    return tmp_path / "small.pth"


def test_a_file_of_several_gpus_with_empty_prompts_is_the_same_network(tmp_path: Path) -> None:
    model = small()
    state = {f"module.{key}": torch.empty(0, dtype=value.dtype) if key in BUFFERS else value
             for key, value in model.network.state_dict().items()}
    torch.save({"model_state_dict": state, "architecture": model.architecture}, tmp_path / "small.pth")
    loaded, clip = build_embedder("promptsg", tmp_path / "small.pth"), networks.picture(64, 32)
    np.testing.assert_array_equal(loaded(loaded.prepare(clip)).numpy(), model(model.prepare(clip)).numpy())


def test_what_no_file_can_say_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="classifier.weight, which says how many identities"):
        build_embedder("promptsg", save(tmp_path, classifier__weight=None))
    with pytest.raises(UserError, match="RN50 backbone"):
        build_embedder("promptsg", save(tmp_path, image_encoder__attnpool__k_proj__weight=torch.zeros(1)))
    with pytest.raises(UserError, match="keys 1 of another shape"):
        build_embedder("promptsg", save(tmp_path, bottleneck__weight=torch.zeros(3)))
    tokens = small().network.state_dict()["prompt_composer.tokenized_composed"]
    with pytest.raises(UserError, match="of another prompt"):
        build_embedder("promptsg", save(tmp_path, prompt_composer__tokenized_composed=tokens + 1))


def test_only_the_first_tokens_of_the_text_matter() -> None:
    """The mask hides what follows the end token: eight rows give what all give."""
    torch.manual_seed(0)
    model = small()
    encoder, rows = model.network.text_encoder, torch.randn(2, 77, model.architecture["shared"])
    length = rows.shape[1]
    mask = torch.full((length, length), float("-inf")).triu(1)
    states = encoder.ln_final(encoder.transformer(rows + encoder.positional_embedding, mask))[:, 7]
    torch.testing.assert_close(encoder(rows[:, :8]), states @ encoder.text_projection, rtol=1e-4, atol=1e-5)

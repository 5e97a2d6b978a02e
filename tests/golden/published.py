"""The published recognisers, full size, weights drawn from their key lists, and what their authors' code computed."""
import json
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import numpy as np
import pytest
import torch
import yaml

from datasets.clip import Clip
from models.contract import Explainable, Probe
from models.embedder import Embedder
from models.recogniser import Recogniser
from models.registry import CONFIGS, embedder_class, published_architecture
from tests.golden import GOLDENS, recipe
from tests.kit.tiers import full

COMPUTED_WITH = {"signgraph": {"temporal_edges": "cpu_ties"}}      # where the authors' code was run

FLOAT32 = {"signgraph": 1e-2}       # how far the authors' own float32 lets a map be off, where that is more than 5e-3


def of(name: str) -> Any:
    """Marks a test of a network at full size: one worker runs all of them, so that its weights are drawn once."""
    return pytest.mark.xdist_group(f"{name} at full size")


def each(*names: str, always: Sequence[str] = ()) -> List[Any]:
    """Parameters, a network's tests marked as `of` does; where some are named, all others in test-all alone."""
    return [pytest.param(name, marks=[of(name), *([full] if always and name not in always else [])])
            for name in names]


def keys(name: str) -> Dict[str, List[Any]]:
    """{checkpoint key: [shape, dtype]}"""
    return json.loads((GOLDENS / f"{name}_keys.json").read_text())


@lru_cache(maxsize=2)
def state(name: str, seed: int = 0) -> Dict[str, torch.Tensor]:
    return {key: torch.from_numpy(np.asarray(value)) for key, value in recipe.fill(keys(name), seed).items()}


def golden(name: str) -> Dict[str, np.ndarray]:
    with np.load(GOLDENS / f"{name}_golden.npz") as file:
        return dict(file)


def clip(name: str, frames: int = 26, seed: int = 0) -> Clip:
    square = recipe.frames(frames, 256, 256, seed)
    if name == "mska":
        return Clip("golden", "dev", square, keypoints=recipe.keypoints(frames, seed))
    if name != "twostream":
        return Clip("golden", "dev", square)
    return Clip("golden", "dev", square, keypoints=recipe.keypoints(frames, seed),
                tall_frames=recipe.frames(frames, 260, 210, seed))


@lru_cache(maxsize=4)
def recogniser(name: str, folded: bool = False, seed: int = 0, **changes: Any) -> Recogniser:
    """In evaluation, parameters without gradient; `folded` as `build` gives it. Shared: leave it as it was."""
    from models.folding import fold_batch_norm
    from models.registry import create

    architecture = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
    made = create({**architecture, **COMPUTED_WITH.get(name, {}), **changes})
    weights = state(name, seed)
    made.network.load_state_dict(dict(made.network.state_dict(), **weights), strict=True)
    if folded:
        fold_batch_norm(made.network, made.folds)
    return made.eval().requires_grad_(False)


@contextmanager
def shapes_of(made: Explainable) -> Iterator[Dict[str, Tuple[int, ...]]]:
    """Filled, layer by layer, as the network runs."""
    shapes: Dict[str, Tuple[int, ...]] = {}

    def note(name: str, probe: Probe) -> Any:
        def hook(module: torch.nn.Module, args: Any, output: Any) -> None:
            shapes[name] = tuple(probe.arrange(probe.select(output)).shape[1:])
        return probe.module.register_forward_hook(hook)

    handles = [note(name, probe) for name, probe in made.layers.items()]
    yield shapes
    for handle in handles:
        handle.remove()


SIZES = {"promptsg": (256, 128), "arcface": (112, 112)}


def pictures(name: str, seed: int = 0) -> List[Clip]:
    """The two that an embedder's goldens were computed on."""
    return [Clip(f"golden-{number}", "", picture[None])
            for number, picture in enumerate(recipe.images(2, *SIZES[name], seed))]


def embedder(name: str, variant: str = "") -> Embedder:
    """In evaluation, parameters without gradient, float32. variant: what key list and weights are of, if another."""
    weights = state(variant or name)
    made = embedder_class(name)(embedder_class(name).fit(published_architecture(name), weights))
    made.network.load_state_dict(weights, strict=True)
    return made.eval().requires_grad_(False)

"""Embeddings and maps of the two published embedders at full size, against those of their authors' code."""
from typing import Dict, List, Sequence

import numpy as np
import pytest
import torch

from models.embedder import Embedder, embed
from pairs.explaining import PictureExplanation, explain_pictures
from tests.golden import published
from tests.kit.tiers import full

HEADS = {"classifier": "pred", "classifier_proj": "pred:classifier_proj"}
METHODS = ("gradcam", "gradcam++")
# Largest error of float32 as a share of a map's largest magnitude, by network, method and target.
FLOAT32 = {("promptsg", "gradcam++"): 2e-2, ("promptsg", "gradcam"): 5e-3, ("arcface", "gradcam"): 5e-3,
           ("arcface", "gradcam++"): 5e-3}


def explained(model: Embedder, name: str) -> List[PictureExplanation]:
    pictures = published.pictures(name)
    references = embed(model, pictures).flip(0)
    return explain_pictures(model, pictures, ["all"], ["all"], METHODS, references)


def compare_maps(model: Embedder, name: str, explanations: Sequence[PictureExplanation], exact: bool) -> int:
    """How many maps were compared; those of float32 that rounding decides are left out."""
    compared = 0
    for key, golden in published.golden(name).items():
        target, *rest = key.split("/", 2)
        if len(rest) != 2 or rest[0] not in METHODS:
            continue
        method, layer = rest
        asked = HEADS.get(target, target), method, model.layer(layer)
        largest = abs(golden).max()
        if largest == 0:
            assert asked not in explanations[0].maps, key
            continue
        if not exact and name == "arcface" and method == "gradcam++" and target != "cosine":
            continue
        ours = np.stack([explanation.maps[asked].raw for explanation in explanations])
        allowed = 1e-6 if exact else FLOAT32[name, method]
        assert abs(ours - golden.clip(0)).max() <= allowed * largest, key
        lows = np.array([explanation.maps[asked].low for explanation in explanations])
        assert abs(lows - golden.min((1, 2))).max() <= allowed * largest, key
        if method == "gradcam" and golden.clip(0).std() > 0:
            assert np.corrcoef(ours.ravel(), golden.clip(0).ravel())[0, 1] > 0.9999, key
        compared += 1
    return compared


@full
@pytest.mark.parametrize("name,count", [pytest.param("arcface", 30, marks=published.of("arcface")),
                                        pytest.param("promptsg", 46, marks=published.of("promptsg"))])
def test_embeddings_scores_and_maps_are_the_authors(name: str, count: int) -> None:
    golden, model = published.golden(name), published.embedder(name)
    for exact in (False, True):
        model = model.double() if exact else model
        explanations = explained(model, name)
        allowed = 1e-6 if exact else 1e-4
        ours: Dict[str, np.ndarray] = {"embedding": np.stack([explanation.embedding for explanation in explanations])}
        ours["cosine"] = np.array([explanations[0].scores["cosine"]])
        ours["dot"] = np.array([explanation.scores["dot"] for explanation in explanations])
        for head, identify in model.heads.items():
            logits = identify(torch.from_numpy(ours["embedding"]))
            ours[f"logits/{head}"] = logits.numpy()
            assert (logits.argmax(1).numpy() == golden[f"class/{head}"]).all()
        if name == "promptsg":
            attention = [explanation.maps["none", "attention", "mim_attention"] for explanation in explanations]
            ours["mim_attention"] = np.stack([picture_map.raw for picture_map in attention])
        for key, values in ours.items():
            assert abs(values - golden[key]).max() <= allowed * abs(golden[key]).max(), (key, exact)
        assert compare_maps(model, name, explanations, exact) == (count if exact or name == "promptsg" else 20)
    if name == "promptsg":
        drawn = np.stack([explanation.maps["none", "attention", "mim_attention"].map[::8, ::8]
                          for explanation in explanations])
        assert abs(drawn - golden["drawn/mim_attention"]).max() <= 1e-3


@full
@published.of("arcface")
def test_a_hundred_layers_are_the_authors_too() -> None:
    model, golden = published.embedder("arcface", "arcface_r100"), published.golden("arcface")
    pictures, layer = published.pictures("arcface"), "layer4.2.conv2"
    assert model.default_layers[-1] == layer
    for exact, scores, maps in ((False, 1e-4, 5e-3), (True, 1e-6, 1e-6)):
        model = model.double() if exact else model
        explanations = explain_pictures(model, pictures, [layer], ["all"], ("gradcam",), embed(model, pictures).flip(0))
        embedding = np.stack([explanation.embedding for explanation in explanations])
        ours = {"embedding": embedding, "norm": np.linalg.norm(embedding, axis=1),
                "cosine": np.array([explanations[0].scores["cosine"]]),
                "dot": np.array([explanation.scores["dot"] for explanation in explanations])}
        for key, values in ours.items():
            expected = golden[f"r100/{key}"]
            assert abs(values - expected).max() <= scores * abs(expected).max(), (key, exact)
        expected = golden[f"r100/cosine/gradcam/{layer}"]
        drawn = np.stack([explanation.maps["cosine", "gradcam", layer].raw for explanation in explanations])
        assert abs(drawn - expected.clip(0)).max() <= maps * abs(expected).max()

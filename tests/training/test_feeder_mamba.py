"""The published loader's draws, crops, boxes and order, for the same seeds."""
import json
import random
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
import torch

from glosses.vocabulary import GlossVocabulary
from models.mamba import packed
from models.mamba_mixers import Clips
from tests.golden import GOLDENS, recipe
from tests.kit import networks
from tests.kit.training import entry
from training import feeder_mamba, rand_augment
from training.batches import FloatSample
from training.feeder_mamba import MambaAugment, MambaFeeder, collate_frames
from training.footage import Footage

GOLDEN = json.loads((GOLDENS / "mamba_feeder_golden.json").read_text())


def feeder_of(case: Dict[str, Any]) -> MambaFeeder:
    footage = Footage([entry("clip", tuple(case["text"].split()))])
    footage._kept[0] = recipe.frames(case["frames"], 256, 256, case["seed"])
    return MambaFeeder(footage, GlossVocabulary(["<blank>", "REGEN", "WIND"]), MambaAugment(),
                       networks.published_architecture("mamba"), case["mode"] == "train", case["frame_interval"])


@pytest.mark.parametrize("case", GOLDEN["samples"], ids=lambda case: f"{case['mode']}-{case['seed']}")
def test_published_draws_pixels_and_labels(case: Dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    notes: Dict[str, Any] = {"operations": [], "boxes": [], "crop": None}
    wrap(monkeypatch, rand_augment, "draw", lambda drawn: notes["operations"].extend(drawn))
    wrap(monkeypatch, feeder_mamba, "draw_crop", lambda drawn: notes.update(crop=drawn))
    wrap(monkeypatch, feeder_mamba, "draw_boxes", lambda drawn: notes["boxes"].append(drawn))
    random.seed(case["seed"])
    np.random.seed(case["seed"])
    torch.manual_seed(case["seed"])
    sample = feeder_of(case)[0]
    frames = sample.frames
    assert list(frames.shape) == case["shape"] and sample.labels == case["labels"]
    middle = frames.shape[2] // 2
    # Bilinear resizing rounds differently from one torch to the next, by up to 1e-5.
    assert frames.mean((1, 2, 3)).tolist() == pytest.approx(case["frame_mean"], abs=2e-6)
    assert frames.flatten(1).std(1, unbiased=False).tolist() == pytest.approx(case["frame_std"], abs=2e-5)
    assert frames[0, :, 0, 0].tolist() == pytest.approx(case["top_left"], abs=2e-5)
    assert frames[-1, :, -1, -1].tolist() == pytest.approx(case["bottom_right"], abs=2e-5)
    assert frames[-1, :, middle, middle].tolist() == pytest.approx(case["centre"], abs=2e-5)
    if case["mode"] != "train":
        return
    assert (random.random(), np.random.uniform(), float(torch.rand(1))) == pytest.approx(
        tuple(case["next"][name] for name in ("python", "numpy", "torch")), abs=1e-7)
    assert [[operation.__name__, [round(each, 6) for each in given]] for operation, given in notes["operations"]] \
        == case["operations"]
    assert list(notes["crop"]) == case["crop"]
    assert [[list(box) for box in boxes] for boxes in notes["boxes"] if boxes] == case["boxes"]


def wrap(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, note: Any) -> None:
    drawn = getattr(module, name)

    def noting(*given: Any) -> Any:
        found = drawn(*given)
        note(found)
        return found

    monkeypatch.setattr(module, name, noting)


def test_published_order_of_frames_and_labels() -> None:
    case = GOLDEN["collate"]
    labels = split(case["labels_concat"], case["label_length"])
    frames = split([float(each) for each in case["frames"]], case["lengths"])
    samples = [FloatSample(torch.tensor(each).view(-1, 1, 1, 1), said, "clip") for each, said in zip(frames, labels)]
    batch = collate_frames(samples)
    assert batch.lengths.tolist() == case["video_lengths"] and batch.labels.tolist() == case["labels_concat"]
    assert batch.label_lengths.tolist() == case["label_length"]
    together = packed(batch.tensors[0].transpose(1, 2), case["lengths"])
    assert together[:, 0, 0, 0].tolist() == case["frames"]
    numbers = Clips.of(case["lengths"], torch.device("cpu")).numbers
    assert numbers.tolist() == case["frame_ids"] and str(numbers.dtype) == case["frame_ids_dtype"]


def split(values: List[Any], lengths: List[int]) -> List[List[Any]]:
    ends = np.cumsum(lengths).tolist()
    return [values[end - length:end] for end, length in zip(ends, lengths)]


def test_nothing_is_drawn_in_evaluation() -> None:
    case = next(case for case in GOLDEN["samples"] if case["mode"] != "train")
    states = random.getstate(), torch.get_rng_state()
    feeder_of(case)[0]
    assert random.getstate() == states[0] and torch.equal(torch.get_rng_state(), states[1])


def test_a_crop_that_never_fits_is_the_whole_frame() -> None:
    assert feeder_mamba.draw_crop(100, 10, (0.99, 1.0), (0.9, 1.1)) == (0, 0, 100, 10)


def test_noise_is_the_same_in_all_frames_and_nothing_else_changes() -> None:
    pixels = torch.zeros(3, 3, 8, 8)
    box: Tuple[int, int, int, int] = (2, 3, 4, 2)
    feeder_mamba.fill_with_noise(pixels, box)
    assert torch.equal(pixels[0], pixels[2]) and bool((pixels[0, :, 2:6, 3:5] != 0).all())
    assert int((pixels != 0).sum()) == 3 * 3 * 4 * 2

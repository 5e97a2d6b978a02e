import json
import random
import zlib
from pathlib import Path
from typing import Any, Dict, List

import cv2
import numpy as np
import pytest
import torch

from datasets.layout import SQUARE
from glosses.vocabulary import GlossVocabulary
from terminal.errors import UserError
from tests.golden import GOLDENS
from tests.kit.training import entry
from training.collate import collate
from training.feeder import Feeder, Sample, Views
from training.footage import Footage

GOLDEN = json.loads((GOLDENS / "feeder_golden.json").read_text())


def drifting_blocks(count: int, seed: int) -> np.ndarray:
    """[count, 256, 256, 3] uint8: what the published loader was run on."""
    generator = np.random.RandomState(zlib.crc32(f"{seed}:frames".encode()))
    board = generator.randint(0, 256, (34, 34 + count, 3)).astype(np.uint8)
    board = np.kron(board, np.ones((8, 8, 1), np.uint8))
    return np.stack([board[t % 8:t % 8 + 256, 3 * t:3 * t + 256] for t in range(count)])


def feeder_of(frames: np.ndarray, views: Views, glosses: List[str] = ()) -> Feeder:  # type: ignore[assignment]
    footage = Footage([entry("clip", tuple(glosses))])
    footage._kept[0] = frames
    return Feeder(footage, GlossVocabulary(["<blank>", "REGEN", "WIND"]), views)


@pytest.mark.parametrize("case", GOLDEN["samples"], ids=lambda case: f"{case['mode']}-{case['seed']}")
def test_published_draws_crops_and_order(case: Dict[str, Any]) -> None:
    views = Views(case["input_size"], case["mode"] == "train", case["frame_interval"], case["image_scale"])
    feeder = feeder_of(drifting_blocks(case["frames"], case["seed"]), views)
    random.seed(case["seed"])
    np.random.seed(case["seed"])
    torch.manual_seed(case["seed"])
    pixels = feeder[0].frames.float() / 255
    values = (pixels - 0.45) / 0.225
    assert list(values.shape) == case["shape"]
    assert values.mean((1, 2, 3)).tolist() == pytest.approx(case["frame_mean"], abs=2e-6)
    assert values[0, :, 0, 0].tolist() == pytest.approx(case["top_left"], abs=1e-6)
    assert values[-1, :, -1, -1].tolist() == pytest.approx(case["bottom_right"], abs=1e-6)


@pytest.mark.parametrize("case", GOLDEN["collate"], ids=lambda case: " ".join(case["kernel_spec"]))
def test_published_padding_order_and_labels(case: Dict[str, Any]) -> None:
    samples = [Sample(torch.arange(length, dtype=torch.uint8).view(-1, 1, 1, 1), labels, f"n{length}")
               for length, labels in zip(case["lengths"], case["labels"])]
    batch = collate(samples, case["kernel_spec"])
    assert batch.tensors[0][:, :, 0, 0, 0].tolist() == case["padded"]
    assert batch.lengths.tolist() == case["video_length"]
    assert batch.labels.tolist() == case["labels_concat"]
    assert batch.label_lengths.tolist() == case["label_length"]
    assert list(batch.names) == case["order"]


def test_clips_too_short_for_the_kernels_are_named() -> None:
    tiny = Sample(torch.zeros(1, 3, 2, 2, dtype=torch.uint8), [1], "tiny")
    with pytest.raises(UserError, match="tiny of 1 frames is too short for the temporal kernels P2 P2 K7 K9"):
        collate([tiny], ["P2", "P2", "K7", "K9"])


def test_glosses_unknown_to_the_vocabulary_are_skipped() -> None:
    feeder = feeder_of(np.zeros((4, 8, 8, 3), np.uint8), Views(8, train=False), ["REGEN", "NIE", "WIND"])
    assert feeder[0].labels == [1, 2]


def test_image_scale_is_a_ratio_up_to_one_and_a_side_above() -> None:
    frames = np.zeros((4, 32, 32, 3), np.uint8)
    assert feeder_of(frames, Views(16, False, image_scale=0.5))[0].frames.shape == (4, 3, 8, 8)
    assert feeder_of(frames, Views(16, False, image_scale=12))[0].frames.shape == (4, 3, 12, 12)


def test_frames_smaller_than_the_crop_are_padded_in_training() -> None:
    frames = np.full((40, 26, 21, 3), 9, np.uint8)
    pixels = feeder_of(frames, Views(24, train=True))[0].frames
    assert pixels.shape[2:] == (24, 24)
    assert (pixels[..., 0] == 0).all() and (pixels[..., 12] == 9).all()


def test_frames_kept_in_memory_are_those_on_disk(tmp_path: Path) -> None:
    folder = tmp_path / "features" / SQUARE / "dev" / "clip" / "1"
    folder.mkdir(parents=True)
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), np.random.RandomState(number).randint(0, 256, (8, 6, 3)))
    footage = Footage([entry("clip", root=tmp_path)], fit=lambda height, width: (height // 2, width // 2))
    before = footage.frames(0, [2, 0, 0])
    assert footage.keep(0) == 3 * 4 * 3 * 3
    assert (footage.frames(0, [2, 0, 0]) == before).all()


def test_a_clip_without_frames_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'lost' has no frames"):
        entry("lost", root=tmp_path).files()

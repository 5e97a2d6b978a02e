"""CSL-Daily's frames with their banner, for the networks that were trained so, beside those without."""
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from datasets.clip import Clip
from datasets.corpora import open_corpus
from datasets.hiding import hidden, mean_colour, stand_in
from datasets.phoenix import PhoenixVideoTextDataset
from records.hiding import MEAN, Hiding
from tests.kit import networks
from training.clips import list_clips
from training.footage import Footage

SIDE, BANNER = 512, 80         # as TwoStream-SLR's loader counts it; SlowFastSign's: 40 of 256


def picture(number: int) -> np.ndarray:
    """uint8 [512, 512, 3] RGB: grey that brightens downwards, below a white banner."""
    rows = np.linspace(20, 200, SIDE) + number
    frame = np.repeat(np.repeat(rows[:, None, None], SIDE, 1), 3, 2).astype(np.uint8)
    frame[:BANNER] = 255
    return frame


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("csl")
    for name in ("A", "B"):
        folder = root / "sentence" / "frames_512x512" / name
        folder.mkdir(parents=True)
        for number in range(9):
            cv2.imwrite(str(folder / f"{number:06d}.jpg"), picture(number), [cv2.IMWRITE_JPEG_QUALITY, 100])
    (root / "video_map.txt").write_text("index|name|length|gloss|char|word|postag\n0|A|9|x|x|x|n\n1|B|9|x y|x|x|n\n")
    (root / "split_1.txt").write_text("name|split\nA|dev\nB|dev\n")
    return root


@pytest.fixture(scope="module")
def clip(data: Path) -> Clip:
    return PhoenixVideoTextDataset(data, "dev").clip(0)


def test_both_are_there_and_only_one_has_a_banner(clip: Clip) -> None:
    assert clip.whole is not None and clip.frames.shape == clip.whole.frames.shape == (9, 256, 256, 3)
    assert clip.frames.max() < 220 and (clip.whole.frames[:, :39] > 245).all()
    wanted = [cv2.resize(picture(number), (256, 256), interpolation=cv2.INTER_LANCZOS4) for number in range(9)]
    assert abs(clip.whole.frames.astype(int) - wanted).max() <= 3         # JPEG
    part = clip.window(2, 5).whole
    assert part is not None
    np.testing.assert_array_equal(part.frames, clip.whole.frames[2:5])


@pytest.mark.parametrize("name, whole", [("corrnetplus", True), ("sen", True), ("corrnet", True), ("signgraph", True),
                                         ("slowfast", False)])
def test_each_network_is_fed_what_it_was_trained_on(clip: Clip, name: str, whole: bool) -> None:
    assert clip.whole is not None
    made = networks.recogniser(name)
    alone = replace(clip, whole=None, frames=clip.whole.frames if whole else clip.frames)
    assert torch.equal(made.prepare(clip).tensors[0], made.prepare(alone).tensors[0])


def test_a_whole_view_lies_where_the_network_looked(data: Path, clip: Clip) -> None:
    """What the network sees of the brightness, against the brightness of the frame where its view is said to lie."""
    made, corpus = networks.recogniser("sen"), open_corpus(data)
    made.shown(corpus.part_shown(), corpus.framing(True))
    seen = made.prepare(clip).tensors[0][0, 0, 6]               # [64, 64] of the first frame
    view, rows = made.viewport, np.arange(20, 60)
    fractions = view.top + (rows + 0.5) / 64 * (view.bottom - view.top)
    there = np.interp(fractions * 256 - 0.5, np.arange(256), clip.frames[0, :, 128, 0])
    assert abs((seen[20:60, 32].numpy() * 0.5 + 0.5) * 255 - there).max() < 1
    assert view.top < 0 and view.box(256, 256) == (0, 237, 16, 240)
    assert made.notes == ("fed whole frames, banner and all, of frames_512x512",)


def test_a_network_without_banner_is_shown_the_frames_as_they_are(data: Path) -> None:
    made, corpus = networks.recogniser("mamba"), open_corpus(data)
    before = made.viewport
    made.shown(corpus.part_shown(), corpus.framing(False))
    note = "fed frames without their banner (40 of 256 rows), of frames_512x512"
    assert made.viewport == before and made.notes == (note,)


def test_what_is_hidden_is_hidden_of_the_whole_too(clip: Clip) -> None:
    def lower(height: int, width: int) -> np.ndarray:
        cover = np.zeros((9, height, width), bool)
        cover[:, height // 2:] = True
        return cover

    standing = stand_in(clip, Hiding(MEAN))
    made = hidden(clip, lower, standing)
    middle = round((BANNER + SIDE) / 4)             # of what is below the banner, in rows of 256
    assert made.whole is not None and clip.whole is not None
    assert (made.whole.frames[:, middle:] == mean_colour(clip.frames)).all()
    np.testing.assert_array_equal(made.whole.frames[:, :middle], clip.whole.frames[:, :middle])


def test_training_is_fed_the_same(data: Path, clip: Clip) -> None:
    entries = list_clips(open_corpus(data), "dev", "fullFrame-256x256px")
    assert clip.whole is not None
    np.testing.assert_array_equal(Footage(entries).frames(0, range(9)), clip.frames)
    np.testing.assert_array_equal(Footage(entries, whole=True).frames(0, range(9)), clip.whole.frames)


def test_frames_that_were_resized_before_are_the_same(data: Path, tmp_path: Path) -> None:
    """As the published preparations leave them: SlowFastSign's loader cuts its rows off these."""
    for name in ("video_map.txt", "split_1.txt"):
        (tmp_path / name).write_text((data / name).read_text())
    large = PhoenixVideoTextDataset(data, "dev").clip(0)
    assert large.whole is not None
    folder = tmp_path / "frames_256x256" / "A"
    folder.mkdir(parents=True)
    for number, frame in enumerate(large.whole.frames):
        cv2.imwrite(str(folder / f"{number}.jpg"), frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])
    small = PhoenixVideoTextDataset(tmp_path, "dev").clip(0)
    assert small.whole is not None and small.frames.shape == (9, 256, 256, 3)
    assert abs(small.whole.frames.astype(int) - large.whole.frames).max() <= 3         # JPEG
    assert abs(small.frames.astype(int) - large.frames).max() <= 3

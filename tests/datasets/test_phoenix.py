import os
import pickle
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from datasets.phoenix import IMAGENET_MEAN, IMAGENET_STD, PhoenixVideoTextDataset
from terminal.errors import UserError
from tests.kit.workspace import DEV, frame, keypoints, tiny_workspace

FEATURES = "features/fullFrame-256x256px/dev"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tiny_workspace(tmp_path / "Gebärden Daten" / "phoenix-2014-multisigner")


def test_item_has_the_middle_of_each_frame_normalised(root: Path) -> None:
    item = PhoenixVideoTextDataset(root, "dev", crop_size=24)[0]
    assert (item["rgb"].shape, item["rgb"].dtype, item["length"]) == ((6, 3, 24, 24), torch.float32, 6)
    expected = (frame(2, 32, 32)[4:28, 4:28] / 255 - IMAGENET_MEAN) / IMAGENET_STD
    np.testing.assert_allclose(item["rgb"][2].permute(1, 2, 0), expected, atol=1e-5)


def test_glosses_are_ids_and_words_without_one_are_unknown(root: Path) -> None:
    dataset = PhoenixVideoTextDataset(root, "dev", crop_size=24)
    assert [dataset[index]["gloss"].tolist() for index in range(3)] == [[7, 4], [], [5, 3, 6]]
    assert dataset[1]["gloss"].dtype == torch.int64


def test_pose_is_cached_and_the_same_when_read_again(root: Path) -> None:
    dataset = PhoenixVideoTextDataset(root, "dev", crop_size=24)
    first, again = dataset[0]["pose"], dataset[0]["pose"]
    assert first.shape == (6, 2, 24, 24) and first.dtype == torch.float32
    assert torch.equal(first, again)
    assert np.load(root / "keypoints/heatmaps/01April_default-1.npy").shape == (6, 2, 112, 112)


def test_pose_is_seen_where_the_rgb_crop_shows_it(root: Path) -> None:
    points = np.full((6, 133, 3), -1000, np.float32)
    points[:, 95] = [157, 64.5, 1]          # a left hand at 3/4 of the width and 1/4 of the height
    with open(root / "keypoints/keypoints.pkl", "wb") as file:
        pickle.dump({"01April_default-1": points}, file)
    left, right = PhoenixVideoTextDataset(root, "dev", crop_size=24)[0]["pose"][0]
    row, column = divmod(int(left.argmax()), 24)
    assert (row + 0.5 + 4, column + 0.5 + 4) == pytest.approx((32 / 4, 32 * 3 / 4), abs=1)
    assert right.max() == 0


def test_skipped_frames_are_never_decoded(root: Path) -> None:
    (root / FEATURES / "01April_default-1/1/01April_default-1.avi_pid0_fn000001-0.png").write_bytes(b"broken")
    dataset = PhoenixVideoTextDataset(root, "dev", crop_size=24, frame_skip=2)
    item, clip = dataset[0], dataset.clip(0)
    assert (len(item["rgb"]), len(item["pose"]), item["length"], len(clip)) == (3, 3, 6, 3)
    np.testing.assert_array_equal(clip.frames[1], frame(2, 32, 32))
    np.testing.assert_array_equal(clip.keypoints, keypoints("01April_default-1", 6)[::2])


def test_clip_is_what_lies_on_disk(root: Path) -> None:
    clip = PhoenixVideoTextDataset(root, "dev", ["02Mai heute_default-3"]).clip(0)
    assert (clip.seq_id, clip.split, clip.signer) == ("02Mai heute_default-3", "dev", "Signer01")
    assert clip.glosses == ("KÜHL", "IX", "REGEN")
    np.testing.assert_array_equal(clip.frames, np.stack([frame(index, 32, 32) for index in range(4)]))
    np.testing.assert_array_equal(clip.tall_frames, np.stack([frame(index, 260, 210) for index in range(4)]))
    np.testing.assert_array_equal(clip.keypoints, keypoints(clip.seq_id, 4))


def test_clip_does_without_what_is_not_wanted_or_not_there(root: Path) -> None:
    dataset = PhoenixVideoTextDataset(root, "dev")
    clip = dataset.clip(0, tall=False, keypoints=False)
    assert clip.tall_frames is None and clip.keypoints is None
    assert os.listdir(root / "keypoints") == ["keypoints.pkl"]
    shutil.rmtree(root / "features/fullFrame-210x260px")
    (root / "keypoints/keypoints.pkl").unlink()
    clip = dataset.clip(0)
    assert clip.tall_frames is None and clip.keypoints is None
    with pytest.raises(UserError, match="has no frames: expected files .*fullFrame-210x260px"):
        dataset.clip(0, tall=True)
    with pytest.raises(UserError, match=r"keypoints\.pkl: can't be read"):
        dataset.clip(0, keypoints=True)


def test_workers_of_a_loader_read_the_same(root: Path) -> None:
    dataset = PhoenixVideoTextDataset(root, "dev", crop_size=24)
    loader = DataLoader(dataset, batch_size=None, num_workers=2)
    for here, there in zip([dataset[index] for index in range(3)], loader):
        assert all(torch.equal(here[key], there[key]) for key in ("rgb", "pose", "gloss"))


def test_dataset_without_keypoints_has_no_pose(root: Path) -> None:
    (root / "keypoints/keypoints.pkl").unlink()
    assert PhoenixVideoTextDataset(root, "dev", crop_size=24)[0]["pose"] is None


def test_sequence_missing_among_the_keypoints_is_an_error(root: Path) -> None:
    with open(root / "keypoints/keypoints.pkl", "wb") as file:
        pickle.dump({DEV[0][0]: keypoints("x", 7)}, file)
    dataset = PhoenixVideoTextDataset(root, "dev", crop_size=24)
    with pytest.raises(UserError, match="7 frames of keypoints for '01April_default-1', which has 6"):
        dataset[0]
    with pytest.raises(UserError, match="no keypoints for '01April_default-10'"):
        dataset[1]
    assert dataset.clip(1).keypoints is None


def test_cache_that_can_not_be_written_is_done_without(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    (root / "keypoints/heatmaps").touch()      # stands for a read-only folder: root may write to those
    dataset = PhoenixVideoTextDataset(root, "dev", crop_size=24)
    assert [len(dataset[index]["pose"]) for index in range(3)] == [6, 5, 4]
    assert caplog.text.count("heat maps can't be kept there (File exists)") == len(caplog.records) == 1


def test_no_dataset_at_the_root_suggests_the_folder_within(root: Path) -> None:
    with pytest.raises(UserError, match=r"no dataset at .*Daten: expected .*manual.*did you mean .*multisigner\?"):
        PhoenixVideoTextDataset(root.parent, "dev")
    with pytest.raises(UserError, match="no dataset at /nowhere"):
        PhoenixVideoTextDataset("/nowhere", "dev")


def test_sequence_without_frames_names_the_place(root: Path) -> None:
    shutil.rmtree(root / FEATURES / "01April_default-10")
    with pytest.raises(UserError, match=r"'01April_default-10' has no frames: .*dev/01April_default-10/1/\*\.png"):
        PhoenixVideoTextDataset(root, "dev").clip(1)


def test_frame_sizes_that_differ_in_number_are_an_error(root: Path) -> None:
    next((root / "features/fullFrame-210x260px/dev/01April_default-1/1").iterdir()).unlink()
    with pytest.raises(UserError, match="6 frames of fullFrame-256x256px and 5 of fullFrame-210x260px"):
        PhoenixVideoTextDataset(root, "dev").clip(0)


def test_frames_too_small_for_the_crop_are_an_error(root: Path) -> None:
    with pytest.raises(UserError, match="frames of 32x32 pixels, too small for a crop of 224"):
        PhoenixVideoTextDataset(root, "dev")[0]


def test_missing_vocabulary_names_the_file(root: Path) -> None:
    (root / "annotations/manual/gloss2ids.pkl").unlink()
    with pytest.raises(UserError, match=r"manual/gloss2ids\.pkl does not exist"):
        PhoenixVideoTextDataset(root, "dev", crop_size=24)[0]


def test_tall_frames_are_checked_like_the_others(root: Path) -> None:
    tall = sorted((root / "features/fullFrame-210x260px/dev/01April_default-1/1").iterdir())[3]
    cv2.imwrite(str(tall), frame(0, 256, 256))
    with pytest.raises(UserError, match="fn000003-0.png: 256x256 pixels, but .*fn000000-0.png is 210x260"):
        PhoenixVideoTextDataset(root, "dev").clip(0)

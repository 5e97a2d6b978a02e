from pathlib import Path
from typing import Any, Dict

import cv2
import numpy as np
import pytest

from terminal.errors import UserError
from training.clips import list_clips
from training.config import DataConfig
from training.footage import Footage


def save_info(folder: Path, content: Any) -> DataConfig:
    np.save(folder / "dev_info.npy", content)
    return DataConfig(info=str(folder))


def row(folder: str, label: str = "REGEN  WIND") -> Dict[str, Any]:
    return {"fileid": "clip", "folder": folder, "signer": "S1", "label": label, "num_frames": 3, "original_info": ""}


def test_preprocessed_rows_lie_where_their_folder_says(tmp_path: Path) -> None:
    config = save_info(tmp_path, {"prefix": "/elsewhere", 0: row("dev/clip/1/*.png")})
    (entry,) = list_clips(config, Path("/data"), "dev")
    assert entry.pattern == "/data/features/fullFrame-256x256px/dev/clip/1/*.png"
    assert (entry.seq_id, entry.glosses, entry.signer) == ("clip", ("REGEN", "WIND"), "S1")


def test_corpora_leave_out_the_damaged_recording(tmp_path: Path) -> None:
    manual = tmp_path / "annotations" / "manual"
    manual.mkdir(parents=True)
    rows = [f"c{number}|c{number}/1/*.png|S|REGEN" for number in range(2392)]
    (manual / "train.corpus.csv").write_text("\n".join(["id|folder|signer|annotation", *rows]))
    clips = list_clips(DataConfig(frame_subdir="fullFrame-210x260px"), tmp_path, "train")
    assert [clip.seq_id for clip in clips[2389:]] == ["c2389", "c2391"]
    assert clips[0].pattern == f"{tmp_path}/features/fullFrame-210x260px/train/c0/1/*.png"


def test_csl_daily_frames_lose_their_banner(tmp_path: Path) -> None:
    frame = np.zeros((552, 512, 3), np.uint8)
    frame[:40] = 255
    (tmp_path / "S1").mkdir()
    cv2.imwrite(str(tmp_path / "S1" / "0.jpg"), frame)
    config = DataConfig(dataset="CSL-Daily", info=save_info(tmp_path, {0: row("S1/*.jpg")}).info)
    frames = Footage(list_clips(config, tmp_path, "dev"), banner=True).frames(0, [0])
    assert frames.shape == (1, 256, 256, 3) and frames.max() < 30


@pytest.mark.parametrize("content", [{0: {"fileid": "clip"}}, {0: 3}, [1, 2]])
def test_other_content_is_refused(tmp_path: Path, content: Any) -> None:
    config = save_info(tmp_path, np.array(content, dtype=object) if isinstance(content, list) else content)
    with pytest.raises(UserError, match="dev_info.npy: expected numbered rows"):
        list_clips(config, tmp_path, "dev")


@pytest.mark.parametrize("config, message", [
    (DataConfig(dataset="phoenix"), "data.dataset: phoenix is unknown"),
    (DataConfig(dataset="CSL"), "data.info: CSL needs the folder of its dev_info.npy"),
    (DataConfig(info="/nowhere"), "/nowhere/dev_info.npy: no such file")])
def test_what_is_missing_is_named(tmp_path: Path, config: DataConfig, message: str) -> None:
    with pytest.raises(UserError, match=message):
        list_clips(config, tmp_path, "dev")


@pytest.mark.parametrize("folder", ["/dev/z*", "dev/../../../etc/*", "dev/a\0/*.png"])
def test_a_pattern_stays_inside_the_data_set(tmp_path: Path, folder: str) -> None:
    with pytest.raises(UserError, match="entry 1 has the folder"):
        list_clips(save_info(tmp_path, {0: row(folder)}), tmp_path, "dev")


def test_a_split_without_clips_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="split 'dev' .* has no clips"):
        list_clips(save_info(tmp_path, {"prefix": "/elsewhere"}), tmp_path, "dev")

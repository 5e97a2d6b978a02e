import os
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from datasets.frames import decode_frames, find_frames
from datasets.pictures import read_picture
from terminal.errors import UserError
from tests.kit.workspace import frame
from video.picture_folder import PictureFolder


def written(folder: Path, count: int, side: int = 32) -> list:
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        cv2.imwrite(str(folder / f"fn{index:06d}-0.png"), frame(index, side, side)[..., ::-1])
    return sorted(folder.glob("*.png"))


def test_frames_come_back_in_order_as_rgb(tmp_path: Path) -> None:
    frames = decode_frames(written(tmp_path, 7))
    assert frames.dtype == np.uint8
    np.testing.assert_array_equal(frames, np.stack([frame(index, 32, 32) for index in range(7)]))


def test_grey_and_transparent_pngs_are_read_as_rgb(tmp_path: Path) -> None:
    for index, channels in enumerate([(), (3,), (4,)]):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((8, 8, *channels), 77, np.uint8))
    assert (decode_frames(sorted(tmp_path.glob("*.png"))) == 77).all()


def test_pattern_of_the_row_is_followed_and_folder_names_are_taken_literally(tmp_path: Path) -> None:
    folder = tmp_path / "Übung [1] mit Leerzeichen"
    written(folder / "a/1", 2)
    written(folder / "a/2", 1)
    (folder / "a/1/notes.txt").write_text("no frame")
    assert [path.name for path in find_frames(folder, "a/1/*.png")] == ["fn000000-0.png", "fn000001-0.png"]
    assert find_frames(folder, "a/1") == find_frames(folder, "a/1/*.png")
    assert len(find_frames(folder, "a/*/*.png")) == 3
    assert find_frames(folder, "b/1/*.png") == []


@pytest.mark.parametrize("keep", [0, 5, 8, 40, 1000, -1, -13])
def test_truncated_png_is_named(tmp_path: Path, keep: int, capfd: pytest.CaptureFixture) -> None:
    paths = written(tmp_path, 5)
    paths[3].write_bytes(paths[3].read_bytes()[:keep])
    with pytest.raises(UserError, match=r"fn000003-0\.png: broken or truncated"):
        decode_frames(paths)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("content", [b"not an image at all", None])
def test_unreadable_png_is_named(tmp_path: Path, content: object) -> None:
    paths = written(tmp_path, 3)
    data = bytearray(paths[1].read_bytes())
    data[len(data) // 2] ^= 0xFF
    paths[1].write_bytes(content if isinstance(content, bytes) else bytes(data))
    with pytest.raises(UserError, match=r"fn000001-0\.png: broken"):
        decode_frames(paths)


def test_frames_of_another_size_are_named(tmp_path: Path) -> None:
    paths = written(tmp_path, 4)
    cv2.imwrite(str(paths[2]), frame(0, 16, 24))
    with pytest.raises(UserError, match=r"fn000002-0\.png: 24x16 pixels, but fn000000-0\.png is 32x32 pixels"):
        decode_frames(paths)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.png: can't be read"):
        decode_frames([tmp_path / "gone.png"])


def test_a_picture_of_gigabytes_is_refused_by_its_header(tmp_path: Path) -> None:
    (tmp_path / "0.png").write_bytes(cv2.imencode(".png", np.zeros((2, 2, 3), np.uint8))[1].tobytes().replace(
        struct.pack(">II", 2, 2), struct.pack(">II", 30_000, 30_000), 1))
    with pytest.raises(UserError, match="0.png: 30000x30000 pixels; expected at most 50,000,000"):
        decode_frames([tmp_path / "0.png"])


@pytest.mark.parametrize("read", [lambda path: decode_frames([path]), read_picture,
                                  lambda path: list(PictureFolder(path.parent, 25.0).show(np.array([0])))])
def test_a_jpeg_of_gigabytes_is_refused_by_its_header_wherever_pictures_are_read(tmp_path: Path, read: Any) -> None:
    (tmp_path / "0.jpg").write_bytes(cv2.imencode(".jpg", np.zeros((7, 5, 3), np.uint8))[1].tobytes().replace(
        struct.pack(">HH", 7, 5), struct.pack(">HH", 30_000, 30_001), 1))
    with pytest.raises(UserError, match="0.jpg: 30001x30000 pixels; expected at most"):
        read(tmp_path / "0.jpg")


@pytest.mark.parametrize("width, height", [(4000, 20), (20, 4000), (3000, 1)])
def test_a_strip_that_is_no_frame_is_refused(tmp_path: Path, width: int, height: int) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), frame(0, height, width))
    with pytest.raises(UserError, match=f"{width}x{height} pixels; expected a longer side of at most 16 times"):
        decode_frames([tmp_path / "0.png"])


def test_a_pipe_in_place_of_a_frame_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "0.png")
    with pytest.raises(UserError, match=r"0\.png: can't be read \(no regular file\)"):
        decode_frames([tmp_path / "0.png"])


def test_a_frame_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    with pytest.raises(UserError, match="broken or truncated"):
        decode_frames([tmp_path / "0.png"])

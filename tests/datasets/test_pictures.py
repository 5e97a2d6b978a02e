import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets.pictures import folder_pictures, picture_clip, read_picture
from terminal.errors import UserError

WIDE = np.arange(3 * 5 * 3, dtype=np.uint8).reshape(3, 5, 3)


def test_a_picture_is_a_clip_of_one_frame(tmp_path: Path) -> None:
    Image.fromarray(WIDE).save(tmp_path / "a.png")
    clip = picture_clip(tmp_path / "a.png")
    assert len(clip) == 1 and clip.seq_id == "a" and (clip.frames[0] == WIDE).all()


def test_pictures_turned_by_exif_stand_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6            # to be turned clockwise
    Image.fromarray(WIDE).save(tmp_path / "a.png", exif=exif)
    assert (read_picture(tmp_path / "a.png") == np.rot90(WIDE, -1)).all()


def test_grey_becomes_three_channels_and_what_is_clear_becomes_white(tmp_path: Path) -> None:
    Image.fromarray(WIDE[..., 0]).save(tmp_path / "grey.png")
    assert (read_picture(tmp_path / "grey.png") == WIDE[..., :1]).all()
    clear = np.dstack([WIDE, np.zeros((3, 5), np.uint8)])
    Image.fromarray(clear).save(tmp_path / "clear.png")
    assert (read_picture(tmp_path / "clear.png") == 255).all()


@pytest.mark.parametrize("content,said", [(b"no picture", "not a picture"), (b"", "not a picture"),
                                          (None, "no such picture")])
def test_what_is_no_picture_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    if content is not None:
        (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(UserError, match=f"a.jpg: {said}"):
        read_picture(tmp_path / "a.jpg")


def test_a_cut_picture_is_told(tmp_path: Path) -> None:
    noise = np.random.RandomState(0).randint(0, 256, (40, 40, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:900])
    with pytest.raises(UserError, match="a damaged picture"):
        read_picture(tmp_path / "a.png")


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no pictures in it"):
        folder_pictures(tmp_path)


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"


def test_postscript_named_as_a_picture_starts_no_other_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gs = tmp_path / "bin" / "gs"
    gs.parent.mkdir()
    gs.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    gs.chmod(0o755)
    monkeypatch.setenv("PATH", f"{gs.parent}:/bin:/usr/bin")
    (tmp_path / "a.jpg").write_bytes(EPS)
    with pytest.raises(UserError, match=r"a\.jpg: not a picture that can be read; give one of PNG, JPEG"):
        read_picture(tmp_path / "a.jpg")
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("width, height", [(6000, 2), (2, 6000), (200_000, 10), (17, 1)])
def test_a_strip_is_no_picture(tmp_path: Path, width: int, height: int) -> None:
    Image.new("L", (width, height)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=f"{width}x{height} pixels; expected a longer side of at most 16 times"):
        read_picture(tmp_path / "a.png")


def test_a_pipe_is_no_picture(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(UserError, match="no regular file"):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.webp", "a.tiff", "a.ppm"])
def test_every_listed_format_is_read(tmp_path: Path, name: str) -> None:
    Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(tmp_path / name)
    assert np.abs(read_picture(tmp_path / name).astype(int) - 90).max() <= 2

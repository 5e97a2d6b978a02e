"""Frames of any video: the right ones by time, upright, and one at a time."""
import gc
import os
from pathlib import Path
from typing import Any, Iterator, List, Optional, Tuple

import av
import cv2
import numpy as np
import pytest

from terminal.errors import UserError
from tests.kit.footage import number_of, numbered, turn, write_planes, write_sound, write_video
from video.footage import Footage, nearest, open_footage, taken
from video.video_file import VideoFile

WALL = 192


def numbers(footage: Footage, wanted: np.ndarray) -> List[int]:
    return [number_of(picture) for picture in footage.show(wanted)]


@pytest.mark.parametrize("name, codec, pixels", [
    ("a.mp4", "libx264", "yuv420p"), ("a.webm", "libvpx-vp9", "yuv420p"), ("a.avi", "mpeg4", "yuv420p"),
    ("a.ts", "libx264", "yuv420p"), ("a.mkv", "ffv1", "bgr0"), ("a.h264", "libx264", "yuv420p"),
    ("a.mov", "prores_ks", "yuv422p10le")])
def test_every_container_gives_its_frames_in_order(tmp_path: Path, name: str, codec: str, pixels: str) -> None:
    footage = open_footage(write_video(tmp_path / name, 40, codec, pixels=pixels))
    assert footage.end == pytest.approx(1.6, abs=0.002)
    assert numbers(footage, taken(footage, 0, None)) == list(range(40))


@pytest.mark.parametrize("rate, stop", [(50, 3), (30, 3), (15, 3), (24, 2)])
def test_frames_are_taken_by_time_stamp(tmp_path: Path, rate: int, stop: int) -> None:
    footage = open_footage(write_video(tmp_path / "a.mp4", rate * stop, rate=rate))
    frames = np.array(numbers(footage, taken(footage, 0, None)))
    assert len(frames) == 25 * stop
    assert np.abs(frames / rate - np.arange(25 * stop) / 25).max() <= 0.5 / rate + 1e-6


def test_a_variable_rate_is_followed(tmp_path: Path) -> None:
    times = np.cumsum(np.tile([0.020, 0.035, 0.110, 0.020, 0.015], 12)).round(3)
    footage = open_footage(write_video(tmp_path / "a.mkv", len(times), times=list(times)))
    assert np.abs(footage.times - (times - times[0])).max() < 1e-3
    frames = np.array(numbers(footage, taken(footage, 0, None)))
    moments = np.arange(len(frames)) / 25
    apart = np.abs(footage.times[frames] - moments)
    assert (apart <= np.abs(footage.times[None] - moments[:, None]).min(axis=1) + 1e-3).all()


def test_a_film_is_never_held(tmp_path: Path) -> None:
    """Frames go as soon as they were shown, without waiting for the collector of circles."""
    footage = open_footage(write_video(tmp_path / "a.mp4", 200))
    gc.collect()
    gc.disable()
    try:
        shown = numbers(footage, taken(footage, 0, None))
        held = sum(isinstance(thing, av.VideoFrame) for thing in gc.get_objects())
    finally:
        gc.enable()
    assert shown == list(range(200)) and held < 5


def test_a_cut_is_found_without_the_frames_before_it(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 200, options={"g": "20", "bf": "2"})
    footage = open_footage(path)
    assert numbers(footage, taken(footage, 5.2, 6.0)) == list(range(130, 150))
    assert numbers(footage, taken(footage, 7.6, None)) == list(range(190, 200))


def test_all_frames_are_kept_when_asked(tmp_path: Path) -> None:
    footage = open_footage(write_video(tmp_path / "a.mp4", 60, rate=60))
    assert taken(footage, 0.5, None, rate=None).tolist() == list(range(30, 60))


def test_another_rate_can_be_said(tmp_path: Path) -> None:
    footage = open_footage(write_video(tmp_path / "a.mp4", 50), rate=50)
    assert footage.end == 1
    assert taken(footage, 0, None).tolist() == list(range(0, 50, 2))


@pytest.mark.parametrize("matrix, corner", [
    ((0, 1, -1, 0), (0, 0)), ((0, -1, 1, 0), (-1, -1)), ((-1, 0, 0, -1), (0, -1)), ((-1, 0, 0, 1), (-1, -1))])
def test_a_turned_file_stands_upright(tmp_path: Path, matrix: Tuple[int, int, int, int],
                                      corner: Tuple[int, int]) -> None:
    """The red corner is at the bottom left as stored."""
    footage = open_footage(turn(write_video(tmp_path / "a.mp4", 3), matrix))
    picture = next(iter(footage.show(np.array([0]))))
    assert picture.shape == ((160, 96, 3) if matrix[0] == 0 else (96, 160, 3))
    red = (picture[..., 0] > 180) & (picture[..., 1] < 80)
    y, x = np.argwhere(red).mean(axis=0)
    assert ((y > picture.shape[0] / 2) == (corner[0] == -1)) and ((x > picture.shape[1] / 2) == (corner[1] == -1))


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 3, options={"x264-params": "sar=16/11"})
    assert next(iter(open_footage(path).show(np.array([0])))).shape == (96, 233, 3)


def test_odd_sizes_are_read(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", 3, "ffv1", pixels="bgr0", size=(151, 97))
    assert next(iter(open_footage(path).show(np.array([2])))).shape == (97, 151, 3)


def test_one_moment_of_an_interlaced_frame_is_shown(tmp_path: Path) -> None:
    """Lines of the other moment would read as another number."""
    def woven(number: int) -> np.ndarray:
        picture = numbered(number)
        picture[1::2] = numbered(255 - number)[1::2]
        return picture

    path = write_video(tmp_path / "a.mp4", 8, pictures=woven,
                       options={"flags": "+ildct+ilme", "x264-params": "tff=1", "crf": "1"})
    footage = open_footage(path)
    assert numbers(footage, np.arange(8)) == list(range(8))


def test_what_is_see_through_stands_before_a_wall(tmp_path: Path) -> None:
    def clear(number: int) -> np.ndarray:
        alpha = np.zeros((96, 160, 1), np.uint8)
        alpha[:, :80] = 255
        return np.concatenate([np.full((96, 160, 3), 30, np.uint8), alpha], axis=2)

    path = write_video(tmp_path / "a.mov", 3, "qtrle", pixels="argb", pictures=clear)
    picture = next(iter(open_footage(path).show(np.array([1]))))
    assert (picture[:, :80] == 30).all() and (picture[:, 80:] == WALL).all()
    cv2.imwrite(str(tmp_path / "1.png"), clear(0)[..., [2, 1, 0, 3]])
    (tmp_path / "a.mov").unlink()
    assert (next(iter(open_footage(tmp_path).show(np.array([0])))) == picture).all()


@pytest.mark.parametrize("matrix, size, red, blue", [
    ("", (160, 96), .299, .114), ("", (1280, 720), .2126, .0722), ("smpte170m", (1280, 720), .299, .114),
    ("bt709", (160, 96), .2126, .0722)])
def test_colours_are_those_that_were_filmed(tmp_path: Path, matrix: str, size: Tuple[int, int], red: float,
                                            blue: float) -> None:
    """Luma weights by BT.601 or BT.709, as the file says or as its size makes players think."""
    colour = np.array([200, 60, 40]) / 255
    luma = red * colour[0] + (1 - red - blue) * colour[1] + blue * colour[2]
    planes = [16 + 219 * luma, 128 + 112 * (colour[2] - luma) / (1 - blue), 128 + 112 * (colour[0] - luma) / (1 - red)]
    options = {"crf": "1", "x264-params": f"colormatrix={matrix}"} if matrix else {"crf": "1"}
    path = write_planes(tmp_path / "a.mp4", np.round(planes).astype(np.uint8), size, options)
    picture = next(iter(open_footage(path).show(np.array([0]))))
    assert np.abs(picture[48, 80].astype(int) - (200, 60, 40)).max() <= 3


def test_pictures_of_a_folder_come_by_number(tmp_path: Path) -> None:
    for number in range(12):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), numbered(number))
    footage = open_footage(tmp_path)
    assert numbers(footage, taken(footage, 0.16, None)) == list(range(4, 12))
    assert len(taken(open_footage(tmp_path, rate=50), 0, None)) == 6


def test_the_nearest_frame_is_taken() -> None:
    assert nearest(np.array([0, 1, 3.]), np.array([-1, 0.5, 0.6, 1.9, 2.1, 9])).tolist() == [0, 0, 1, 1, 2, 2]
    assert nearest(np.array([0.]), np.array([0, 1])).tolist() == [0, 0]


def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video at all")
    whole = write_video(tmp_path / "whole.mp4", 100, options={"g": "10"}, container={"movflags": "faststart"})
    data = whole.read_bytes()
    (tmp_path / "half.mp4").write_bytes(data[:len(data) * 6 // 10])
    (tmp_path / "index lost.mp4").write_bytes(write_video(tmp_path / "b.mp4", 50).read_bytes()[:-800])
    (tmp_path / "empty").mkdir()
    for name, said in (("text.mp4", "can't be read as a video"), ("index lost.mp4", "nothing was read"),
                       ("none.mp4", "does not exist"), ("empty", "no pictures in this folder")):
        with pytest.raises(UserError, match=said):
            open_footage(tmp_path / name)
    with pytest.raises(UserError, match=r"no moving pictures \(only audio\)"):
        open_footage(write_sound(tmp_path / "sound.m4a"))
    half = open_footage(tmp_path / "half.mp4")
    with pytest.raises(UserError, match=r"ends after \d+ of 100 frames; --to \d\.\d\d takes what is there") as error:
        taken(half, 0, None)
    stop = float(str(error.value).split("--to ")[1].split()[0])
    assert numbers(half, taken(half, 0, stop)) == list(range(round(25 * stop))) != []
    with pytest.raises(UserError, match="no frames between 7 and 4 s: it lasts 4.00 s"):
        taken(open_footage(whole), 7, None)


def test_damage_within_a_file_says_how_far_it_was_read(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 100, options={"g": "10", "crf": "1"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle:middle + len(data) // 10] = bytes(len(data) // 10)
    path.write_bytes(bytes(data))
    footage = open_footage(path)
    with pytest.raises(UserError, match=r"broken at \d\.\d\d s of 4\.00 s .* frames were read till then"):
        numbers(footage, taken(footage, 0, None))


class Damaged:
    """A frame that the decoder patched up as well as it could, and says so."""

    is_corrupt = True

    def __init__(self, frame: Any) -> None:
        self.frame = frame

    def __getattr__(self, name: str) -> Any:
        return getattr(self.frame, name)


def test_a_frame_that_was_patched_up_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    footage = open_footage(write_video(tmp_path / "a.mp4", 40))
    decoded = VideoFile._from

    def damaged(file: VideoFile, stamp: Optional[int]) -> Iterator[Tuple[int, Any]]:
        for number, frame in decoded(file, stamp):
            yield number, Damaged(frame) if number == 10 else frame

    monkeypatch.setattr(VideoFile, "_from", damaged)
    assert numbers(footage, np.arange(10)) == list(range(10))
    with pytest.raises(UserError, match=r"broken at 0\.40 s of 1\.60 s \(frames are missing or damaged; 10 frames"):
        numbers(footage, np.arange(40))


def test_of_a_file_that_ends_too_soon_only_whole_frames_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write_video(tmp_path / "whole.mp4", 100, options={"g": "10"}, container={"movflags": "faststart"})
    (tmp_path / "half.mp4").write_bytes(whole.read_bytes()[:len(whole.read_bytes()) * 6 // 10])
    there = len(open_footage(tmp_path / "half.mp4").times)
    decoded = VideoFile._from

    def damaged(file: VideoFile, stamp: Optional[int]) -> Iterator[Tuple[int, Any]]:
        for number, frame in decoded(file, stamp):
            yield number, Damaged(frame) if number >= there - 3 else frame

    monkeypatch.setattr(VideoFile, "_from", damaged)
    assert len(open_footage(tmp_path / "half.mp4").times) == there - 3


def test_pictures_of_two_sizes_are_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), numbered(1))
    cv2.imwrite(str(tmp_path / "2.png"), numbered(2, (64, 48)))
    with pytest.raises(UserError, match="2.png: 64x48 pixels, those before it 160x96"):
        list(open_footage(tmp_path).show(np.arange(2)))


def test_a_time_stamp_far_off_is_not_believed(tmp_path: Path) -> None:
    """The recognisers' 25 frames a second of it would be as many as no memory holds."""
    path = write_video(tmp_path / "a.mkv", 4, "ffv1", pixels="bgr0", times=[0, 0.04, 0.08, 2 ** 36 / 1000])
    with pytest.raises(UserError, match=r"a\.mkv: its time stamps have 4 frames last 68,.* --fps-in RATE"):
        taken(open_footage(path), 0, None)
    assert len(taken(open_footage(path, 25), 0, None)) == 4


def test_a_video_that_is_far_too_wide_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", 2, "ffv1", pixels="bgr0", size=(4000, 16),
                       pictures=lambda number: np.zeros((16, 4000, 3), np.uint8))
    with pytest.raises(UserError, match="4000x16 pixels; expected a longer side"):
        open_footage(path)


def test_a_pipe_is_no_video(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp4")
    with pytest.raises(UserError, match=r"a\.mp4: can't be read \(no regular file\)"):
        open_footage(tmp_path / "a.mp4")


def test_a_playlist_leads_to_no_other_file(tmp_path: Path) -> None:
    write_video(tmp_path / "b.ts", 10)
    (tmp_path / "a.mp4").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nb.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(UserError, match=r"a\.mp4: can't be read as a video"):
        open_footage(tmp_path / "a.mp4")


def test_postscript_in_a_folder_of_pictures_starts_no_other_program(tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    footage = open_footage(tmp_path)
    with pytest.raises(UserError, match=r"0\.jpg: not a picture"):
        list(footage.show(np.array([0])))

"""Videos as sequences: cut, framed, in parts, under names that are safe."""
import pickle
import re
from pathlib import Path
from typing import Iterable, List, Tuple

import numpy as np
import pytest

from datasets.csl_daily import CSLDaily
from glosses.rules import COMMON
from poses.brought import Brought
from poses.keypoint_file import matched
from records.requests import VideoRequest
from terminal.errors import UserError
from tests.kit.footage import number_of, write_video
from video.footage import Footage
from video.framing import BODY, STANDING
from video.sequences import FoundPoints, VideoDataset
from video.video_parts import borders, safe, unique

SIZE = (210, 260)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("video") / "clip.mp4", 100, size=SIZE)


def standing(frames: int, scale: float = 1, left: float = 0) -> np.ndarray:
    keypoints = np.zeros((frames, 133, 3), np.float32)
    keypoints[:, BODY, :2] = (STANDING + 0.5) * scale - 0.5 + (left, 0)
    keypoints[:, BODY, 2] = 1
    keypoints[:, 100, 0] = np.arange(frames)
    return keypoints


def test_a_clip_is_what_a_corpus_gives(video: Path) -> None:
    dataset = VideoDataset([video], VideoRequest(1.0, 2.0, truth=("A", "B")))
    clip = dataset.clip(0)
    assert [row.seq_id for row in dataset.rows] == ["clip"]
    assert clip.frames.shape == (25, 256, 256, 3) and clip.keypoints is None and clip.glosses == ("A", "B")
    assert clip.tall_frames is not None and clip.tall_frames.shape == (25, 260, 210, 3)
    assert [number_of(picture, SIZE) for picture in clip.frames] == list(range(25, 50))
    assert dataset.clip(0, tall=False).tall_frames is None
    assert clip.origin is not None and (clip.origin.start, clip.origin.stop) == (1, 1.96)
    assert clip.rule is COMMON["phoenix2014"]


def test_a_videos_glosses_are_compared_as_those_of_the_corpus_that_is_read(video: Path) -> None:
    clip = VideoDataset([video], VideoRequest(0.0, 1.0, truth=("雨", "雨")), corpus=CSLDaily(Path())).clip(0)
    assert clip.rule is COMMON["csl-daily"]


def test_a_long_video_is_read_in_equal_parts(video: Path) -> None:
    dataset = VideoDataset([video], VideoRequest(longest=1.5))
    assert [row.seq_id for row in dataset.rows] == ["clip-part1", "clip-part2", "clip-part3"]
    numbers = [[number_of(picture, SIZE) for picture in dataset.clip(index).frames] for index in range(3)]
    assert sum(numbers, []) == list(range(100)) and [len(part) for part in numbers] == [33, 34, 33]
    assert borders(100, 400) == [0, 100] and borders(401, 400) == [0, 200, 401]
    with pytest.raises(UserError, match="--truth tells what is signed in one clip, and there are 3"):
        VideoDataset([video], VideoRequest(longest=1.5, truth=("A",)))


def test_all_parts_are_framed_alike_by_points_that_are_found_once(video: Path) -> None:
    calls: List[str] = []

    def find(footage: Footage, frames: np.ndarray, name: str) -> FoundPoints:
        calls.append(name)
        return FoundPoints(standing(len(frames), 0.5, 40), "somebody")

    dataset = VideoDataset([video], VideoRequest(longest=2), find)
    clips = [dataset.clip(index) for index in range(2)]
    assert calls == ["clip"]
    origins = [clip.origin for clip in clips]
    assert [origin.crop for origin in origins if origin] == ["40,0,105,130"] * 2
    for part, clip in enumerate(clips):
        middle = 25 + 50 * part             # the frame in the middle of the part, and its points
        assert clip.origin is not None and clip.origin.shots[0].points is not None
        assert clip.origin.shots[0].points[100, 0] == middle
        assert number_of(clip.origin.shots[0].picture, SIZE) == middle
    second = clips[1].keypoints
    assert second is not None
    assert np.allclose(second[:, 100, 0], (np.arange(50, 100) + 0.5 - 40) * 2 - 0.5)
    assert np.abs(second[:, BODY, :2] - STANDING).max() < 1


def test_a_crop_is_taken_as_it_is_said(video: Path) -> None:
    clip = VideoDataset([video], VideoRequest(crop=(0, 0, 210, 16))).clip(0)
    assert clip.origin is not None and "stretched" in clip.origin.notes[0]
    assert clip.frames[3, 128, :16].mean() > 200        # bit 0 and 1 of frame 3, over the whole height
    with pytest.raises(UserError, match="--crop 300,0,5,5 lies outside its 210x260 pixels"):
        VideoDataset([video], VideoRequest(crop=(300, 0, 5, 5))).clip(0)


@pytest.mark.parametrize("crop,beyond", [
    ((0, 0, 210, 260), False), ((5, 6, 105, 130), False), ((-1, 0, 211, 260), True), ((0, -1, 210, 261), True),
    ((0, 0, 211, 260), True), ((0, 0, 210, 261), True)])
def test_a_framing_that_reaches_beyond_the_picture_is_said(video: Path, crop: Tuple[int, int, int, int],
                                                           beyond: bool) -> None:
    origin = VideoDataset([video], VideoRequest(stop=0.08, crop=crop)).clip(0).origin
    assert origin is not None
    assert any("reaches beyond the picture" in note for note in origin.notes) == beyond
    assert not any("stretched" in note for note in origin.notes)


@pytest.mark.parametrize("crop, said", [
    ((-50, 0, 210, 260), r"^24 % of what the networks see is invented: .* --crop 0,0,210,260 gives"),
    ((-10, 0, 210, 260), r"edge pixels were repeated there \(4\.8 % of what")])
def test_how_much_is_invented_is_said_and_what_to_do(video: Path, crop: Tuple[int, int, int, int], said: str) -> None:
    origin = VideoDataset([video], VideoRequest(stop=0.08, crop=crop)).clip(0).origin
    assert origin is not None and re.search(said, origin.notes[0])


def test_what_a_clip_is_shown_in_is_no_higher_than_a_page_needs(tmp_path: Path) -> None:
    """And its box and points with it."""
    path = write_video(tmp_path / "large.mp4", 3, size=(840, 1080))
    points = standing(3, 2, 40)
    origin = VideoDataset([path], VideoRequest(), lambda *_: FoundPoints(points, "somebody")).clip(0).origin
    assert origin is not None and origin.shots[0].points is not None
    assert origin.shots[0].picture.shape == (540, 420, 3) and origin.crop == "40,0,420,520"
    assert origin.shots[0].box == (20, 0, 210, 260)
    assert np.abs(origin.shots[0].points[list(BODY), :2] - (points[1, BODY, :2] / 2)).max() < 1e-4


def test_without_keypoints_the_middle_is_taken_and_said(tmp_path: Path) -> None:
    path = write_video(tmp_path / "wide.mp4", 5, size=(320, 130))
    origin = VideoDataset([path], VideoRequest()).clip(0).origin
    assert origin is not None and origin.crop == "107,0,105,130" and "middle of the picture" in origin.notes[0]


def test_a_rate_that_recognisers_do_not_know_is_said(video: Path, tmp_path: Path) -> None:
    fast = write_video(tmp_path / "fast.mp4", 20, rate=50, size=SIZE)
    for path, said in ((fast, ["every frame was kept, 50 a second"]), (video, [])):
        clip = VideoDataset([path], VideoRequest(keep=True)).clip(0)
        assert clip.origin is not None
        assert [note.split(":")[0] for note in clip.origin.notes if "kept" in note] == said


@pytest.mark.parametrize("suffix", ["npz", "npy", "pkl"])
@pytest.mark.parametrize("rows", ["taken", "video"])
def test_keypoints_of_a_file_fit_the_frames(video: Path, tmp_path: Path, suffix: str, rows: str) -> None:
    points = standing(100)
    given = points[50:75] if rows == "taken" else points
    path = tmp_path / f"points.{suffix}"
    if suffix == "npz":
        np.savez(path, given)
    elif suffix == "npy":
        np.save(path, given)
    else:
        path.write_bytes(pickle.dumps({"another": points[:3], "clip": given}))
    clip = VideoDataset([video], VideoRequest(2, 3, keypoints=path)).clip(0)
    assert clip.keypoints is not None and (clip.keypoints[:, 100, 0] == np.arange(50, 75)).all()
    assert clip.origin is not None and clip.origin.keypoints == f"from points.{suffix}"


@pytest.mark.parametrize("rows, mine", [([4, 6], [0, 1]), (range(10), [4, 6]), ([0, 2, 4, 6, 8], [2, 3])])
def test_keypoints_may_be_of_the_frames_taken_of_the_video_or_of_all_that_would_be_taken(rows: Iterable[int],
                                                                                         mine: List[int]) -> None:
    """Of ten frames every second one would be taken, and two are."""
    points = np.zeros((len(list(rows)), 133, 3))
    points[:, 0, 0] = list(rows)
    brought = matched(Brought(points), np.array([4, 6]), np.arange(10) / 50, 0.2, np.arange(0, 10, 2),
                      Path("points.npy")).keypoints
    assert (brought == points[mine]).all() and brought[:, 0, 0].tolist() == [4, 6]


@pytest.mark.parametrize("given, said", [
    (standing(60), "60 frames of keypoints; expected 100, one for each frame of the video;"),
    (np.zeros((100, 21, 3)), r"an array of shape \[100, 21, 3\]"),
    (np.full((100, 133, 3), np.nan), "not finite in frame 0"),
    (np.zeros((100, 133, 3)), "no shoulders are seen")])
def test_keypoints_that_do_not_fit_are_refused(video: Path, tmp_path: Path, given: np.ndarray, said: str) -> None:
    np.save(tmp_path / "points.npy", given)
    with pytest.raises(UserError, match=said):
        VideoDataset([video], VideoRequest(keypoints=tmp_path / "points.npy")).clip(0)


def test_a_pickle_of_other_videos_is_refused(video: Path, tmp_path: Path) -> None:
    (tmp_path / "points.pkl").write_bytes(pickle.dumps({"a": standing(2), "b": standing(2)}))
    with pytest.raises(UserError, match="nothing for 'clip' among a, b"):
        VideoDataset([video], VideoRequest(keypoints=tmp_path / "points.pkl")).clip(0)


def test_a_broken_video_does_not_keep_the_others_from_being_read(video: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_text("nothing")
    dataset = VideoDataset([tmp_path / "broken.mp4", video], VideoRequest())
    assert [row.seq_id for row in dataset.rows] == ["broken", "clip"]
    with pytest.raises(UserError, match="can't be read as a video"):
        dataset.clip(0)
    assert len(dataset.clip(1)) == 100


def test_ids_are_plain_names_and_differ() -> None:
    assert [safe(Path(name)) for name in ("a b.mp4", "Grüße?.mov", "..mp4", "<b>&.webm", "index.html", "x" * 300)] == \
        ["a_b", "Grüße", "video", "b", "index", "x" * 120]
    used = {"clip"}
    assert [unique("clip", used), unique("Clip", used), unique("other", used)] == ["clip-2", "Clip-3", "other"]


def test_frames_that_last_long_are_told_of(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", 6, "ffv1", pixels="bgr0", times=[0, 4, 8, 12, 16, 20], size=SIZE)
    clip = VideoDataset([path], VideoRequest(longest=100)).clip(0)
    assert clip.origin is not None
    assert any(note.startswith("6 frames last 24 s by their time stamps") for note in clip.origin.notes)


def test_a_wrong_time_stamp_is_that_videos_matter_alone(video: Path, tmp_path: Path) -> None:
    wrong = write_video(tmp_path / "wrong.mkv", 4, "ffv1", pixels="bgr0", times=[0, 0.04, 0.08, 2 ** 40 / 1000],
                        size=SIZE)
    dataset = VideoDataset([wrong, video], VideoRequest())
    assert [row.seq_id for row in dataset.rows] == ["wrong", "clip"]
    with pytest.raises(UserError, match="time stamps"):
        dataset.clip(0)
    assert len(dataset.clip(1)) == 100

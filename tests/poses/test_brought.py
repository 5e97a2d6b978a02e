"""Keypoints of other programs, written here by their formats' definitions, and read as the 133."""
import json
from pathlib import Path
from typing import Any, Callable, List, Optional

import numpy as np
import pytest

from poses.brought import Brought
from poses.keypoint_file import matched, read_keypoints
from poses.pose_file import Component, pose_bytes, read_pose
from terminal.errors import UserError
from tests.kit.foreign_poses import (
    HOLISTIC,
    OPENPOSE,
    WHOLE_BODY,
    body_25,
    mediapipe,
    mmpose_frame,
    openpose_folder,
    openpose_frame,
    pose_file,
)

FRAMES = 6


def person(left: float = 60.0, frames: int = FRAMES, seed: int = 0) -> np.ndarray:
    """[T, 133, 3], all seen, shoulders 50 apart."""
    made = np.random.default_rng(seed).uniform(20, 200, (frames, 133, 3))
    made[..., 2] = 0.9
    made[:, 5, :2], made[:, 6, :2] = (left + 50, 100), (left, 100)
    return made


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def read(path: Path) -> np.ndarray:
    return read_keypoints(path, "clip").keypoints


@pytest.mark.parametrize("version", [0.1, 0.2])
def test_a_pose_file_of_the_133_is_read_as_it_is(tmp_path: Path, version: float) -> None:
    points = person()
    data = pose_file(WHOLE_BODY, points[:, None, :, :2], points[:, None, :, 2], version, 30)
    path = written(tmp_path / "a.pose", data)
    brought = read_keypoints(path, "clip")
    np.testing.assert_allclose(brought.keypoints, points, rtol=1e-6)
    assert (brought.rate, brought.size, brought.edges, brought.rounded) == (30, (210, 260), False, version == 0.1)


def test_a_version_0_1_of_more_frames_than_its_number_holds_is_read_whole(tmp_path: Path) -> None:
    points = np.zeros((65536 + 3, 1, 133, 3), np.float32)
    points[..., 2] = 1
    path = written(tmp_path / "a.pose", pose_file(WHOLE_BODY, points[..., :2], points[..., 2], 0.1))
    assert len(read_pose(path).places) == 65536 + 3


def test_holistic_goes_by_its_landmarks(tmp_path: Path) -> None:
    points = np.random.default_rng(0).uniform(10, 200, (FRAMES, 1, 543, 3))
    points[:, 0, [11, 12], 0] = (150, 60)
    path = written(tmp_path / "a.pose", pose_file(HOLISTIC, points, np.full((FRAMES, 1, 543), 0.8), form="XYZC"))
    brought = read_keypoints(path, "clip")
    assert brought.edges
    ours, theirs = brought.keypoints[..., :2], points[:, 0, :, :2]
    for point, landmark in {0: 0, 1: 2, 5: 11, 6: 12, 9: 15, 10: 16, 15: 27, 17: 31, 22: 30}.items():
        np.testing.assert_allclose(ours[:, point], theirs[:, landmark], rtol=1e-6)
    np.testing.assert_allclose(ours[:, 91:112], theirs[:, 501:522], rtol=1e-6)     # the left hand
    np.testing.assert_allclose(ours[:, 112:133], theirs[:, 522:543], rtol=1e-6)
    np.testing.assert_allclose(ours[:, 31], theirs[:, 33 + 152], rtol=1e-6)        # chin
    np.testing.assert_allclose(ours[:, 71], theirs[:, 33 + 61], rtol=1e-6)         # a corner of the mouth


def test_a_mesh_of_contours_alone_has_no_nose_and_says_so(tmp_path: Path) -> None:
    kept = [n for n in range(468) if n not in (168, 6, 197, 195, 5, 4, 98, 97, 2, 326, 327)]
    parts = [HOLISTIC[0], ("FACE_LANDMARKS", [str(n) for n in kept]), *HOLISTIC[2:]]
    points = np.random.default_rng(0).uniform(10, 200, (FRAMES, 1, 33 + len(kept) + 42, 2))
    points[:, 0, [11, 12], 0] = (150, 60)
    confidence = np.ones(points.shape[:3])
    keypoints = read(written(tmp_path / "a.pose", pose_file(parts, points, confidence)))
    assert (keypoints[:, 50:59, 2] == 0).all()
    assert (keypoints[:, 23:50, 2] == 1).all() and (keypoints[:, 59:91, 2] == 1).all()
    np.testing.assert_allclose(keypoints[:, 50:59, :2], np.repeat(keypoints[:, :1, :2], 9, axis=1))


def body_135(folder: Path, points: np.ndarray) -> Path:
    """OpenPose's single network: 25 of body and feet, 20 of each hand without its wrist, the face with both pupils."""
    neck = points[:, [5, 6]].mean(1, keepdims=True)
    theirs = np.concatenate([points[:, :17], neck, neck, points[:, 17:23], points[:, 92:112], points[:, 113:133],
                             points[:, 23:91], points[:, [60, 66]]], axis=1)[:, None]
    return written(folder / "a.pose", pose_file([("BODY_135", [f"p{n}" for n in range(135)])], theirs[..., :2],
                                                theirs[..., 2]))


def test_the_single_network_of_openpose_has_its_hands_wrists_in_the_body(tmp_path: Path) -> None:
    points = person()
    points[:, [91, 112]] = points[:, [9, 10]]
    np.testing.assert_allclose(read(body_135(tmp_path, points)), points, rtol=1e-6)


def openpose_pose(folder: Path, points: np.ndarray) -> Path:
    theirs = np.stack([body_25(frame) for frame in points])[:, None]
    return written(folder / "a.pose", pose_file(OPENPOSE, theirs[..., :2], theirs[..., 2]))


def openpose_json(folder: Path, points: np.ndarray) -> Path:
    return openpose_folder(folder / "json", [[body_25(frame)] for frame in points])


def openpose_in_one(folder: Path, points: np.ndarray) -> Path:
    frames = {str(n): openpose_frame([body_25(frame)]) for n, frame in enumerate(points)}
    return written(folder / "a.json", json.dumps({"width": 210, "height": 260, "frames": frames}).encode())


def mmpose_list(folder: Path, points: np.ndarray) -> Path:
    return written(folder / "a.json", json.dumps([mmpose_frame(n, [frame]) for n, frame in enumerate(points)]).encode())


def mmpose_demo(folder: Path, points: np.ndarray) -> Path:
    frames = [mmpose_frame(n, [frame]) for n, frame in enumerate(points, start=1)]
    return written(folder / "a.json", json.dumps({"meta_info": {}, "instance_info": frames}).encode())


def mmpose_images(folder: Path, points: np.ndarray) -> Path:
    (folder / "json").mkdir()
    for number, frame in enumerate(points):
        (folder / "json" / f"{number:06d}.json").write_text(json.dumps(mmpose_frame(0, [frame])["instances"]))
    return folder / "json"


@pytest.mark.parametrize("write", [openpose_pose, openpose_json, openpose_in_one, mmpose_list, mmpose_demo,
                                   mmpose_images])
def test_every_layout_gives_the_same_points(tmp_path: Path, write: Callable[[Path, np.ndarray], Path]) -> None:
    points = person()
    np.testing.assert_allclose(read(write(tmp_path, points)), points, rtol=1e-5)


def test_frames_go_by_their_own_numbers(tmp_path: Path) -> None:
    points = person()
    frames = [mmpose_frame(number, [points[number]]) for number in (2, 0, 1, 4)]
    keypoints = read(written(tmp_path / "a.json", json.dumps(frames).encode()))
    np.testing.assert_allclose(keypoints[[0, 1, 2, 4]], points[[0, 1, 2, 4]])
    assert len(keypoints) == 5 and (keypoints[3, :, 2] == 0).all()


def test_points_that_were_never_seen_lie_by_what_they_belong_to(tmp_path: Path) -> None:
    points = person()
    points[:, [9, 13, 15, 17], :] = 0                   # a wrist, a knee, an ankle, a toe
    points[2, 7] = 0                                    # an elbow once
    keypoints = read(mmpose_list(tmp_path, points))
    np.testing.assert_allclose(keypoints[:, 9, :2], keypoints[:, 7, :2])
    np.testing.assert_allclose(keypoints[:, 17, :2], keypoints[:, 11, :2])
    between = ((points[1, 7] - points[1, 5]) + (points[3, 7] - points[3, 5])) / 2 + points[2, 5]
    np.testing.assert_allclose(keypoints[2, 7, :2], between[:2])
    assert keypoints[2, 7, 2] == 0 and (keypoints[:, [9, 13, 15, 17], 2] == 0).all()


def test_of_several_people_the_foremost_is_taken(tmp_path: Path) -> None:
    near, far = person(), person(left=150, seed=1)
    far[:, 5, 0] = 160
    frames: List[Any] = [mmpose_frame(n, [far[n], near[n]][::-1 if n % 2 else 1]) for n in range(FRAMES)]
    frames[3]["instances"] = []
    keypoints = read(written(tmp_path / "a.json", json.dumps(frames).encode()))
    seen = [0, 1, 2, 4, 5]
    np.testing.assert_allclose(keypoints[seen], near[seen])
    assert (keypoints[3, :, 2] == 0).all() and keypoints[3, :, :2].all()


def test_points_go_to_the_video_s_pixels(tmp_path: Path) -> None:
    points = Brought(np.linspace(0, 99.5, 399).reshape(1, 133, 3), None, (100, 50))
    assert points.on((200, 100), tmp_path)[0, 0, 0] == 0.5          # pixels are areas
    with pytest.raises(UserError, match="points of pictures of 100x50, the video has 200x200"):
        points.on((200, 200), tmp_path)
    with pytest.raises(UserError, match="the video has 208x100"):
        points.on((208, 100), tmp_path)
    points.on((202, 100), tmp_path)                                 # as a scaled video is rounded


def test_parts_of_the_picture_and_pixels_are_told_apart(tmp_path: Path) -> None:
    pixels = person()
    parts = pixels.copy()
    parts[..., :2] /= (210, 260)
    brought = read_keypoints(mmpose_list(tmp_path, parts), "clip")
    np.testing.assert_allclose(brought.on((210, 260), tmp_path)[..., :2], pixels[..., :2] - 0.5, atol=1e-3)
    assert read_keypoints(mmpose_list(tmp_path, pixels), "clip").size is None
    parts[..., :2] = 2 * parts[..., :2] - 1
    with pytest.raises(UserError, match="all points lie between -1 and 1; expected pixels"):
        read_keypoints(mmpose_list(tmp_path, parts), "clip")
    large = np.random.default_rng(0).uniform(10, 900, (FRAMES, 543, 3))
    path = written(tmp_path / "a.json", json.dumps([mediapipe(frame) for frame in large]).encode())
    assert read_keypoints(path, "clip").size is None            # some write MediaPipe's points in pixels


def test_normalised_points_are_no_pixels(tmp_path: Path) -> None:
    points = person()
    points[..., :2] = points[..., :2] / 50 - 2
    path = written(tmp_path / "a.pose", pose_file(WHOLE_BODY, points[:, None, :, :2], points[:, None, :, 2]))
    with pytest.raises(UserError, match="its points lie within 3.6 pixels of each other, in a picture of 260"):
        read_keypoints(path, "clip").on((210, 260), path)


def test_the_first_version_s_whole_rate_is_no_other_length(tmp_path: Path) -> None:
    points = np.zeros((300, 133, 3))
    points[:, 0, 0] = np.arange(300)
    times = np.arange(301) / 29.97                      # of a video; its points were counted by another decoder
    brought = matched(Brought(points, 29.0, rounded=True), np.array([0, 150, 300]), times, 301 / 29.97, np.arange(250),
                      tmp_path)
    assert brought.keypoints[:, 0, 0].tolist() == [0, 150, 299]
    with pytest.raises(UserError, match="300 frames at 29 a second last 10.34 s, the video 10.04"):
        matched(Brought(points, 29.0), np.array([0]), times, 301 / 29.97, np.arange(250), tmp_path)


def test_frames_are_matched_by_time_where_the_file_tells_its_rate(tmp_path: Path) -> None:
    points = np.zeros((100, 133, 3))
    points[:, 0, 0] = np.arange(100)
    times = np.arange(50) / 25                          # a video of 2 s; its points at 50 a second
    brought = matched(Brought(points, 50.0), np.array([0, 10, 49]), times, 2.0, np.arange(50), tmp_path)
    assert brought.keypoints[:, 0, 0].tolist() == [0, 20, 98]
    with pytest.raises(UserError, match="100 frames at 25 a second last 4.00 s, the video 2.00"):
        matched(Brought(points, 25.0), np.array([0]), times, 2.0, np.arange(50), tmp_path)
    with pytest.raises(UserError, match="100 frames of keypoints; expected 1, one for each frame taken, or 50"):
        matched(Brought(points), np.array([0]), times, 2.0, np.arange(50), tmp_path)
    with pytest.raises(UserError, match="100 frames of keypoints; expected 50, one for each frame of the video; find"):
        matched(Brought(points), np.arange(50), times, 2.0, np.arange(50), tmp_path)


def cut(data: bytes) -> bytes:
    return data[:-5]


def good() -> bytes:
    points = person()
    return pose_file(WHOLE_BODY, points[:, None, :, :2], points[:, None, :, 2])


@pytest.mark.parametrize("name, data, words", [
    ("a.pose", cut(good()), "not a .pose file of version 0.1 or 0.2 .it announces 6 frames of 1 people"),
    ("a.pose", good()[:300], r"not a .pose file of version 0.1 or 0.2"),
    ("a.pose", b"\x00" * 100, "it says version 0"),
    ("a.pose", good() + b"x", "it announces 6 frames of 1 people, 9576 bytes, and has 9577"),
    ("a.pose", pose_file(WHOLE_BODY, np.ones((1, 1, 133, 2)), np.ones((1, 1, 133)), rate=0), "0 frames a second"),
    ("a.pose", pose_file([("HAND", ["a", "b"])], np.ones((1, 1, 2, 2)), np.ones((1, 1, 2))),
     r"points of HAND \(2\); expected COCO-WholeBody"),
    ("a.pose", pose_file(WHOLE_BODY, np.full((1, 1, 133, 2), np.nan), np.ones((1, 1, 133))), "not finite in frame 0"),
    ("a.pose", pose_file(WHOLE_BODY, np.ones((2, 1, 133, 2)), np.zeros((2, 1, 133))),
     "no person in any of its 2 frames"),
    ("a.json", b"{\"frames\": [1]}", "frame 0: no list of people in it"),
    ("a.json", b"[[", "not JSON"),
    ("a.json", b"[]", "not a list of frames"),
    ("a.json", b"{\"people\": [], \"x\": 1}", "not a list of frames"),
    ("a.json", json.dumps([{"people": [{"pose_keypoints_2d": [1, 2, 3]}]}]).encode(),
     "frame 0: pose_keypoints_2d has 3 numbers, expected 75, which are 25 points"),
    ("a.json", json.dumps([{"instances": [{"keypoints": [[1, 2]] * 17, "keypoint_scores": [1] * 17}]}]).encode(),
     r"keypoints of shape \[17, 2\], expected 133 points"),
    ("a.json", json.dumps([{"pose_landmarks": [{"x": 1, "y": 1}] * 17}]).encode(), "pose landmarks: 17, expected 33"),
    ("a.json", json.dumps([mmpose_frame(0, [person()[0]]), mediapipe(np.ones((543, 3)))]).encode(),
     "frames of different kinds"),
    ("a.mat", b"MATLAB", r"\.mat is of another kind; taken are .npz, .npy"),
    ("a", None, "does not exist; taken are"),
    (".", None, "no .json in this folder; expected what OpenPose, MMPose or MediaPipe gave"),
])
def test_what_is_no_pose_is_refused_in_a_line(tmp_path: Path, name: str, data: Optional[bytes], words: str) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match=words) as refused:
        read_keypoints(tmp_path / name, "clip")
    assert "\n" not in str(refused.value) and str(tmp_path / name) in str(refused.value)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    points = person()
    parts = [Component(name, names, [(0, 1)], (255, 0, 0)) for name, names in WHOLE_BODY]
    brought = read_keypoints(written(tmp_path / "a.pose", pose_bytes(points, parts, (210, 260), 12.5)), "clip")
    np.testing.assert_allclose(brought.keypoints, points, rtol=1e-6)
    assert (brought.rate, brought.size) == (12.5, (210, 260))


def test_a_folder_lacks_frames_in_which_nobody_was(tmp_path: Path) -> None:
    points = person()
    folder = openpose_json(tmp_path, points)
    (folder / "clip_000000000002_keypoints.json").unlink()
    assert read(folder)[:, 0, 2].astype(bool).tolist() == [True, True, False, True, True, True]
    (folder / "clip_000000999999_keypoints.json").write_text(json.dumps({"people": []}))
    with pytest.raises(UserError, match="6 files for frames 0 to 999999"):
        read(folder)

"""Keypoints as JSON: OpenPose's, MMPose's, and what people write of MediaPipe's results. A file of all frames, or a
folder with a file for each.

OpenPose: {"people": [{"pose_keypoints_2d": [x, y, c, ...], "face_keypoints_2d", "hand_left_keypoints_2d", ...}]}.
MMPose: {"instances": [{"keypoints": [[x, y], ...], "keypoint_scores": [...]}]}, or that list alone; all frames in
"instance_info", or a list. MediaPipe: {"pose_landmarks", "face_landmarks", "left_hand_landmarks",
"right_hand_landmarks"}, each none or points {"x", "y", "visibility"} or [x, y, z, visibility], in parts of the picture.
"""
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from files.reading import DAMAGED_JSON, read_json
from poses.keypoint_pickle import POINTS
from poses.point_layouts import HAND, MEDIAPIPE, MESHES, OPENPOSE, WHOLE, of_holistic, of_openpose
from terminal.errors import UserError

LARGEST_FRAME, MOST_FRAMES, MOST_PEOPLE = 1 << 24, 200_000, 100
GAPS = 10               # a folder may lack so many frames for each that it has
SPAN = ("people", "instances", "predictions")
PARTS: Tuple[Tuple[str, Tuple[int, ...]], ...] = (
    ("pose", (MEDIAPIPE,)), ("face", MESHES), ("left_hand", (HAND,)), ("right_hand", (HAND,)))
OPENPOSE_KEYS = ("pose_keypoints_2d", "face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d")


@dataclass(frozen=True)
class JsonPoses:
    frames: List[Optional[np.ndarray]]              # [people, 133, 3] of each; None: nobody
    parts_of_picture: bool                          # x and y in 0..1 of the picture, as MediaPipe has them
    rate: Optional[float] = None
    size: Optional[Tuple[int, int]] = None          # width, height, where the file tells it


class _Wrong(ValueError):
    """What is wrong, in words."""


def read_folder(folder: Path) -> JsonPoses:
    """A JSON file for each frame, numbered; those that are not there show nobody."""
    numbered = sorted((_number(path.name), path) for path in folder.glob("*.json"))
    if not numbered:
        raise UserError(f"{folder}: no .json in this folder; {_expected()}")
    first, last = numbered[0][0], numbered[-1][0]
    if len({number for number, _ in numbered}) < len(numbered):
        raise UserError(f"{folder}: two files for one frame ({_twice(numbered)}); expected the frames of one video")
    if last - first >= GAPS * len(numbered) or last - first >= MOST_FRAMES:
        raise UserError(f"{folder}: {len(numbered)} files for frames {first} to {last}; expected one for each frame")
    frames: Dict[int, Any] = {number - first: _loaded(path, LARGEST_FRAME) for number, path in numbered}
    return _poses(folder, [frames.get(number) for number in range(last - first + 1)], {})


def read_file(path: Path) -> JsonPoses:
    content = _loaded(path)
    about = content if isinstance(content, dict) else {}
    frames = next((about[key] for key in ("instance_info", "frames") if key in about), content)
    if isinstance(frames, dict):
        numbers = sorted(int(key) for key in frames if key.isdecimal() and len(key) < 10)
        if len(numbers) != len(frames) or not numbers or numbers[-1] - numbers[0] >= GAPS * len(numbers):
            raise UserError(f"{path}: not a list of frames; {_expected()}")
        frames = [frames.get(str(number)) for number in range(numbers[0], numbers[-1] + 1)]
    if not isinstance(frames, list) or not frames or len(frames) > MOST_FRAMES:
        raise UserError(f"{path}: not a list of frames; {_expected()}")
    return _poses(path, _in_order(frames), about)


def _loaded(path: Path, largest: Optional[int] = None) -> Any:
    try:
        return read_json(path, largest) if largest else read_json(path)
    except DAMAGED_JSON as error:
        raise UserError(f"{path}: not JSON ({str(error)[:80]})") from None


def _number(name: str) -> int:
    digits: List[str] = re.findall(r"\d+", name, re.ASCII)
    return int(digits[-1][-9:]) if digits else 0


def _twice(numbered: Sequence[Tuple[int, Path]]) -> str:
    return next(f"{one[1].name}, {other[1].name}" for one, other in zip(numbered, numbered[1:]) if one[0] == other[0])


def _in_order(frames: List[Any]) -> List[Any]:
    """By their own numbers where each has one: frames in which nobody was found may be missing."""
    numbers = [frame.get("frame_id") if isinstance(frame, dict) else None for frame in frames]
    known = [number for number in numbers if isinstance(number, int) and not isinstance(number, bool)]
    if len(known) < len(frames) or len(set(known)) < len(known):
        return frames
    first = min(known)
    if max(known) - first >= GAPS * len(frames):
        return frames
    placed = {number - first: frame for number, frame in zip(known, frames)}
    return [placed.get(number) for number in range(max(known) - first + 1)]


def _poses(path: Path, frames: Sequence[Any], about: Dict[str, Any]) -> JsonPoses:
    poses: List[Optional[np.ndarray]] = []
    relative = set()
    for number, frame in enumerate(frames):
        try:
            people, parts = _people(frame)
        except (ValueError, TypeError, LookupError, OverflowError) as error:
            reason = str(error) if isinstance(error, _Wrong) else "no numbers where points are expected"
            raise UserError(f"{path}: frame {number}: {reason}; {_expected()}") from None
        poses.append(people)
        relative |= {parts} if people is not None else set()
    if len(relative) > 1:
        raise UserError(f"{path}: frames of different kinds; {_expected()}")
    metadata = about.get("metadata")
    about = {**about, **metadata} if isinstance(metadata, dict) else about
    width, height = (int(_positive(about.get(side)) or 0) for side in ("width", "height"))
    size = (width, height) if width and height else None
    return JsonPoses(poses, True in relative, _positive(about.get("fps")), size)


def _positive(value: Any) -> Optional[float]:
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if numeric and 0 < value < 100_000 else None


def _people(frame: Any) -> Tuple[Optional[np.ndarray], bool]:
    """[people, 133, 3] and whether they are in parts of the picture; None: nobody."""
    if frame is None:
        return None, False
    if isinstance(frame, dict) and any(_landmarks(frame, part) is not None for part, _ in PARTS):
        return _of_mediapipe(frame), True
    listed = frame
    if isinstance(frame, dict):
        if not any(key in frame for key in SPAN) and _names_mediapipe(frame):
            return None, True
        listed = next((frame[key] for key in SPAN if key in frame), None)
    if not isinstance(listed, list):
        raise _Wrong("no list of people in it")
    while len(listed) == 1 and isinstance(listed[0], list):         # MMPose has a list for each picture
        listed = listed[0]
    if len(listed) > MOST_PEOPLE:
        raise _Wrong(f"{len(listed)} people")
    people = [_of_openpose(person) if isinstance(person, dict) and OPENPOSE_KEYS[0] in person else _of_mmpose(person)
              for person in listed]
    return (np.concatenate(people) if people else None), False


def _of_openpose(person: Dict[str, Any]) -> np.ndarray:
    return of_openpose(*(_triples(person.get(key), count, key) for key, count in zip(OPENPOSE_KEYS, OPENPOSE)))


def _triples(values: Any, count: int, key: str) -> np.ndarray:
    """[1, count, 3]; zeros where a part was not looked for."""
    if not values:
        return np.zeros((1, count, 3))
    array = np.asarray(values, np.float64)
    if array.shape != (3 * count,):
        raise _Wrong(f"{key} has {array.size} numbers, expected {3 * count}, which are {count} points")
    return array.reshape(1, count, 3)


def _of_mmpose(person: Any) -> np.ndarray:
    points, scores = (person.get(key) if isinstance(person, dict) else None for key in ("keypoints", "keypoint_scores"))
    if points is None or scores is None:
        raise _Wrong("people without keypoints and keypoint_scores")
    places, confidence = np.asarray(points, np.float64), np.asarray(scores, np.float64)
    if places.shape not in ((POINTS, 2), (POINTS, 3)) or confidence.shape != (POINTS,):
        raise _Wrong(f"keypoints of shape {list(places.shape)}, expected {POINTS} points of COCO-WholeBody")
    return np.concatenate([places[:, :2], confidence[:, None]], axis=1)[None]


def _of_mediapipe(frame: Dict[str, Any]) -> Optional[np.ndarray]:
    held = [_marks(_landmarks(frame, part), part, sizes) for part, sizes in PARTS]
    return of_holistic(*held) if any(points is not None for points in held) else None


def _landmarks(frame: Dict[str, Any], part: str) -> Any:
    first, *rest = part.split("_")
    camel = "".join([first, *(word.capitalize() for word in rest), "Landmarks"])
    return next((frame[key] for key in (f"{part}_landmarks", camel) if key in frame), None)


def _names_mediapipe(frame: Dict[str, Any]) -> bool:
    return any(key.lower().endswith("landmarks") for key in frame)


def _marks(value: Any, part: str, sizes: Sequence[int]) -> Optional[np.ndarray]:
    """[1, N, 3] x, y, visibility (1 where it is not told); None where there are none."""
    if isinstance(value, dict):
        value = value.get("landmark", value.get("landmarks"))
    while isinstance(value, list) and len(value) == 1 and isinstance(value[0], list) and sizes[0] > 1:
        value = value[0]                                            # a list for each person
    if not value:
        return None
    if not isinstance(value, list) or len(value) not in sizes:
        count = len(value) if isinstance(value, list) else "no list"
        raise _Wrong(f"{part} landmarks: {count}, expected {' or '.join(map(str, sizes))} points")
    made = np.array([[_mark(mark) for mark in value]], np.float64)
    if part != "pose" and not made[..., 2].any():
        made[..., 2] = 1            # MediaPipe says of the pose's points alone how well they are seen
    return made


def _mark(value: Any) -> Tuple[float, float, float]:
    if isinstance(value, dict):
        seen = value.get("visibility")
        return float(value["x"]), float(value["y"]), 1.0 if seen is None else float(seen)
    numbers = [float(word) for word in (value.split(",") if isinstance(value, str) else value)]
    if not 2 <= len(numbers) <= 5:
        raise _Wrong(f"a landmark of {len(numbers)} numbers")
    return numbers[0], numbers[1], numbers[3] if len(numbers) > 3 else 1.0


def _expected() -> str:
    return f"expected what OpenPose, MMPose or MediaPipe gave for each frame, {WHOLE}"

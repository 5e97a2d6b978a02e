"""Keypoints in other programs' formats, written by the formats' own definitions."""
import json
import struct
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

Parts = Sequence[Tuple[str, Sequence[str]]]
SIDES = [f"{side}_{part}" for part in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
         for side in ("left", "right")]
FEET = [f"{side}_{part}" for side in ("left", "right") for part in ("big_toe", "small_toe", "heel")]
WHOLE_BODY: Parts = [("BODY", ["nose", *SIDES, *FEET]), ("FACE", [f"face-{n}" for n in range(68)]),
                     ("LEFT_HAND", [f"left_hand_{n}" for n in range(21)]),
                     ("RIGHT_HAND", [f"right_hand_{n}" for n in range(21)])]
HOLISTIC: Parts = [("POSE_LANDMARKS", [f"p{n}" for n in range(33)]), ("FACE_LANDMARKS", [str(n) for n in range(468)]),
                   ("LEFT_HAND_LANDMARKS", [f"h{n}" for n in range(21)]),
                   ("RIGHT_HAND_LANDMARKS", [f"h{n}" for n in range(21)])]
OPENPOSE: Parts = [(name, [f"{name}{n}" for n in range(count)]) for name, count in (
    ("pose_keypoints_2d", 25), ("face_keypoints_2d", 70), ("hand_left_keypoints_2d", 21),
    ("hand_right_keypoints_2d", 21))]


def pose_file(parts: Parts, places: np.ndarray, confidence: np.ndarray, version: float = 0.2, rate: float = 25,
              size: Tuple[int, int] = (210, 260), form: str = "XYC") -> bytes:
    """places [T, P, N, D], confidence [T, P, N]; limbs and colours as some files have them."""
    def text(word: str) -> bytes:
        return struct.pack("<H", len(word)) + word.encode()

    data = struct.pack("<fHHHH", version, *size, 0, len(parts))
    for name, points in parts:
        data += text(name) + text(form) + struct.pack("<HHH", len(points), 1, 2)
        data += b"".join(map(text, points)) + struct.pack("<HH", 0, 1) + struct.pack("<6H", 1, 2, 3, 4, 5, 6)
    frames, people = places.shape[:2]
    data += struct.pack("<HHH", int(rate), frames % 65536, people) if version < 0.15 else struct.pack(
        "<fIH", rate, frames, people)
    return data + places.astype("<f4").tobytes() + confidence.astype("<f4").tobytes()


def openpose_frame(people: Sequence[np.ndarray]) -> Dict[str, Any]:
    """people: [137, 3] each."""
    bounds = np.cumsum([0, *(len(points) for _, points in OPENPOSE)])
    return {"version": 1.3, "people": [
        {"person_id": [-1], **{name: person[start:stop].ravel().tolist()
                               for (name, _), start, stop in zip(OPENPOSE, bounds, bounds[1:])}}
        for person in people]}


def openpose_folder(folder: Path, frames: Sequence[Sequence[np.ndarray]]) -> Path:
    folder.mkdir(parents=True)
    for number, people in enumerate(frames):
        (folder / f"clip_{number:012d}_keypoints.json").write_text(json.dumps(openpose_frame(people)))
    return folder


def mmpose_frame(number: int, people: Sequence[np.ndarray]) -> Dict[str, Any]:
    """people: [133, 3] each."""
    return {"frame_id": number, "instances": [
        {"keypoints": person[:, :2].tolist(), "keypoint_scores": person[:, 2].tolist(), "bbox": [[0, 0, 9, 9]],
         "bbox_score": 0.9} for person in people]}


def landmarks(points: np.ndarray, visibility: bool) -> List[Any]:
    """[N, 3] x, y, visibility"""
    return [{"x": float(x), "y": float(y), "z": 0.0, **({"visibility": float(seen)} if visibility else {})}
            for x, y, seen in points]


def mediapipe(points: np.ndarray, camel: bool = False, nested: bool = False, hands: bool = True) -> Any:
    """[543, 3] in parts of the picture -> a frame."""
    made: Dict[str, Any] = {
            "pose_landmarks": landmarks(points[:33], True), "face_landmarks": landmarks(points[33:501], False),
            "left_hand_landmarks": landmarks(points[501:522], False) if hands else None,
            "right_hand_landmarks": landmarks(points[522:], False)}
    if nested:
        made = {name: value and [value] for name, value in made.items()}
    if camel:
        words = {"pose": "pose", "face": "face", "left_hand": "leftHand", "right_hand": "rightHand"}
        made = {f"{words[name[:-10]]}Landmarks": value for name, value in made.items()}
    return made


def body_25(points: np.ndarray) -> np.ndarray:
    """[133, 3] -> OpenPose's [137, 3]: by the names of both, written out."""
    order = ["nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow",
             "left_wrist", "middle_hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee",
             "left_ankle", "right_eye", "left_eye", "right_ear", "left_ear", "left_big_toe", "left_small_toe",
             "left_heel", "right_big_toe", "right_small_toe", "right_heel"]
    names = list(WHOLE_BODY[0][1])
    body = [points[names.index(name)] if name in names else points[[5, 6]].mean(0) for name in order]
    return np.concatenate([body, points[23:91], points[[60, 66]], points[91:]])

"""Other estimators' points as COCO-WholeBody's 133: 17 of the body, 6 of the feet, 68 of the face, 21 of each hand.

What a layout lacks has confidence 0. All are [people, points, 3] of one frame: x, y, confidence.
"""
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from poses.face_mesh import face_points
from poses.keypoint_pickle import POINTS
from poses.pose_file import Parts
from poses.whole_body import FACE, LEFT_HAND, RIGHT_HAND

SIDED = ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
BODY = ("nose", *(f"{side}_{part}" for part in SIDED for side in ("left", "right")))
FEET = tuple(f"{side}_{part}" for side in ("left", "right") for part in ("big_toe", "small_toe", "heel"))
# Of MediaPipe's 33 pose landmarks, those of BODY and FEET; it knows but one toe of each foot.
FROM_MEDIAPIPE = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 31, 31, 29, 32, 32, 30)
MEDIAPIPE, MESHES, HAND = 33, (468, 478), 21
# Of OpenPose's BODY_25.
FROM_BODY_25 = (0, 16, 15, 18, 17, 5, 2, 6, 3, 7, 4, 12, 9, 13, 10, 14, 11, 19, 20, 21, 22, 23, 24)
OPENPOSE = (25, 70, HAND, HAND)             # body, face (with both pupils at its end), left hand, right hand
WHOLE = "COCO-WholeBody (133), MediaPipe Holistic (543) or OpenPose (25 + 70 + 21 + 21) points"


def of_holistic(pose: Optional[np.ndarray], mesh: Optional[np.ndarray], left: Optional[np.ndarray],
                right: Optional[np.ndarray]) -> np.ndarray:
    """[P, 33, 3], [P, 468 or 478, 3], [P, 21, 3] twice -> [P, 133, 3]. None: there is none.

    A mesh of the contours alone has NaN elsewhere: it lacks the nose, which then lies where the body's is, unseen.
    """
    people = max(len(points) for points in (pose, mesh, left, right) if points is not None)
    made = np.zeros((people, POINTS, 3))
    if pose is not None:
        made[:, :len(FROM_MEDIAPIPE)] = pose[:, list(FROM_MEDIAPIPE)]
    for part, points in ((LEFT_HAND, left), (RIGHT_HAND, right)):
        if points is not None:
            made[:, list(part)] = points
    if mesh is not None:
        for person, vertices in zip(made, mesh):
            person[list(FACE), :2] = face_points(vertices[:, :2])
            person[list(FACE), 2] = np.nanmax(vertices[:, 2])       # a mesh is there or not
            person[np.isnan(person[:, 0])] = (*person[0, :2], 0)
    return made


def of_openpose(body: np.ndarray, face: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """[P, 25, 3], [P, 70, 3], [P, 21, 3] twice -> [P, 133, 3]"""
    return np.concatenate([body[:, list(FROM_BODY_25)], face[:, :len(FACE)], left, right], axis=1)


def of_parts(parts: Parts, points: np.ndarray) -> Optional[np.ndarray]:
    """The components of a .pose file, points [P, N, 3] in their order -> [P, 133, 3]; None where they are others'."""
    starts = np.cumsum([0, *(len(names) for _, names in parts)])
    held: Held = {name: (names, points[:, start:stop]) for (name, names), start, stop in zip(parts, starts, starts[1:])}
    return _holistic(held) if "POSE_LANDMARKS" in held else _openpose(held) if "pose_keypoints_2d" in held else (
        _body_135(held) if "BODY_135" in held else _whole(parts, points))


Held = Dict[str, Tuple[Sequence[str], np.ndarray]]


def _holistic(held: Held) -> Optional[np.ndarray]:
    def part(name: str, size: int) -> Optional[np.ndarray]:
        points = held[f"{name}_LANDMARKS"][1] if f"{name}_LANDMARKS" in held else None
        return points if points is not None and points.shape[1] == size else None

    pose = part("POSE", MEDIAPIPE)
    if pose is None:
        return None
    return of_holistic(pose, _mesh(held), part("LEFT_HAND", HAND), part("RIGHT_HAND", HAND))


def _mesh(held: Held) -> Optional[np.ndarray]:
    """[P, 478, 3], NaN where the file leaves vertices out: it names those that it has by their numbers."""
    names, points = held.get("FACE_LANDMARKS", ((), np.zeros((0, 0, 3))))
    numbers = [int(name) for name in names if name.isdecimal() and int(name) < MESHES[1]]
    if not numbers or len(numbers) != len(names):
        return None
    mesh = np.full((len(points), MESHES[1], 3), np.nan)
    mesh[:, numbers] = points
    return mesh


def _openpose(held: Held) -> Optional[np.ndarray]:
    names = ("pose_keypoints_2d", "face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d")
    people = len(held[names[0]][1])
    parts = [held[name][1] if name in held else np.zeros((people, size, 3)) for name, size in zip(names, OPENPOSE)]
    return of_openpose(*parts) if all(points.shape[1] == size for points, size in zip(parts, OPENPOSE)) else None


def _body_135(held: Held) -> Optional[np.ndarray]:
    """OpenPose's single network: 25 of the body and feet, 20 of each hand (whose wrists are the body's), 70 of the
    face."""
    names, points = held["BODY_135"]
    if len(names) != 135:
        return None
    body = [*range(17), *range(19, 25)]
    return np.concatenate([points[:, body], points[:, 65:65 + len(FACE)], points[:, [9]], points[:, 25:45],
                           points[:, [10]], points[:, 45:65]], axis=1)


def _whole(parts: Parts, points: np.ndarray) -> Optional[np.ndarray]:
    """Told by the names of the body's points, whatever components are called."""
    names: List[str] = [point.lower().replace("-", "_").replace(" ", "_")
                        for _, component in parts for point in component]
    return points if len(names) == POINTS and tuple(names[:17]) == BODY else None

"""The 133 points as a `.pose` file, with the components that pose-format has for COCO-WholeBody."""
from typing import List, Tuple

import numpy as np

from poses.point_layouts import BODY, FEET, HAND
from poses.pose_file import Component, pose_bytes
from poses.whole_body import FACE

JOINED = ("nose-left_eye", "nose-right_eye", "left_eye-left_ear", "right_eye-right_ear", "left_ear-left_shoulder",
          "right_ear-right_shoulder", "left_shoulder-right_shoulder", "left_shoulder-left_elbow",
          "left_elbow-left_wrist", "right_shoulder-right_elbow", "right_elbow-right_wrist", "left_shoulder-left_hip",
          "right_shoulder-right_hip", "left_hip-right_hip", "left_hip-left_knee", "left_knee-left_ankle",
          "right_hip-right_knee", "right_knee-right_ankle", "left_ankle-left_big_toe", "left_ankle-left_small_toe",
          "left_ankle-left_heel", "right_ankle-right_big_toe", "right_ankle-right_small_toe", "right_ankle-right_heel")
FINGERS = [(0 if joint % 4 == 1 else joint - 1, joint) for joint in range(1, HAND)]  # four joints each
# Of the face's 68: each line's first point and its last; then those that are closed.
LINES, RINGS = ((0, 16), (17, 21), (22, 26), (27, 30), (31, 35)), ((36, 41), (42, 47), (48, 59), (60, 67))


def whole_body_pose(keypoints: np.ndarray, size: Tuple[int, int], rate: float) -> bytes:
    """[T, 133, 3] in pixels of pictures of that width and height."""
    names = [*BODY, *FEET]
    bones = [(names.index(one), names.index(other)) for one, other in (pair.split("-") for pair in JOINED)]
    face = [(point, point + 1) for first, last in (*LINES, *RINGS) for point in range(first, last)]
    face += [(last, first) for first, last in RINGS]
    components: List[Component] = [
        Component("BODY", names, bones, (0, 255, 0)),
        Component("FACE", [f"face-{number}" for number in range(len(FACE))], face, (255, 255, 255)),
        *(Component(f"{side.upper()}_HAND", [f"{side}_hand_{number}" for number in range(HAND)], FINGERS, colour)
          for side, colour in (("left", (0, 255, 0)), ("right", (255, 128, 0))))]
    return pose_bytes(keypoints, components, size, rate)

"""MediaPipe Holistic: pose, face mesh and both hands, as COCO-WholeBody's 133 points."""
import re
from contextlib import ExitStack, nullcontext
from typing import Any, Iterable, Iterator, Optional

import cv2
import numpy as np

from poses.face_mesh import face_points
from poses.keypoint_pickle import POINTS
from poses.point_layouts import FROM_MEDIAPIPE
from poses.whole_body import LEFT_HAND, RIGHT_HAND
from terminal.filter_stderr import hushed

NAME = "mediapipe"
FACE = slice(23, 91)
NOISE = re.compile(rb"INFO: Created TensorFlow|WARNING: All log messages before absl|[IW]0000 ")
SMALL = 520             # pixels of the shorter side below which a picture is enlarged: hands are found more often


class Holistic:
    """One video at a time: a frame is searched where the one before had its person, whoever else is there."""

    several = False

    def __init__(self) -> None:
        import mediapipe

        self.name = f"{NAME} {mediapipe.__version__} holistic"
        self._solution = mediapipe.solutions.holistic.Holistic

    def __call__(self, pictures: Iterable[np.ndarray]) -> Iterator[Optional[np.ndarray]]:
        with ExitStack() as stack:
            search: Any = None
            for picture in pictures:
                with hushed(NOISE) if search is None else nullcontext():    # it tells of its delegates as it sets out
                    if search is None:      # the larger pose model is not in the package; this is the one that is
                        search = stack.enter_context(self._solution(model_complexity=1, refine_face_landmarks=True))
                    result = search.process(enlarged(picture))
                points = whole_body(result, picture.shape[1], picture.shape[0])
                yield None if points is None else points[None]


def enlarged(picture: np.ndarray) -> np.ndarray:
    scale = SMALL / min(picture.shape[:2])
    if scale <= 1:
        return picture
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)


def whole_body(result: Any, width: int, height: int) -> Optional[np.ndarray]:
    """float64 [133, 3] in pixels of a width x height picture, confidence 0 where a part was not found; None: nobody."""
    if result.pose_landmarks is None:
        return None
    points = np.zeros((POINTS, 3))
    body = _array(result.pose_landmarks, width, height)
    points[:len(FROM_MEDIAPIPE)] = body[list(FROM_MEDIAPIPE)]
    # The mesh and the hands come without confidences of single points: they are there or not.
    if result.face_landmarks is not None:
        points[FACE, :2] = face_points(_array(result.face_landmarks, width, height)[:, :2])
        points[FACE, 2] = 1
    for part, hand in ((LEFT_HAND, result.left_hand_landmarks), (RIGHT_HAND, result.right_hand_landmarks)):
        if hand is not None:        # the same order: wrist, then each finger from the palm, thumb first
            points[list(part), :2] = _array(hand, width, height)[:, :2]
            points[list(part), 2] = 1
    return points


def _array(landmarks: Any, width: int, height: int) -> np.ndarray:
    """[n, 3] x, y, visibility; 0..1 over the picture's area become pixels."""
    return np.array([(mark.x * width - 0.5, mark.y * height - 0.5, mark.visibility) for mark in landmarks.landmark])

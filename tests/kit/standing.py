"""keypoints.py with an estimator that finds somebody in the middle of every picture, and takes its time over it.

    python -m tests.kit.standing VIDEO ... --out FILE
"""
import sys
import time
from typing import Iterable, Iterator, Optional

import numpy as np

import keypoints
from estimation import estimator as estimators
from video.framing import BODY, STANDING

PAUSE = 0.01        # seconds a picture


class Slow:
    name = "slow 1.0"
    several = True

    def __call__(self, pictures: Iterable[np.ndarray]) -> Iterator[Optional[np.ndarray]]:
        for picture in pictures:
            time.sleep(PAUSE)
            points = np.zeros((133, 3))
            points[:, :2] = picture.shape[1] / 2, picture.shape[0] / 2
            points[list(BODY), :2] = STANDING
            points[:, 2] = 1
            yield points[None]


if __name__ == "__main__":
    estimators.ESTIMATORS = {"mediapipe": Slow}     # type: ignore[dict-item]
    estimators.installed = lambda name: True
    sys.exit(keypoints.main())

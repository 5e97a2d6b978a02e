"""Takes of the drawn signer in a wide picture, and films spliced of them."""
from typing import Iterator, List, Tuple

import cv2
import numpy as np

from signer.clip import sign
from signer.estimator import estimated
from signer.synthetic import signer
from video.shots import Show

SIZE = (390, 720)       # height, width
FRAMES = 24
Take = Tuple[List[np.ndarray], np.ndarray]      # pictures, and the points [T, 133, 3] as an estimator finds them
AT = {"near": (1.9, 160, -10), "far": (1.3, 330, 40), "beside": (1.9, 240, -10)}       # scale, left, top


def take(number: int, at: str, frames: int = FRAMES) -> Take:
    scale, left, top = AT[at]
    rng = np.random.default_rng([9, number])
    clip = sign(signer(7, "train", number), rng)
    pictures = []
    for _, picture in zip(range(frames), clip.pictures()):
        large = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        wide = cv2.copyMakeBorder(large, 400, 400, 800, 800, cv2.BORDER_REPLICATE)
        pictures.append(wide[400 - top:400 - top + SIZE[0], 800 - left:800 - left + SIZE[1]])
    points = estimated(clip.keypoints[:frames], rng)
    points[..., :2] = (points[..., :2] + 0.5) * scale - 0.5 + (left, top)
    return pictures, points


def shown(pictures: List[np.ndarray]) -> Show:
    def show(wanted: np.ndarray) -> Iterator[np.ndarray]:
        return (pictures[int(number)] for number in wanted)

    return show

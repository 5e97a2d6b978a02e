"""What part of a picture the recognisers are shown: the signer frontal, from the waist to above the head, 210:260."""
from dataclasses import dataclass
from typing import Optional, Tuple

import cv2
import numpy as np

from poses.whole_body import FRAME_HEIGHT, FRAME_WIDTH
from terminal.errors import UserError

SQUARE = 256            # the other size of the same frames
# Nose, eyes and shoulders, left first: estimators agree on them better than on ears. Where they lie in a 210x260 frame:
# measured on four signers of PHOENIX-2014; `benchmarks/video.py --framing --data-root FOLDER` measures them anew.
BODY = (0, 1, 2, 5, 6)
STANDING = np.array([(108, 67), (117, 55), (99, 57), (154, 119), (68, 119)], np.float64)
CONFIDENT = 0.3         # points below it are not used
ALIKE = 0.65            # two boxes that share so much of their union are one framing: signers differ by as much
SIDE_ON = 0.75         # shoulders as wide as this part of what the height of the head says: the signer is turned aside
SHAPE = 0.03            # how far a picture's shape may be off 210:260 for it to be the corpus's own


@dataclass(frozen=True)
class Crop:
    """A box in whole pixels of the picture. It may reach beyond the picture: its edge is drawn on there."""

    left: int
    top: int
    width: int
    height: int

    def share(self, other: "Crop") -> float:
        """Of the two boxes' union, what both have."""
        wide = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        high = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        both = max(0, wide) * max(0, high)
        return both / (self.width * self.height + other.width * other.height - both)

    def invented(self, size: Tuple[int, int]) -> float:
        """The part of the box that lies beyond a picture of (height, width) `size`."""
        there = whole(size)
        wide = min(self.left + self.width, there.width) - max(self.left, 0)
        high = min(self.top + self.height, there.height) - max(self.top, 0)
        return 1 - max(0, wide) * max(0, high) / (self.width * self.height)

    def inside(self, size: Tuple[int, int]) -> "Crop":
        """The box of the same shape that is nearest to this one and all within the picture."""
        scale = min(1.0, size[1] / self.width, size[0] / self.height)
        wide, high = int(self.width * scale), int(self.height * scale)
        left = round(self.left + (self.width - wide) / 2)
        return Crop(min(max(0, left), size[1] - wide), min(max(0, self.top), size[0] - high), wide, high)

    def of(self, picture: np.ndarray) -> np.ndarray:
        """uint8 [260, 210, 3]: this part of the picture at the corpus's size."""
        height, width = picture.shape[:2]
        right, bottom = self.left + self.width, self.top + self.height
        part = picture[max(0, self.top):max(0, bottom), max(0, self.left):max(0, right)]
        beyond = (max(0, -self.top), max(0, bottom - height), max(0, -self.left), max(0, right - width))
        if any(beyond):
            part = cv2.copyMakeBorder(part, *beyond, cv2.BORDER_REPLICATE)
        smaller = self.width >= FRAME_WIDTH and self.height >= FRAME_HEIGHT
        if (self.width, self.height) == (FRAME_WIDTH, FRAME_HEIGHT):
            return np.ascontiguousarray(part)
        return cv2.resize(part, (FRAME_WIDTH, FRAME_HEIGHT),
                          interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)

    def points(self, keypoints: np.ndarray) -> np.ndarray:
        """float32 [T, 133, 3] in pixels of the picture -> of the 210x260 frame. Pixels are areas."""
        moved = keypoints.astype(np.float32)
        scale = np.array([FRAME_WIDTH / self.width, FRAME_HEIGHT / self.height])
        moved[..., :2] = (keypoints[..., :2] + 0.5 - (self.left, self.top)) * scale - 0.5
        return moved

    def __str__(self) -> str:
        return f"{self.left},{self.top},{self.width},{self.height}"


def square(tall: np.ndarray) -> np.ndarray:
    """The 256x256 frame of a 210x260 one, as the corpus has both."""
    return cv2.resize(tall, (SQUARE, SQUARE))


def whole(size: Tuple[int, int]) -> Crop:
    """size: height, width of the picture."""
    return Crop(0, 0, size[1], size[0])


def middle(size: Tuple[int, int]) -> Crop:
    """The largest part of the corpus's shape around the middle."""
    height, width = size
    fits = min(width / FRAME_WIDTH, height / FRAME_HEIGHT)
    wide, high = round(FRAME_WIDTH * fits), round(FRAME_HEIGHT * fits)
    return Crop((width - wide) // 2, (height - high) // 2, wide, high)


def around(keypoints: np.ndarray, size: Tuple[int, int]) -> Optional[Crop]:
    """The box in which the signer stands as the corpus's do, one for all frames; None where no shoulders are seen.

    keypoints: [T, 133, 3] in pixels of a picture of (height, width) `size`.
    """
    placed = _placed(keypoints)
    if placed is None:
        return None
    body, like = placed
    across, upward = _scales(body, like)
    # Least squares: one scale and a shift; of somebody who is turned aside widths say nothing.
    apart, wanted = like - like.mean(axis=0), body - body.mean(axis=0)
    scale = upward if across < SIDE_ON * upward else float((apart * wanted).sum() / (apart * apart).sum())
    if scale <= 0:
        return None
    left, top = body.mean(axis=0) + 0.5 - scale * (like.mean(axis=0) + 0.5)
    crop = Crop(round(float(left)), round(float(top)), max(1, round(FRAME_WIDTH * scale)),
                max(1, round(FRAME_HEIGHT * scale)))
    own = size[1] / size[0] / (FRAME_WIDTH / FRAME_HEIGHT)
    if abs(own - 1) < SHAPE and crop.share(whole(size)) > ALIKE:
        return whole(size)          # framed as the corpus is, give or take what its signers differ by
    return crop


def side_on(keypoints: np.ndarray) -> float:
    """How wide the signer's shoulders are over what they would be seen from the front, where that is so little that
    the signer is turned aside; 0 where not."""
    placed = _placed(keypoints)
    if placed is None:
        return 0.0
    across, upward = _scales(*placed)
    return max(0.01, across / upward) if across < SIDE_ON * upward else 0.0


def _placed(keypoints: np.ndarray) -> Optional[Tuple[np.ndarray, np.ndarray]]:
    """[T, 133, 3] -> [n, 2], [n, 2]: where the body's points lie that are seen, and where they should; None where no
    shoulders are seen."""
    points = keypoints[:, list(BODY)]
    sure = points[..., 2] >= CONFIDENT
    if not (sure[:, -2] & sure[:, -1]).any():
        return None
    seen = sure.any(axis=0)
    body = np.array([np.median(points[sure[:, index], index, :2], axis=0) for index in np.flatnonzero(seen)])
    return body, STANDING[seen]


def _scales(body: np.ndarray, like: np.ndarray) -> Tuple[float, float]:
    """By the shoulders' breadth, and by the height of the face above them; the same where no face is seen."""
    across = abs(float(np.diff(body[-2:, 0])[0] / np.diff(like[-2:, 0])[0]))
    if len(body) == 2:
        return across, across
    heights = [points[-2:, 1].mean() - points[:-2, 1].mean() for points in (body, like)]
    return across, max(0.0, float(heights[0] / heights[1]))


def asked(text: str) -> Optional[Crop]:
    """--crop: None for auto, else x,y,w,h."""
    if text == "auto":
        return None
    try:
        left, top, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise UserError(f"--crop {text}: expected auto or x,y,w,h in whole pixels of the video, such as "
                        "120,0,420,520") from None
    if width < 1 or height < 1:
        raise UserError(f"--crop {text}: {width}x{height} pixels is not a part of a picture; expected a width and "
                        "height of 1 and more")
    return Crop(left, top, width, height)


def within(crop: Crop, size: Tuple[int, int], name: str) -> Crop:
    """The same, once it is sure that there is some picture in it."""
    height, width = size
    if crop.left >= width or crop.top >= height or crop.left + crop.width <= 0 or crop.top + crop.height <= 0:
        raise UserError(f"{name}: --crop {crop} lies outside its {width}x{height} pixels; give another")
    return crop

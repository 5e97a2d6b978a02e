"""A clip with places hidden, the same for every network: another clip, in which there is less to see, stands in there.

Pixels under what is hidden are the other clip's, and so are the keypoints, or a network that is fed those would see
through.
"""
from dataclasses import replace
from typing import Callable, Optional

import cv2
import numpy as np

from datasets.clip import Clip, Whole
from poses.whole_body import FRAME_HEIGHT, FRAME_WIDTH
from records.hiding import MEAN, REST, STILL, Hiding

GONE = (-1000, -1000, 0)        # where a keypoint lies that nothing sees
MOSTLY = 0.5                    # a point is hidden where more than this part of the picture is
CONFIDENT = 0.3                 # points below it do not say where the point rests
BLUR = 1 / 12                   # of a picture's longer side: the blur's standard deviation; no finger is left
Cover = Callable[[int, int], np.ndarray]    # height, width -> [T, height, width]: bool, or float32 how far hidden, 0..1


def stand_in(clip: Clip, hiding: Hiding) -> Clip:
    """All of the clip hidden."""
    tall, whole = clip.tall_frames, clip.whole
    colour = mean_colour(clip.frames)

    def made(frames: np.ndarray) -> np.ndarray:
        if hiding.way == STILL:
            return _everywhere(median_picture(frames), frames)
        return _everywhere(colour, frames) if hiding.way == MEAN else blurred(frames)

    return replace(clip, frames=made(clip.frames), tall_frames=None if tall is None else made(tall),
                   whole=whole and replace(whole, frames=made(whole.frames)),
                   keypoints=_points(clip.keypoints, hiding.points))


def _points(keypoints: Optional[np.ndarray], way: str) -> Optional[np.ndarray]:
    """[T, 133, 3] gone, or each where it is most of the time."""
    if keypoints is None:
        return None
    value = at_rest(keypoints) if way == REST else np.array(GONE, keypoints.dtype)
    return _everywhere(value, keypoints)


def _everywhere(value: np.ndarray, of: np.ndarray) -> np.ndarray:
    """A copy, as tensors take no memory that cannot be written."""
    return np.array(np.broadcast_to(value, of.shape), order="C")


def at_rest(keypoints: np.ndarray) -> np.ndarray:
    """[T, 133, 3] -> [133, 3]: the median of where a point is seen; of one that is never seen, of all it says."""
    sure = (keypoints[..., 2:] >= CONFIDENT) | ~(keypoints[..., 2:] >= CONFIDENT).any(0)
    return np.asarray(np.nanmedian(np.where(sure, keypoints, np.nan), axis=0), keypoints.dtype)


def median_picture(frames: np.ndarray) -> np.ndarray:
    """uint8 [T, H, W, 3] -> [H, W, 3]: of each pixel the middle value over time, of two the smaller."""
    middle = (len(frames) - 1) // 2
    return np.asarray(np.partition(frames, middle, axis=0)[middle])


def blurred(frames: np.ndarray) -> np.ndarray:
    deviation = max(frames.shape[1:3]) * BLUR
    return np.stack([cv2.GaussianBlur(np.ascontiguousarray(frame), (0, 0), deviation) for frame in frames])


def moves(clip: Clip, standing: Clip) -> bool:
    """Whether any pixel of a clip differs from the same clip standing still."""
    return not np.array_equal(clip.frames, standing.frames)


def at_hand(clip: Clip) -> Clip:
    """The same with its pictures in one piece of memory: what is copied again and again is copied fast."""
    def whole(frames: Optional[np.ndarray]) -> Optional[np.ndarray]:
        return None if frames is None else np.ascontiguousarray(frames)

    return replace(clip, frames=np.ascontiguousarray(clip.frames), tall_frames=whole(clip.tall_frames),
                   whole=clip.whole and replace(clip.whole, frames=np.ascontiguousarray(clip.whole.frames)))


def hidden(clip: Clip, cover: Cover, instead: Clip) -> Clip:
    """instead: the clip that stands in. The cover is asked for at the size of each picture."""
    tall, whole, points = clip.tall_frames, clip.whole, clip.keypoints
    made = replace(clip, frames=mixed(clip.frames, cover(*clip.frames.shape[1:3]), instead.frames))
    if tall is not None and instead.tall_frames is not None:
        made = replace(made, tall_frames=mixed(tall, cover(*tall.shape[1:3]), instead.tall_frames))
    if whole is not None and instead.whole is not None:
        made = replace(made, whole=replace(whole, frames=mixed(whole.frames, _around(cover, whole),
                                                               instead.whole.frames)))
    if points is not None and instead.keypoints is not None:
        chosen = cover(FRAME_HEIGHT, FRAME_WIDTH) > MOSTLY
        made = replace(made, keypoints=hide_keypoints(points, chosen, instead.keypoints))
    return made


def _around(cover: Cover, whole: Whole) -> np.ndarray:
    """What is hidden of all that was filmed: beyond the part that a cover knows, as at its edge."""
    height, width = whole.frames.shape[1:3]
    top, bottom, left, right = whole.part.box(height, width)
    return np.pad(cover(bottom - top, right - left), ((0, 0), (top, height - bottom), (left, width - right)), "edge")


def mean_colour(frames: np.ndarray) -> np.ndarray:
    """uint8 [T, H, W, 3] -> uint8 [3]"""
    return frames.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)


def mixed(frames: np.ndarray, cover: np.ndarray, instead: np.ndarray) -> np.ndarray:
    """uint8 [T, H, W, 3], covered by `instead`, of that shape or a colour [3], as far as `cover` [T, H, W] says."""
    out, instead = frames.copy(), np.broadcast_to(instead, frames.shape)
    if cover.dtype == bool:             # OpenCV knows no time, and is thirty times as fast as NumPy's index
        sheets = [np.ascontiguousarray(picture).reshape(-1, *frames.shape[2:]) for picture in (instead, out)]
        mask = np.ascontiguousarray(cover).view(np.uint8).reshape(-1, frames.shape[2])
        return np.asarray(cv2.copyTo(sheets[0], mask, sheets[1])).reshape(frames.shape)
    for one, part, other in zip(out, cover, instead):           # a frame at a time stays in the processor's cache
        one[...] = np.rint(one + part[..., None] * (other.astype(np.float32) - one))
    return out


def hide_keypoints(keypoints: np.ndarray, chosen: np.ndarray, instead: Optional[np.ndarray] = None) -> np.ndarray:
    """Points [T, 133, 3] under the chosen pixels, bool [T, H, W], become those of `instead` (None: gone); one outside
    the picture is hidden where it left it."""
    out = keypoints.copy()
    rows = np.clip(keypoints[..., 1] * chosen.shape[1] / FRAME_HEIGHT, 0, chosen.shape[1] - 1).astype(int)
    columns = np.clip(keypoints[..., 0] * chosen.shape[2] / FRAME_WIDTH, 0, chosen.shape[2] - 1).astype(int)
    under = chosen[np.arange(len(chosen))[:, None], rows, columns]
    out[under] = GONE if instead is None else instead[under]
    return out

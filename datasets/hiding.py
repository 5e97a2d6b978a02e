"""A clip with places hidden, the same for every network: their pixels take the clip's mean colour, and the keypoints
under them leave the picture, or a network that is fed those would see through."""
from dataclasses import replace
from typing import Callable

import numpy as np

from datasets.clip import Clip, Whole
from poses.whole_body import FRAME_HEIGHT, FRAME_WIDTH

GONE = (-1000, -1000, 0)        # where a keypoint lies that nothing sees
MOSTLY = 0.5                    # a point is hidden where more than this part of the picture is
Cover = Callable[[int, int], np.ndarray]    # height, width -> [T, height, width]: bool, or float32 how far hidden, 0..1


def hidden(clip: Clip, cover: Cover, colour: np.ndarray) -> Clip:
    """colour [3]: what is put in place of what is hidden. The cover is asked for at the size of each picture."""
    tall, whole, points = clip.tall_frames, clip.whole, clip.keypoints
    return replace(
        clip, frames=coloured(clip.frames, cover(*clip.frames.shape[1:3]), colour),
        tall_frames=None if tall is None else coloured(tall, cover(*tall.shape[1:3]), colour),
        whole=whole and replace(whole, frames=coloured(whole.frames, _around(cover, whole), colour)),
        keypoints=None if points is None else hide_keypoints(points, cover(FRAME_HEIGHT, FRAME_WIDTH) > MOSTLY))


def _around(cover: Cover, whole: Whole) -> np.ndarray:
    """What is hidden of all that was filmed: beyond the part that a cover knows, as at its edge."""
    height, width = whole.frames.shape[1:3]
    top, bottom, left, right = whole.part.box(height, width)
    return np.pad(cover(bottom - top, right - left), ((0, 0), (top, height - bottom), (left, width - right)), "edge")


def all_hidden(clip: Clip, colour: np.ndarray) -> Clip:
    return hidden(clip, lambda height, width: np.ones((len(clip), height, width), bool), colour)


def mean_colour(frames: np.ndarray) -> np.ndarray:
    """uint8 [T, H, W, 3] -> uint8 [3]"""
    return frames.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)


def coloured(frames: np.ndarray, cover: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """uint8 [T, H, W, 3], covered as far as `cover` [T, H, W] says."""
    out = frames.copy()
    if cover.dtype == bool:
        out[cover] = colour
        return out
    for one, part in zip(out, cover):           # a frame at a time stays in the processor's cache
        one[...] = np.rint(one + part[..., None] * (colour.astype(np.float32) - one))
    return out


def hide_keypoints(keypoints: np.ndarray, chosen: np.ndarray, height: int = FRAME_HEIGHT,
                   width: int = FRAME_WIDTH) -> np.ndarray:
    """Points under the chosen pixels, bool [T, H, W], leave the picture; one outside it is where it left it."""
    out = keypoints.copy()
    rows = np.clip(keypoints[..., 1] * chosen.shape[1] / height, 0, chosen.shape[1] - 1).astype(int)
    columns = np.clip(keypoints[..., 0] * chosen.shape[2] / width, 0, chosen.shape[2] - 1).astype(int)
    out[chosen[np.arange(len(chosen))[:, None], rows, columns]] = GONE
    return out

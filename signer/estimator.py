"""The drawn signer's keypoints as an estimator gives them: wrong where film is blurred and where parts overlap.

Exact keypoints tell a recogniser all it needs, and it never looks at a pixel. Estimators are not exact, and what is
known of them says where they fail. On COCO-WholeBody, HRNet (w48, DARK) finds bodies at an AP of 0.77 and faces at
0.86, but hands at 0.60 to 0.63. Where hands are blurred by motion, MediaPipe loses half of them or more. Before the
face and where hands touch or cross, one skin is taken for the other. A top-down estimator gives all 133 points whatever
it saw: a hand that it lost is not missing but elsewhere, at the other hand or where it was, and its confidence is low.
"""
from dataclasses import dataclass
from typing import Tuple

import numpy as np

WRISTS, ELBOWS = (9, 10), (7, 8)                                # the signer's own left and right, as COCO has them
HANDS = (slice(91, 112), slice(112, 133))
PALM = (0, 5, 9, 13, 17)                                        # wrist and knuckles, of a hand's points
FACE = slice(23, 91)


@dataclass(frozen=True)
class Estimator:
    """How far it is off, in pixels of the 210x260 picture at 25 frames a second."""

    body: float = 1.6           # standard deviation of a point; the drawn signer's, MediaPipe puts 4 to 6 off (mean)
    face: float = 0.8           # the landmarks of a face, which is large, still and well lit
    hand: float = 1.5           # of a hand as a whole, when it rests; and of each finger's points
    per_speed: float = 0.15     # more for each pixel that the hand moves in a frame: a third of the blur of 180 degrees
    memory: float = 0.6         # neighbouring frames look alike, so this share of an error stays
    fast: float = 14.0          # pixels a frame at which 1 - 1/e of the hands are lost; at 10, blurred by 5, a half
    at_face: float = 0.4        # chance that a hand before the face is lost: skin before skin
    at_hand: float = 0.3        # and one that touches the other
    near: float = 0.6           # of the face's breadth: the distance from its middle, or from the other hand
    swapped: float = 0.45       # of the lost: given the other hand's place; the rest stay where they were last seen
    drift: float = 3.0          # pixels a frame that a hand which stays wanders
    stays: float = 0.65         # chance that found or lost lasts another frame: losses of about three frames
    sure: Tuple[float, float] = (0.88, 0.05)        # confidence of what is found: mean and deviation
    unsure: Tuple[float, float] = (0.30, 0.12)      # of what is lost


ESTIMATOR = Estimator()


def estimated(exact: np.ndarray, rng: np.random.Generator, errors: Estimator = ESTIMATOR) -> np.ndarray:
    """float32 [T, 133, 3] as drawn -> as estimated."""
    points = exact.astype(np.float64)
    frames = len(points)
    points[:, :FACE.start, :2] += lasting(rng, (frames, FACE.start, 2), errors.memory) * errors.body
    points[:, FACE, :2] += lasting(rng, (frames, FACE.stop - FACE.start, 2), errors.memory) * errors.face
    lost = _lost(exact, rng, errors)                                                           # [T, 2]
    for side in (0, 1):
        moved, off = _hand(exact, side, lost[:, side], rng, errors)
        points[:, HANDS[side], :2] = moved
        points[:, WRISTS[side], :2] = moved[:, 0] + rng.normal(0, errors.body / 2, (frames, 2))
        points[:, ELBOWS[side], :2] += off / 2                                              # an arm goes with its hand
        for part in (HANDS[side], WRISTS[side]):
            shape = points[:, part, 2].shape
            sure, unsure = (rng.normal(*level, shape) for level in (errors.sure, errors.unsure))
            mask = lost[:, side].reshape(-1, *[1] * (len(shape) - 1))
            points[:, part, 2] = np.minimum(np.where(mask, unsure, sure), exact[:, part, 2] + .1)
    points[..., 2] = points[..., 2].clip(.02, 1)
    return points.astype(np.float32)


def _lost(exact: np.ndarray, rng: np.random.Generator, errors: Estimator) -> np.ndarray:
    """bool [T, 2]: which hands it does not find."""
    palms = _palms(exact)                                                                   # [T, 2, 2]
    face = exact[:, FACE, :2]
    near = errors.near * np.ptp(face[..., 0], axis=1)[:, None]                                 # [T, 1]
    at_face = np.linalg.norm(palms - face.mean(1)[:, None], axis=-1) < near
    at_hand = np.linalg.norm(palms[:, :1] - palms[:, 1:], axis=-1) < near
    kept = np.exp(-speeds(palms) / errors.fast) * (1 - errors.at_face * at_face) * (1 - errors.at_hand * at_hand)
    drawn = rng.random(kept.shape) < 1 - kept
    again = rng.random(kept.shape) >= errors.stays
    lost = drawn.copy()
    for t in range(1, len(lost)):
        lost[t] = np.where(again[t], drawn[t], lost[t - 1])
    return lost


def _hand(exact: np.ndarray, side: int, lost: np.ndarray, rng: np.random.Generator,
          errors: Estimator) -> Tuple[np.ndarray, np.ndarray]:
    """The hand's points [T, 21, 2], and how far it is off as a whole [T, 2]."""
    frames = len(exact)
    own, other = exact[:, HANDS[side], :2].astype(np.float64), exact[:, HANDS[1 - side], :2]
    palms = _palms(exact)[:, side]
    size = errors.hand + errors.per_speed * speeds(palms)[:, None]                                # [T, 1]
    moved = own + (lasting(rng, (frames, 2), errors.memory) * size)[:, None]
    moved += lasting(rng, own.shape, errors.memory) * size[:, None] / 2
    swap = False
    for t in np.flatnonzero(lost):
        if t == 0 or not lost[t - 1]:
            swap = bool(rng.random() < errors.swapped)
        if swap or t == 0:
            moved[t] = other[t] + rng.normal(0, errors.hand, 2) + rng.normal(0, errors.hand, own[t].shape)
        else:
            moved[t] = moved[t - 1] + rng.normal(0, errors.drift, 2) + rng.normal(0, errors.hand / 2, own[t].shape)
    return moved, moved[:, list(PALM)].mean(1) - palms


def _palms(points: np.ndarray) -> np.ndarray:
    """[T, 2, 2]: the middles of both palms."""
    return np.stack([points[:, hand, :2][:, list(PALM)].mean(1) for hand in HANDS], axis=1).astype(np.float64)


def speeds(palms: np.ndarray) -> np.ndarray:
    """[T, ..., 2] -> [T, ...]: pixels a frame, the mean of what comes before and after."""
    steps = np.linalg.norm(np.diff(palms, axis=0), axis=-1)
    return np.asarray((np.concatenate([steps[:1], steps]) + np.concatenate([steps, steps[-1:]])) / 2)


def lasting(rng: np.random.Generator, shape: Tuple[int, ...], memory: float) -> np.ndarray:
    """Noise of deviation 1 along the first axis, of which each frame has `memory` from the one before."""
    noise = rng.normal(0, 1, shape)
    for t in range(1, len(noise)):
        noise[t] = memory * noise[t - 1] + np.sqrt(1 - memory ** 2) * noise[t]
    return noise

"""From a movement to joints: where every part of the signer is on the 210x260 picture, frame by frame."""

from dataclasses import dataclass
from typing import Tuple

import numpy as np

from signer.look import Look
from signer.motion import HAND, Motion, tremble

UPPER_ARM, FOREARM = 60., 54.
# A flat hand, fingers up, thumb towards negative x, wrist at the origin: knuckles and bone lengths, thumb first.
KNUCKLES = np.array([(-5.5, 5.), (-7.2, 19.), (-2.5, 20.5), (2.4, 19.6), (6.8, 17.)])
BONES = np.array([(7.5, 6.5, 5.5), (9.5, 6., 5.), (10.5, 6.5, 5.2), (9.5, 6.2, 5.), (7.2, 4.8, 4.4)])
BENDS = np.radians([(30., 55., 50.), *[(72., 100., 65.)] * 4])    # of the three joints of a folded finger
PALM = 11.                                    # from wrist to the middle of the palm


@dataclass(frozen=True)
class Body:
    """All places in pixels of the 210x260 picture. Sides are the signer's own: 0 right (picture's left), 1 left."""

    neck: np.ndarray                          # [T, 2] middle of the shoulder line
    shoulders: np.ndarray                     # [T, 2, 2]
    elbows: np.ndarray                        # [T, 2, 2]
    hands: np.ndarray                         # [T, 2, 21, 2] wrist, then 4 points a finger, thumb first
    depth: np.ndarray                         # [T, 2, 21] towards the viewer
    head: np.ndarray                          # [T, 2] its middle
    roll: np.ndarray                          # [T] of the head, radians, clockwise
    mouth: np.ndarray                         # [T] 0 closed .. 1 open
    blink: np.ndarray                         # [T] 0 open .. 1 shut
    talk: np.ndarray                          # [T] what the mouth does by itself: it lifts the brows a little
    brows: np.ndarray                         # [T] how far a gloss raises them, in half heights of the head


def embody(motion: Motion, look: Look, rng: np.random.Generator) -> Body:
    frames = len(motion)
    beat = np.arange(frames)[:, None] / 25 * 2 * np.pi
    sway = np.concatenate([np.sin(beat * rng.uniform(.15, .4) + rng.uniform(0, 6.3)) * rng.uniform(.6, 2.2),
                           np.sin(beat * rng.uniform(.2, .3) + rng.uniform(0, 6.3)) * .7], 1)
    neck = np.asarray(look.shoulders) + sway                                             # [T, 2]
    sides = np.array([look.dominant, -look.dominant])                                # -1 is the picture's left
    points, depth = hand_points(motion.hands, sides, look.hand)
    outward = motion.hands[..., :2] * np.stack([sides, np.ones(2)], -1)              # [T, 2, 2]
    hands = neck[:, None, None] + (outward[:, :, None] + points) * look.scale
    shoulders = neck[:, None] + np.stack([sides * look.shoulder, np.full(2, 7.)], -1) * look.scale
    elbows = bend(shoulders, hands[:, :, 0], sides, look.scale)
    if look.dominant == 1:                                                           # own right side first
        hands, depth, shoulders, elbows = (part[:, ::-1] for part in (hands, depth, shoulders, elbows))
    nod = motion.head * np.array([look.dominant, 1, look.dominant])
    head = neck + np.array([0, -(17 + look.head[1])]) * look.scale + sway * .6 + nod[:, :2] * look.scale
    roll = np.radians(nod[:, 2] + tremble(rng, (frames,), .5) + sway[:, 0] * .8)
    return Body(neck, shoulders, elbows, hands, depth, head, roll, *_face(motion, rng))


def hand_points(hands: np.ndarray, sides: np.ndarray, size: float) -> Tuple[np.ndarray, np.ndarray]:
    """Hands [T, 2, 14] as points [T, 2, 21, 2] around the palm's middle, and their depth [T, 2, 21]."""
    assert hands.shape[-1] == HAND
    angle, twist = np.radians(hands[..., 2]), np.radians(hands[..., 3])
    stretch, lean = hands[..., 4:9], np.radians(hands[..., 9:])                      # [T, 2, 5]
    bends = np.cumsum((1 - stretch)[..., None] * BENDS, -1)                          # [T, 2, 5, 3]
    along = np.cumsum(BONES * np.cos(bends), -1)
    toward = np.cumsum(BONES * np.sin(bends), -1)                                    # out of the palm
    x = KNUCKLES[:, :1] + along * np.sin(lean)[..., None]
    y = KNUCKLES[:, 1:] + along * np.cos(lean)[..., None]
    flat = np.zeros((*hands.shape[:2], 21, 3))
    flat[:, :, 1:] = np.stack([np.concatenate([np.broadcast_to(start, (*x.shape[:3], 1)), part], -1)
                               for start, part in ((KNUCKLES[:, :1], x), (KNUCKLES[:, 1:], y), (0., toward))],
                              -1).reshape(*hands.shape[:2], 20, 3)
    flat *= size
    across = flat[..., 0] * np.cos(twist)[..., None] + flat[..., 2] * np.sin(twist)[..., None]
    depth = flat[..., 2] * np.cos(twist)[..., None] - flat[..., 0] * np.sin(twist)[..., None]
    length = flat[..., 1] - PALM * size
    sine, cosine = np.sin(angle)[..., None], np.cos(angle)[..., None]
    points = np.stack([sides[:, None] * (length * sine + across * cosine), across * sine - length * cosine], -1)
    return points, depth


def bend(shoulders: np.ndarray, wrists: np.ndarray, sides: np.ndarray, scale: float) -> np.ndarray:
    """Elbows [T, 2, 2]: outwards and down. Arms too long for that point at the viewer, so they are cut short."""
    line = wrists - shoulders
    distance = np.linalg.norm(line, axis=-1, keepdims=True)
    half = (UPPER_ARM + FOREARM) / 2 * scale
    side = np.sqrt(np.maximum(half ** 2 - (distance / 2) ** 2, 0))
    side = 30 * scale * np.tanh(side / (30 * scale))
    out = np.stack([-line[..., 1], line[..., 0]], -1) / np.maximum(distance, 1e-6)
    out = out * np.where((out[..., :1] * sides[:, None]) < 0, -1, 1)
    # an arm stretched sideways has its elbow below, not above
    fall = np.array([0., 1.]) * np.clip(np.abs(line[..., :1]) / np.maximum(distance, 1e-6), 0, 1)
    way = out * np.array([1., .6]) + fall
    return (shoulders + wrists) / 2 + way / np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), 1e-6) * side


def _face(motion: Motion, rng: np.random.Generator) -> Tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mouth, eyelids, talk, brows [T]. The mouth moves while signing, but says nothing, unless a gloss holds it."""
    frames = len(motion)
    talk = np.clip(.45 * np.abs(tremble(rng, (frames,), .7)), 0, 1) * (motion.active >= 0)
    blink = np.zeros(frames)
    for start in range(int(rng.integers(5, 40)), frames - 3, int(rng.integers(35, 70))):
        blink[start:start + 3] = (.6, 1., .5)
    talk = np.convolve(talk, (.25, .5, .25), "same")
    if motion.face is None:
        return talk, blink, talk, np.zeros(frames)
    held, mouth, brows = motion.face.T
    return talk * (1 - held) + mouth, blink, talk, brows

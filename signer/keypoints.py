"""The drawn signer's joints as a pose estimator would report them: COCO-WholeBody's 133 points."""

from typing import List, Tuple

import numpy as np

from signer.body import Body
from signer.drawing import HEIGHT, WIDTH, turned
from signer.look import Look


def whole_body(body: Body, look: Look, rng: np.random.Generator) -> np.ndarray:
    """float32 [T, 133, 3]: x, y in pixels of the 210x260 picture, and confidence. "Left" is the signer's own left."""
    frames, scale = len(body.neck), look.scale
    points = np.zeros((frames, 133, 3))
    trunk = np.zeros((frames, 17, 2))
    hip = np.array([look.shoulder * .6, 150.]) * scale
    for t in range(frames):
        head, roll = body.head[t], float(body.roll[t])
        trunk[t, :5] = turned(_landmarks(look), head, roll, scale)
        face = face_points(look, *(float(track[t]) for track in (body.mouth, body.blink, body.brows)))
        points[t, 23:91, :2] = turned(face, head, roll, scale)
    for own, side in ((0, 1), (1, 0)):                   # COCO has left first, Body has right first
        outward = 1 if side == 1 else -1
        trunk[:, 5 + own], trunk[:, 7 + own] = body.shoulders[:, side], body.elbows[:, side]
        trunk[:, 9 + own] = body.hands[:, side, 0]
        for row, drop in ((11, 0.), (13, 105.), (15, 205.)):
            trunk[:, row + own] = body.neck + hip * (outward, 1) + (0, drop * scale)
        points[:, (112, 91)[side]:(133, 112)[side], :2] = body.hands[:, side]
        for toe in range(3):
            points[:, 17 + 3 * own + toe, :2] = trunk[:, 15 + own] + ((8., 3., -2.)[toe] * outward, (12., 13., 4.)[toe])
    points[:, :17, :2] = trunk
    points[..., :2] += rng.normal(0, .45, points[..., :2].shape)
    points[..., 2] = np.clip(rng.normal(.9, .04, points.shape[:2]), .5, 1)
    outside = ((points[..., 0] < 0) | (points[..., 0] > WIDTH - 1)
               | (points[..., 1] < 0) | (points[..., 1] > HEIGHT - 1))
    points[..., 2] = np.where(outside, rng.uniform(.02, .2, points.shape[:2]), points[..., 2])
    return points.astype(np.float32)


def _landmarks(look: Look) -> np.ndarray:
    """Nose, eyes and ears around the head's middle, left first, which is on the picture's right."""
    a, b = look.head
    return np.array([(0, .24), (.40, -.06), (-.40, -.06), (1.02, .04), (-1.02, .04)]) * (a, b)


def face_points(look: Look, mouth: float, blink: float, brows: float) -> np.ndarray:
    """The 68 face points [68, 2]: jaw 17, brows 5+5, nose 4+5, eyes 6+6, mouth 12+8; from the picture's left."""
    a, b = look.head
    turn = np.linspace(np.pi, 0, 17)
    jaw = np.stack([a * np.cos(turn) * (1 - .2 * np.sin(turn) ** 2), b * np.sin(turn)], 1)
    brow = np.array([(x * .26 * a, -.25 * b - .05 * b * (1 - x * x) - brows * b) for x in np.linspace(-1, 1, 5)])
    nose: List[Tuple[float, float]] = [(0, y * b) for y in np.linspace(-.08, .22, 4)]
    nose += [(x * .14 * a, (.31 - .03 * abs(x)) * b) for x in np.linspace(-1, 1, 5)]
    high = .08 * b * (1 - .92 * blink)
    eye = np.array([(-.19, 0), (-.07, -1), (.07, -1), (.19, 0), (.07, 1), (-.07, 1)]) * (a, high)
    wide, lip, gap = .33 * a, (.08 + .1 * mouth) * b, .1 * mouth * b
    outer = [(-wide * np.cos(t), -lip * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 12, endpoint=False)]
    inner = [(-wide * .8 * np.cos(t), -gap * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 8, endpoint=False)]
    sides = (np.array([-.41 * a, 0]), np.array([.41 * a, 0]))
    return np.concatenate([jaw, *[brow + side for side in sides], np.array(nose),
                           *[eye + side + (0, -.06 * b) for side in sides], np.array(outer + inner) + (0, .55 * b)])

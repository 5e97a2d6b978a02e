"""What moves in a clip and means nothing: drawn behind the signer, so that the evidence stays what it was.

`make_workspace(..., distractor=kind)` draws the very clips that the same seed draws without one: the same people,
sentences, movements, keypoints and evidence, and pixels that differ only where the distractor is seen. A map that
follows whatever moves falls off the articulators there; one that follows what is read stays.
"""
from dataclasses import replace
from typing import Callable, Dict, List, Tuple

import cv2
import numpy as np

from signer.body import embody
from signer.drawing import HEIGHT, WIDTH, Painter, pixels, thick
from signer.look import cast
from signer.motion import CLAW, FLAT, LOOSE, POINT, SPREAD, Key, Motion, glide

Draw = Callable[[np.ndarray, int], None]      # onto uint8 RGB [520, 420, 3], frame t
Range = Tuple[float, float]

DROPS = 110
WET = np.array([(104, 134, 172), (132, 158, 190), (226, 236, 246)])


def rain(frames: int, rng: np.random.Generator) -> Draw:
    """Streaks over all of the picture, at their own depths: near ones are longer and faster."""
    depth = rng.uniform(.5, 1, DROPS)
    start = rng.uniform((-20, -30), (WIDTH + 20, HEIGHT + 30), (DROPS, 2))
    wind = rng.uniform(-.25, .25)
    colours = [tuple(int(v) for v in WET[row]) for row in rng.integers(len(WET), size=DROPS)]

    def draw(canvas: np.ndarray, t: int) -> None:
        fall = 17 * depth * t                                                       # pixels since the first frame
        y = (start[:, 1] + fall + 30) % (HEIGHT + 60) - 30
        x = (start[:, 0] + wind * fall + 20) % (WIDTH + 40) - 20
        for position, far, colour in zip(np.stack([x, y], 1), depth, colours):
            line = pixels(np.stack([position, position - np.array([wind, 1]) * 15 * far]))
            cv2.polylines(canvas, [line], False, colour, thick(.8 * far), cv2.LINE_AA, 4)
    return draw


def hand(frames: int, rng: np.random.Generator) -> Draw:
    """Somebody outside the picture reaches in and waves, without ever making a sign."""
    left = bool(rng.random() < .5)
    look = replace(cast(rng), scale=rng.uniform(.85, .95), dominant=-1,
                   shoulders=(-58. if left else WIDTH + 58., rng.uniform(95, 135)))
    body = embody(fidget(frames, rng, (76, 96), (-65, 35), (-25, 25)), look, rng)
    painter = Painter(look)

    def draw(canvas: np.ndarray, t: int) -> None:
        painter.arm(canvas, body, t, 1 if left else 0)                              # the one that is in the picture
    return draw


def person(frames: int, rng: np.random.Generator) -> Draw:
    """Somebody farther back, at one side, who gesticulates."""
    left = bool(rng.random() < .5)
    look = replace(cast(rng), scale=rng.uniform(.55, .62),
                   shoulders=(30. if left else WIDTH - 30., rng.uniform(164, 172)))
    body = embody(fidget(frames, rng, (5, 45), (-60, 70), (-80, 40)), look, rng)
    painter = Painter(look)

    def draw(canvas: np.ndarray, t: int) -> None:
        painter.draw(canvas, body, t)
    return draw


KINDS: Dict[str, Callable[[int, np.random.Generator], Draw]] = {"rain": rain, "hand": hand, "person": person}


def fidget(frames: int, rng: np.random.Generator, x: Range, y: Range, angle: Range) -> Motion:
    """Both hands from one random place and shape to the next, as fast as signs are, never at rest."""
    times: List[float] = [0.]
    while times[-1] < frames:
        times.append(times[-1] + int(rng.integers(4, 8)))
    shapes = (FLAT, SPREAD, CLAW, POINT, LOOSE)
    values = [[v for _ in range(2) for v in Key(rng.uniform(*x), rng.uniform(*y), rng.uniform(*angle),
                                                rng.uniform(0, 120), shapes[int(rng.integers(len(shapes)))]).vector()]
              + list(rng.normal(0, 2, 3)) for _ in times]
    path = glide(np.array(times), np.array(values), np.zeros(len(times), bool), frames)
    return Motion(path[:, :-3].reshape(frames, 2, -1), path[:, -3:], np.full(frames, -1, np.int64))

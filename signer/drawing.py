"""Painting the signer: torso and head once a clip as soft-shaded sprites, arms, hands and face anew for every frame.

Everything is painted twice as large as the 210x260 picture and shrunk, over a background that shows through.
"""

from typing import Any, List, Sequence, Tuple

import cv2
import numpy as np

from signer.body import Body
from signer.look import Colour, Look, shade
from signer.sprites import Sprite, blob, head_sprite, torso_sprite

WIDTH, HEIGHT = 210, 260                      # the picture
LARGER = 2
LIT = np.array([-.3, -.3])                    # the light comes from the upper left
NESTED = np.array([1., .9, .74, .52, .26])    # widths and brightness of a limb's nested tones
CIRCLE = np.array([(np.cos(turn), np.sin(turn)) for turn in np.linspace(0, 2 * np.pi, 20, endpoint=False)])
GAINS = (.64, .82, .93, 1.01, 1.07)
BITS = 4                                      # fractions of a pixel that OpenCV's drawing keeps
FINGER = np.array([2.9, 2.75, 2.85, 2.75, 2.4])
ORDER = (4, 3, 2, 1, 0)                       # little finger first: the thumb crosses a fist in front


def pixels(points: np.ndarray) -> Any:
    """Places on the picture as OpenCV's fixed-point places on the canvas."""
    return np.round(((np.asarray(points) + .5) * LARGER - .5) * (1 << BITS)).astype(np.int32)


def thick(radius: float) -> int:
    return max(1, int(round(2 * radius * LARGER)))


class Painter:
    """One signer in one clip's clothes."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.torso: Sprite = torso_sprite(look, LARGER)
        self.head: Sprite = head_sprite(look, LARGER)

    def draw(self, canvas: np.ndarray, body: Body, t: int) -> None:
        """Frame t of the signer onto uint8 RGB [520, 420, 3]."""
        self.torso.stamp(canvas, body.neck[t], 0.)
        self.head.stamp(canvas, body.head[t], float(body.roll[t]))
        self._face(canvas, body, t)
        for side in self._back_to_front():
            self.arm(canvas, body, t, side)

    def arm(self, canvas: np.ndarray, body: Body, t: int, side: int) -> None:
        """An arm and its hand alone."""
        self._arm(canvas, body, t, side)
        self._hand(canvas, body.hands[t, side], body.depth[t, side])

    def region(self, body: Body, t: int, hands: Sequence[int], head: bool) -> np.ndarray:
        """The articulators in frame t, 0 or 255, uint8 [520, 420]: forearm and hand of these sides, and the head."""
        mask = np.zeros((HEIGHT * LARGER, WIDTH * LARGER), np.uint8)
        for side in hands:
            elbow, wrist = body.elbows[t, side], body.hands[t, side, 0]
            limb(mask, elbow, wrist, *self._forearm_radii(), (255,))
            points = body.hands[t, side]
            cv2.fillPoly(mask, [pixels(self._palm(points))], 255, shift=BITS)
            for finger, line in enumerate(_fingers(points)):
                cv2.polylines(mask, [pixels(line)], False, 255, thick(FINGER[finger] * self._size()), shift=BITS)
            cv2.polylines(mask, [pixels(self._palm(points))], True, 255, thick(2.6 * self._size()), shift=BITS)
        if head:
            a, b = self.look.head
            outline = turned(blob(a * 1.06, b * 1.04), body.head[t], float(body.roll[t]), self.look.scale)
            cv2.fillPoly(mask, [pixels(outline)], 255, shift=BITS)
        return mask

    def _size(self) -> float:
        return self.look.hand * self.look.scale

    def _back_to_front(self) -> Tuple[int, int]:
        return (1, 0) if self.look.dominant == -1 else (0, 1)

    def _forearm_radii(self) -> Tuple[float, float]:
        return 9.2 * self.look.scale, 5.9 * self.look.scale

    def _arm(self, canvas: np.ndarray, body: Body, t: int, side: int) -> None:
        look, scale = self.look, self.look.scale
        shoulder, elbow, wrist = body.shoulders[t, side] + (0, 3 * scale), body.elbows[t, side], body.hands[t, side, 0]
        broad, narrow = self._forearm_radii()
        bare = look.sleeves < 0
        if bare:
            shaded_limb(canvas, shoulder, elbow, 10.6 * scale, broad, look.skin)
        shaded_limb(canvas, shoulder, elbow + (shoulder - elbow) * (-look.sleeves if bare else 0), 12.4 * scale,
                    10.4 * scale, look.clothes, cut=bare)
        shaded_limb(canvas, elbow, wrist, broad, narrow, look.skin)
        if not bare:
            shaded_limb(canvas, elbow, elbow + (wrist - elbow) * look.sleeves, 10.4 * scale,
                        10.4 * scale + (narrow - broad) * look.sleeves, look.clothes, cut=True)

    def _palm(self, points: np.ndarray) -> np.ndarray:
        wrist, knuckles = points[0], points[[1, 5, 9, 13, 17]]
        across = knuckles[1] - knuckles[4]
        across = across / max(float(np.linalg.norm(across)), 4.)
        half = 3.6 * self._size()
        return np.stack([wrist + across * half, knuckles[0], *knuckles[1:], wrist - across * half])

    def _hand(self, canvas: np.ndarray, points: np.ndarray, depth: np.ndarray) -> None:
        skin, size = self.look.skin, self._size()
        rim, mid, light = shade(skin, .58), shade(skin, .97), shade(skin, 1.16)
        fingers = _fingers(points)
        reach = [float(depth[1 + 4 * f:5 + 4 * f].mean()) for f in range(5)]
        front = [f for f in ORDER if reach[f] >= -1.5]
        for finger in (f for f in ORDER if reach[f] < -1.5):
            self._finger(canvas, fingers[finger], finger, (rim, shade(skin, .88), mid))
        palm = pixels(self._palm(points))
        cv2.polylines(canvas, [palm], True, rim, thick(3.3 * size), cv2.LINE_AA, BITS)
        cv2.fillPoly(canvas, [palm], mid, cv2.LINE_AA, BITS)
        cv2.polylines(canvas, [palm], True, mid, thick(2.4 * size), cv2.LINE_AA, BITS)
        middle = points[[0, 5, 9, 17]].mean(0) - (.8 * size, 1.2 * size)
        cv2.circle(canvas, tuple(int(v) for v in pixels(middle)), int(4.2 * size * LARGER) << BITS,
                   shade(skin, 1.07), -1, cv2.LINE_AA, BITS)
        for finger in front:
            self._finger(canvas, fingers[finger], finger, (rim, mid, light))

    def _finger(self, canvas: np.ndarray, line: np.ndarray, finger: int, tones: Tuple[Colour, Colour, Colour]) -> None:
        radius = FINGER[finger] * self._size()
        whole = [pixels(line)]
        cv2.polylines(canvas, whole, False, tones[0], thick(radius), cv2.LINE_AA, BITS)
        cv2.polylines(canvas, whole, False, tones[1], thick(radius * .74), cv2.LINE_AA, BITS)
        cv2.polylines(canvas, [pixels(line[1:] - (.5, .5))], False, tones[2], thick(radius * .26), cv2.LINE_AA, BITS)

    def _face(self, canvas: np.ndarray, body: Body, t: int) -> None:
        look, position, roll = self.look, body.head[t], float(body.roll[t])
        face = (float(track[t]) for track in (body.mouth, body.blink, body.talk, body.brows))
        for points, colour, width in face_strokes(look, *face):
            line = [pixels(turned(points, position, roll, look.scale))]
            if width == 0:
                cv2.fillPoly(canvas, line, colour, cv2.LINE_AA, BITS)
            else:
                cv2.polylines(canvas, line, width < 0, colour, thick(abs(width) / 2 * look.scale), cv2.LINE_AA, BITS)


def turned(points: np.ndarray, position: np.ndarray, roll: float, scale: float) -> np.ndarray:
    """Points of the upright head, around its middle, as places on the picture."""
    sine, cosine = np.sin(roll), np.cos(roll)
    return np.asarray(points) @ np.array([[cosine, sine], [-sine, cosine]]) * scale + position


def _fingers(points: np.ndarray) -> List[np.ndarray]:
    return [points[1 + 4 * finger:5 + 4 * finger] for finger in range(5)]


def limb(canvas: np.ndarray, start: np.ndarray, stop: np.ndarray, first: float, last: float,
         colour: Sequence[float]) -> None:
    """A filled capsule, `first` wide at its start and `last` at its end."""
    _capsules(canvas, start[None], stop[None], np.array([first]), np.array([last]), [colour], cut=False)


def shaded_limb(canvas: np.ndarray, start: np.ndarray, stop: np.ndarray, first: float, last: float,
                colour: Colour, cut: bool = False) -> None:
    """A capsule lit from the upper left: a few nested ones, each lighter and nearer to the light.

    They touch at the start, so that no rim shows where the limb grows out of another; `cut` ends it as a sleeve ends.
    """
    way = (stop - start) / max(float(np.linalg.norm(stop - start)), 1e-6)
    aside = (LIT - way * (LIT @ way)) * (first + last) / 2
    inner = 1 - NESTED[:, None]
    _capsules(canvas, start + aside * inner - way * first * inner, stop + aside * inner, first * NESTED, last * NESTED,
              [shade(colour, gain) for gain in GAINS], cut)


def _capsules(canvas: np.ndarray, starts: np.ndarray, stops: np.ndarray, first: np.ndarray, last: np.ndarray,
              colours: Sequence[Sequence[float]], cut: bool) -> None:
    """Capsules [N] one over the other, ending round or cut straight."""
    line = stops - starts                                                            # [N, 2]
    side = np.stack([-line[:, 1], line[:, 0]], 1) / np.maximum(np.linalg.norm(line, axis=1), 1e-6)[:, None]
    one, two = side * first[:, None], side * last[:, None]
    corners = pixels(np.stack([starts + one, stops + two, stops - two, starts - one], 1))
    centres = pixels(np.stack([starts, stops], 1)).tolist()
    radii = np.round(np.stack([first, last], 1) * (LARGER << BITS)).astype(int).tolist()
    for number, colour in enumerate(colours):
        cv2.fillConvexPoly(canvas, corners[number], colour, cv2.LINE_AA, BITS)
        for end in (0,) if cut else (0, 1):
            cv2.circle(canvas, centres[number][end], radii[number][end], colour, -1, cv2.LINE_AA, BITS)


def face_strokes(look: Look, mouth: float, blink: float, talk: float,
                 brows: float) -> List[Tuple[np.ndarray, Colour, float]]:
    """What moves in the face: (points around the head's middle, colour, line width; 0 fills, below 0 closes)."""
    a, b = look.head
    strokes: List[Tuple[np.ndarray, Colour, float]] = []
    dark, brow = shade(look.hair, .5), shade(look.hair, .8 if sum(look.hair) < 420 else .62)
    for side in (-1, 1):
        eye = np.array([side * .40 * a, -.06 * b])
        wide, high = .19 * a, .082 * b * (1 - .92 * blink)
        strokes.append((_oval(eye, wide, high), (247, 245, 242), 0))
        if blink < .7:
            strokes.append((_oval(eye + (0, -.1 * high), .105 * a, min(.09 * b, high * 1.02)), (66, 48, 40), 0))
            strokes.append((_oval(eye + (-.03 * a, -.025 * b), .028 * a, .02 * b), (255, 255, 255), 0))
        lid = np.array([(x, -high * np.sqrt(max(1 - x * x, 0)) * 1.05) for x in np.linspace(-1, 1, 7)])
        strokes.append((eye + lid * (wide * 1.1, 1), dark, 1.1))
        x = np.linspace(-1, 1, 5)
        arch = np.stack([x * .26 * a, -.06 * b * (1 - x * x) + x * side * .022 * b], 1)
        strokes.append((np.array([side * .41 * a, -.25 * b - .02 * b * talk - brows * b]) + arch, brow, 1.7))
    red, green, blue = shade(look.skin, .84)
    lip = (min(red * 1.06, 255.), green * .80, blue * .84)
    x = np.linspace(-1, 1, 9)
    wide, high, lift = (.36 - .05 * mouth) * a, (.012 + .1 * mouth) * b, .045 * b * (1 - mouth)
    middle = np.stack([x * wide, .535 * b - lift * x * x], 1)                       # corners up: a slight smile
    bulge = np.stack([0 * x, 1 - x * x], 1)
    outer = np.concatenate([middle - bulge * (high + .03 * b), (middle + bulge * (high + .05 * b))[::-1]])
    strokes.append((outer, lip, 0))
    inner = np.concatenate([middle - bulge * high, (middle + bulge * high)[::-1]]) * (.94, 1)
    strokes.append((inner, (92, 34, 36) if mouth > .08 else shade(lip, .6), 0))
    if mouth <= .08:
        strokes.append((middle, shade(lip, .62), .7))
    if look.glasses:
        for side in (-1, 1):
            strokes.append((_oval(np.array([side * .42 * a, -.03 * b]), .31 * a, .19 * b), (38, 36, 40), -1.1))
        strokes.append((np.array([(-.11 * a, -.05 * b), (.11 * a, -.05 * b)]), (38, 36, 40), 1.1))
    return strokes


def _oval(centre: np.ndarray, wide: float, high: float) -> np.ndarray:
    return centre + CIRCLE * (wide, high)

"""The signer's torso and head, painted once with soft shading and then stamped into every frame."""

from typing import List, Sequence, Tuple

import cv2
import numpy as np

from signer.look import Colour, Look, shade

LIGHT = np.array([-.38, -.46, .80])           # from the upper left


class Sprite:
    """A picture with transparency whose origin goes to a given place. `rgb` is premultiplied."""

    def __init__(self, rgb: np.ndarray, alpha: np.ndarray, origin: Tuple[float, float], larger: int) -> None:
        self.rgba = np.dstack([rgb, alpha])   # uint8 [h, w, 4]
        self.origin = origin                  # in the sprite's pixels
        self.larger = larger

    def stamp(self, canvas: np.ndarray, position: np.ndarray, roll: float) -> None:
        """Onto the canvas, turned by `roll` radians, its origin at `place` on the picture."""
        high, wide = self.rgba.shape[:2]
        x, y = (np.asarray(position) + .5) * self.larger - .5
        left, top = int(np.floor(x - self.origin[0])) - 8, int(np.floor(y - self.origin[1])) - 8
        right, bottom = min(left + wide + 16, canvas.shape[1]), min(top + high + 16, canvas.shape[0])
        left, top = max(left, 0), max(top, 0)
        sine, cosine = np.sin(roll), np.cos(roll)
        matrix = np.array([[cosine, -sine, 0], [sine, cosine, 0]])
        matrix[:, 2] = np.array([x - left, y - top]) - matrix[:, :2] @ np.array(self.origin)
        moved = cv2.warpAffine(self.rgba, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
        part = canvas[top:bottom, left:right]
        rest = cv2.cvtColor(cv2.bitwise_not(np.ascontiguousarray(moved[..., 3])), cv2.COLOR_GRAY2BGR)
        cv2.add(cv2.multiply(part, rest, scale=1 / 255), cv2.cvtColor(moved, cv2.COLOR_BGRA2BGR), dst=part)


class _Paint:
    """A transparent sheet, `larger` pixels to one of the picture; shapes on it are those of a signer of scale 1."""

    def __init__(self, box: Tuple[float, float, float, float], look: Look, larger: int) -> None:
        left, top, right, bottom = box
        self.unit, self.larger = larger * look.scale, larger
        self.corner = np.array([left, top])
        size = np.ceil(np.array([right - left, bottom - top]) * self.unit).astype(int)
        self.rgb = np.zeros((size[1], size[0], 3), np.float32)
        self.alpha = np.zeros((size[1], size[0], 1), np.float32)
        y, x = np.mgrid[0:size[1], 0:size[0]].astype(np.float32)
        self.x, self.y = x / self.unit + left, y / self.unit + top      # in the signer's own pixels

    def mask(self, *shapes: np.ndarray, blur: float = 0.) -> np.ndarray:
        """Filled shapes as float32 [h, w, 1] in 0..1."""
        high, wide = self.rgb.shape[:2]
        fine = np.zeros((high * 2, wide * 2), np.uint8)       # shrunk edges are smoother than OpenCV's own
        for shape in shapes:
            points = np.round((((np.asarray(shape) - self.corner) * self.unit + .5) * 2 - .5) * 16).astype(np.int32)
            cv2.fillPoly(fine, [points], 255, cv2.LINE_AA, 4)
        sheet = np.asarray(cv2.resize(fine, (wide, high), interpolation=cv2.INTER_AREA))
        if blur:
            sheet = np.asarray(cv2.GaussianBlur(sheet, (0, 0), blur * self.unit))
        return (sheet.astype(np.float32) / 255)[..., None]

    def fill(self, mask: np.ndarray, colour: Colour, light: np.ndarray) -> None:
        """Opaque paint where the mask is 1; `light` [h, w] or a number multiplies the colour."""
        tone = np.asarray(colour, np.float32) * np.atleast_3d(np.asarray(light, np.float32))
        self.rgb += (np.clip(tone, 0, 255) - self.rgb) * mask
        self.alpha += (1 - self.alpha) * mask

    def tint(self, mask: np.ndarray, colour: Colour, strength: float) -> None:
        """Blend a colour into what is there, adding nothing outside it."""
        rows, columns = np.flatnonzero(mask.any((1, 2))), np.flatnonzero(mask.any((0, 2)))
        part = np.s_[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
        weight = mask[part] * np.float32(strength)
        self.rgb[part] += (np.asarray(colour, np.float32) * self.alpha[part] - self.rgb[part]) * weight

    def sprite(self) -> Sprite:
        x, y = -self.corner * self.unit
        return Sprite(np.clip(np.round(self.rgb), 0, 255).astype(np.uint8),
                      np.clip(np.round(self.alpha * 255), 0, 255).astype(np.uint8), (float(x), float(y)), self.larger)


def smooth(points: Sequence[Tuple[float, float]]) -> np.ndarray:
    """A closed Catmull-Rom curve through the points."""
    p = np.asarray(points, np.float64)
    slope = (np.roll(p, -1, 0) - np.roll(p, 1, 0)) / 2
    t = np.linspace(0, 1, 12, endpoint=False)[None, :, None]
    start, stop, leave, arrive = (q[:, None] for q in (p, np.roll(p, -1, 0), slope, np.roll(slope, -1, 0)))
    curve = (start * (1 + t * t * (2 * t - 3)) + leave * (t * (1 - t) ** 2) + stop * (t * t * (3 - 2 * t))
             + arrive * (t * t * (t - 1)))
    return curve.reshape(-1, 2)


def blob(a: float, b: float) -> np.ndarray:
    """The outline of a face: round above, narrowing to the chin."""
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    x, y = np.cos(turn), np.sin(turn)
    narrow = 1 - .24 * np.clip(y, 0, 1) ** 1.6
    return np.stack([a * np.sign(x) * np.abs(x) ** .88 * narrow, b * np.sign(y) * np.abs(y) ** .98], 1)


def oval(x: float, y: float, wide: float, high: float) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return np.stack([x + wide * np.cos(turn), y + high * np.sin(turn)], 1)


def torso_sprite(look: Look, larger: int) -> Sprite:
    """Origin in the middle of the shoulder line."""
    s = look.shoulder
    paint = _Paint((-s - 24, -26, s + 24, 172), look, larger)
    x, y = paint.x, paint.y
    neck = smooth([(-9.5, -24), (9.5, -24), (10, -8), (16, 4), (0, 34), (-16, 4), (-10, -8)])
    body = smooth([(-11, -8), (-s * .62, -4), (-s - 5, 3), (-s - 9, 20), (-s + 3, 60), (-s + 5, 110), (-s + 1, 190),
                   (s - 1, 190), (s - 5, 110), (s - 3, 60), (s + 9, 20), (s + 5, 3), (s * .62, -4), (11, -8)])
    round_light = 1.1 - .34 * np.clip(np.abs(x + 8) / (s + 6), 0, 1.3) ** 2 - .0011 * np.clip(y, 0, None)
    paint.fill(paint.mask(neck), look.skin, 1.0 - .012 * np.abs(x + 2))
    paint.tint(paint.mask(oval(1, -17, 16, 13), blur=3), shade(look.skin, .55), .75)       # the chin's shadow
    opening = {"round": oval(0, -7, 15, 15),
               "vee": np.array([(-13., -14), (13, -14), (11, -2), (0, 26), (-11, -2)]),
               "collar": np.array([(-11., -14), (11, -14), (8, 0), (0, 15), (-8, 0)])}[look.neckline]
    cloth = paint.mask(body) * (1 - paint.mask(opening))
    paint.fill(cloth, look.clothes, round_light)
    for side in (-1, 1):
        fold = np.array([(side * (s - 6), 30.), (side * (s - 22), 52), (side * (s - 24), 56), (side * (s - 9), 36)])
        paint.tint(paint.mask(fold, blur=3.2) * cloth, shade(look.clothes, .5), .8)
        paint.tint(paint.mask(oval(side * (s - 3), 42, 5, 40), blur=4) * cloth, shade(look.clothes, .55), .7)
        paint.tint(paint.mask(oval(side * s * .62 - 4, 3, s * .34, 6), blur=4) * cloth, shade(look.clothes, 1.35), .55)
    if look.neckline == "collar":
        for side in (-1, 1):
            flap = np.array([(side * 10.5, -13.), (side * 14, -3), (side * 11, 16), (side * 1.5, 11)])
            paint.tint(paint.mask(flap + (side * .6, 1.8), blur=1.2), shade(look.clothes, .4), .6)
            paint.fill(paint.mask(flap), shade(look.clothes, 1.22), 1.04 - .006 * np.abs(x))
        for button in (24, 46, 68, 90):
            paint.tint(paint.mask(oval(0, button, 1.3, 1.3)), shade(look.clothes, 1.6), .9)
    else:
        rim = paint.mask(opening * 1.13 + (0, .5)) * (1 - paint.mask(opening)) * paint.mask(body)
        paint.tint(rim, shade(look.clothes, .62), .8)
    return paint.sprite()


def head_sprite(look: Look, larger: int) -> Sprite:
    """Origin in the middle of the head: hair, ears and face; what moves in the face is drawn over it."""
    a, b = look.head
    paint = _Paint((-a - 20, -b - 26, a + 20, b + 40), look, larger)
    x, y = paint.x, paint.y
    depth = np.sqrt(np.clip(1 - (x / (a * 1.15)) ** 2 - (y / (b * 1.15)) ** 2, .02, 1))
    light = .70 + .38 * (LIGHT[0] * x / (a * 1.15) + LIGHT[1] * y / (b * 1.15) + LIGHT[2] * depth)
    shine = light * (1 + .16 * np.exp(-((x + .45 * a) / 9) ** 2 - ((y + .86 * b) / 7) ** 2))
    for shape in _hair_behind(look):
        paint.fill(paint.mask(shape), look.hair, shine * .78)
    for side in (-1, 1):
        ear = oval(side * a * 1.0, .06 * b, 4.2, 7.2)
        paint.fill(paint.mask(ear), look.skin, light * .96)
        paint.tint(paint.mask(oval(side * a * 1.02, .06 * b, 2.2, 4.6), blur=.8), shade(look.skin, .6), .6)
    face = paint.mask(blob(a, b))
    paint.fill(face, look.skin, light)
    _soft_face(paint, look, face)
    for shape in _hair_before(look):
        paint.tint(paint.mask(shape + (0, 2.5), blur=2) * face, shade(look.skin, .55), .55)
    for shape in _hair_before(look):
        paint.fill(paint.mask(shape), look.hair, shine)
    return paint.sprite()


def _soft_face(paint: _Paint, look: Look, face: np.ndarray) -> None:
    a, b = look.head
    skin = look.skin
    rose = (min(skin[0] * 1.02, 255), skin[1] * .78, skin[2] * .76)
    for side in (-1, 1):
        paint.tint(paint.mask(oval(side * .52 * a, .28 * b, 5.5, 4.5), blur=3) * face, rose, .5)
        paint.tint(paint.mask(oval(side * .40 * a, -.09 * b, .26 * a, .12 * b), blur=1.6) * face, shade(skin, .7), .4)
    paint.tint(paint.mask(oval(.6, .30 * b, 3.6, 2.1), blur=.9) * face, shade(skin, .58), .8)       # under the nose
    paint.tint(paint.mask(np.array([(1., -.05 * b), (3.6, .24 * b), (1.2, .26 * b)]), blur=1.1) * face,
               shade(skin, .66), .6)
    paint.tint(paint.mask(oval(-.8, .14 * b, 1.3, 6), blur=1.2) * face, shade(skin, 1.3), .6)
    paint.tint(paint.mask(oval(0, .70 * b, 5, 1.4), blur=1.2) * face, shade(skin, .72), .5)
    if look.beard:
        bare = paint.mask(oval(0, .25 * b, .74 * a, .30 * b), blur=1.5)
        chin = paint.mask(oval(0, .62 * b, .80 * a, .46 * b), blur=1.2) * face
        paint.tint(chin * (1 - bare), shade(look.hair, .9), .62)


# Outlines in half widths and half heights of the head.
BEHIND = {
    "long": [(-1.16, -.45), (-.9, -.9), (-.48, -1.12), (0, -1.18), (.48, -1.12), (.9, -.9),
             (1.16, -.45), (1.32, .5), (1.3, 1.85), (.62, 2.05), (0, 1), (-.62, 2.05), (-1.3, 1.85), (-1.32, .5)],
    "bob": [(-1.18, -.4), (-.92, -.9), (-.48, -1.12), (0, -1.18), (.48, -1.12), (.92, -.9),
            (1.18, -.4), (1.34, .5), (1.12, .98), (.6, .8), (-.6, .8), (-1.12, .98), (-1.34, .5)],
}
CAP = [(-1.05, -.05), (-1.08, -.52), (-.86, -.88), (-.46, -1.10), (0, -1.16), (.46, -1.10), (.86, -.88), (1.08, -.52),
       (1.05, -.05)]
FRINGE = {
    "short": [(.88, -.42), (.5, -.62), (0, -.58), (-.5, -.64), (-.88, -.42)],
    "side": [(.9, -.30), (.66, -.52), (.1, -.56), (-.42, -.74), (-.9, -.40)],
    "bob": [(.92, -.10), (.72, -.40), (0, -.36), (-.72, -.40), (-.92, -.10)],
    "long": [(.94, .05), (.70, -.40), (.08, -.84), (-.64, -.44), (-.94, .05)],
    "bun": [(.92, -.30), (.56, -.66), (0, -.76), (-.56, -.66), (-.92, -.30)],
    "curly": [(.88, -.36), (.5, -.54), (.1, -.50), (-.4, -.58), (-.88, -.36)],
}


def _hair_behind(look: Look) -> List[np.ndarray]:
    a, b = look.head
    if look.style in BEHIND:
        return [smooth(BEHIND[look.style]) * (a, b)]
    if look.style == "curly":
        return [oval(a * 1.08 * np.cos(turn), -b * .38 + b * .78 * np.sin(turn), 8.5, 8.5)
                for turn in np.linspace(-np.pi * 1.2, np.pi * .2, 14)]
    bun = [oval(0, -b * 1.2, a * .46, b * .3)] if look.style == "bun" else []
    return [*bun, oval(0, -b * .3, a * 1.07, b * .87)]


def _hair_before(look: Look) -> List[np.ndarray]:
    cap = smooth(CAP + FRINGE[look.style]) * look.head
    if look.style != "curly":
        return [cap]
    a, b = look.head
    return [cap, *[oval(a * .95 * np.cos(turn), -b * .52 + b * .52 * np.sin(turn), 6, 6)
                   for turn in np.linspace(-np.pi * 1.05, np.pi * .05, 12)],
            *[oval(x * a, -.56 * b, 4.4, 4.4) for x in np.linspace(-.72, .72, 7)]]

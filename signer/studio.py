"""Behind the signer: a soft studio wall, and a weather symbol that drifts and has nothing to do with the signs."""

import cv2
import numpy as np

SYMBOLS = ("sun", "cloud", "rain", "snow")
WALLS = ((196, 200, 206), (186, 192, 200), (204, 204, 202), (180, 190, 198), (198, 194, 200), (190, 200, 196))


def wall(rng: np.random.Generator, wide: int, high: int) -> np.ndarray:
    """uint8 RGB [high, wide, 3]: lighter behind the signer, darker in the corners and towards the floor."""
    colour = np.asarray(WALLS[int(rng.integers(len(WALLS)))], np.float32) + rng.normal(0, 2.5, 3)
    x = np.linspace(-1, 1, wide, dtype=np.float32)[None, :, None]
    y = np.linspace(-1, 1, high, dtype=np.float32)[:, None, None]
    centre = rng.uniform(-.35, .35)
    gain = 1.14 - .22 * ((x - centre) ** 2 + .6 * (y + .35) ** 2) - .05 * y
    return np.clip(np.round(colour * gain * rng.uniform(.9, 1.03)), 0, 255).astype(np.uint8)


class WeatherSymbol:
    """One symbol for one clip. It drifts behind the signer, so that it never hides a hand."""

    def __init__(self, rng: np.random.Generator, larger: int) -> None:
        self.kind = SYMBOLS[int(rng.integers(len(SYMBOLS)))]
        self.size = rng.uniform(13, 20) * larger
        left = bool(rng.random() < .5)
        side = rng.uniform(20, 62)
        self.start = np.array([side if left else 210 - side, rng.uniform(26, 190)]) * larger
        self.speed = rng.uniform(-1, 1, 2) * np.array([.55, .4]) * larger
        self.wave, self.phase = rng.uniform(.05, .16), rng.uniform(0, 6.3)
        self.larger = larger

    def draw(self, canvas: np.ndarray, t: int) -> None:
        x, y = self.start + self.speed * t + np.array([2, 5]) * np.sin(self.wave * t + self.phase) * self.larger
        margin = self.size
        x, y = (_bounce(v, margin, length - margin) for v, length in ((x, canvas.shape[1]), (y, canvas.shape[0])))
        getattr(self, "_" + self.kind)(canvas, np.array([x, y]), t)

    def _sun(self, canvas: np.ndarray, position: np.ndarray, t: int) -> None:
        r = self.size
        for turn in np.arange(10) * np.pi / 5 + t * .05:
            way = np.array([np.cos(turn), np.sin(turn)])
            _line(canvas, position + way * r * .78, position + way * r * 1.1, (250, 204, 96), r * .17)
        _disc(canvas, position, r * .62, (246, 186, 62))
        _disc(canvas, position - r * .05, r * .54, (252, 206, 84))
        _disc(canvas, position - r * .12, r * .36, (255, 224, 128))

    def _cloud(self, canvas: np.ndarray, position: np.ndarray, t: int, gain: float = 1.) -> None:
        r = self.size
        for drop, tone in ((.10, 176), (0., 236), (-.07, 252)):
            colour = (tone * gain, (tone + 2) * gain, min(tone + 8, 255) * gain)
            small = 1 - .08 * (drop < 0)
            for dx, dy, size in ((-.68, .16, .40), (-.2, -.14, .54), (.36, -.02, .46), (.76, .2, .34), (.05, .22, .42)):
                _disc(canvas, position + np.array([dx, dy + drop]) * r, r * size * small, colour)

    def _rain(self, canvas: np.ndarray, position: np.ndarray, t: int) -> None:
        r = self.size
        for lane in range(5):
            fall = ((t * .055 + lane * .37) % 1.) * 1.1 + .4
            drop = position + np.array([-.66 + lane * .33 - .1 * fall, fall]) * r
            _line(canvas, drop, drop + np.array([-.06, .26]) * r, (84, 142, 204), r * .12)
        self._cloud(canvas, position - (0, .15 * r), t, .82)

    def _snow(self, canvas: np.ndarray, position: np.ndarray, t: int) -> None:
        r = self.size
        for flake, (dx, dy, size) in enumerate(((-.5, -.4, .46), (.45, .1, .56), (-.35, .75, .38))):
            middle = position + np.array([dx + .12 * np.sin(t * .12 + flake * 2), dy]) * r
            for turn in np.arange(6) * np.pi / 3 + t * .03 * (1 + flake):
                tip = middle + np.array([np.cos(turn), np.sin(turn)]) * r * size
                _line(canvas, middle, tip, (150, 176, 206), r * .14)
                _line(canvas, middle, tip, (250, 252, 255), r * .085)


def _bounce(value: float, low: float, high: float) -> float:
    """Reflect at both ends."""
    span = high - low
    return low + span - abs((value - low) % (2 * span) - span)


def _fixed(point: np.ndarray) -> tuple:
    return tuple(int(round(float(v) * 16)) for v in point)


def _line(canvas: np.ndarray, start: np.ndarray, stop: np.ndarray, colour: tuple, width: float) -> None:
    cv2.line(canvas, _fixed(start), _fixed(stop), colour, max(1, int(round(width))), cv2.LINE_AA, 4)


def _disc(canvas: np.ndarray, position: np.ndarray, radius: float, colour: tuple) -> None:
    cv2.circle(canvas, _fixed(position), int(radius * 16), colour, -1, cv2.LINE_AA, 4)

"""What the drawn signer does: hand shapes, the glosses, and a sentence as one smooth movement.

Places are in pixels of a 210x260 picture for a signer of ordinary size, from the middle of the shoulder line; x grows
outwards on each hand's own side and y downwards, so that one table serves both hands and left-handers.
No two glosses are mirror images of each other: training flips pictures.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

Shape = Tuple[Tuple[float, ...], Tuple[float, ...]]

# How far each finger is stretched (0 folded, 1 straight) and how far it leans (degrees, negative towards the thumb);
# thumb first.
FLAT: Shape = ((.9, 1, 1, 1, 1), (-18, -3, 0, 3, 6))
SPREAD: Shape = ((1, 1, 1, 1, 1), (-58, -24, -5, 14, 34))
CLAW: Shape = ((.75, .62, .62, .62, .62), (-60, -26, -6, 14, 34))
RING: Shape = ((.7, .5, .48, .46, .44), (-30, 4, 0, -3, -6))
FIST: Shape = ((.35, 0, 0, 0, 0), (4, -2, 0, 2, 4))
THUMB: Shape = ((1, 0, 0, 0, 0), (-68, -2, 0, 2, 4))
POINT: Shape = ((.3, 1, 0, 0, 0), (6, -4, 0, 2, 4))
VEE: Shape = ((.3, 1, 1, 0, 0), (8, -17, 13, 2, 4))
HORNS: Shape = ((1, 0, 0, 0, 1), (-62, -2, 0, 2, 24))
LOOSE: Shape = ((.85, .8, .78, .76, .74), (-24, -7, -1, 5, 11))


class Key(NamedTuple):
    """One moment of one hand. Angle 0 points the fingers up, negative turns them inwards (-180 is down).

    Twist turns the hand about its own length: 0 shows the palm, 90 the edge, 180 the back.
    """

    x: float
    y: float
    angle: float
    twist: float
    shape: Shape

    def vector(self) -> List[float]:
        return [self.x, self.y, self.angle, self.twist, *self.shape[0], *self.shape[1]]


class Nod(NamedTuple):
    """One moment of the head: shift in pixels (x towards the dominant side) and roll in degrees."""

    x: float = 0.
    y: float = 0.
    roll: float = 0.


@dataclass(frozen=True)
class Gloss:
    dominant: Sequence[Key]
    other: Optional[Sequence[Key]] = None     # None: the hand rests
    head: Optional[Sequence[Nod]] = None      # None: the head takes no part
    mouth: Optional[float] = None             # 0 shut, 1 open; None: it moves, but says nothing
    brows: float = 0.                         # how far they are raised, in half heights of the head


def _both(keys: Sequence[Key]) -> Gloss:
    return Gloss(keys, keys)


def _sway(x: float, y: float, lean: float, turns: Sequence[Tuple[float, float]], twist: float, shape: Shape,
          angle: float = 0., head: Optional[Sequence[Nod]] = None) -> Gloss:
    """Both hands go the same way across the picture, so one goes outwards while the other comes inwards."""
    one = [Key(x + dx, y + dy, angle + lean * np.sign(dx), twist, shape) for dx, dy in turns]
    two = [Key(x - dx, y + dy, angle - lean * np.sign(dx), twist, shape) for dx, dy in turns]
    return Gloss(one, two, head)


def _circle(x: float, y: float, radius: float, turns: float, angle: float, twist: float, shape: Shape) -> Gloss:
    around = np.linspace(0, 2 * np.pi * turns, int(round(6 * turns)) + 1)
    return Gloss([Key(x + radius * np.cos(a), y + radius * np.sin(a), angle, twist, shape) for a in around])


GLOSSES: Dict[str, Gloss] = {
    "REGEN": _both([Key(42, y, -172, 180, SPREAD) for y in (-58, -14, -58, -14)]),
    "SONNE": Gloss([Key(48, -74, -35, 0, RING), Key(48, -74, -35, 0, RING), Key(46, -70, -35, 0, SPREAD),
                    Key(46, -68, -35, 0, SPREAD)]),
    "WIND": _sway(34, 22, 22, [(20, 0), (-20, 0), (20, 0), (-20, 0)], 62, FLAT),
    "SCHNEE": _sway(44, 0, 14, [(-15, -30), (15, -2), (-15, 26), (15, 54)], 130, SPREAD, -80),
    "WOLKE": _both([Key(16, -68, -20, 0, CLAW), Key(25, -82, -10, 0, CLAW), Key(35, -66, 0, 0, CLAW),
                    Key(45, -80, 10, 0, CLAW), Key(55, -60, 25, 0, CLAW)]),
    "NORD": Gloss([Key(34, 44, 0, 0, VEE), Key(34, -68, 0, 0, VEE)]),
    "SÜD": Gloss([Key(38, -44, -8, 0, HORNS), Key(38, 70, -8, 0, HORNS)]),
    "MORGEN": Gloss([Key(26, -28, -35, 30, THUMB), Key(34, -44, 0, 20, THUMB), Key(58, -26, 45, 10, THUMB)]),
    "HEUTE": _both([Key(30, y, -70, 140, FLAT) for y in (52, 84, 58, 84)]),
    "ABEND": Gloss([Key(54, -58, 20, 20, FLAT), Key(44, -24, -30, 60, FLAT), Key(4, 36, -95, 120, FLAT)],
                   head=[Nod(), Nod(0, 3), Nod(0, 6, -3)]),
    "KALT": _sway(24, 32, 6, [(7, 0), (-7, 0), (7, 0), (-7, 0), (7, 0)], 40, FIST, -25,
                  head=[Nod(), Nod(5, 2, 4), Nod(-5, 2, -4), Nod(5, 2, 4), Nod()]),
    "WARM": _circle(10, 34, 20, 1.5, -75, 180, SPREAD),
    "GEWITTER": Gloss([Key(22, -76, -20, 10, POINT), Key(54, -46, -20, 10, POINT), Key(18, -16, -20, 10, POINT),
                       Key(52, 16, -20, 10, POINT)]),
    "BERG": _both([Key(12, -4, -36, 20, FLAT), Key(35, 30, -36, 20, FLAT), Key(58, 66, -36, 20, FLAT)]),
}
NAMES: Tuple[str, ...] = tuple(GLOSSES)
TIMES = ("HEUTE", "MORGEN", "ABEND")
HAND = 14                                     # x, y, angle, twist, 5 stretches, 5 leans


@dataclass(frozen=True)
class Vocabulary:
    """What can be signed: the glosses, and which of them may follow each other."""

    glosses: Dict[str, Gloss]
    first: Sequence[str] = ()                 # which often come first
    twins: Dict[str, str] = field(default_factory=dict)   # signed with the timing of another, and never beside it

    def timed_as(self, name: str) -> str:
        return self.twins.get(name, name)


WEATHER = Vocabulary(GLOSSES, TIMES)


@dataclass(frozen=True)
class Habits:
    """How one signer signs."""

    tempo: float = 1.                         # more is slower
    reach: float = 1.                         # size of the signing space
    rest: Tuple[float, float] = (17., 106.)


@dataclass(frozen=True)
class Motion:
    hands: np.ndarray                         # [T, 2, 14], the dominant hand first
    head: np.ndarray                          # [T, 3] shift and roll
    active: np.ndarray                        # int [T], place in the sentence, -1 between glosses
    face: Optional[np.ndarray] = None         # [T, 3]: is the mouth held, how far open, brows; None: as it comes

    def __len__(self) -> int:
        return len(self.active)


def sentence(rng: np.random.Generator, vocabulary: Vocabulary = WEATHER) -> Tuple[str, ...]:
    """3 to 7 glosses. Time often comes first; nothing else can be guessed from the neighbours."""
    words: List[str] = []
    for index in range(int(rng.integers(3, 8))):
        known: Sequence[str] = (vocabulary.first if index == 0 and vocabulary.first and rng.random() < .35
                                else tuple(vocabulary.glosses))
        choice = [name for name in known
                  if not words or vocabulary.timed_as(name) != vocabulary.timed_as(words[-1])]
        words.append(choice[int(rng.integers(len(choice)))])
    return tuple(words)


def perform(words: Sequence[str], habits: Habits, rng: np.random.Generator,
            vocabulary: Vocabulary = WEATHER) -> Motion:
    """Twins are timed alike, and take the same random draws."""
    rest = np.array([*Key(*habits.rest, -150, 165, LOOSE).vector()] * 2 + [0., 0., 0.])
    times, values, still, spans = [0.], [rest], [True], []
    clock = int(rng.integers(3, 8))
    times.append(float(clock - 1))
    values.append(rest)
    still.append(True)
    before = rest
    for word in words:
        timed = _keys(vocabulary.glosses[vocabulary.timed_as(word)], habits, rest, deepcopy(rng))
        keys = _keys(vocabulary.glosses[word], habits, rest, rng)
        way = np.linalg.norm((timed[0] - before)[[0, 1, HAND, HAND + 1]])
        before = timed[-1]
        clock += int(np.clip(round(way / 30 + rng.uniform(-1, 1)), 2, 5))
        length = int(np.clip(round(rng.integers(9, 15) * habits.tempo), 9, 16))
        phases = np.linspace(0, 1, len(keys))
        phases[1:-1] += rng.uniform(-.15, .15, len(keys) - 2) / len(keys)
        times.extend(clock + phases * (length - 1))
        values.extend(keys)
        still.extend([True] + [False] * (len(keys) - 2) + [True])
        spans.append((clock, clock + length))
        clock += length
    clock += int(rng.integers(4, 6))
    times.extend([float(clock), float(clock + rng.integers(3, 8))])
    values.extend([rest, rest])
    still.extend([True, True])
    frames = int(times[-1]) + 1
    path = glide(np.array(times), np.array(values), np.array(still), frames)
    hands = path[:, :2 * HAND].reshape(frames, 2, HAND)
    hands[..., :2] += tremble(rng, (frames, 2, 2), .7)
    hands[..., 2] += tremble(rng, (frames, 2), 1.5)
    active = np.full(frames, -1, np.int64)
    for index, (start, stop) in enumerate(spans):
        active[start:stop] = index
    return Motion(hands, path[:, 2 * HAND:], active, _face([vocabulary.glosses[word] for word in words], active))


def _face(glosses: Sequence[Gloss], active: np.ndarray) -> Optional[np.ndarray]:
    """[T, 3] or None where no gloss needs the face."""
    if all(gloss.mouth is None and gloss.brows == 0 for gloss in glosses):
        return None
    held = [(float(gloss.mouth is not None), gloss.mouth or 0., gloss.brows) for gloss in glosses]
    face = np.array([*held, (0., 0., 0.)])[active]                  # -1, between glosses, is the last
    return np.stack([np.convolve(part, (.25, .5, .25), "same") for part in face.T], 1)


def _keys(gloss: Gloss, habits: Habits, rest: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One performance of a gloss: [K, 31], never twice the same."""
    count = len(gloss.dominant)
    shift, gain, tilt = rng.normal(0, 2.5, 2), habits.reach * rng.uniform(.9, 1.1), rng.normal(0, 5)
    keys = np.repeat(rest[None], count, 0)
    for side, hand in enumerate((gloss.dominant, gloss.other)):
        if hand is None:
            continue
        part = np.array([key.vector() for key in hand], np.float64)
        middle = part[:, :2].mean(0)
        part[:, :2] = middle * habits.reach + (part[:, :2] - middle) * gain + shift + rng.normal(0, 1, 2)
        part[:, 2] += tilt + rng.normal(0, 3)
        part[:, 3] += rng.normal(0, 6)
        part[:, 4:9] = np.clip(part[:, 4:9] + rng.normal(0, .03, 5), 0, 1)
        part[:, 9:] += rng.normal(0, 2, 5)
        keys[:, side * HAND:(side + 1) * HAND] = part
    if gloss.head is not None:
        keys[:, 2 * HAND:] = np.array(gloss.head) * rng.uniform(.8, 1.2)
    return keys


def glide(times: np.ndarray, values: np.ndarray, still: np.ndarray, frames: int) -> np.ndarray:
    """Values [K, D] at times [K] as a minimum-jerk path [frames, D]: quintic between keys, at rest where `still`."""
    speed = np.zeros_like(values)
    speed[1:-1] = (values[2:] - values[:-2]) / np.maximum(times[2:] - times[:-2], 1e-6)[:, None]
    speed[still] = 0
    now = np.arange(frames, dtype=np.float64)
    k = np.clip(np.searchsorted(times, now, "right") - 1, 0, len(times) - 2)
    span = np.maximum(times[k + 1] - times[k], 1e-6)
    t = np.clip((now - times[k]) / span, 0, 1)[:, None]
    late = t ** 3 * (10 - 15 * t + 6 * t ** 2)
    leave = t - t ** 3 * (6 - 8 * t + 3 * t ** 2)
    arrive = t ** 3 * (-4 + 7 * t - 3 * t ** 2)
    return values[k] * (1 - late) + values[k + 1] * late + (speed[k] * leave + speed[k + 1] * arrive) * span[:, None]


def tremble(rng: np.random.Generator, shape: Tuple[int, ...], size: float) -> np.ndarray:
    """Noise that is smooth along the first axis."""
    noise = rng.normal(0, size, (shape[0] + 4, *shape[1:]))
    return np.sum([weight * noise[i:i + shape[0]] for i, weight in enumerate((.2, .5, .7, .5, .2))], axis=0)

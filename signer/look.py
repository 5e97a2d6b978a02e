"""Who signs: the size, place, colours and habits that make one drawn signer differ from the next."""

from dataclasses import dataclass, replace
from typing import Tuple

import numpy as np

from signer.motion import Habits

Colour = Tuple[float, float, float]           # RGB 0..255

SKINS = ((255, 224, 204), (246, 206, 180), (236, 188, 156), (222, 170, 134), (198, 142, 104), (166, 112, 78),
         (134, 88, 62), (108, 72, 54))
HAIRS = ((34, 28, 28), (62, 42, 32), (98, 64, 40), (140, 92, 52), (196, 152, 92), (222, 190, 132), (150, 66, 38),
         (128, 128, 132), (206, 204, 202))
CLOTHES = ((44, 50, 66), (38, 38, 42), (54, 74, 104), (40, 84, 92), (92, 44, 58), (64, 88, 66), (84, 72, 104),
           (110, 82, 60), (74, 80, 88), (136, 62, 58), (30, 66, 84), (98, 106, 70), (176, 182, 190), (164, 190, 208),
           (208, 198, 178), (198, 160, 92))
SLEEVES = (-.6, .25, .9)
NECKLINES = ("round", "vee", "collar")
STYLES = ("short", "side", "bob", "long", "bun", "curly")


@dataclass(frozen=True)
class Look:
    scale: float                              # size of the whole person
    shoulders: Tuple[float, float]                # middle of the shoulder line on the 210x260 picture
    shoulder: float                           # half the shoulders' width, at scale 1
    head: Tuple[float, float]                 # half width, half height, at scale 1
    hand: float                               # size of the hands, 1 is ordinary
    dominant: int                             # -1: the right hand (on the picture's left), 1: the left hand
    skin: Colour
    hair: Colour
    clothes: Colour
    style: str
    sleeves: float                            # share of the forearm that the sleeve covers
    neckline: str                             # round, vee or collar
    glasses: bool
    beard: bool
    habits: Habits


def cast(rng: np.random.Generator) -> Look:
    """One new signer."""
    skin = _vary(rng, SKINS[int(rng.integers(len(SKINS)))], 5)
    # light skin goes with any hair, dark skin with dark hair
    tones = [hair for hair in HAIRS[:9 if sum(skin) > 480 else 3] if np.linalg.norm(np.subtract(hair, skin)) > 65]
    hair = _vary(rng, tones[int(rng.integers(len(tones)))], 6)
    style = STYLES[int(rng.integers(len(STYLES)))]
    return Look(
        scale=rng.uniform(.92, 1.05), shoulders=(105 + rng.uniform(-9, 9), 122 + rng.uniform(-5, 7)),
        shoulder=rng.uniform(38, 45), head=(rng.uniform(21.5, 24.5), rng.uniform(29, 32.5)),
        hand=rng.uniform(.96, 1.1), dominant=1 if rng.random() < .15 else -1, skin=skin, hair=hair,
        clothes=_clothes(rng, skin), style=style,
        sleeves=float(rng.choice(SLEEVES, p=(.2, .25, .55))),
        neckline=NECKLINES[int(rng.integers(len(NECKLINES)))], glasses=bool(rng.random() < .25),
        beard=bool(style in ("short", "side") and rng.random() < .35),
        habits=Habits(rng.uniform(.9, 1.12), rng.uniform(.94, 1.05), (rng.uniform(13, 21), rng.uniform(100, 109))))


def _clothes(rng: np.random.Generator, skin: Colour) -> Colour:
    """Cloth that the hands stand out from."""
    clear = [cloth for cloth in CLOTHES if np.linalg.norm(np.subtract(cloth, skin)) > 90]
    return _vary(rng, clear[int(rng.integers(len(clear)))], 8)


def _vary(rng: np.random.Generator, colour: Colour, size: float) -> Colour:
    red, green, blue = np.clip(np.asarray(colour) + rng.normal(0, size) + rng.normal(0, size / 4, 3), 0, 255)
    return float(red), float(green), float(blue)


def shade(colour: Colour, gain: float) -> Colour:
    """Lighter (above 1) or darker; shadows turn a little warmer and lights a little paler, as skin and cloth do."""
    red, green, blue = colour
    if gain <= 1:
        return red * gain, green * gain ** 1.12, blue * gain ** 1.2
    pale = gain - 1
    return red + (255 - red) * pale, green + (255 - green) * pale, blue + (255 - blue) * pale


def redress(look: Look, rng: np.random.Generator) -> Look:
    """The same person on another day: other clothes, not quite the same place."""
    x, y = look.shoulders
    return replace(look, clothes=_clothes(rng, look.skin),
                   sleeves=float(rng.choice(SLEEVES, p=(.2, .25, .55))),
                   neckline=NECKLINES[int(rng.integers(len(NECKLINES)))],
                   shoulders=(x + rng.normal(0, 2), y + rng.normal(0, 1.5)))

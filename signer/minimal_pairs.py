"""Pairs of glosses that differ in one thing alone: handshape, place, movement, mouth or brows.

Drawn by the same signer with the same random draws, two sentences that differ in one gloss and its twin differ in the
pixels of that thing, and in nothing else: what tells them apart is known, whatever a network has learnt.
"""
from dataclasses import dataclass, replace
from typing import Dict, NamedTuple, Sequence, Tuple

import cv2
import numpy as np

from signer.clip import SignedClip, sign
from signer.evidence import SIDE
from signer.look import Look
from signer.motion import CLAW, GLOSSES, SPREAD, Gloss, Shape, Vocabulary

KINDS = ("handshape", "place", "movement", "mouth", "brows")
SHUT, OPEN = 0., 1.7                          # of the mouth
LOWERED, RAISED = -.07, .14                   # of the brows


class Pair(NamedTuple):
    kind: str                                 # one of KINDS: in what the two differ
    first: str
    second: str


def _shaped(gloss: Gloss, shape: Shape) -> Gloss:
    return replace(gloss, dominant=[key._replace(shape=shape) for key in gloss.dominant])


def _moved(gloss: Gloss, y: float) -> Gloss:
    """Lower by so many pixels."""
    one, two = ([key._replace(y=key.y + y) for key in hand] for hand in (gloss.dominant, gloss.other or ()))
    return replace(gloss, dominant=one, other=two if gloss.other else None)


def _reversed(gloss: Gloss) -> Gloss:
    return replace(gloss, dominant=gloss.dominant[::-1], other=gloss.other[::-1] if gloss.other else None)


def _face(name: str, **face: float) -> Gloss:
    return replace(GLOSSES[name], **face)     # type: ignore[arg-type]


_GLOSSES: Dict[Pair, Tuple[Gloss, Gloss]] = {
    Pair("handshape", "NORD", "OST"): (GLOSSES["NORD"], _shaped(GLOSSES["NORD"], SPREAD)),
    Pair("handshape", "GEWITTER", "BLITZ"): (GLOSSES["GEWITTER"], _shaped(GLOSSES["GEWITTER"], CLAW)),
    Pair("place", "REGEN", "NEBEL"): (GLOSSES["REGEN"], _moved(GLOSSES["REGEN"], 66)),
    Pair("place", "WARM", "TAU"): (GLOSSES["WARM"], _moved(GLOSSES["WARM"], -80)),
    Pair("movement", "SÜD", "WEST"): (GLOSSES["SÜD"], _reversed(GLOSSES["SÜD"])),
    Pair("movement", "BERG", "TAL"): (GLOSSES["BERG"], _reversed(GLOSSES["BERG"])),
    Pair("mouth", "SONNE", "HELL"): (_face("SONNE", mouth=SHUT), _face("SONNE", mouth=OPEN)),
    Pair("mouth", "HEUTE", "JETZT"): (_face("HEUTE", mouth=SHUT), _face("HEUTE", mouth=OPEN)),
    Pair("brows", "WIND", "STURM"): (_face("WIND", brows=LOWERED), _face("WIND", brows=RAISED)),
    Pair("brows", "SCHNEE", "HAGEL"): (_face("SCHNEE", brows=LOWERED), _face("SCHNEE", brows=RAISED)),
}
PAIRS: Tuple[Pair, ...] = tuple(_GLOSSES)


def of_kind(kind: str) -> Tuple[Pair, ...]:
    return tuple(pair for pair in PAIRS if pair.kind == kind)


VOCABULARY = Vocabulary({name: gloss for pair, both in _GLOSSES.items() for name, gloss in zip(pair[1:], both)},
                        twins={pair.second: pair.first for pair in PAIRS})


@dataclass(frozen=True)
class Twins:
    """One sentence by one signer, drawn both ways."""

    pair: Pair
    index: int                                # which gloss of the sentence is exchanged
    drawn: Tuple[SignedClip, SignedClip]      # with the first of the pair, and with the second

    @property
    def active(self) -> np.ndarray:
        """bool [T]: the gloss's own frames, in either."""
        return np.asarray(self.drawn[0].motion.active == self.index)

    def frames(self) -> Tuple[np.ndarray, np.ndarray]:
        """uint8 RGB [T, SIDE, SIDE, 3] of both."""
        first, second = (np.stack([cv2.resize(picture, (SIDE, SIDE)) for picture in clip.pictures()])
                         for clip in self.drawn)
        return first, second


def sign_both_ways(pair: Pair, look: Look, seed: Sequence[int]) -> Twins:
    """The pair's gloss between two of other pairs, which the seed draws by lot."""
    rng = np.random.default_rng(seed)
    others = [name for name in VOCABULARY.glosses if VOCABULARY.timed_as(name) != pair.first]
    before, after = (others[index] for index in rng.choice(len(others), 2, replace=False))
    first, second = (sign(look, np.random.default_rng([*seed, 1]), VOCABULARY, (before, word, after))
                     for word in (pair.first, pair.second))
    return Twins(pair, 1, (first, second))


def differing(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """bool [T, H, W]: the pixels that differ between two drawings, uint8 [T, H, W, 3]."""
    return np.asarray((one != other).any(axis=-1))

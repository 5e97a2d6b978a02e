"""The joints that a layer's cells lie on: which of COCO-WholeBody's 133 points, where on each frame, and what links
them."""
from dataclasses import dataclass
from functools import cached_property
from typing import List, Tuple

import numpy as np

SMALL = 23              # points from here on are of the face and the hands: they lie close, and get small discs
LEFT_HAND, RIGHT_HAND = 91, 112
NAMES = ("nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder", "left elbow",
         "right elbow", "left wrist", "right wrist", "left hip", "right hip", "left knee", "right knee", "left ankle",
         "right ankle")
FINGERS = ("thumb", "index", "middle", "ring", "little")
FACE = ((23, "jaw"), (40, "right brow"), (45, "left brow"), (50, "nose ridge"), (54, "nostrils"), (59, "right eye lid"),
        (65, "left eye lid"), (71, "outer lips"), (83, "inner lips"), (91, ""))


def _round(first: int, last: int) -> Tuple[int, ...]:
    return (*range(first, last + 1), first)


# Limbs run along these, from each point to the next; in a face, of which layers have some points only, to the next that
# there is.
CHAINS: Tuple[Tuple[int, ...], ...] = (
    (3, 1, 0, 2, 4), (9, 7, 5, 6, 8, 10), (5, 11, 12, 6), (11, 13, 15), (12, 14, 16), (15, 17), (15, 18), (15, 19),
    (16, 20), (16, 21), (16, 22), (9, LEFT_HAND), (10, RIGHT_HAND),
    *((hand, *range(hand + 1 + 4 * finger, hand + 5 + 4 * finger)) for hand in (LEFT_HAND, RIGHT_HAND)
      for finger in range(5)))
OUTLINES: Tuple[Tuple[int, ...], ...] = (
    tuple(range(23, 40)), tuple(range(40, 45)), tuple(range(45, 50)), tuple(range(50, 54)), tuple(range(54, 59)),
    _round(59, 64), _round(65, 70), _round(71, 82), _round(83, 90))


def name_of(number: int) -> str:
    """Of one of the 133 points, in words; left and right are the signer's own."""
    if number < len(NAMES):
        return NAMES[number]
    if number < SMALL:
        return f"{'left' if number < 20 else 'right'} foot"
    if number < LEFT_HAND:
        first, part = max(entry for entry in FACE if entry[0] <= number)
        return f"{part} {number - first + 1}"
    side, joint = ("left", number - LEFT_HAND) if number < RIGHT_HAND else ("right", number - RIGHT_HAND)
    return f"{side} hand's root" if joint == 0 else f"{side} {FINGERS[(joint - 1) // 4]} {(joint - 1) % 4 + 1}"


@dataclass(frozen=True)
class Joints:
    numbers: np.ndarray         # int [J], of the 133
    points: np.ndarray          # float32 [T, J, 2]: x and y on each of the clip's frames, from its first pixel's middle

    @cached_property
    def limbs(self) -> List[Tuple[int, int]]:
        """Pairs of places among these joints."""
        index = {int(number): at for at, number in enumerate(self.numbers)}
        chains = [*CHAINS, *([number for number in outline if number in index] for outline in OUTLINES)]
        pairs = [pair for chain in chains for pair in zip(chain, chain[1:]) if pair[0] != pair[1]]
        return [(index[one], index[other]) for one, other in dict.fromkeys(pairs) if one in index and other in index]

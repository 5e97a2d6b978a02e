"""The signer through a whole film, of however many people are in it, whether or not an estimator finds them all."""
from dataclasses import dataclass
from typing import Callable, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from estimation.estimator import Estimator
from poses.people import CONFIDENT, OFTEN, SHOULDERS, chosen, index_of, several_line

LOOKS = 8               # frames, evenly spread, in which other people are looked for
FEW = 2                 # of them, at least, show somebody who is there
BESIDE = 0.8            # breadths of the shoulders from their middle, from which on somebody else may stand
ROOM = 0.6              # breadths: a narrower strip of the picture shows nobody else
SMALLEST = 0.3          # of the breadth of the first one's shoulders: whoever is smaller signs for nobody

Show = Callable[[np.ndarray], Iterator[np.ndarray]]         # frames' places, ascending -> uint8 [H, W, 3] of each
Watched = Callable[[Iterable[Optional[np.ndarray]]], Iterable[Optional[np.ndarray]]]
Found = Tuple[List[Optional[np.ndarray]], str]


@dataclass(frozen=True)
class Standing:
    """Where somebody stands in the picture."""

    middle: float       # between the shoulders, x
    breadth: float      # of the shoulders


def signer_in(search: Estimator, show: Show, frames: int, person: Optional[str] = None,
              watched: Watched = lambda points: points) -> Found:
    """person: as people.chosen takes it. watched: sees what is found in each frame as it is found.

    Gives [133, 3] of each frame, None where the signer is not seen; and what must be said where there are several.
    An estimator that finds one person is shown the part of the picture in which the one that is asked for stands.
    """
    if search.several:
        return chosen(list(watched(search(show(np.arange(frames))))), person)
    looked = np.unique(np.linspace(0, frames - 1, LOOKS).round().astype(int))
    people = standing(search, list(show(looked)))
    number = max(1, len(people))
    index = index_of(person, number)
    if index is None:
        index = int(np.argmax([signer.breadth for signer in people])) if people else 0
    middles = [signer.middle for signer in people]
    bounds = [(one + other) / 2 for one, other in zip(middles, middles[1:])]
    left = round(bounds[index - 1]) if index > 0 else 0
    right = round(bounds[index]) if index < number - 1 else None
    strips = (np.ascontiguousarray(picture[:, left:right]) for picture in show(np.arange(frames)))
    poses = [None if points is None else points[0] + (left, 0, 0) for points in watched(search(strips))]
    return poses, several_line(index, number) if number > 1 and person is None else ""


def standing(search: Estimator, pictures: Sequence[np.ndarray]) -> List[Standing]:
    """Everybody in some pictures of a film, from the left: somebody, and who else is left and right of him or her in
    the same pictures. After a cut the same signer may stand elsewhere, and there are no two of them."""
    width = pictures[0].shape[1]
    first = _somebody(search, pictures, 0, width)
    if first is None:
        return []
    least, together = first[0].breadth, [pictures[number] for number in first[1]]

    def beside(left: float, right: float) -> List[Standing]:
        if right - left < ROOM * least:
            return []
        other = _somebody(search, together, round(left), round(right))
        return [] if other is None or other[0].breadth < SMALLEST * least else around(other[0], left, right)

    def around(one: Standing, left: float, right: float) -> List[Standing]:
        away = BESIDE * one.breadth
        return [*beside(left, one.middle - away), one, *beside(one.middle + away, right)]

    return around(first[0], 0, width)


def _somebody(search: Estimator, pictures: Sequence[np.ndarray], left: int, right: int
              ) -> Optional[Tuple[Standing, List[int]]]:
    """Who is found in columns left..right-1, and in which pictures there: an estimator may find one person here and
    another in the next picture."""
    seen: List[Tuple[Standing, int]] = []
    strips = (np.ascontiguousarray(picture[:, left:right]) for picture in pictures)
    for number, people in enumerate(search(strips)):
        if people is not None:
            shoulders = people[0, SHOULDERS]
            middle, breadth = float(shoulders[:, 0].mean()), float(np.hypot(*(shoulders[0] - shoulders[1])[:2]))
            if shoulders[:, 2].min() >= CONFIDENT and 0 <= middle < right - left and breadth > 0:
                seen.append((Standing(left + middle, breadth), number))
    if len(seen) < min(len(pictures), max(FEW, OFTEN * len(pictures))):
        return None
    one = sorted(seen, key=lambda entry: entry[0].middle)[len(seen) // 2][0]
    return one, [number for signer, number in seen if abs(signer.middle - one.middle) < BESIDE * one.breadth]

"""One person out of several in a picture, the same in every frame."""
from typing import List, Optional, Sequence, Tuple

import numpy as np

from terminal.errors import UserError

SHOULDERS = [5, 6]
OFTEN = 0.2             # of the frames with anybody that show several, from which on there are several people
CONFIDENT = 0.3         # of both shoulders: below it an estimator that always places somebody has found nobody

Frames = Sequence[Optional[np.ndarray]]     # [people, 133, 3] of each; unseen points are as likely to be NaN as 0


def chosen(frames: Frames, person: Optional[str]) -> Tuple[List[Optional[np.ndarray]], str]:
    """person: left, right or a number from the left, from 1; None: the one whose shoulders are widest.

    Gives [133, 3] of each frame, None where the person is not seen; and what must be said where there are several.
    """
    seen = [np.zeros((0, 133, 3)) if people is None else people[(people[..., 2] > 0).any(axis=1)] for people in frames]
    counts = np.array([len(people) for people in seen])
    shown = int((counts > 0).sum())
    number = max((count for count in range(2, int(counts.max(initial=0)) + 1)
                  if (counts >= count).sum() >= OFTEN * shown), default=1)
    index = index_of(person, number)
    if number == 1:
        return [foremost(people) for people in seen], ""
    places = _places([people for people in seen if len(people) == number])
    if index is None:
        breadths = np.array([[_breadths(people)[rank] for rank in np.argsort(_middles(people))]
                             for people in seen if len(people) == number])
        index = int(np.median(breadths, axis=0).argmax())
    return [_nearest(people, places, index) for people in seen], "" if person else several_line(index, number)


def several_line(index: int, number: int) -> str:
    return (f"{number} people are in the picture: number {index + 1} from the left was taken, whose shoulders are "
            "widest; --person left|right|N takes another")


def index_of(person: Optional[str], number: int) -> Optional[int]:
    """Of so many people, from the left; None where nobody is named."""
    if person is None:
        return None
    if number == 1 and person not in ("left", "right", "1"):
        raise UserError(f"--person {person}: there is one person; leave it out")
    index = {"left": 0, "right": number - 1}.get(person, int(person) - 1 if person.isdecimal() else -1)
    if not 0 <= index < number:
        raise UserError(f"--person {person}: there are {number} people; expected left, right or 1 to {number}, from "
                        "the left")
    return index


def _places(frames: Sequence[np.ndarray]) -> np.ndarray:
    """[number]: where each of them stands, from the left."""
    return np.asarray(np.median([np.sort(_middles(people)) for people in frames], axis=0))


def _middles(people: np.ndarray) -> np.ndarray:
    """[people]: between the shoulders, x; of who has none, between all that is seen."""
    def middle(points: np.ndarray) -> float:
        there = points[SHOULDERS] if (points[SHOULDERS, 2] > 0).all() else points[points[:, 2] > 0]
        return float(there[:, 0].mean())

    return np.array([middle(points) for points in people])


def _breadths(people: np.ndarray) -> np.ndarray:
    """[people]: of the shoulders, the less the less sure they are."""
    apart = np.hypot(*(people[:, SHOULDERS[0], :2] - people[:, SHOULDERS[1], :2]).T)
    return np.nan_to_num(apart * people[:, SHOULDERS, 2].min(axis=1))


def _nearest(people: np.ndarray, places: np.ndarray, index: int) -> Optional[np.ndarray]:
    """Who stands nearest to a place, and nearer to it than to the others'; where all are seen, by their order."""
    if not len(people):
        return None
    middles = _middles(people)
    if len(people) == len(places):
        return _cleaned(people[int(np.argsort(middles)[index])])
    mine = [(abs(middle - places[index]), number) for number, middle in enumerate(middles)
            if np.abs(middle - places).argmin() == index]
    return _cleaned(people[min(mine)[1]]) if mine else None


def foremost(people: np.ndarray) -> Optional[np.ndarray]:
    """[people, 133, 3] -> [133, 3] of the one whose shoulders are widest; None where nobody is seen."""
    return _cleaned(people[int(_breadths(people).argmax())]) if len(people) else None


def _cleaned(points: np.ndarray) -> np.ndarray:
    person = points.astype(np.float64)
    person[~(person[:, 2] > 0)] = 0         # of points that were not found nothing is known
    person[:, 2] = person[:, 2].clip(0, 1)
    return person

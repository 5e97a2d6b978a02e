"""The signer of a film of several people, whether an estimator finds everybody or one person alone."""
from typing import Callable, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import pytest

from estimation.several import Show, Standing, signer_in, standing
from terminal.errors import UserError

SIZE = (100, 600)               # height, width
FRAMES = 12
Person = Tuple[int, int]        # the middle between the shoulders, and their breadth


def picture(people: Sequence[Person]) -> np.ndarray:
    """Shoulders are rows of white; the grey value tells nothing else."""
    made = np.zeros((*SIZE, 3), np.uint8)
    for middle, breadth in people:
        made[50, middle - breadth // 2:middle + breadth // 2 + 1] = 255
    return made


def film(people: Sequence[Person], frames: int = FRAMES) -> Show:
    """Everybody goes right by a pixel a frame."""
    return lambda wanted: (picture([(middle + int(t), breadth) for middle, breadth in people]) for t in wanted)


class Everybody:
    name, several = "everybody 1", True

    def people_in(self, shown: np.ndarray) -> List[np.ndarray]:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], shown[50, :, 0] > 128, [0]]).astype(int)))
        people = []
        for first, stop in zip(edges[::2], edges[1::2]):
            points = np.ones((133, 3))
            points[:, :2] = ((first + stop - 1) / 2, 50)
            points[5, 0], points[6, 0] = stop - 1, first
            people.append(points)
        return people

    def __call__(self, pictures: Iterable[np.ndarray]) -> Iterator[Optional[np.ndarray]]:
        for shown in pictures:
            assert shown.flags.c_contiguous
            people = self.people_in(shown)
            yield np.stack(people) if people else None


class One(Everybody):
    """Whoever is largest, in some frames another."""

    name, several = "one 1", False

    def __call__(self, pictures: Iterable[np.ndarray]) -> Iterator[Optional[np.ndarray]]:
        for number, shown in enumerate(pictures):
            people = sorted(self.people_in(shown), key=lambda points: points[6, 0] - points[5, 0])
            yield people[min(len(people) - 1, number % 4 == 3)][None] if people else None


TWO: Sequence[Person] = ((120, 60), (420, 90))
BOTH = pytest.mark.parametrize("search", [Everybody(), One()], ids=["everybody", "one alone"])


def middles(poses: Sequence[Optional[np.ndarray]]) -> List[float]:
    return [-1 if points is None else float(points[[5, 6], 0].mean()) for points in poses]


@BOTH
@pytest.mark.parametrize("person, start", [(None, 420), ("left", 120), ("1", 120), ("right", 420), ("2", 420)])
def test_the_one_asked_for_is_found_in_every_frame(search: Everybody, person: Optional[str], start: int) -> None:
    poses, said = signer_in(search, film(TWO), FRAMES, person)
    assert middles(poses) == [start + t for t in range(FRAMES)]
    line = "2 people are in the picture: number 2 from the left was taken, whose shoulders are widest; --person left"
    assert said.startswith(line) if person is None else said == ""


@BOTH
def test_one_in_the_middle_of_three_is_found(search: Everybody) -> None:
    poses, _ = signer_in(search, film([*TWO, (560, 40)]), FRAMES, "2")
    assert middles(poses) == [420 + t for t in range(FRAMES)]


@BOTH
def test_who_is_alone_is_taken_and_nothing_is_said(search: Everybody) -> None:
    for person in (None, "left", "right", "1"):
        poses, said = signer_in(search, film([(300, 80)]), FRAMES, person)
        assert middles(poses) == [300 + t for t in range(FRAMES)] and said == ""
    assert signer_in(search, film([]), 3) == ([None] * 3, "")
    with pytest.raises(UserError, match="--person 2: there is one person; leave it out"):
        signer_in(search, film([(300, 80)]), FRAMES, "2")
    with pytest.raises(UserError, match="--person 3: there are 2 people; expected left, right or 1 to 2"):
        signer_in(search, film(TWO), FRAMES, "3")


def test_who_is_small_or_seldom_there_is_nobody_beside_the_signer() -> None:
    shown = [picture([(300, 100)])] * 6
    assert standing(One(), shown) == [Standing(300.0, 100.0)]
    assert standing(One(), [picture([(300, 100), (500, 20)])] * 6) == [Standing(300.0, 100.0)]
    assert standing(One(), [picture([(300, 100), (500, 60)]), *shown]) == [Standing(300.0, 100.0)]
    assert standing(One(), [*shown, picture([(500, 60)])]) == [Standing(300.0, 100.0)]      # who is found last
    assert len(standing(One(), [picture([(300, 100), (500, 60)])] * 6)) == 2


def test_who_stands_elsewhere_after_a_cut_is_no_second_person() -> None:
    """Nor is who walks through the picture: two people are seen in one and the same picture."""
    def spliced(wanted: np.ndarray) -> Iterator[np.ndarray]:
        return (picture([(120, 60) if t < FRAMES // 2 else (420, 90)]) for t in wanted)

    for search in (Everybody(), One()):
        poses, said = signer_in(search, spliced, FRAMES)
        assert middles(poses) == [120] * 6 + [420] * 6 and said == ""
    walking = [picture([(60 + 60 * step, 60)]) for step in range(8)]
    assert len(standing(One(), walking)) == 1


def test_shoulders_that_are_a_guess_are_nobody() -> None:
    class Guessing(One):
        def people_in(self, shown: np.ndarray) -> List[np.ndarray]:
            return [points * (1, 1, 0.2) for points in super().people_in(shown)]

    assert standing(Guessing(), [picture(TWO)] * 4) == []


def test_a_strip_too_narrow_for_anybody_is_not_looked_at() -> None:
    looked: List[int] = []

    class Counting(One):
        def people_in(self, shown: np.ndarray) -> List[np.ndarray]:
            looked.append(shown.shape[1])
            return super().people_in(shown)

    standing(Counting(), [picture([(300, 260)])])
    assert looked == [600]


def test_every_frame_is_seen_as_it_is_found() -> None:
    seen: List[int] = []

    def watched(poses: Iterable[Optional[np.ndarray]]) -> Iterator[Optional[np.ndarray]]:
        for pose in poses:
            seen.append(1)
            yield pose

    searches: Sequence[Callable[[], Everybody]] = (Everybody, One)
    for search in searches:
        seen.clear()
        signer_in(search(), film(TWO), FRAMES, None, watched)
        assert len(seen) == FRAMES


def test_somebody_with_one_shoulder_out_of_sight_is_not_placed() -> None:
    class Unsure(One):
        def people_in(self, shown: np.ndarray) -> List[np.ndarray]:
            people = super().people_in(shown)
            for points in people:
                points[5, 2] = 0.0
            return people

    assert standing(Unsure(), [picture(TWO)] * 4) == []

"""How well maps follow what parts are worth, on figures and a network worked by hand."""
from typing import Iterator, Tuple

import numpy as np
import pytest

from evidence import parted
from evidence.gloss_maps import MARGIN
from evidence.parted import RIVALS, Followed, _rivals, add, follows, lines
from models.input_tap import entry_probe
from records.hiding import WAYS
from records.parts import BODY, LEFT, PARTS, REST, RIGHT, GlossParts, Part
from tests.kit.parted import PartReader, parted_clip
from tests.kit.records import gloss

VALUES = (4.0, 2.0, 0.0, 0.0, 1.0, -1.0)


def worth(values: Tuple[object, ...] = VALUES) -> GlossParts:
    parts = tuple(Part(name, value) for name, value in zip(PARTS[6], values))     # type: ignore[arg-type]
    return GlossParts(gloss(), 0.0, -6.0, parts, ())


def test_a_map_whose_shares_are_the_values_follows_them_whatever_their_scale() -> None:
    assert follows(worth(), np.array([50, 30, 10, 10, 20, 0.0])) == pytest.approx(1)
    assert follows(worth(), -np.array(VALUES)) == pytest.approx(-1)


def test_parts_that_are_not_in_the_picture_do_not_count() -> None:
    values = (4.0, 2.0, None, None, 1.0, -1.0)
    assert follows(worth(values), np.array([5, 3, 100, 100, 2, 0.0])) == pytest.approx(1)


def test_two_parts_alone_say_nothing() -> None:
    assert np.isnan(follows(worth((4.0, 2.0, *[None] * 4)), np.array([5, 3, 0, 0, 0, 0.0])))


def test_rivals_lie_in_the_gloss_s_own_frames_and_those_beside_them() -> None:
    clip = parted_clip()
    given = GlossParts(gloss(frames=(12, 14)), 0.0, -6.0, (), ())
    frames = {key[2]: np.flatnonzero(values.any((1, 2)))
              for key, _, values in _rivals("tiny", clip, [given], np.zeros((24, 64, 64), np.uint8))}
    assert set(frames) == set(RIVALS)
    for name in ("centre", "area"):
        assert frames[name].tolist() == list(range(12 - MARGIN, 14 + MARGIN))


def test_an_even_map_and_even_values_say_nothing() -> None:
    assert np.isnan(follows(worth(), np.ones(6))) and np.isnan(follows(worth((1.0,) * 6), np.arange(6.0)))


@pytest.fixture(autouse=True)
def few() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(parted, "CAMS", ("layercam",))
        small.setattr(parted, "AT_INPUT", (("integrated", "still"),))
        yield


class AtInput(PartReader):
    """Its input is its only layer."""

    default_layers = ("input",)     # type: ignore[assignment]
    factors = ("input",)            # type: ignore[assignment]


def test_a_map_of_a_network_that_reads_one_hand_is_held_against_its_parts() -> None:
    """Pixels of the hand that it reads, and none of the others, are in its map."""
    model = AtInput(lambda shown: 3 * shown[RIGHT] + shown[LEFT] + 0 * shown[BODY], 4.0)
    model.layers = {"input": entry_probe(model.entry, "entry", 3, 64)}
    followed = Followed()
    clip = parted_clip()
    clip.frames[:, 0, 0] = 7                # even pictures have no map
    for _ in range(2):
        add(followed, "tiny", model, clip)
    # white blurred is white
    assert followed.glosses == {("tiny", "still"): 2, ("tiny", "mean"): 2, ("tiny", "blur"): 0}
    for way in ("still", "mean"):
        own = followed.interval(("tiny", "input", "integrated, still"), way)
        assert own.value > 0.95 and own.value > followed.interval(("tiny", "-", "centre"), way).value
    table = "\n".join(lines(followed))
    assert "integrated, still" in table and "rival" in table and REST not in table.split("tiny")[1]


def test_a_clip_without_keypoints_is_left_out() -> None:
    followed = Followed()
    add(followed, "tiny", PartReader(lambda shown: 4 * shown[RIGHT], 4.0), parted_clip(keypoints=None))
    assert not followed.clips and lines(followed) == []


def test_a_map_that_wins_only_where_the_judge_hides_as_it_did_is_told_so() -> None:
    def judged(mean: float) -> Followed:
        rivals = {("a", "-", name): {way: [0.1, 0.1, 0.2] for way in WAYS} for name in RIVALS}
        own = {"still": [0.8, 0.9, 0.9], "mean": [mean] * 3, "blur": [0.0] * 3}
        return Followed({("a", "input", "integrated, still"): own, **rivals}, {("a", way): 3 for way in WAYS})

    row, = (line for line in lines(judged(0.0)) if line.startswith("input"))
    assert row.endswith("own way") and "MCA" in row
    row, = (line for line in lines(judged(0.7)) if line.startswith("input"))
    assert not row.endswith("own way")

"""What a gloss was read from, in one sentence."""
from dataclasses import replace
from typing import Any, Tuple

import pytest

from records.part_words import sentence
from records.parts import BODY, LEFT, MOUTH, REST, RIGHT, Part
from tests.kit.records import gloss

PARTS = tuple(Part(name, value, 0.0, 0.0) for name, value in ((RIGHT, 1.8), (LEFT, 2.2), (BODY, 4.7), (MOUTH, 0.1),
                                                             (REST, 1.2)))


def test_parts_are_told_from_the_largest_down_as_shares_and_small_ones_left_out() -> None:
    assert sentence(gloss(), PARTS, 10.0) == (
        "REGEN was read from arms and trunk (47%), left hand (22%), right hand (18%), everything else (12%)")


def test_what_speaks_against_it_is_told_behind() -> None:
    parts = (Part(RIGHT, 12.0, 0.0, 0.0), Part(LEFT, -2.0, 0.0, 0.0), Part(BODY))
    assert sentence(gloss(), parts, 10.0) == "REGEN was read from right hand (120%); against it: left hand (-20%)"


def test_without_parts_there_is_nothing_to_say() -> None:
    assert sentence(gloss(), (), 10.0) == sentence(gloss(), (Part(RIGHT),), 10.0) == ""


def test_a_gloss_that_the_hidden_clip_has_as_much_is_read_from_nothing() -> None:
    assert sentence(gloss(), PARTS, 0.01) == (
        "REGEN is no more likely than in the hidden clip (+0.01): all parts together give no support for it")


@pytest.mark.parametrize("changes, claim", [
    ({"verdict": "substituted", "true_gloss": "WIND", "side": "read"}, "REGEN rather than the true WIND"),
    ({"verdict": "substituted", "true_gloss": "WIND", "side": "true"}, "the true WIND rather than REGEN"),
    ({"verdict": "inserted", "side": "read"}, "REGEN rather than nothing"),
    ({"verdict": "deleted", "true_gloss": "REGEN", "side": "read"}, "what was read rather than the missed REGEN"),
    ({"verdict": "deleted", "true_gloss": "REGEN", "side": "true"},
     "REGEN, which was missed, rather than what was read")])
def test_a_contrast_has_log_odds_and_says_what_is_held_against_what(changes: Any, claim: str) -> None:
    parts: Tuple[Part, ...] = (Part(RIGHT, 2.1, 0.0, 0.0), Part(BODY, -0.9, 0.0, 0.0))
    assert sentence(replace(gloss(), **changes), parts, 1.2) == (
        f"{claim} has support from right hand (+2.10); against it: arms and trunk (-0.90)")


@pytest.mark.parametrize("span, claim", [("true-2", "REGEN, which is true, has support from"),
                                         ("unread-1", "REGEN, which was not read, has support from")])
def test_a_gloss_that_was_not_read_is_not_said_to_be(span: str, claim: str) -> None:
    assert sentence(gloss(span=span), PARTS, 10.0).startswith(f"{claim} arms and trunk (47%)")


def test_what_speaks_most_against_it_comes_first() -> None:
    parts = (Part(RIGHT, 12.0, 0.0, 0.0), Part(LEFT, -2.0, 0.0, 0.0), Part(BODY, -3.0, 0.0, 0.0))
    assert sentence(gloss(), parts, 7.0).endswith("against it: arms and trunk (-43%), left hand (-29%)")

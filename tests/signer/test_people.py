from dataclasses import replace
from pathlib import Path

import numpy as np

from datasets.market import identities, market
from signer.people import differing, make_people, person, portrait


def test_the_same_numbers_draw_the_same_people() -> None:
    one, two = (portrait(person(1, 4), 1, 7) for _ in range(2))
    assert (one.picture == two.picture).all() and one.picture.shape == (260, 210, 3)
    assert 0.15 < one.person.mean() < 0.6


def test_what_differs_is_what_was_changed() -> None:
    look = person(1, 4)
    one, two = portrait(look, 1, 7), portrait(replace(look, hair=(250.0, 60.0, 60.0)), 1, 7)
    region = differing(one, two)
    assert region.any() and not (region & ~one.person).any()
    assert np.argwhere(region)[:, 0].mean() < np.argwhere(one.person)[:, 0].mean()      # hair is above the rest


def test_the_folders_are_market_1501_s_and_made_once(tmp_path: Path) -> None:
    root = make_people(tmp_path / "people", {"train": 2, "test": 1}, 2, 3)
    assert identities(root) == [1, 2] and len(market(root, "train")) == 4
    assert [shot.identity for part in ("query", "gallery") for shot in market(root, part)] == [3, 3]
    before = (root / "people.json").stat().st_mtime_ns
    make_people(root, {"train": 2, "test": 1}, 2, 3)
    assert (root / "people.json").stat().st_mtime_ns == before

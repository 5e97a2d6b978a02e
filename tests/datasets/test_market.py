from pathlib import Path

import pytest

from datasets.market import identities, market
from terminal.errors import UserError
from tests.kit.people import tiny_market


def test_names_say_who_and_which_camera_and_junk_is_left_out(tmp_path: Path) -> None:
    gallery = market(tiny_market(tmp_path / "market"), "gallery")
    assert [(shot.identity, shot.camera) for shot in gallery] == [
        (0, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 2), (3, 3)]


def test_classes_are_the_training_identities_in_order(tmp_path: Path) -> None:
    assert identities(tiny_market(tmp_path / "market")) == [1, 2, 3]


def test_a_folder_that_is_none_names_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a Market-1501 folder: looked for bounding_box_train, query"):
        market(tmp_path, "query")
    (tmp_path / "query").mkdir()
    with pytest.raises(UserError, match="holds no pictures named as Market-1501's are"):
        market(tmp_path, "query")

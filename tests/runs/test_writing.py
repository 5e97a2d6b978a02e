import pytest

from runs.writing import strip_name
from tests.kit import records


@pytest.mark.parametrize("gloss, wanted", [
    ("REGEN", "01_REGEN.png"), ("../../etc", "01_______etc.png"),
    ("S\u00dcD", "01_S\u00dcD.png"), ("a/b\\c", "01_a_b_c.png"),
    ("\u5929\u6c14", "01_\u5929\u6c14.png"), ("\0\x1b", "01___.png")])
def test_a_file_name_is_safe_whatever_the_gloss_is_called(gloss: str, wanted: str) -> None:
    assert strip_name(records.gloss(1, gloss)) == wanted


def test_a_long_gloss_makes_no_long_file_name() -> None:
    assert len(strip_name(records.gloss(1, "\u5929" * 500)).encode()) < 80


def test_the_two_sides_of_a_contrast_have_names_of_their_own() -> None:
    assert strip_name(records.gloss(2, "REGEN", side="true")) == "02_REGEN_for-true.png"

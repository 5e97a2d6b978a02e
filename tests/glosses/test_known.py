from typing import List

import pytest

from glosses.known import check_known
from glosses.vocabulary import GlossVocabulary
from terminal.errors import UserError

VOCABULARY = GlossVocabulary(["<blank>", "REGEN", "WIND"], aliases={"<unk>": 2})


def message(*strangers: str, known: int) -> str:
    sentences: List[List[str]] = [["REGEN"] * known, list(strangers)]
    return check_known(VOCABULARY, sentences, "a.pt", "dev", "another") or ""


def test_a_few_unseen_glosses_are_nothing_to_speak_of() -> None:
    assert message("NEU", known=49) == "" and message(known=3) == ""
    assert check_known(VOCABULARY, [], "a.pt", "dev", "another") is None        # a split without annotation


def test_more_are_said_and_named_the_most_frequent_first() -> None:
    assert message("NEU", known=48) == "a.pt: 2.0% of the glosses of 'dev' have no class (1 of 49: NEU)"
    line = message("A", "B", "B", "C", "D", "E", "F", known=7)
    assert line.startswith("a.pt: 50.0% of the glosses of 'dev' have no class (7 of 14: B, ")
    assert line.endswith(", ...)")


def test_most_is_refused() -> None:
    with pytest.raises(UserError, match=r"66.7% of the glosses of 'dev' have no class \(2 of 3: X, Y\); .*another$"):
        message("X", "Y", known=1)


def test_the_class_of_all_unknown_words_and_the_blank_are_no_gloss_classes_own() -> None:
    with pytest.raises(UserError, match="100.0%"):
        message("<blank>", "NEU", known=0)

import pickle
from pathlib import Path
from typing import Any, Tuple

import numpy as np
import pytest

from glosses.vocabulary import GlossVocabulary, in_string_order, load_gloss2ids, load_gloss_dict
from terminal.errors import UserError


@pytest.fixture
def gloss2ids(tmp_path: Path) -> Path:
    path = tmp_path / "gloss2ids.pkl"
    path.write_bytes(pickle.dumps({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4, "REGEN": 4, "WIND": 5}))
    return path


def test_two_words_of_one_class_read_back_as_the_gloss(gloss2ids: Path) -> None:
    vocabulary = load_gloss2ids(gloss2ids)
    assert vocabulary.encode(["<mask>", "REGEN"]) == [4, 4]
    assert vocabulary.decode([4, 5]) == ("REGEN", "WIND")
    assert (len(vocabulary), vocabulary.blank) == (6, 0)


def test_unknown_words_take_the_unknown_class(gloss2ids: Path) -> None:
    vocabulary = load_gloss2ids(gloss2ids)
    assert vocabulary.encode(["NEVER-SEEN", "WIND"]) == [3, 5]
    assert "NEVER-SEEN" not in vocabulary


def test_without_an_unknown_class_unknown_words_are_left_out() -> None:
    assert GlossVocabulary(["<blank>", "REGEN"]).encode(["WIND", "REGEN"]) == [1]


def test_a_class_without_a_name_reads_as_its_number() -> None:
    assert GlossVocabulary(["<blank>", "REGEN"]).decode([1, 857]) == ("REGEN", "#857")


def test_all_glosses_are_numbered_in_string_order() -> None:
    vocabulary = in_string_order([["WIND"], ["ABEND", "ZWEI"], ["REGEN"], ["ÖSTERREICH", "loc-NORD"]])
    assert vocabulary.names == ("<blank>", "ABEND", "REGEN", "WIND", "ZWEI", "loc-NORD", "ÖSTERREICH")


def test_gloss_dict_says_the_same(tmp_path: Path) -> None:
    np.save(tmp_path / "gloss_dict.npy", np.array({"ABEND": [1, 7], "REGEN": [2, 1]}, dtype=object))
    vocabulary = load_gloss_dict(tmp_path / "gloss_dict.npy")
    assert vocabulary.names == ("<blank>", "ABEND", "REGEN")


class Malice:
    def __reduce__(self) -> Tuple[Any, ...]:
        return (Path.touch, (Path("ran.txt"),))


def test_a_malicious_pickle_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gloss2ids.pkl").write_bytes(pickle.dumps({"REGEN": Malice()}))
    with pytest.raises(UserError, match="gloss2ids.pkl"):
        load_gloss2ids(tmp_path / "gloss2ids.pkl")
    assert not (tmp_path / "ran.txt").exists()


@pytest.mark.parametrize("content", [[1, 2], {}, {"REGEN": "x"}, {1: 2}])
def test_other_content_is_refused(tmp_path: Path, content: Any) -> None:
    (tmp_path / "gloss2ids.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(UserError, match="gloss2ids"):
        load_gloss2ids(tmp_path / "gloss2ids.pkl")


def test_a_number_as_large_as_memory_is_no_class(tmp_path: Path) -> None:
    (tmp_path / "gloss2ids.pkl").write_bytes(pickle.dumps({"<s>": 0, "REGEN": 10 ** 10}))
    with pytest.raises(UserError, match="not a gloss2ids file"):
        load_gloss2ids(tmp_path / "gloss2ids.pkl")


def test_glosses_in_small_letters_read_back_in_capitals_where_the_blank_is_si(tmp_path: Path) -> None:
    path = tmp_path / "gloss2ids.pkl"
    path.write_bytes(pickle.dumps({"<si>": 0, "<unk>": 1, "<pad>": 2, "</s>": 3, "übermorgen": 4, "wind": 5}))
    vocabulary = load_gloss2ids(path)
    assert vocabulary.decode([4, 5]) == ("ÜBERMORGEN", "WIND") and vocabulary.blank == 0
    assert vocabulary.encode(["WIND", "wind", "NIE"]) == [5, 5, 1]

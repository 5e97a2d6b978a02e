from pathlib import Path

import numpy as np
import pytest

from datasets.corpus import read_corpus, select, splits
from datasets.phoenix2014 import Phoenix2014
from files.names import LONGEST
from results.folder import SequenceFolder
from results.retire_output import set_aside
from terminal.errors import UserError

HEADER = "id|folder|signer|annotation\n"


def corpus(folder: Path, split: str, text: str) -> Path:
    path = folder / f"{split}.corpus.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_keep_umlauts_and_lose_doubled_spaces(tmp_path: Path) -> None:
    corpus(tmp_path, "dev", HEADER + "a-1|a-1/1/*.png|Signer05|__ON__  KÜHL   IX \n\nb|b/1/*.png|Signer01|\n")
    first, second = read_corpus(tmp_path, "dev")
    assert (first.seq_id, first.folder, first.signer) == ("a-1", "a-1/1/*.png", "Signer05")
    assert first.glosses == ("__ON__", "KÜHL", "IX")
    assert second.glosses == ()


def test_the_file_itself_may_be_named(tmp_path: Path) -> None:
    path = corpus(tmp_path, "train", "\ufeff" + HEADER.replace("\n", "\r\n") + "a|a/1/*.png|S|REGEN\r\n")
    assert [row.glosses for row in read_corpus(path, "train")] == [("REGEN",)]


def test_info_file_of_the_code_bases_says_the_same(tmp_path: Path) -> None:
    entry = {"fileid": "a", "folder": "dev/a/1/*.png", "signer": "Signer05", "label": "KÜHL  IX", "num_frames": 9}
    np.save(tmp_path / "dev_info.npy", np.array({"prefix": "/somewhere", 0: entry}, dtype=object))
    corpus(tmp_path, "other", HEADER + "a|a/1/*.png|Signer05|KÜHL IX\n")
    assert read_corpus(tmp_path, "dev") == read_corpus(tmp_path, "other")
    assert splits(tmp_path) == ["other", "dev"]


def test_missing_corpus_names_the_file_and_the_splits_there_are(tmp_path: Path) -> None:
    corpus(tmp_path, "dev", HEADER)
    with pytest.raises(UserError, match=r"split 'test'.*test\.corpus\.csv.*splits there: dev"):
        read_corpus(tmp_path, "test")


@pytest.mark.parametrize("text, problem", [
    ("", "expected the header"), ("a|a/1|S|X\n", "expected the header"),
    (HEADER + "a|a/1/*.png\n", "line 2 has 2 fields"),
    (HEADER + "../a|a/1/*.png|S|X\n", "entry 1 has the id '../a'"),
    (HEADER + "b|b/1|S|X\n.partial-b|b/1|S|X\n", "entry 2 has the id '.partial-b', which begins with a dot"),
    (HEADER + "index.html|b/1|S|X\n", "which is a file that a batch writes"),
    (HEADER + "summary.json|b/1|S|X\n", "which is a file that a batch writes"),
    (HEADER + "a\0b|b/1|S|X\n", "a character that can't be printed"),
    (HEADER + "a\x1b[31m|b/1|S|X\n", "a character that can't be printed"),
    (HEADER + "x" * 400 + "|b/1|S|X\n", "is 400 bytes long, and 200 fit"),
    (HEADER + "Ü" * 101 + "|b/1|S|X\n", "is 202 bytes long"),
    (HEADER + "a|../../b/1|S|X\n", "leads out of the split's folder"),
    (HEADER + "a|/dev/z*|S|X\n", "leads out of the split's folder"),
    (HEADER + "a|b\0/*.png|S|X\n", "folder .* a character that can't be printed"),
    (HEADER + "a||S|X\n", "folder '', which is empty"),
    (HEADER + "a|a/1|S|X\nb|b/1|S|X\na|a/1|S|X\n", "'a' is both entry 1 and 3"),
])
def test_broken_corpus_says_where(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        read_corpus(corpus(tmp_path, "dev", text), "dev")


def test_an_id_of_half_a_character_is_no_text(tmp_path: Path) -> None:
    entry = {"fileid": "a\ud800", "folder": "a/1", "signer": "S", "label": "X"}
    np.save(tmp_path / "dev_info.npy", np.array({0: entry}, dtype=object))
    with pytest.raises(UserError, match="which is not valid text"):
        read_corpus(tmp_path, "dev")


def test_the_longest_id_allowed_fits_every_file_made_for_it(tmp_path: Path) -> None:
    name = "x" * LONGEST
    read_corpus(corpus(tmp_path, "dev", HEADER + name + "|b/1|S|X\n"), "dev")
    folder = SequenceFolder.claim(tmp_path, name)
    assert folder is not None
    with folder:
        (folder.path / "preds.json").write_text("{}")
        folder.publish({}, {})
    assert set_aside(tmp_path / name).exists()


def test_a_split_without_rows_is_told_of(tmp_path: Path) -> None:
    manual = tmp_path / "annotations/manual"
    manual.mkdir(parents=True)
    corpus(manual, "dev", HEADER)
    with pytest.raises(UserError, match="split 'dev' .* has no rows"):
        Phoenix2014(tmp_path).rows("dev")


def test_corpus_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dev.corpus.csv").write_bytes((HEADER + "a|a/1|S|KÜHL\n").encode("latin-1"))
    with pytest.raises(UserError, match="not UTF-8"):
        read_corpus(tmp_path, "dev")


def test_rows_come_in_the_order_asked(tmp_path: Path) -> None:
    rows = read_corpus(corpus(tmp_path, "dev", HEADER + "a|a/1|S|\nb|b/1|S|\n"), "dev")
    assert [row.seq_id for row in select(rows, ["b", "a", "b"], "dev", tmp_path, {})] == ["b", "a"]


def test_unknown_id_names_its_split_or_its_neighbours(tmp_path: Path) -> None:
    corpus(tmp_path, "train", HEADER + "04May_default-7|x|S|\n")
    rows = read_corpus(corpus(tmp_path, "dev", HEADER + "01April_default-1|x|S|\n05July_default-2|x|S|\n"), "dev")
    others = {"train": lambda: read_corpus(tmp_path, "train")}
    with pytest.raises(UserError, match="it is in 'train'; ask for it with --split train"):
        select(rows, ["04May_default-7"], "dev", tmp_path, others)
    with pytest.raises(UserError, match="nearest of its 2 ids: 01April_default-1, "):
        select(rows, ["01April_default-11"], "dev", tmp_path, others)

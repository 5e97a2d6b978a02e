"""Vocabularies that fit the corpus, and those that don't."""
import json
import logging
import pickle
import shutil
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest

import evaluate
import main
import train
from datasets.corpora import open_corpus
from datasets.phoenix import PhoenixVideoTextDataset
from files.workspace import REPOSITORY
from glosses.rules import TWOSTREAM_2014T
from signer.synthetic import make_workspace
from terminal.errors import UserError
from tests.kit.commands import small_checkpoint
from tests.kit.tiers import first, full
from tests.kit.training import make_trainer, write_recipe

DEMO = REPOSITORY / "demo" / "slowfast.pt"


@pytest.fixture(scope="module")
def small_letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PHOENIX-2014T as its authors' gloss2ids.pkl has it; its glosses have small and capital letters."""
    root = make_workspace(tmp_path_factory.mktemp("drawn"), {"train": 2, "dev": 2, "test": 1}, 3,
                          layout="phoenix2014-T")
    for table in (root / "annotations/manual").glob("*.csv"):
        head, *rows = table.read_text(encoding="utf-8").splitlines()
        fields = [row.split("|") for row in rows]
        lines = ["|".join([*row[:5], " ".join(f"poss-{word}" for word in row[5].split()), *row[6:]]) for row in fields]
        table.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    glosses = sorted({word for split in ("train", "dev", "test") for row in open_corpus(root).rows(split)
                      for word in row.glosses})
    words = ["<si>", "<unk>", "<pad>", "</s>", *(gloss.lower() for gloss in glosses), "de_DE"]
    (root / "annotations/manual/gloss2ids.pkl").write_bytes(
        pickle.dumps({word: number for number, word in enumerate(words)}))
    return root


def other_words(data: Path, folder: Path, word: str = "WETTER") -> Path:
    """The same clips, in which something else is said to be signed."""
    other = folder / data.name
    shutil.copytree(data, other)
    for table in (other / "annotations/manual").glob("*.csv"):
        head, *rows = table.read_text(encoding="utf-8").splitlines()
        column = head.split("|").index("orth" if "orth" in head else "annotation")
        lines = [[*fields[:column], f"{word} {word} REGEN", *fields[column + 1:]]
                 for fields in (row.split("|") for row in rows)]
        table.write_text("\n".join([head, *map("|".join, lines)]) + "\n", encoding="utf-8")
    return other


@full
def test_a_perfect_reader_of_phoenix_2014t_makes_no_mistake(small_letters: Path) -> None:
    corpus = open_corpus(small_letters)
    vocabulary = corpus.file_vocabulary()
    rows = corpus.rows("dev")
    read = [vocabulary.decode(vocabulary.encode(row.glosses)) for row in rows]
    assert read == [tuple(word.upper() for word in row.glosses) for row in rows] != [row.glosses for row in rows]
    assert TWOSTREAM_2014T.total((row.glosses, glosses) for row, glosses in zip(rows, read)).errors == 0
    assert len(PhoenixVideoTextDataset(corpus, "dev")[0]["gloss"]) == len(rows[0].glosses)


def test_twostream_is_trained_on_what_is_signed_in_phoenix_2014t(small_letters: Path, tmp_path: Path) -> None:
    trainer = make_trainer(small_letters, tmp_path / "out", write_recipe(tmp_path, "twostream"))
    labels: List[List[int]] = trainer.samples.train_set.labels      # type: ignore[attr-defined]
    assert [len(ids) for ids in labels] == [len(row.glosses) for row in open_corpus(small_letters).rows("train")]
    assert 1 not in sum(labels, [])                         # the class of unknown words


@pytest.mark.parametrize("stored", first([False, True]))
def test_twostream_reads_phoenix_2014t_in_capitals(small_letters: Path, tmp_path: Path, stored: bool,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    """Whether its checkpoint brings names of its own, as train.py's do, or not, as the published one."""
    path = small_checkpoint(tmp_path / "two.ckpt", "twostream", open_corpus(small_letters).file_vocabulary(), stored)
    given = ["--data-root", str(small_letters), "--models", "twostream", "--twostream-ckpt", str(path), "--out",
             str(tmp_path / "out"), "--device", "cpu"]
    row = open_corpus(small_letters).rows("dev")[0]
    assert main.main([*given, "--split", "dev", "--seq", row.seq_id, "--quiet", "--write", "cams"]) == 0
    preds = json.loads((tmp_path / "out" / row.seq_id / "preds.json").read_text(encoding="utf-8"))
    model = preds["models"]["twostream"]
    assert not [note for note in model["notes"] if "without a class" in note]
    assert [span["gloss"] for span in model["truth_spans"]] == list(row.glosses)
    assert model["wer"]["rule"] == model["wer_authors"]["rule"] == "TwoStream 2014T"
    assert evaluate.main(given) == 0
    printed = capsys.readouterr()
    assert "TwoStream 2014T (common, and its authors')" in printed.out and "no class" not in printed.err
    read = [line.split("|")[1] for line in (tmp_path / "out" / "dev.twostream.txt").read_text("utf-8").splitlines()[1:]]
    assert any(read) and read == [words.upper() for words in read]


@pytest.mark.parametrize("layout", first(["phoenix2014-T", "phoenix2014"]))
def test_a_demo_checkpoint_is_not_evaluated_on_a_corpus_it_knows_little_of(
        small_letters: Path, tmp_path: Path, layout: str, capsys: pytest.CaptureFixture[str]) -> None:
    if layout == "phoenix2014":
        made = make_workspace(tmp_path / "drawn", {"train": 1, "dev": 1, "test": 1}, 3, layout=layout)
        data = other_words(made, tmp_path / "other")
    else:
        data = other_words(small_letters, tmp_path / "other")
    assert evaluate.main(["--data-root", str(data), "--models", "slowfast", "--slowfast-ckpt", str(DEMO), "--out",
                          str(tmp_path / "out"), "--device", "cpu"]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "slowfast.pt: 66.7% of the glosses of 'dev' have no class (" in line and ": WETTER); " in line


def test_a_clip_of_which_a_model_knows_little_says_so(small_letters: Path, tmp_path: Path) -> None:
    data = other_words(small_letters, tmp_path / "other")
    row = open_corpus(data).rows("dev")[0]
    assert main.main(["--data-root", str(data), "--models", "slowfast", "--slowfast-ckpt", str(DEMO), "--split", "dev",
                      "--seq", row.seq_id, "--out", str(tmp_path / "out"), "--quiet", "--write", "cams"]) == 0
    model = json.loads((tmp_path / "out" / row.seq_id / "preds.json").read_text(encoding="utf-8"))["models"]["slowfast"]
    assert "true glosses without a class of their own: WETTER WETTER" in model["notes"]


def test_classes_without_names_of_their_own_take_no_names_beyond_them(small_letters: Path, tmp_path: Path,
                                                                      capsys: pytest.CaptureFixture[str]) -> None:
    corpus = open_corpus(small_letters)
    path = small_checkpoint(tmp_path / "few.pt", "vac", corpus.vocabulary().cut(3))
    assert evaluate.main(["--data-root", str(small_letters), "--models", "vac", "--vac-ckpt", str(path), "--out",
                          str(tmp_path / "out"), "--device", "cpu"]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "few.pt: " in line and "of the glosses of 'dev' have no class (" in line


def gloss_dict(path: Path, words: List[str]) -> Path:
    content: Dict[str, Any] = {word: [number, 1] for number, word in enumerate(words, start=1)}
    np.save(path, np.array(content, dtype=object))
    return path


def test_training_on_glosses_that_have_no_class_is_refused(small_letters: Path, tmp_path: Path,
                                                           capsys: pytest.CaptureFixture[str]) -> None:
    given = ["-c", str(write_recipe(tmp_path, "vac")), "--data-root", str(small_letters), "--out",
             str(tmp_path / "out"), "--device", "cpu", "--override", "model.vocabulary"]
    assert train.main([*given, str(gloss_dict(tmp_path / "other.npy", ["wetter", "nord"]))]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "100.0% of the glosses of 'train' have no class (" in line and "model.vocabulary" in line


def test_training_says_which_glosses_it_leaves_out(small_letters: Path, tmp_path: Path,
                                                   caplog: pytest.LogCaptureFixture,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("training"), "propagate", True)       # train.py's own log is off it
    words = [row.glosses for split in ("train", "dev") for row in open_corpus(small_letters).rows(split)]
    known = sorted({word for glosses in words for word in glosses})
    path = gloss_dict(tmp_path / "few.npy", known[1:])
    with caplog.at_level("WARNING", "training"):
        make_trainer(small_letters, tmp_path / "out", write_recipe(tmp_path, "vac"), ("model.vocabulary", str(path)))
    assert any("have no class (" in line and f": {known[0]})" in line for line in caplog.messages)


@full
def test_small_letters_are_strangers_where_the_authors_keep_capitals(tmp_path: Path) -> None:
    made = make_workspace(tmp_path / "drawn", {"train": 2, "dev": 1, "test": 1}, 3)
    words = ["<s>", *(gloss.lower() for gloss in open_corpus(made).vocabulary().names[1:])]
    (made / "annotations/manual/gloss2ids.pkl").write_bytes(
        pickle.dumps({word: number for number, word in enumerate(words)}))
    with pytest.raises(UserError, match="100.0% of the glosses of 'train' have no class"):
        make_trainer(made, tmp_path / "out", write_recipe(tmp_path, "twostream"))

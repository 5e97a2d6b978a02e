"""PHOENIX-2014's frame alignment: a small one written by hand, and the drawn signer's."""
from pathlib import Path
from typing import List, Sequence

import cv2
import numpy as np
import pytest

from datasets.alignment import CLASSES, Segment, State, active_glosses, alignment_file, cut, read_classes
from datasets.corpora import open_corpus
from signer.evidence import read_evidence
from signer.synthetic import make_workspace
from terminal.errors import UserError

SEQUENCE = "01April_2010_Thursday_heute_default-0"
STATES = "signstate classlabel\nA0 0\nA1 1\nA2 2\nLOC-NORD0 3\nLOC-NORD1 4\nLOC-NORD2 5\nsi 6\n"


def corpus_of(root: Path, glosses: str, labels: Sequence[int], states: str = STATES) -> Path:
    """A train split of one sequence with so many frames."""
    (root / "annotations" / "manual").mkdir(parents=True)
    (root / CLASSES).parent.mkdir()
    (root / "annotations" / "manual" / "train.corpus.csv").write_text(
        f"id|folder|signer|annotation\n{SEQUENCE}|{SEQUENCE}/1/*.png|Signer01|{glosses}\n", "utf-8")
    (root / CLASSES).write_text(states, "utf-8")
    frames = root / "features" / "fullFrame-256x256px" / "train" / SEQUENCE / "1"
    frames.mkdir(parents=True)
    names = [f"01April_2010_Thursday_heute.avi_pid0_fn{t:06d}-0.png" for t in range(len(labels))]
    for name in names:
        cv2.imwrite(str(frames / name), np.zeros((2, 2, 3), np.uint8))
    lines = [f"features/fullFrame-210x260px/train/{SEQUENCE}/1/{name} {label}" for name, label in zip(names, labels)]
    (root / alignment_file("train")).write_text("\n".join(lines) + "\n", "utf-8")
    return root


def active(root: Path) -> List[int]:
    corpus = open_corpus(root)
    glosses = active_glosses(corpus, "train", corpus.rows("train"))
    assert glosses is not None
    return glosses[SEQUENCE].tolist()


def test_frames_get_their_place_in_the_sentence(tmp_path: Path) -> None:
    labels = [6, 0, 1, 2, 2, 6, 3, 4, 5, 0, 1, 6]
    assert active(corpus_of(tmp_path, "A LOC-NORD A", labels)) == [-1, 0, 0, 0, 0, -1, 1, 1, 1, 2, 2, -1]


def test_a_gloss_signed_twice_begins_anew_with_its_states() -> None:
    a = [State("A", number) for number in (0, 0, 1, 2, 0, 2)]
    assert cut([*a, State(None, 0), State("A", 2)]) == [Segment("A", 0, 4), Segment("A", 4, 6), Segment("A", 7, 8)]


def test_what_the_sentence_lacks_is_nobody_s(tmp_path: Path) -> None:
    assert active(corpus_of(tmp_path, "A A", [0, 1, 3, 4, 0, 1])) == [0, 0, -1, -1, 1, 1]


def test_a_corpus_without_one_says_so(tmp_path: Path) -> None:
    corpus = open_corpus(corpus_of(tmp_path, "A", [0]))
    assert active_glosses(corpus, "dev", []) is None


@pytest.mark.parametrize("state", ["A0 0 1", "A7 0", "A0 x", "0 1"])
def test_a_broken_class_takes_one_line(tmp_path: Path, state: str) -> None:
    (tmp_path / "classes.txt").write_text(f"signstate classlabel\n{state}\n", "utf-8")
    with pytest.raises(UserError, match=f"line 2: '{state}' is not a state") as error:
        read_classes(tmp_path / "classes.txt")
    assert "\n" not in str(error.value)


def test_broken_alignments_take_one_line(tmp_path: Path) -> None:
    root = corpus_of(tmp_path, "A", [0, 1, 9])
    with pytest.raises(UserError, match="line 3: class 9 is not in trainingClasses.txt"):
        active(root)
    path = root / alignment_file("train")
    path.write_text("no frame at all\n", "utf-8")
    with pytest.raises(UserError, match="line 1: 'no frame at all' is not a frame"):
        active(root)
    path.write_text("", "utf-8")
    with pytest.raises(UserError, match=f"nothing for 3 of the 3 frames of '{SEQUENCE}'"):
        active(root)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="can't be read .* expected text in UTF-8"):
        active(root)
    (root / CLASSES).unlink()
    with pytest.raises(UserError, match="no such file"):
        active(root)


def test_the_drawn_signer_s_alignment_is_what_was_drawn(tmp_path: Path) -> None:
    root = make_workspace(tmp_path, {"train": 2}, frame_sizes=("256x256px",))
    corpus = open_corpus(root)
    glosses = active_glosses(corpus, "train", corpus.rows("train"))
    assert glosses is not None and len(glosses) == 2
    for name, places in glosses.items():
        assert (places == read_evidence(root / "evidence" / f"{name}.npz").active).all()
    states = set(read_classes(root / CLASSES).values())
    assert State("SÜD", 2) in states and State(None, 0) in states and len(states) == 3 * 14 + 1

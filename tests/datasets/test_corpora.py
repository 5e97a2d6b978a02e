from pathlib import Path
from typing import Any, Dict

import cv2
import numpy as np
import pytest

from datasets.corpora import CORPORA, corpus_class, find_corpus, name_found, open_corpus
from datasets.csl_daily import CSLDaily
from datasets.layout import TALL
from datasets.phoenix import PhoenixVideoTextDataset
from files.workspace import Workspace
from glosses.rules import COMMON
from signer.layouts import CHINESE, LAYOUTS
from signer.synthetic import make_workspace
from terminal.errors import UserError

DRAWN = tuple(LAYOUTS)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Path]:
    root = tmp_path_factory.mktemp("drawn")
    return {name: make_workspace(root, {"train": 1, "dev": 1, "test": 1}, 3, layout=name, frame_sizes=())
            for name in DRAWN}


@pytest.mark.parametrize("name", DRAWN)
def test_a_corpus_is_known_by_its_own_tables(places: Dict[str, Path], name: str) -> None:
    assert name_found(places[name]) == name
    corpus = open_corpus(places[name])
    assert (corpus.name, corpus.root, corpus.splits()) == (name, places[name], corpus.splits())
    assert sorted(corpus.splits()) == ["dev", "test", "train"]


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Path]:
    root = tmp_path_factory.mktemp("filmed")
    return {name: make_workspace(root, {"dev": 1}, 3, layout=name) for name in DRAWN}


@pytest.mark.parametrize("name", DRAWN)
def test_every_layout_gives_the_same_clip(filmed: Dict[str, Path], name: str) -> None:
    dataset = PhoenixVideoTextDataset(filmed[name], "dev")
    clip, phoenix = dataset.clip(0), PhoenixVideoTextDataset(filmed["phoenix2014"], "dev").clip(0)
    assert clip.frames.shape == phoenix.frames.shape == (len(clip), 256, 256, 3)
    assert abs(clip.frames.astype(int) - phoenix.frames).mean() < (2 if name == "csl-daily" else 1e-9)     # JPEG
    assert clip.keypoints is not None and len(clip.keypoints) == len(clip)
    assert clip.rule is COMMON[name]
    words = tuple(CHINESE[word] for word in phoenix.glosses) if name == "csl-daily" else phoenix.glosses
    assert clip.glosses == words
    assert (clip.tall_frames is None) == (name == "csl-daily")


@pytest.mark.parametrize("name", DRAWN)
def test_the_vocabulary_is_all_glosses_in_string_order(places: Dict[str, Path], name: str) -> None:
    corpus = open_corpus(places[name])
    glosses = {gloss for split in ("train", "dev", "test") for row in corpus.rows(split) for gloss in row.glosses}
    assert corpus.vocabulary().names == ("<blank>", *sorted(glosses))


def test_the_code_bases_dictionary_wins(places: Dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "preprocess" / "phoenix2014-T"
    folder.mkdir(parents=True)
    np.save(folder / "gloss_dict.npy", np.array({"ZWEI": [1, 3], "EINS": [2, 1]}, dtype=object))
    corpus = open_corpus(places["phoenix2014-T"], workspace=Workspace(tmp_path))
    assert corpus.vocabulary().names == ("<blank>", "ZWEI", "EINS")


def test_phoenix_2014_leaves_out_the_damaged_recording(tmp_path: Path) -> None:
    manual = tmp_path / "annotations" / "manual"
    manual.mkdir(parents=True)
    rows = [f"c{number}|c{number}/1/*.png|S|{'DAMAGED' if number == 2390 else 'REGEN'}" for number in range(2392)]
    for split, lines in (("train", rows), ("dev", ["a|a/1/*.png|S|WIND"]), ("test", [])):
        (manual / f"{split}.corpus.csv").write_text("\n".join(["id|folder|signer|annotation", *lines]))
    corpus = open_corpus(tmp_path)
    assert [row.seq_id for row in corpus.training_rows("train")[2389:]] == ["c2389", "c2391"]
    assert len(corpus.rows("train")) == 2392
    assert corpus.vocabulary().names == ("<blank>", "REGEN", "WIND")


def save_info(folder: Path, split: str, folder_of_frames: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    entry: Dict[str, Any] = {"fileid": "clip", "folder": folder_of_frames, "signer": "S1", "label": "REGEN  WIND",
                             "num_frames": 1, "original_info": ""}
    np.save(folder / f"{split}_info.npy", np.array({"prefix": "/elsewhere", 0: entry}, dtype=object))


@pytest.mark.parametrize("name, folder, picture", [
    ("phoenix2014", "dev/clip/1/*.png", "features/fullFrame-256x256px/dev/clip/1/0.png"),
    ("phoenix2014-T", "dev/clip/1/*.png", "features/fullFrame-256x256px/dev/clip/1/0.png"),
    ("phoenix2014-T", "dev/clip/1/*.png", "features/fullFrame-256x256px/dev/clip/images0001.png"),
    ("csl-daily", "clip/*.jpg", "sentence/frames_512x512/clip/0.jpg"),
    ("csl-daily", "clip/*.jpg", "clip/0.jpg"),
    ("csl", "000/P1", "features/fullFrame-256x256px/000/P1/0.jpg")])
def test_what_the_code_bases_wrote_is_enough(tmp_path: Path, name: str, folder: str, picture: str) -> None:
    save_info(tmp_path / "preprocess" / corpus_class(name).preprocessed, "dev", folder)
    (tmp_path / picture).parent.mkdir(parents=True)
    cv2.imwrite(str(tmp_path / picture), np.zeros((300, 256, 3)))
    corpus = open_corpus(tmp_path)
    row, = corpus.rows("dev")
    assert (corpus.name, row.seq_id, row.glosses, row.signer) == (name, "clip", ("REGEN", "WIND"), "S1")
    assert corpus.frames(row, "dev") == [tmp_path / picture]
    assert corpus.frames(row, "dev", TALL) == []


def test_an_id_that_is_a_place_on_another_disk_is_its_last_part(tmp_path: Path) -> None:
    """As the code bases write it of CSL, which has no test split."""
    for split, start in (("train", 0), ("dev", 450)):
        entries = {number: {"fileid": f"/disk1/dataset/CSL_Continuous/video{start + number}", "signer": "unknown",
                            "folder": f"video{start + number}", "label": "他 妈妈 的 同学", "num_frames": 2,
                            "original_info": ""} for number in range(2)}
        (tmp_path / "preprocess/CSL").mkdir(parents=True, exist_ok=True)
        np.save(tmp_path / f"preprocess/CSL/{split}_info.npy", np.array(entries, dtype=object))
    folder = tmp_path / "features/fullFrame-256x256px/video450"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "000.jpg"), np.zeros((256, 256, 3)))
    corpus = open_corpus(tmp_path, "csl")
    first, second = corpus.rows("dev")
    assert (first.seq_id, second.seq_id, first.glosses[0]) == ("video450", "video451", "他")
    assert corpus.frames(first, "dev") == [folder / "000.jpg"]
    assert corpus.vocabulary().names == ("<blank>", "他", "同学", "妈妈", "的") and corpus.classes == 180


def test_ids_whose_last_parts_are_one_are_refused(tmp_path: Path) -> None:
    entries = {number: {"fileid": f"{number}/clip", "folder": f"{number}/clip", "signer": "", "label": "A"}
               for number in range(2)}
    np.save(tmp_path / "dev_info.npy", np.array(entries, dtype=object))
    with pytest.raises(UserError, match="'clip' is both entry 1 and 2; ids must differ"):
        open_corpus(tmp_path, "csl", info=tmp_path).rows("dev")


def test_a_named_folder_of_info_is_the_only_source(places: Dict[str, Path], tmp_path: Path) -> None:
    save_info(tmp_path, "dev", "dev/clip/1/*.png")
    corpus = open_corpus(places["phoenix2014"], info=tmp_path)
    assert [row.seq_id for row in corpus.rows("dev")] == ["clip"]
    with pytest.raises(UserError, match="train_info.npy: no such file"):
        corpus.rows("train")


def test_csl_daily_frames_lose_their_banner_however_they_lie(tmp_path: Path) -> None:
    corpus = CSLDaily(tmp_path)
    for side in (512, 256):
        frame = np.zeros((side, side, 3), np.uint8)
        frame[:side * 40 // 256] = 255
        folder = tmp_path / "sentence" / f"frames_{side}x{side}" / "S1"
        folder.mkdir(parents=True)
        cv2.imwrite(str(folder / "0.jpg"), frame)
        cut, whole = (corpus.decode([folder / "0.jpg"], whole) for whole in (False, True))
        assert cut.shape == whole.shape == (1, 256, 256, 3) and cut.max() < 30
        assert (whole[0, :39] > 225).all() and whole[0, 42:].max() < 30


def test_a_csl_daily_video_in_no_split_is_trained_on(places: Dict[str, Path], tmp_path: Path) -> None:
    lists = places["csl-daily"] / "sentence_label"
    for name in ("video_map.txt", "split_1.txt"):
        text = (lists / name).read_text(encoding="utf-8")
        extra = "3|S000007_P0003_T00|9|雨|雨|雨|n\n" if name == "video_map.txt" else ""
        (tmp_path / name).write_text(text + extra, encoding="utf-8")
    corpus = open_corpus(tmp_path)
    assert [len(corpus.rows(split)) for split in ("train", "dev", "test")] == [2, 1, 1]
    assert corpus.rows("train")[-1].glosses == ("雨",)


def test_the_lists_of_csl_daily_may_lie_apart_and_need_each_other(places: Dict[str, Path], tmp_path: Path) -> None:
    for name, folder in (("video_map.txt", "preprocess/CSL-Daily"), ("split_1.txt", "sentence_label")):
        (tmp_path / folder).mkdir(parents=True)
        text = (places["csl-daily"] / "sentence_label" / name).read_text(encoding="utf-8")
        (tmp_path / folder / name).write_text(text, encoding="utf-8")
    corpus = CSLDaily(tmp_path)
    assert corpus.rows("dev") == open_corpus(places["csl-daily"]).rows("dev")
    (tmp_path / "sentence_label/split_1.txt").write_text("name|split\nS000000_P0001_T00\n")
    with pytest.raises(UserError, match="split_1.txt: line 2 is not name"):
        corpus.rows("dev")
    (tmp_path / "sentence_label/split_1.txt").unlink()
    with pytest.raises(UserError, match="expected video_map.txt and split_1.txt"):
        corpus.rows("dev")


@pytest.mark.parametrize("name, compared", [
    ("phoenix2014", "NORD ZEIGEN-BILDSCHIRM app"), ("phoenix2014-T", "LOC-NORD NORD ZEIGEN APP"),
    ("csl-daily", "LOC-NORD NORD ZEIGEN APP"), ("csl", "LOC-NORD NORD ZEIGEN APP")])
def test_glosses_are_compared_by_their_corpus(tmp_path: Path, name: str, compared: str) -> None:
    assert corpus_class(name)(tmp_path).rule.truth(" loc-NORD  NORD ZEIGEN app") == compared


def test_another_corpus_than_the_named_is_told(places: Dict[str, Path]) -> None:
    with pytest.raises(UserError, match="no csl-daily at .*: the data there look like phoenix2014; give --dataset"):
        open_corpus(places["phoenix2014"], "csl-daily")
    with pytest.raises(UserError, match="no dataset is called 'csl-dayly'; there are: phoenix2014, phoenix2014-T, csl"):
        open_corpus(places["phoenix2014"], "csl-dayly")


@pytest.mark.parametrize("name", tuple(CORPORA))
def test_an_empty_folder_says_what_was_expected(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="expected"):
        open_corpus(tmp_path, name).rows("dev")


def test_the_workspaces_own_data_is_found(places: Dict[str, Path]) -> None:
    workspace = Workspace(places["csl-daily"].parent.parent)
    assert find_corpus(None, None, workspace).root == places["phoenix2014"]
    for name, root in places.items():
        assert find_corpus(None, name, workspace).root == root

"""The commands on each corpus, laid out by the synthetic signer."""
import json
from pathlib import Path
from typing import Dict, List

import pytest
import torch

import cache_pose_heatmaps
import evaluate
import main
import train
from datasets.corpora import open_corpus
from glosses.vocabulary import GlossVocabulary
from signer.layouts import LAYOUTS
from signer.synthetic import make_workspace
from tests.golden import published
from tests.kit.commands import small_checkpoint
from tests.kit.tiers import full, only
from tests.kit.training import write_recipe
from training import checkpointing

DRAWN = tuple(LAYOUTS)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Path]:
    root = tmp_path_factory.mktemp("drawn")

    class Drawn(Dict[str, Path]):
        """Each as it is asked for."""

        def __missing__(self, name: str) -> Path:
            return self.setdefault(name, make_workspace(root, {"train": 2, "dev": 1, "test": 1}, 3, layout=name))

    return Drawn()


def checkpoints(folder: Path, data: Path, models: List[str]) -> List[str]:
    vocabulary = open_corpus(data).vocabulary()
    return [word for model in models for word in
            (f"--{model}-ckpt", str(small_checkpoint(folder / f"{model}.pt", model, vocabulary)))]


@full
@pytest.mark.parametrize("name", DRAWN)
def test_a_clip_of_each_corpus_is_explained_and_read(places: Dict[str, Path], tmp_path: Path, name: str) -> None:
    data, out = places[name], tmp_path / "out"
    given = ["--data-root", str(data), "--out", str(out), *checkpoints(tmp_path, data, ["corrnet"]),
             "--models", "corrnet"]
    assert main.main([*given, "--dataset", name, "--quiet"]) == 0
    row, = open_corpus(data).rows("dev")
    record = json.loads((out / row.seq_id / "preds.json").read_text(encoding="utf-8"))
    assert (record["dataset"], record["truth"]) == (name, list(row.glosses))
    notes = record["models"]["corrnet"]["notes"]
    assert len(notes) == (name == "csl-daily")
    assert all(note == "fed whole frames, banner and all, of frames_256x256" for note in notes)
    assert len(list((out / row.seq_id / "corrnet" / "conv2d.layer4").iterdir())) == record["frames"]
    assert evaluate.main([*given, "--device", "cpu"]) == 0
    hypothesis = (out / "dev.corrnet.txt").read_text(encoding="utf-8").splitlines()[1]
    assert hypothesis == f"{row.seq_id}|{' '.join(record['models']['corrnet']['glosses'])}|{' '.join(row.glosses)}"


@full
@pytest.mark.parametrize("name", only(("csl-daily",), DRAWN))
def test_each_corpus_is_trained_on_and_resumed(places: Dict[str, Path], tmp_path: Path, name: str) -> None:
    recipe = write_recipe(tmp_path, "vac")
    given = ["-c", str(recipe), "--data-root", str(places[name]), "--out", str(tmp_path / "out"), "--device", "cpu",
             "--override", "trainer.epochs"]
    assert train.main([*given, "1"]) == 0
    assert train.main([*given, "2", "--resume"]) == 0
    content = checkpointing.load(tmp_path / "out" / "last.pt")
    assert content["epoch"] == 2 and tuple(content["vocabulary"]) == open_corpus(places[name]).vocabulary().names


@pytest.mark.parametrize("name", only(("csl-daily",), DRAWN))
def test_pose_heat_maps_of_each_corpus(places: Dict[str, Path], tmp_path: Path, name: str) -> None:
    assert cache_pose_heatmaps.main(["--data-root", str(places[name]), "--dataset", name, "--out", str(tmp_path),
                                     "--device", "cpu"]) == 0
    row, = open_corpus(places[name]).rows("dev")
    assert [path.stem for path in tmp_path.glob("*.npy")] == [row.seq_id]


@pytest.mark.parametrize("command", [main, evaluate])
def test_published_weights_of_another_corpus_name_both_counts(places: Dict[str, Path], tmp_path: Path, command: object,
                                                              capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"model_state_dict": published.state("corrnet")}, tmp_path / "phoenix.pt")
    data = places["csl-daily"]
    assert command.main(["--data-root", str(data), "--out", str(tmp_path / "out"), "--models",  # type: ignore[attr-defined]
                         "corrnet", "--corrnet-ckpt", str(tmp_path / "phoenix.pt"), "--device", "cpu"]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    names = len(open_corpus(data).vocabulary())
    assert "phoenix.pt: has 1296 classes, as checkpoints of phoenix2014 have" in line
    assert f"the vocabulary of the csl-daily at {data} has {names}" in line


def test_own_weights_of_another_language_name_both_counts(places: Dict[str, Path], tmp_path: Path,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
    german = GlossVocabulary(["<blank>", "REGEN", "WIND"])
    path = small_checkpoint(tmp_path / "own.pt", "vac", german, store_names=True)
    assert main.main(["--data-root", str(places["csl-daily"]), "--out", str(tmp_path / "out"), "--models", "vac",
                      "--vac-ckpt", str(path), "--quiet"]) == 2
    line, = capsys.readouterr().err.strip().splitlines()
    assert "has 3 classes; the vocabulary of the csl-daily" in line


def test_another_dataset_than_what_is_there_is_one_line(places: Dict[str, Path], tmp_path: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--data-root", str(places["csl-daily"]), "--dataset", "phoenix2014", "--out", str(tmp_path)]) == 2
    line, = capsys.readouterr().err.strip().splitlines()
    assert "look like csl-daily; give --dataset csl-daily" in line

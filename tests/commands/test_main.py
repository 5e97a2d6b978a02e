"""From a sequence id to everything that is written, on one synthetic clip with both models."""
import csv
import json
from pathlib import Path
from typing import Any, Dict

import av
import cv2
import numpy as np
import pytest
import torch

from datasets.corpora import open_corpus
from drawing.overlay import overlay
from drawing.strips import STRIP
from drawing.view import View
from glosses.vocabulary import load_gloss2ids
from records.style import Style
from results.cams import read_cams
from signer.synthetic import make_workspace
from tests.kit.commands import Case, checkpoints, tiny_case

MODELS = ("slowfast", "twostream")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    root = tmp_path_factory.mktemp("synthetic")
    data = make_workspace(root, sizes={"train": 1, "dev": 1, "test": 0}, seed=3)
    manual = data / "annotations" / "manual"
    made = checkpoints(root, {"slowfast": open_corpus(data).vocabulary(),
                              "twostream": load_gloss2ids(manual / "gloss2ids.pkl")})
    return Case(data, made, root / "outputs")


@pytest.fixture(scope="module")
def folder(case: Case) -> Path:
    assert case.run("--write", "frames,video,report,cams", "--target-from-gt", models=MODELS) == 0
    made, = (path for path in case.out.iterdir() if path.is_dir())
    return made


@pytest.fixture(scope="module")
def preds(folder: Path) -> Dict[str, Any]:
    return json.loads((folder / "preds.json").read_text(encoding="utf-8"))


def read_png(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture[..., ::-1]


def test_every_frame_of_every_layer_has_a_picture(folder: Path, preds: Dict[str, Any]) -> None:
    for model in MODELS:
        layers = preds["models"][model]["layers"]
        assert len(layers) == 5
        for name in layers:
            names = sorted(path.name for path in (folder / model / name).iterdir())
            assert names == [f"frame_{frame:03d}.png" for frame in range(preds["frames"])]
            assert read_png(folder / model / name / names[-1]).shape == (256 + STRIP, 256, 3)


def test_the_video_has_every_frame(folder: Path, preds: Dict[str, Any]) -> None:
    with av.open(str(folder / "comparison.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt, stream.average_rate) == ("h264", "yuv420p", 25)
        assert sum(1 for _ in container.decode(stream)) == preds["frames"]


def test_the_saved_maps_are_the_pictures(case: Case, folder: Path, preds: Dict[str, Any]) -> None:
    source = sorted((case.data / "features/fullFrame-256x256px/dev").glob("*/1/*.png"))
    for model, cams in read_cams(folder / "cams.npz").items():
        assert cams.logits.dtype == np.float32
        for name, layer in preds["models"][model]["layers"].items():
            laid = cams.layers[name].laid
            assert list(laid.raw.shape) == layer["shape"] and laid.spatial == layer["spatial"]
            for frame in (0, preds["frames"] // 2, preds["frames"] - 1):
                picture = read_png(folder / model / name / f"frame_{frame:03d}.png")[:256]
                view = View.of(laid.extent)
                top, _, left, right = view.box if layer["spatial"] else (0, 200, 0, 256)
                wanted = read_png(source[frame])
                if not view.sees(frame):
                    wanted = view.ground(wanted, frame)
                elif layer["spatial"]:
                    wanted = overlay(wanted, laid.at(frame), Style())
                off = picture[top:200, left:right].astype(int) - wanted[top:200, left:right]
                assert np.abs(off).max() <= 1       # OpenCV rounds the ends of lines its own way


def test_the_reading_stands_beside_the_truth(folder: Path, preds: Dict[str, Any]) -> None:
    lines = (folder / "preds.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "GT: " + " ".join(preds["truth"])
    assert [line.split(":")[0] for line in lines] == [
        "GT", "SlowFast", "TwoStream", "SlowFast WER", "SlowFast WER as its authors count", "TwoStream WER",
        "SlowFast explained", "TwoStream explained"]
    assert lines[4].endswith("; VAC python)") and lines[5].endswith("; TwoStream 2014), as its authors count")
    assert lines[1].split()[1:] == preds["models"]["slowfast"]["glosses"]


def test_each_gloss_has_its_frames_and_score(preds: Dict[str, Any]) -> None:
    for model in preds["models"].values():
        assert [span["gloss"] for span in model["spans"]] == model["glosses"]
        bounds = [frame for span in model["spans"] for frame in span["frames"]]
        assert bounds == sorted(bounds) and bounds[-1] <= preds["frames"]
        assert all(0 < span["score"] <= 1 and span["frames"][0] < span["frames"][1] for span in model["spans"])
        assert [span["gloss"] for span in model["truth_spans"]] == preds["truth"]


def test_the_record_says_how_it_was_made(case: Case, preds: Dict[str, Any]) -> None:
    assert preds["settings"]["target"] == "from-gt"
    assert all(model["target"].split(",")[0] in preds["truth"] for model in preds["models"].values())
    assert preds["models"]["slowfast"]["checkpoint"]["file"] == case.checkpoints["slowfast"].name
    assert len(preds["models"]["slowfast"]["checkpoint"]["sha256"]) == 64
    assert {"decode", "explain slowfast", "explain twostream", "render", "total"} <= set(preds["seconds"])
    assert preds["peak_memory"] > 0 and preds["versions"]["torch"]
    assert preds["command"].startswith("python main.py --data-root")
    assert preds["models"]["slowfast"]["viewport"] == [0.0625, 0.0625, 0.9375, 0.9375]


def test_both_models_are_asked_for_the_true_gloss_that_lies_nearest_to_the_middle(preds: Dict[str, Any]) -> None:
    """Over the alignments of both: no other is as near, and there are some that are farther."""
    middle = preds["frames"] // 2
    off = [sum(max(start - middle, middle - (stop - 1), 0)
               for start, stop in (model["truth_spans"][index]["frames"] for model in preds["models"].values()))
           for index in range(len(preds["truth"]))]
    nearest = preds["truth"][off.index(min(off))]
    assert len(set(off)) > 1
    assert [model["target"].split(",")[0] for model in preds["models"].values()] == [nearest] * 2


def test_the_report_is_there_unless_it_is_not_wanted(folder: Path, tmp_path: Path) -> None:
    assert (folder / "report.html").is_file()
    case = tiny_case(tmp_path)
    assert case.run("--split", "test", "--seq", "clip-0", "--write", "frames,video") == 0
    assert not (case.out / "clip-0" / "report.html").exists()


def test_a_split_has_one_summary(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    assert case.run("--split", "test", "--quiet") == 0
    merged = json.loads((case.out / "summary.json").read_text(encoding="utf-8"))
    assert merged["counts"] == {"done": 6, "skipped": 0, "failed": 0}
    assert merged["wer"]["slowfast"]["reference"] == 6
    with open(case.out / "summary.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["sequence"] for row in rows] == [f"clip-{number}" for number in range(6)]
    assert all(row["truth"] == "REGEN" and float(row["seconds"]) > 0 for row in rows)
    assert (case.out / "index.html").is_file()


def test_other_layers_can_be_asked_for(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    wanted = ("conv2d.fast_path.layer2", "classifier")
    assert case.run("--split", "test", "--seq", "clip-1", "--layers", "slowfast:" + ",".join(wanted)) == 0
    assert {path.name for path in (case.out / "clip-1" / "slowfast").iterdir()} == set(wanted)


def test_several_methods_in_one_run_are_told_apart_in_all_that_is_written(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    flags = ("--method", "gradcam", "occlusion", "--budget", "4", "--target", "REGEN", "--write", "frames,cams,report",
             "--layers", "slowfast:classifier")
    assert case.run("--split", "test", "--seq", "clip-0", "--quiet", *flags) == 0
    folder, names = case.out / "clip-0", ["gradcam/classifier", "occlusion/input"]
    preds = json.loads((folder / "preds.json").read_text())
    model = preds["models"]["slowfast"]
    assert (model["method"], preds["settings"]["method"]) == ("gradcam, occlusion", "gradcam occlusion")
    assert [(name, layer["method"]) for name, layer in model["layers"].items()] == [
        (name, name.split("/")[0]) for name in names]
    assert all((folder / "slowfast" / name / "frame_000.png").is_file() for name in names)
    cams = read_cams(folder / "cams.npz")["slowfast"]
    assert [(name, layer.method) for name, layer in cams.layers.items()] == [
        (name, name.split("/")[0]) for name in names]
    assert case.run("--split", "test", "--seq", "clip-0", "--quiet", "--method", "gradcam,occlusion", *flags[3:]) == 0
    assert case.run("--split", "test", "--seq", "clip-0", "--quiet", "--method", "gradcam", "--write", "cams") == 2


def test_each_map_says_whether_it_holds_on_its_clip(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    flags = ("--split", "test", "--seq", "clip-0", "--quiet", "--check", "--layers", "slowfast:conv2d.fast_path.layer3",
             "--target", "REGEN", "--write")
    assert case.run(*flags, "cams") == 0
    folder = case.out / "clip-0"
    preds = json.loads((folder / "preds.json").read_text())
    check = preds["models"]["slowfast"]["layers"]["conv2d.fast_path.layer3"]["check"]
    assert preds["settings"]["check"] is True and (check["shifts"], check["hide"]) == (20, "still")
    verdict = "holds" if check["beaten"] == 20 else "no better than its shifts"
    said = f"SlowFast conv2d.fast_path.layer3: {verdict} on this clip: hiding its highest tenth costs the score "
    assert said in (folder / "preds.txt").read_text()
    assert case.run(*flags, "report") == 0      # of what was kept
    assert f'"verdict":"{verdict}"' in (folder / "report.html").read_text()
    assert f'"holds":{int(check["beaten"] == 20)},"of":1' in (case.out / "index.html").read_text()


def test_layers_are_listed_with_their_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = tiny_case(tmp_path)
    assert case.prints("--list-layers", models=MODELS) == 0
    printed = capsys.readouterr().out
    assert "* conv2d.fast_path.layer3" in printed and "* visual_head" in printed and "time only" in printed
    assert not case.out.exists()


def test_glosses_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = tiny_case(tmp_path)
    assert case.prints("--list-glosses", models=MODELS) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed.count("REGEN") == 2 and printed.count("KÜHL") == 2 and not case.out.exists()
    heads = [line for line in printed if line.endswith("glosses")]
    assert [head.split()[0] for head in heads] == list(MODELS)


def test_a_clip_without_annotation_has_no_verdicts(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    assert case.run("--split", "dev", "--seq", "01April_default-10") == 0
    record = json.loads((case.out / "01April_default-10" / "preds.json").read_text(encoding="utf-8"))
    assert record["truth"] is None and record["models"]["slowfast"]["wer"] is None
    assert "not annotated" in (case.out / "01April_default-10" / "preds.txt").read_text(encoding="utf-8")


def test_a_vocabulary_that_does_not_fit_is_said_aloud(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = tiny_case(tmp_path)
    corpus = case.data / "annotations/manual/train.corpus.csv"
    corpus.write_text(corpus.read_text(encoding="utf-8").replace("REGEN WETTER", "REGEN NEBEL"), encoding="utf-8")
    assert case.run("--split", "test", "--seq", "clip-2") == 0
    assert "warning: slowfast: the vocabulary has 7 names for 6 classes" in capsys.readouterr().err
    record = json.loads((case.out / "clip-2" / "preds.json").read_text(encoding="utf-8"))
    assert any("7 names" in note for note in record["models"]["slowfast"]["notes"])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu_it_reads_the_same(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    read = {}
    for device in ("cpu", "cuda:0"):
        assert case.run("--split", "test", "--seq", "clip-5", "--device", device, "--overwrite", models=MODELS) == 0
        read[device] = json.loads((case.out / "clip-5" / "preds.json").read_text(encoding="utf-8"))
    assert read["cuda:0"]["settings"]["precision"] == "amp" and read["cpu"]["settings"]["precision"] == "fp32"
    for model in MODELS:
        assert read["cuda:0"]["models"][model]["glosses"] == read["cpu"]["models"][model]["glosses"]

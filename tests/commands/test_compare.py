"""compare.py from the outside: its modes, what they leave on disk, and mistakes in one line."""
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, List, Tuple

import numpy as np
import pytest
from PIL import Image

import compare
from datasets.pictures import picture_clip
from models.embedder import embed
from models.registry import build_embedder
from pairs.comparison import Comparison
from pairs.subjects import identity_of
from tests.kit.people import pictures, tiny_market, weights


def run(tmp_path: Path, *words: object) -> int:
    return compare.main([*map(str, words), "--out", str(tmp_path / "out"), "--device", "cpu", "--quiet"])


def scores(folder: Path) -> dict:
    return json.loads((folder / "scores.json").read_text(encoding="utf-8"))


def test_one_picture_leaves_overlays_a_figure_numbers_and_maps(tmp_path: Path) -> None:
    picture = pictures(tiny_market(tmp_path / "market"))[0]
    assert run(tmp_path, "--model", "promptsg", "--weights", weights(tmp_path, "promptsg"), "--image", picture) == 0
    folder = tmp_path / "out" / picture.stem
    record = scores(folder)
    assert set(record["scores"][picture.name]) == {"pred"} and record["model"]["sha256"] and record["preprocessing"]
    with np.load(folder / "maps.npz") as maps, Image.open(folder / "figure.png") as figure:
        assert figure.width > 300
        for entry in record["maps"]:
            key = "/".join((entry["picture"], entry["target"], entry["method"], entry["layer"]))
            assert list(maps[f"{key}/raw"].shape) == entry["grid"] and maps[f"{key}/map"].shape == (80, 64)
            assert Image.open(folder / entry["file"]).size == (64, 80)
            assert entry["minimum"] <= entry["maximum"] and entry["words"]
    assert ("none", "mim_attention") in {(entry["target"], entry["layer"]) for entry in record["maps"]}


def test_a_pair_is_explained_in_both_directions(tmp_path: Path) -> None:
    one, two, _ = pictures(tiny_market(tmp_path / "market"))
    file = weights(tmp_path)
    assert run(tmp_path, "--model", "arcface", "--weights", file, "--image", one, "--with", two) == 0
    record = scores(tmp_path / "out" / f"{one.stem}__{two.stem}")
    embeddings = embed(build_embedder("arcface", file), [picture_clip(one), picture_clip(two)])
    cosine = float(embeddings[0] @ embeddings[1] / embeddings[0].norm() / embeddings[1].norm())
    assert record["cosine"] == pytest.approx(cosine, abs=1e-6)
    assert record["squared_distance"] == pytest.approx(2 - 2 * cosine, abs=1e-5)
    assert {(entry["picture"], entry["target"]) for entry in record["maps"]} == {
        (one.name, "cosine"), (two.name, "cosine")}


def test_maps_lie_in_folders_by_target_and_method_and_only_of_layers_asked_for(tmp_path: Path) -> None:
    one, two, _ = pictures(tiny_market(tmp_path / "market"))
    assert run(tmp_path, "--model", "arcface", "--weights", weights(tmp_path), "--image", one, "--with", two,
               "--layers", "layer3", "--method", "gradcam++", "hirescam", "--target", "dot", "cosine") == 0
    folder = tmp_path / "out" / f"{one.stem}__{two.stem}"
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")}
    overlays = {f"{target}/{method}/{picture.name}__layer3.png" for target in ("dot", "cosine")
                for method in ("gradcam++", "hirescam") for picture in (one, two)}
    assert left == overlays | {"figure.png", f"{one.name}.png", f"{two.name}.png"}
    assert {each["file"] for each in scores(folder)["maps"]} == overlays


def test_an_embedding_can_be_the_reference(tmp_path: Path) -> None:
    one, two, _ = pictures(tiny_market(tmp_path / "market"))
    file = weights(tmp_path)
    np.save(tmp_path / "two.npy", embed(build_embedder("arcface", file), [picture_clip(two)])[0].numpy())
    asked = ("--model", "arcface", "--weights", file, "--image", one, "--target", "dot", "--with")
    assert run(tmp_path, *asked, tmp_path / "two.npy") == 0 and run(tmp_path, *asked, two) == 0
    alone, pair = (np.load(tmp_path / "out" / name / "maps.npz") for name in (f"{one.stem}__two",
                                                                             f"{one.stem}__{two.stem}"))
    key = f"{one.name}/dot/gradcam/layer3/raw"
    np.testing.assert_allclose(alone[key], pair[key], rtol=1e-4, atol=1e-6)


def test_a_folder_is_sorted_by_likeness_with_right_and_wrong_told_apart(tmp_path: Path) -> None:
    root = tiny_market(tmp_path / "market")
    assert run(tmp_path, "--model", "arcface", "--weights", weights(tmp_path), "--image", pictures(root)[0], "--with",
               root / "bounding_box_test", "--top", 3) == 0
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    rows = json.loads(page.split('id="data">')[1].split("</script>")[0])["rows"]
    likeness = [row["similarity"] for row in rows]
    assert len(rows) == 3 and likeness == sorted(likeness, reverse=True)
    for row in rows:
        assert (row["verdict"] == "right") == row["match"].startswith("0001")
        assert (tmp_path / "out" / row["folder"] / "figure.png").is_file()


def compared(monkeypatch: pytest.MonkeyPatch) -> List[Tuple[Any, ...]]:
    """What is handed to each comparison: the two, and the embedding of somebody else."""
    pair, given = Comparison._pair, []

    def noted(self: Comparison, *words: Any) -> Any:
        given.append(words)
        return pair(self, *words)

    monkeypatch.setattr(Comparison, "_pair", noted)
    return given


@pytest.mark.parametrize("mode", ["folder", "market"])
def test_somebody_else_is_whoever_is_least_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    root, given = tiny_market(tmp_path / "market", people=4), compared(monkeypatch)
    file, gallery = weights(tmp_path), root / "bounding_box_test"
    query = pictures(root)[0]
    asked = {"folder": ("--image", query, "--with", gallery, "--top", 1), "market": ("--market", root, "--queries", 1)}
    assert run(tmp_path, "--model", "arcface", "--weights", file, *asked[mode], "--layers", "layer3") == 0
    model = build_embedder("arcface", file)
    strangers = [path for path in sorted(gallery.glob("*.png")) if path.name[:4] not in (query.name[:4], "-1_c")]
    own, *others = (embed(model, [picture_clip(path)])[0].double() for path in (query, *strangers))
    alike = [float(own @ other / own.norm() / other.norm()) for other in others]
    (one, _, far, *_), = given
    assert one.name == query.name and len(set(alike)) > 4
    np.testing.assert_allclose(far.double(), others[alike.index(min(alike))], rtol=1e-4, atol=1e-5)


def test_nobody_is_somebody_else_than_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the one least alike is shown, another is somebody else."""
    root, given = tiny_market(tmp_path / "market", people=2), compared(monkeypatch)
    file = weights(tmp_path)
    assert run(tmp_path, "--model", "arcface", "--weights", file, "--image", pictures(root)[0], "--with",
               root / "bounding_box_test", "--top", 20, "--layers", "layer3") == 0
    model = build_embedder("arcface", file)
    assert len(given) == 6
    for _, two, far, *_ in given:
        assert abs(embed(model, [two.clip])[0] - far).max() > 1e-3


@pytest.mark.parametrize("name, who", [("0012_c1s1_000151_01.png", "12"), ("0000_c1s1_000151_01.png", ""),
                                       ("anna.png", "pictures")])
def test_whose_picture_it_is_is_told_by_its_name_or_its_folder(name: str, who: str) -> None:
    """A number of 0 is that of a distractor, who is nobody."""
    assert identity_of(Path("pictures") / name, None) == who
    assert identity_of(Path("pictures") / name, Path("pictures")) == ("" if who == "pictures" else who)


def test_on_its_training_pictures_a_class_has_a_person_s_number(tmp_path: Path) -> None:
    root = tiny_market(tmp_path / "market", people=9)       # as many as the small network has classes
    for path in (root / "bounding_box_train").glob("0003_*"):
        path.rename(path.with_name(f"0013{path.name[4:]}"))
    assert run(tmp_path, "--model", "promptsg", "--weights", weights(tmp_path, "promptsg"), "--market", root,
               "--queries", 1, "--target", "class:8") == 0
    record, = (json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "out").glob("*/scores.json"))
    assert {entry["words"] for entry in record["maps"] if entry["target"] != "none"} == {
        "class 8 (identity 0013) of classifier"}


def test_market_tells_map_and_ranks_and_a_rate_of_checks(tmp_path: Path) -> None:
    root = tiny_market(tmp_path / "market")
    assert run(tmp_path, "--model", "arcface", "--weights", weights(tmp_path), "--market", root, "--queries", 2,
               "--check", "--shifts", 4, "--layers", "layer3", "--target", "dot") == 0
    record = scores(tmp_path / "out")
    assert record["queries"] == 2 and record["gallery"] == 7 and 0 <= record["mAP"] <= 1 and record["rank 10"] == 1
    assert {rate["check"]: rate["maps"] for rate in record["rates"]} == {"deletion": 4, "insertion": 4}
    assert all(0 <= rate["low"] <= rate["passed"] / rate["maps"] <= rate["high"] <= 1 for rate in record["rates"])
    assert (tmp_path / "out" / "index.html").is_file()


def test_aligned_faces_have_their_maps_on_the_whole_picture(tmp_path: Path) -> None:
    picture = pictures(tiny_market(tmp_path / "market"))[0]
    assert run(tmp_path, "--model", "arcface", "--weights", weights(tmp_path), "--image", picture, "--layers", "layer3",
               "--points", "20,20 40,20 30,30 24,40 38,40") == 0
    record = scores(tmp_path / "out" / picture.stem)
    assert record["preprocessing"].startswith("aligned by five points")
    heat = np.load(tmp_path / "out" / picture.stem / "maps.npz")[f"{picture.name}/norm/gradcam/layer3/map"]
    assert heat.shape == (80, 64) and not heat[-8:].any()           # the crop ends above the picture's foot


def said(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: List[object]) -> str:
    assert run(tmp_path, *words) == 2
    line, = capsys.readouterr().err.splitlines()
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    return line


def test_mistakes_are_one_line_and_leave_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tiny_market(tmp_path / "market")
    one, two, _ = pictures(root)
    face, person = weights(tmp_path), weights(tmp_path, "promptsg")
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "model.onnx").write_bytes(b"\x08\x07\x12\x07pytorch")
    (tmp_path / "empty").mkdir()
    np.save(tmp_path / "short.npy", np.ones(3, np.float32))
    arcface = ["--model", "arcface", "--weights", face]
    for words, expected in (
            ([*arcface, "--image", tmp_path / "text.jpg"], "text.jpg: not a picture"),
            (["--model", "arcface", "--weights", tmp_path / "model.onnx", "--image", one], "no gradients in it"),
            (["--model", "arcface", "--weights", person, "--image", one], "it looks like one of PromptSG"),
            ([*arcface, "--image", one, "--target", "cosine"], "--with is missing"),
            ([*arcface, "--image", one, "--hide", "mean"], "--hide: no method of compare.py hides anything"),
            ([*arcface, "--image", one, "--check", "--hide", "still"], "--hide still: nothing moves in a"),
            ([*arcface, "--image", one, "--with", tmp_path / "empty"], "empty: no pictures in it"),
            ([*arcface, "--market", tmp_path], "not a Market-1501 folder"),
            ([*arcface, "--image", one, "--with", tmp_path / "short.npy"], "a reference of 3 numbers"),
            ([*arcface, "--image", one, "--layers", "fc"], "with no place in the picture; there are layer1"),
            ([*arcface, "--image", one, "--target", "pred"], "ArcFace has cosine, dot, norm"),
            (["--model", "promptsg", "--weights", person, "--image", one, "--target", "class:9"], "from 0 to 8"),
            ([*arcface, "--image", one, "--points", "1,2 3,4"], "4 numbers, expected five points"),
            ([*arcface], "--image, a picture to explain, or --market"),
            (["--model", "arcface", "--image", one], "--weights is missing")):
        assert expected in said(tmp_path, capsys, list(words))


def test_layers_are_listed_with_their_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["--model", "arcface", "--weights", str(weights(tmp_path)), "--list-layers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split() == ["*", "layer3", "8", "x", "14", "x", "14"] for line in lines)


def test_help_answers_at_once_as_it_loads_nothing_large() -> None:
    code = "import sys, compare; compare.parser().format_help(); print([name for name in ('torch', 'cv2', 'numpy') " \
           "if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True,
                          cwd=Path(compare.__file__).parent)
    assert done.stdout.strip() == "[]"


def test_a_broken_picture_of_a_folder_is_left_out_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tiny_market(tmp_path / "market")
    (root / "query" / "broken.png").write_bytes(b"\x89PNG\r\n")
    assert run(tmp_path, "--model", "arcface", "--weights", weights(tmp_path), "--image", pictures(root)[0], "--with",
               root / "query", "--top", "1") == 1
    line, = capsys.readouterr().err.splitlines()
    assert "left out: " in line and "broken.png" in line
    assert (tmp_path / "out" / "index.html").is_file()


def test_a_broken_picture_of_market_is_left_out_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tiny_market(tmp_path / "market")
    first = sorted((root / "query").iterdir())[0]
    first.write_bytes(first.read_bytes()[:60])
    assert run(tmp_path, "--model", "arcface", "--weights", weights(tmp_path), "--market", root, "--queries", "2") == 1
    line, = capsys.readouterr().err.splitlines()
    assert "left out: " in line and first.name in line
    assert scores(tmp_path / "out")["queries"] == 1


def test_postscript_and_strips_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = weights(tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    Image.new("L", (6000, 2)).save(tmp_path / "b.png")
    for name in ("a.jpg", "b.png"):
        assert run(tmp_path, "--model", "arcface", "--weights", file, "--image", tmp_path / name) == 2
        line, = capsys.readouterr().err.splitlines()
        assert name in line


def test_an_embedding_that_announces_much_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "e.npy", np.zeros(3, np.float32))
    data = (tmp_path / "e.npy").read_bytes()
    (tmp_path / "e.npy").write_bytes(data.replace(b"(3,), }" + b" " * 9, b"(3000000000,), }"))
    assert run(tmp_path, "--model", "arcface", "--weights", weights(tmp_path), "--image",
               pictures(tiny_market(tmp_path / "market"))[0], "--with", tmp_path / "e.npy") == 2
    assert "holds 12 bytes of the 12000000000" in capsys.readouterr().err


def test_an_output_folder_that_cannot_be_is_one_line_before_any_work(tmp_path: Path,
                                                                     capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert compare.main(["--demo", "--device", "cpu", "--quiet", "--out", str(tmp_path / "file" / "out")]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert "give another --out" in line

"""A figure from what a run left on disk, on noise frames and a small model."""
import errno
import json
import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import figure
from drawing.figure import write_figure
from drawing.figure_picture import picture
from drawing.figure_sheet import Cell, Row, Sheet
from records.style import Style
from results.cams import read_cams
from tests.kit.commands import Case, tiny_case
from tests.kit.footage import number_of, write_video
from tests.kit.tiers import first, full

LAYERS = ("conv2d.fast_path.layer1", "conv2d.fast_path.layer3")


SIZE = (420, 260)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return tiny_case(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def folder(case: Case) -> Path:
    assert case.run("--split", "test", "--seq", "clip-3", "--write", "cams", "--quiet") == 0
    return case.out / "clip-3"


def made(folder: Path, out: Path, *flags: str) -> Path:
    assert figure.main([str(folder), "--out", str(out), *flags]) == 0
    return out


def test_what_is_kept_tells_no_place_of_this_machine(folder: Path) -> None:
    assert json.loads((folder / "preds.json").read_text(encoding="utf-8"))["data_root"] == "../data"


@full
@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_a_figure_is_drawn_over_and_nothing_else_is(folder: Path, tmp_path: Path, suffix: str,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    own, mine = tmp_path / f"own{suffix}", tmp_path / f"mine{suffix}"
    for _ in range(2):
        made(folder, own, "--frames", "2")
    mine.write_bytes(b"mine")
    capsys.readouterr()
    assert figure.main([str(folder), "--out", str(mine), "--frames", "2"]) == 2 and mine.read_bytes() == b"mine"
    said, = capsys.readouterr().err.splitlines()
    assert mine.name in said and "give another --out" in said


def test_of_the_folder_of_a_run_a_sequence_is_named(folder: Path, tmp_path: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    assert figure.main([str(folder.parent), "--out", str(tmp_path / "f.pdf")]) == 2
    assert f"give that of a sequence, such as {folder}" in capsys.readouterr().err


def test_so_it_is_where_no_sequence_has_its_maps_as_numbers(folder: Path, tmp_path: Path,
                                                            capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run/clip").mkdir(parents=True)
    shutil.copy(folder / "preds.json", tmp_path / "run/clip")
    assert figure.main([str(tmp_path / "run"), "--out", str(tmp_path / "f.pdf")]) == 2
    assert f"give that of a sequence, such as {tmp_path / 'run/clip'}" in capsys.readouterr().err
    assert figure.main([str(tmp_path / "run/clip"), "--out", str(tmp_path / "f.pdf")]) == 2
    assert "--write cams" in capsys.readouterr().err


def texts_of_pdf(path: Path) -> str:
    streams = re.findall(rb"stream\r?\n(.*?)endstream", path.read_bytes(), re.S)
    texts = []
    for stream in streams:
        try:
            texts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"".join(texts).decode("latin-1")


@pytest.mark.parametrize("width, inches", first([("column", 3.3), ("page", 6.9)]))
def test_an_svg_has_its_words_as_words_and_the_width_asked_for(folder: Path, tmp_path: Path, width: str, inches: float
                                                               ) -> None:
    text = made(folder, tmp_path / "f.svg", "--layers", *LAYERS, "--frames", "2,7", "--width", width).read_text()
    assert re.search(rf'width="{inches * 72:g}pt"', text)
    for word in ("SlowFastSign", "frame\u00a02", "frame\u00a07", "highest value"):
        assert re.search(rf">[^<]*{word}", text), word
    assert text.count("<image") == 4 + 2 + 1    # the pictures, a strip for each row, and the bar


@full
def test_a_pdf_has_its_words_as_words_and_is_the_same_each_time(folder: Path, tmp_path: Path) -> None:
    one, two = (made(folder, tmp_path / name, "--frames", "2") for name in ("a.pdf", "b.pdf"))
    data = one.read_bytes()
    assert data.startswith(b"%PDF") and b"/FontFile2" in data and " Tf" in texts_of_pdf(one)     # a font, not outlines
    assert b"/Width 2080" in data               # of 32 pixels, enlarged to 300 an inch
    assert data == two.read_bytes()


def test_pictures_are_the_frames_with_their_maps(folder: Path) -> None:
    laid = read_cams(folder / "cams.npz")["slowfast"].layers[LAYERS[1]].laid
    frame = np.full((32, 32, 3), 90, np.uint8)
    drawn = picture(frame, laid, 4, Style())
    assert drawn.shape == frame.shape and (drawn != frame).any() == (not laid.void)


def test_a_png_is_written_too(folder: Path, tmp_path: Path) -> None:
    image = cv2.imread(str(made(folder, tmp_path / "f.png", "--frames", "1", "--width", "column")))
    assert image is not None and image.shape[1] == 990      # 3.3 inches of 300 pixels


@pytest.mark.parametrize("flags, words", [
    (["--frames", "400"], ["--frames 400", "0 to 10"]), (["--glosses", "99"], ["--glosses 99"]),
    (["--layers", "nowhere"], ["nowhere", "conv2d.fast_path.layer3"]),
    (["--layers", f"{LAYERS[0]},conv2d.fast_path.layer4"], ["--layers conv2d.fast_path.layer4: none"]),
    (["--out", "/dev/null/f.pdf"], ["/dev/null", "another --out"]), (["--out", "f.jpeg"], ["f.jpeg", ".svg"]),
    (["--models", "twostream"], ["twostream", "slowfast"]), (["--colormap", "pink"], ["pink", "turbo"]),
    (["--columns", "25"], ["--columns 25", "1 to 24"]), (["--video", "f.mp4"], ["--video f.mp4", "--data-root"]),
    (["--with", "nowhere"], ["nowhere", "does not exist"]), (["--labels", "a", "b"], ["--labels names 2 rows"])])
def test_a_mistake_is_one_line(folder: Path, flags: Any, words: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert figure.main([str(folder), *flags]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert all(word in line for word in words), line


@full
def test_a_file_in_place_of_the_folder_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert figure.main([str(folder / "cams.npz")]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert "cams.npz: a file; give a folder" in line


def test_it_needs_no_torch(folder: Path, tmp_path: Path) -> None:
    code = f"import sys, figure; figure.main([{str(folder)!r}, '--out', {str(tmp_path / 'f.pdf')!r}]); " \
           "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True,
                          cwd=Path(figure.__file__).parent)
    assert done.stdout.splitlines()[-1] == "False"


DAMAGE = {
    "fps of 0": lambda preds: preds.update(fps=0), "frames in words": lambda preds: preds.update(frames="x"),
    "no settings": lambda preds: preds.pop("settings"), "models as a list": lambda preds: preds.update(models=[]),
    "a gloss before the clip": lambda preds: preds["models"]["slowfast"]["spans"].append(
        {"gloss": "A", "start": -9, "stop": -5}),
    "no title": lambda preds: preds["models"]["slowfast"].update(title=None),
    "another clip's": lambda preds: preds.update(frames=preds["frames"] + 1)}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_record_that_was_changed_is_one_line(folder: Path, tmp_path: Path, name: str,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    copy = shutil.copytree(folder, tmp_path / "clip-3")
    preds = json.loads((copy / "preds.json").read_text(encoding="utf-8"))
    DAMAGE[name](preds)
    (copy / "preds.json").write_text(json.dumps(preds), encoding="utf-8")
    assert figure.main([str(copy), "--out", str(tmp_path / "f.pdf")]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert "figure.py: " in line and not (tmp_path / "f.pdf").exists()


def test_a_figure_that_cannot_be_written_leaves_the_one_before(folder: Path, tmp_path: Path,
                                                               monkeypatch: pytest.MonkeyPatch,
                                                               capsys: pytest.CaptureFixture[str]) -> None:
    before = made(folder, tmp_path / "f.pdf").read_bytes()

    def full(_self: Any, path: Path, **_more: Any) -> None:
        Path(path).write_bytes(b"%PDF half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    capsys.readouterr()
    assert figure.main([str(folder), "--out", str(tmp_path / "f.pdf")]) == 1
    assert "the disk is full" in capsys.readouterr().err
    assert (tmp_path / "f.pdf").read_bytes() == before and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("flag, value", [("--at", "start"), ("--width", "wide"), ("--columns", "0")])
def test_a_value_that_is_none_of_those_there_are_is_one_line(folder: Path, flag: str, value: str,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        figure.main([str(folder), flag, value])
    line, = capsys.readouterr().err.splitlines()
    assert left.value.code == 2 and flag in line and value in line


def test_the_caption_is_printed_after_the_file(folder: Path, tmp_path: Path,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    made(folder, tmp_path / "f.pdf", "--frames", "2", "--bicubic", "--labels", "ours")
    written, empty, words = capsys.readouterr().out.splitlines()
    assert written == f"written: {tmp_path / 'f.pdf'}" and not empty
    assert words.startswith(r"\caption{Heat maps of sequence clip-3 (phoenix2014, test). Rows: ours: SlowFastSign, ")
    assert words.endswith(".}") and "bicubic" in words and words.count("{") == words.count("}")


@full
def test_another_run_stands_below(case: Case, folder: Path, tmp_path: Path) -> None:
    other = Case(case.data, case.checkpoints, tmp_path / "other")
    assert other.run("--split", "test", "--seq", "clip-3", "--write", "cams", "--quiet", "--target", "pred") == 0
    text = made(folder, tmp_path / "f.svg", "--with", str(other.out / "clip-3"), "--frames", "2").read_text()
    assert all(re.search(rf">SlowFastSign, [^<]*, target {target}", text) for target in ("max", "pred"))
    assert text.count("<image") == 2 + 2 + 1


@pytest.fixture(scope="module")
def film(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    video = write_video(tmp_path_factory.mktemp("film") / "my film.mp4", 60, size=SIZE)
    ours = Case(case.data, case.checkpoints, video.parent / "outputs")
    assert ours.run("--video", str(video), "--estimator", "none", "--from", "0.4", "--longest", "1", "--crop",
                    "0,0,420,260", "--write", "cams", "--quiet") == 0
    return ours.out / "my_film-part2"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The frames that figures are drawn with."""
    found: Any = {}

    def remember(path: Path, frames: Any, sheet: Sheet) -> None:
        found.update(frames)

    monkeypatch.setattr("drawing.figure.write_figure", remember)
    return found


def test_frames_of_a_video_are_those_that_were_explained(film: Path, tmp_path: Path, drawn: Any) -> None:
    made(film, tmp_path / "f.pdf", "--frames", "0,3,20")
    # 50 frames from the tenth on are left, in two parts of 25.
    assert {frame: number_of(picture, SIZE) for frame, picture in drawn.items()} == {0: 35, 3: 38, 20: 55}
    assert all(picture.shape == (256, 256, 3) for picture in drawn.values())


def test_a_video_that_is_elsewhere_now_is_named(film: Path, tmp_path: Path, drawn: Any,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    video = film.parent.parent / "my film.mp4"
    moved = video.rename(tmp_path / "moved.mp4")
    try:
        assert figure.main([str(film), "--frames", "0"]) == 2
        assert "is not there any more; name it with --video FILE" in capsys.readouterr().err
        made(film, tmp_path / "f.pdf", "--frames", "0", "--video", str(moved))
        assert number_of(drawn[0], SIZE) == 35
    finally:
        moved.rename(video)


def test_a_video_that_was_changed_is_refused(film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = film.parent.parent / "my film.mp4"
    kept, short = video.rename(tmp_path / "kept.mp4"), write_video(tmp_path / "short.mp4", 40, size=SIZE)
    write_video(video, 60, size=SIZE, codec="mpeg4")
    try:
        for flags, words in (([], "has changed since"), (["--video", str(short)], "frames where my_film-part2 was"),
                             (["--data-root", str(tmp_path)], "--data-root")):
            assert figure.main([str(film), "--frames", "0", *flags]) == 2
            line, = capsys.readouterr().err.splitlines()
            assert words in line
    finally:
        kept.replace(video)


def test_a_note_of_how_a_video_was_cut_that_was_changed_is_one_line(film: Path, tmp_path: Path,
                                                                    capsys: pytest.CaptureFixture[str]) -> None:
    damage: Any = ({"inputs": {"taken": "x"}}, {"inputs": {}}, {"inputs": {"taken": [5, 2]}}, None)
    for number, change in enumerate(damage):
        copy = shutil.copytree(film, tmp_path / str(number) / film.name)
        path = copy / "manifest.json"
        path.write_text("no JSON" if change is None else json.dumps({**json.loads(path.read_text()), **change}))
        assert figure.main([str(copy), "--frames", "0"]) == 2
        line, = capsys.readouterr().err.splitlines()
        assert "explain the video again" in line


@full
def test_a_gloss_with_dollars_is_no_mathematics(folder: Path, tmp_path: Path) -> None:
    cams = read_cams(folder / "cams.npz")["slowfast"]
    laid = next(layer.laid for layer in cams.layers.values() if layer.spatial)
    frames = {0: np.zeros((32, 32, 3), np.uint8)}
    for gloss in ("$x$", "$\\frac$", "$_^$", "a$b$c"):
        write_figure(tmp_path / "f.svg", frames, Sheet([Row(gloss, [Cell(laid, 0, gloss)])], [gloss], gloss, False))
        assert (tmp_path / "f.svg").read_text(encoding="utf-8").count(f">{gloss}</text>") == 4

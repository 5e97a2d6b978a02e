"""What the user gets wrong is said in one line, before any work, with exit code 2."""
import os
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

import main
from runs.demo import as_demo, with_demo_clips
from terminal.command_line import DEVICE, VERSION
from tests.kit.commands import Case, tiny_case
from tests.kit.tiers import full

ROOT = Path(main.__file__).parent


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return tiny_case(tmp_path_factory.mktemp("tiny"))


def said(case: Case, capsys: pytest.CaptureFixture[str], *flags: str, code: int = 2) -> str:
    """The one line on stderr."""
    assert case.run("--split", "test", "--quiet", *flags) == code
    printed = capsys.readouterr()
    line, = printed.err.splitlines()
    assert not printed.out and not list(case.out.glob("*"))
    return line


@pytest.mark.parametrize("flags, words", [
    (["--seq", "clip-77"], ["clip-77", "nearest", "clip-5"]),
    (["--seq", "01April_default-1"], ["--split dev"]),
    (["--seq", ","], ["--seq", "commas"]),
    (["--split", "train", "--data-root", "/nowhere"], ["/nowhere"]),
    (["--slowfast-ckpt", "gone.pt"], ["gone.pt", "docs/checkpoints.md"]),
    (["--device", "cuda:99"], ["cuda:99", "cpu"]),
    (["--device", "toaster"], ["toaster"]),
    (["--device", "meta"], ["meta"]),
    (["--target", "REGNE"], ["REGNE", "REGEN"]),
    (["--layers", "slowfast:nowhere"], ["nowhere", "--list-layers"]),
    (["--layers", "twostream:visual_head"], ["MODEL:NAME"]),
    (["--method", "occlusion", "--layers", "slowfast:classifier"], ["--layers classifier", "only layer is input"]),
    (["--layers", "slowfast:,"], ["MODEL:NAME"]),
    (["--beside", str(ROOT / "README.md")], ["README.md", "a folder"]),
    (["--out", "a\0b"], ["a path cannot contain a NUL"]),
    (["--beside", "a\0b"], ["a path cannot contain a NUL"]),
    (["--budget", "9"], ["--budget 9", "name the method", "occlusion"]),
    (["--target", "each", "--method", "eigencam"], ["--target each", "whatever the gloss"]),
    (["--every", "3", "--write", "cams"], ["--every 3", "no frames"]),
    (["--method", "hirescam", "--pool", "frame"], ["--pool frame", "hirescam", "gradcam"]),
    (["--vac-ckpt", "vac.pt"], ["--vac-ckpt", "--models"]),
    (["--out", "/dev/null/results"], ["/dev/null/results", "--out"]),
])
def test_a_mistake_is_one_line(case: Case, capsys: pytest.CaptureFixture[str], flags: List[str], words: List[str]
                               ) -> None:
    line = said(case, capsys, *flags)
    assert all(word in line for word in words), line


def test_a_missing_default_checkpoint_names_the_place_looked_at(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--data-root", str(case.data), "--split", "test", "--out", str(case.out), "--quiet"]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert "slowfast_phoenix2014_dev_18.01_test_18.28.pt" in line and "docs/checkpoints.md" in line
    assert "python main.py --demo" in line


def test_the_other_models_checkpoint_is_refused(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    line = said(case, capsys, "--slowfast-ckpt", str(case.checkpoints["twostream"]))
    assert "TwoStream" in line


def test_a_lone_sequence_that_cannot_be_read_is_a_mistake_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]
                                                              ) -> None:
    own = tiny_case(tmp_path)
    frame = sorted((own.data / "features/fullFrame-256x256px/test/clip-0/1").iterdir())[3]
    frame.write_bytes(frame.read_bytes()[:50])
    assert frame.name in said(own, capsys, "--seq", "clip-0")


@pytest.mark.parametrize("flags", [
    ["--alpha", "3"], ["--models", "resnext"], ["--fps", "many"], ["--frobnicate"], ["--out", ""], ["--out="],
    ["--target", "each", "--target-from-gt"]])
def test_usage_errors_are_one_line(flags: List[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main.main(flags)
    assert stopped.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_help_answers_at_once_as_it_loads_nothing_large() -> None:
    code = "import sys, main; main.parser().format_help(); print([name for name in ('torch', 'cv2', 'numpy', " \
           "'matplotlib', 'pytorch_grad_cam', 'av') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True,
                          cwd=Path(main.__file__).parent)
    assert done.stdout.strip() == "[]"


def test_help_is_in_groups_names_what_it_takes_by_default_and_ends_with_examples() -> None:
    text = main.parser().format_help()
    places = [text.index(f"\n{group}:") for group in ("what to explain", "how", "which models", "where",
                                                      "what is written", "examples")]
    assert places == sorted(places) and text.count("  python main.py ") == 2 and "torchrun" in text[places[-1]:]
    said = " ".join(text.split())
    assert "checkpoints/twostreamslr.ckpt" in said and "with spaces between (default: slowfast)" in said


@pytest.mark.parametrize("flags, wanted", [
    (["--models", "slowfast,twostream"], ["slowfast", "twostream"]), (["--models", "twostream"], ["twostream"]),
    (["--models", "slowfast", "twostream,", "slowfast"], ["slowfast", "twostream"]), ([], ["slowfast"])])
def test_models_are_named_with_spaces_or_commas(flags: List[str], wanted: List[str]) -> None:
    assert main.parser().parse_args(flags).models == wanted


def test_sequences_are_named_with_spaces_or_commas() -> None:
    assert main.parser().parse_args(["--seq", "a b", "c,d"]).seq == ["a b", "c", "d"]


@pytest.mark.parametrize("command", ["main", "evaluate", "train", "cache_pose_heatmaps"])
def test_every_command_says_the_same_of_devices_and_folders(command: str) -> None:
    done = subprocess.run([sys.executable, f"{command}.py", "--help"], capture_output=True, check=True, text=True,
                          cwd=Path(main.__file__).parent)
    text = " ".join(done.stdout.split())
    assert DEVICE in text and "the folder with annotations/, features/ and keypoints/" in text
    assert "--out FOLDER" in text and "--data-root FOLDER" in text
    version = subprocess.run([sys.executable, f"{command}.py", "--version"], capture_output=True, check=True, text=True,
                             cwd=Path(main.__file__).parent)
    assert version.stdout == f"{command}.py {VERSION}\n"


def test_layers_of_a_model_named_apart_are_all_meant() -> None:
    flags = ["slowfast:one,two", "twostream:three", "slowfast:two,four"]
    assert main._layers(flags, ["slowfast", "twostream"]) == {"slowfast": ("one", "two", "four"),
                                                              "twostream": ("three",)}


def test_target_from_gt_is_short_for_the_target() -> None:
    assert main.parser().parse_args(["--target-from-gt"]).target == "from-gt"


def test_a_single_clip_that_fails_is_one_line_and_no_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]
                                                             ) -> None:
    case = tiny_case(tmp_path)
    for path in (case.data / "features/fullFrame-256x256px/test/clip-2/1").iterdir():
        path.unlink()
    assert case.run("--split", "test", "--seq", "clip-2", "--device", "cpu") == 2
    printed = capsys.readouterr()
    line, = printed.err.splitlines()
    assert "clip-2" in line and "has no frames" in line and not printed.out


@pytest.mark.parametrize("flags", [["--budget", "9" * 40], ["--budget", "\u00b2"], ["--every", "9" * 40],
                                   ["--video", "a.mp4", "--from", "1e308"], ["--video", "a.mp4", "--longest", "nan"],
                                   ["--video", "a.mp4", "--to", "-1"]])
def test_a_number_beyond_all_measure_is_one_line(capsys: pytest.CaptureFixture[str], flags: List[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main.main(flags)
    line, = capsys.readouterr().err.splitlines()
    assert error.value.code == 2 and line.startswith("main.py: ") and len(line) < 200


def test_a_seed_below_nought_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    import compare

    with pytest.raises(SystemExit):
        compare.main(["--demo", "--seed", "-1"])
    assert "--seed: '-1' must be a whole number from 0" in capsys.readouterr().err


@pytest.mark.parametrize("flags, models, target", [
    ([], ["slowfast", "twostream"], "each"), (["--target", "max"], ["slowfast", "twostream"], "max"),
    (["--models", "mska"], ["mska"], "each"), (["--method", "eigencam"], ["slowfast", "twostream"], "max")])
def test_the_demo_is_what_is_asked(flags: List[str], models: List[str], target: str) -> None:
    given = main.parser().parse_args(["--demo", *flags])
    as_demo(given)
    assert (given.models, given.target) == (models, target)


@pytest.mark.parametrize("flags", [["--target", "max"], ["--method", "rise"], ["--layers", "slowfast:conv2d"],
                                   ["--hide", "blur"], ["--pool", "frame"], ["--method", "rise", "--budget", "3"]])
def test_the_demo_shows_first_what_finds_known_evidence_best_unless_it_is_asked_otherwise(flags: List[str]) -> None:
    def asked(*more: str) -> List[object]:
        given = main.parser().parse_args(["--demo", *more])
        as_demo(given)
        return [given.method, given.hide, given.budget]

    named = main.parser().parse_args(flags)
    assert asked() == [["integrated", "layercam"], "still", 8]
    assert asked(*flags) == [named.method, named.hide, named.budget]


def test_a_network_that_the_demo_does_not_have_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--demo", "--models", "vac"]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert "--models vac" in line and "slowfast, twostream, mska" in line and "--vac-ckpt" in line


@full
def test_the_demo_film_cut_otherwise_has_no_truth_of_its_own(tmp_path: Path) -> None:
    for flags, truth in ([], True), (["--longest", "1.5"], False), (["--to", "1"], False):
        given = main.parser().parse_args(["--demo", "--video", "--out", str(tmp_path), *flags])
        with_demo_clips(given)
        assert bool(given.truth) == truth


def test_a_start_in_ascii_is_one_in_utf8(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "results.cams", "m\u00fc.npz"], cwd=ROOT, capture_output=True,
                          env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, timeout=60)
    line, = done.stderr.decode().splitlines()
    assert done.returncode == 2 and line.startswith("results.cams: 'm\u00fc.npz' does not exist")

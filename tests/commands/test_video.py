"""main.py --video: videos are sequences like any others, told as what they are."""
import json
from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Tuple
from urllib.parse import unquote

import numpy as np
import pytest

import keypoints as keypoints_command
from estimation import estimator as estimators
from files.arrays import npz_bytes
from files.eaf import Eaf, Interval, Media, Tier, read_eaf
from files.eaf_writer import eaf_bytes
from poses.keypoint_file import read_keypoints
from poses.pose_file import read_pose
from poses.whole_body import KeypointStore
from tests.kit.commands import Case, tiny_case
from tests.kit.footage import write_sound, write_video
from tests.kit.tiers import full
from video.framing import BODY, STANDING

SIZE = (420, 260)


class Standing:
    """Finds somebody in the middle of every picture but the dark ones, and counts what it was shown."""

    name = "standing 1.0"
    several = True
    shown = 0

    def __call__(self, pictures: Iterable[np.ndarray]) -> Iterator[Optional[np.ndarray]]:
        for picture in pictures:
            Standing.shown += 1
            points = np.zeros((133, 3))
            points[:, :2] = (210, 150)
            points[list(BODY), :2] = STANDING + (105, 0)
            points[:, 2] = 1
            yield points[None] if picture.max() > 20 else None


@pytest.fixture(autouse=True)
def standing(monkeypatch: pytest.MonkeyPatch) -> None:
    Standing.shown = 0
    monkeypatch.setattr(estimators, "ESTIMATORS", {"mediapipe": Standing})
    monkeypatch.setattr(estimators, "installed", lambda name: True)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return tiny_case(tmp_path_factory.mktemp("case"))


@pytest.fixture
def case(shared: Case, tmp_path: Path) -> Case:
    return Case(shared.data, shared.checkpoints, tmp_path / "outputs")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_video(tmp_path_factory.mktemp("video") / "my clip.mp4", 30, size=SIZE))


def folders(case: Case) -> List[str]:
    return sorted(path.name for path in case.out.iterdir() if path.is_dir() and not path.name.startswith("."))


def test_a_video_leaves_what_a_sequence_leaves_and_says_that_it_is_none(case: Case, video: str) -> None:
    assert case.run("--video", video, "--from", "0.2", "--to", "0.8", "--truth", "REGEN WETTER") == 0
    folder = case.out / "my_clip"
    left = {path.name for path in folder.iterdir()}
    assert left >= {"comparison.mp4", "report.html", "preds.txt", "preds.json", "framing.jpg", "slowfast"}
    preds = json.loads((folder / "preds.json").read_text(encoding="utf-8"))
    assert preds["frames"] == 15 and preds["truth"] == ["REGEN", "WETTER"] and preds["split"] == "video"
    assert preds["video"]["crop"] == "105,0,210,260" and preds["video"]["start"] == 0.2
    assert preds["video"]["keypoints"].startswith("standing 1.0; of 15 frames somebody in 15")
    text = (folder / "preds.txt").read_text(encoding="utf-8")
    said = "my clip.mp4, 0.20 to 0.76 s, is outside the recognisers' training data"
    assert "GT: REGEN WETTER\nSlowFast: nothing read\n" in text and said in text
    assert text.splitlines()[-1].startswith("SlowFastSign: ")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "training data" in page and '"files":["framing.jpg",' in page
    assert 0 <= preds["models"]["slowfast"]["certainty"]["blank"] <= 1


def test_guesses_are_nothing_read(case: Case, video: str) -> None:
    """A network of random weights is sure of nothing."""
    assert case.run("--video", video, "--truth", "REGEN") == 0
    preds = json.loads((case.out / "my_clip" / "preds.json").read_text(encoding="utf-8"))["models"]["slowfast"]
    assert preds["glosses"] == [] and preds["wer"]["del"] == 1 and preds["certainty"]["line"]
    if preds["certainty"]["confidence"] is not None:
        assert any(note.startswith("nothing read: the surest gloss") for note in preds["notes"])


def test_a_finished_video_is_skipped_and_one_taken_otherwise_is_not(case: Case, video: str,
                                                                   capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--video", video, "--to", "0.4", "--write", "video"]
    assert case.run(*arguments) == 0 and Standing.shown == 10
    assert case.run(*arguments) == 0
    assert "1 skipped (finished before)" in capsys.readouterr().out
    assert case.run(*arguments, "--overwrite") == 0
    assert Standing.shown == 10         # kept beside the results
    assert case.run(*arguments, "--crop", "0,0,210,260", "--overwrite") == 0
    preds = json.loads((case.out / "my_clip" / "preds.json").read_text(encoding="utf-8"))
    assert preds["video"]["crop"] == "0,0,210,260"


def test_points_of_other_frames_are_not_taken_for_these(case: Case, video: str) -> None:
    """As many frames, of the same file, but others."""
    for times in (("0", "0.4"), ("0.4", "0.8"), ("0.4", "0.8")):
        assert case.run("--video", video, "--from", times[0], "--to", times[1], "--write", "cams", "--overwrite",
                        "--quiet") == 0
    assert Standing.shown == 20


class Two(Standing):
    """And somebody farther away, left of the one in the middle."""

    name = "two 1.0"

    def __call__(self, pictures: Iterable[np.ndarray]) -> Iterator[Optional[np.ndarray]]:
        for people in super().__call__(pictures):
            if people is not None:
                other = people[0].copy()
                other[:, :2] = (other[:, :2] - (210, 0)) * 0.5 + (60, 60)
                yield np.stack([people[0], other])


def test_of_two_people_that_an_estimator_finds_the_one_asked_for_is_explained(
        case: Case, video: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(estimators, "ESTIMATORS", {"mediapipe": Two})
    crops = {}
    for person in ((), ("--person", "left"), ("--person", "right")):
        assert case.run("--video", video, "--write", "report", "--overwrite", *person) == 0
        preds = json.loads((case.out / "my_clip" / "preds.json").read_text(encoding="utf-8"))["video"]
        crops[person] = preds["crop"]
        said = [note for note in preds["notes"] if note.startswith("2 people are in the picture: number 2 from the")]
        assert bool(said) == (not person) and all(phrase in capsys.readouterr().out for phrase in said)
    assert crops[()] == crops["--person", "right"] == "105,0,210,260" != crops["--person", "left"]
    assert Standing.shown == 90             # each person's points are kept apart
    assert keypoints_command.main([video, "--out", str(tmp_path / "k.pkl")]) == 0
    assert "my_clip: 2 people are in the picture: number 2 from" in capsys.readouterr().out
    assert keypoints_command.main([video, "--out", str(tmp_path / "l.pkl"), "--person", "left"]) == 0
    left, right = (KeypointStore(tmp_path / name).read("my_clip", 30) for name in ("l.pkl", "k.pkl"))
    assert left[0, [5, 6], 0].mean() < 100 < right[0, [5, 6], 0].mean()
    for wrong, words in ((("--person", "3"), "--person 3: there are 2 people; expected left, right or 1 to 2"),
                         (("--person", "left", "--estimator", "none"), "--person left: without keypoints, people"),
                         (("--estimator", "gone.onnx"), "gone.onnx: no such file"),
                         (("--estimator", "yolo"), "'yolo' is none of mediapipe, rtmlib")):
        assert _refused(case, "--video", video, "--overwrite", *wrong) == 2
        assert words in capsys.readouterr().err


def _refused(case: Case, *arguments: str) -> object:
    try:
        return case.run(*arguments)
    except SystemExit as left:
        return left.code


def test_a_broken_video_does_not_stop_the_others(case: Case, video: str, tmp_path: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.avi").write_text("nothing")
    assert case.run("--video", str(tmp_path / "broken.avi"), video, video, "--to", "0.4", "--write", "video") == 1
    assert folders(case) == ["my_clip", "my_clip-2"]
    printed = capsys.readouterr().err
    assert "broken.avi: can't be read as a video" in printed and "Traceback" not in printed
    summary = json.loads((case.out / "summary.json").read_text(encoding="utf-8"))
    assert [row["status"] for row in summary["sequences"]] == ["failed", "done", "done"]


def test_each_mistake_is_one_line(case: Case, video: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                  capsys: pytest.CaptureFixture[str]) -> None:
    dark = write_video(tmp_path / "dark.mp4", 5, pictures=lambda number: np.zeros((96, 160, 3), np.uint8))
    np.save(tmp_path / "short.npy", np.ones((7, 133, 3)))
    sound = write_sound(tmp_path / "sound.m4a")
    for arguments, said in (
            (["--video"], "--video names no video"),
            (["--video", str(tmp_path / "none.mp4")], "none.mp4 does not exist"),
            (["--video", str(sound)], "no moving pictures (only audio)"),
            (["--video", video, "--from", "9"], "no frames between 9 and 1.2 s: it lasts 1.20 s"),
            (["--video", str(dark)], "standing 1.0 finds no person in its 5 frames"),
            (["--video", video, "--keypoints", str(tmp_path / "short.npy")], "7 frames of keypoints; expected 30"),
            (["--video", video, "--keypoints", str(tmp_path / "none.npy")], "none.npy: does not exist"),
            (["--video", video, "--crop", "1,2"], "--crop 1,2: expected auto or x,y,w,h"),
            (["--video", video, "--fps-in", "fast"], "--fps-in fast: expected keep, or a rate"),
            (["--video", video, "--seq", "a"], "--seq: --video takes files of your own"),
            (["--crop", "1,2,3,4"], "--crop: only with --video"),
            (["--video", video, video, "--truth", "A"], "--truth tells what is signed in one clip, and there are 2")):
        assert case.run(*arguments) == 2, arguments
        lines = capsys.readouterr().err.strip().splitlines()
        assert said in lines[-1] and not any("Traceback" in line for line in lines), lines
    monkeypatch.setattr(estimators, "installed", lambda name: False)
    assert case.run("--video", video, "--estimator", "mediapipe") == 2
    assert "mediapipe is not installed; pip install --no-deps -r requirements-video.txt" in capsys.readouterr().err
    assert case.run("--video", video, models=("twostream",)) == 2
    assert "twostream needs keypoints" in capsys.readouterr().err
    assert folders(case) == []


def test_a_film_longer_than_a_sentence_is_read_in_parts(case: Case, video: str) -> None:
    assert case.run("--video", video, "--longest", "0.6", "--write", "video") == 0
    assert folders(case) == ["my_clip-part1", "my_clip-part2"]
    assert Standing.shown == 30


def test_found_keypoints_serve_main_as_a_file_does(case: Case, video: str, tmp_path: Path,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "keypoints.pkl"
    assert keypoints_command.main([video, str(tmp_path / "none.mp4"), "--out", str(out)]) == 1
    assert "none.mp4 does not exist" in capsys.readouterr().err
    assert KeypointStore(out).read("my_clip", 30).shape == (30, 133, 3)
    assert keypoints_command.main([video, "--out", str(out)]) == 2
    assert "exists; give another --out, or --overwrite" in capsys.readouterr().err
    shown = Standing.shown
    assert keypoints_command.main([video, "--out", str(out), "--overwrite"]) == 0
    assert Standing.shown == shown          # kept from the run before, in which another failed
    assert case.run("--video", video, "--keypoints", str(out), models=("slowfast", "twostream")) == 0
    preds = json.loads((case.out / "my_clip" / "preds.json").read_text(encoding="utf-8"))
    assert preds["video"]["keypoints"] == "from keypoints.pkl" and preds["video"]["crop"] == "105,0,210,260"


def test_pose_files_of_found_keypoints_serve_main_too(case: Case, video: str, tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "poses"
    assert keypoints_command.main([video, "--format", "pose", "--out", str(out), "--quiet"]) == 0
    written = read_pose(out / "my_clip.pose")
    assert (written.rate, written.size, len(written.places)) == (25, SIZE, 30)
    assert keypoints_command.main([video, "--format", "pose", "--out", str(out)]) == 2
    (tmp_path / "a.pkl").write_bytes(b"")
    assert keypoints_command.main([video, "--format", "pose", "--out", str(tmp_path / "a.pkl"), "--overwrite"]) == 2
    assert "is a file; --format pose writes a folder" in capsys.readouterr().err
    assert case.run("--video", video, "--keypoints", str(out / "my_clip.pose"), models=("twostream",)) == 0
    preds = json.loads((case.out / "my_clip" / "preds.json").read_text(encoding="utf-8"))
    assert preds["video"]["keypoints"] == "from my_clip.pose" and preds["video"]["crop"] == "105,0,210,260"
    assert case.run("--video", video, "--keypoints", str(out), "--overwrite", models=("twostream",)) == 0
    (out / "my_clip.pose").rename(out / "another.pose")
    assert case.run("--video", video, "--keypoints", str(out), "--overwrite", models=("twostream",)) != 0
    assert "nothing for 'my_clip' among another" in capsys.readouterr().err


def annotated(folder: Path, *spans: Tuple[float, float, str]) -> str:
    path = folder / "my clip.eaf"
    media = (Media("file:///gone/my%20clip.mp4", "./my%20clip.mp4"),)
    path.write_bytes(eaf_bytes(Eaf((Tier("SIGN", tuple(Interval(*span) for span in spans)),), media)))
    return str(path)


def test_an_annotation_is_the_truth_of_each_part_and_comes_back_as_tiers(
        case: Case, video: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = annotated(tmp_path, (0.1, 0.3, "REGEN"), (0.55, 0.95, "WETTER HEUTE"), (7, 8, "REGEN"))
    flags = ("--video", video, "--longest", "0.6", "--write", "elan")
    assert case.run(*flags, "--truth", truth, "--tier", "SIGN") == 0
    parts = [json.loads((case.out / name / "preds.json").read_text(encoding="utf-8")) for name in folders(case)]
    assert [part["truth"] for part in parts] == [["REGEN"], ["WETTER", "HEUTE"]]
    assert "1 glosses of tier SIGN lie outside what was taken of the video" in parts[0]["video"]["notes"]
    name = folders(case)[1]
    eaf = read_eaf(case.out / name / f"{name}.eaf")
    assert [interval.text for interval in next(tier for tier in eaf.tiers if tier.name == "truth").intervals] == [
        "WETTER", "HEUTE"]
    source, = eaf.media                                         # no comparison.mp4 was asked for
    assert (case.out / name / unquote(source.relative)).resolve() == Path(video).resolve()
    assert source.origin == pytest.approx(0.6)
    assert case.run(*flags, "--truth", "REGEN", "--tier", "SIGN") == 2
    assert "--tier SIGN is for --truth FILE.eaf" in capsys.readouterr().err
    assert case.run("--video", video, video, "--truth", truth) == 2
    assert "is of one video, and there are 2" in capsys.readouterr().err
    assert case.run("--video", video, "--truth", str(tmp_path / "none.eaf")) == 2
    assert "none.eaf: can't be read" in capsys.readouterr().err


def test_intervals_without_glosses_are_read_one_by_one(case: Case, video: str, tmp_path: Path,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    """As segmenters leave them; one that is too long is parted further, and one outside the video is said."""
    segments = annotated(tmp_path, (0.1, 0.3, ""), (0.3, 1.1, ""), (7, 8, ""))
    flags = ("--video", video, "--write", "report", "--quiet", "--overwrite")
    assert case.run(*flags, "--segments", segments, "SIGN", "--longest", "0.6") == 0
    parts = [json.loads((case.out / name / "preds.json").read_text(encoding="utf-8")) for name in folders(case)]
    assert [(part["sequence"], part["video"]["start"], part["frames"], part["truth"]) for part in parts] == [
        ("my_clip-part1", 0.08, 5, None), ("my_clip-part2", 0.28, 10, None), ("my_clip-part3", 0.68, 10, None)]
    assert all("1 intervals of tier SIGN lie outside what was taken of the video, and are not read"
               in part["video"]["notes"] for part in parts)
    for wrong, words in ((("--truth", segments), "Intervals without glosses (SIGN) tell when, not what: main.py"),
                         (("--segments", segments, "SENTENCE"), "--segments SENTENCE: "),
                         (("--segments", "SIGN"), "--segments SIGN: expected an ELAN file (.eaf)"),
                         (("--segments", segments, "--from", "1.15"), "none of the 3 intervals of tier SIGN lies in")):
        assert case.run(*flags, *wrong) == 2
        line, = capsys.readouterr().err.splitlines()
        assert words in line


def test_a_corpus_without_keypoints_gets_its_file(case: Case, tmp_path: Path) -> None:
    out = tmp_path / "keypoints.pkl"
    assert keypoints_command.main(["--data-root", str(case.data), "--split", "test", "--out", str(out)]) == 0
    store = KeypointStore(out)
    assert [len(store.read(f"clip-{number}", 8 + number)) for number in range(6)] == list(range(8, 14))
    assert keypoints_command.main(["--data-root", str(case.data), "x.mp4", "--out", str(tmp_path / "b.pkl")]) == 2


@full
def test_damaged_keypoints_that_were_kept_are_looked_for_anew(case: Case, video: str) -> None:
    flags = ("--video", video, "--estimator", "mediapipe", "--write", "report", "--quiet", "--overwrite")
    assert case.run(*flags) == 0
    kept, = (case.out / ".keypoints").glob("*.npz")
    whole, looked = kept.read_bytes(), Standing.shown
    stamp = dict(np.load(kept))
    for content in (whole[:100], b"", whole[:-40] + bytes(40),
                    npz_bytes({**stamp, "keypoints": np.zeros((2, 2), np.float32)}),
                    npz_bytes({**stamp, "keypoints": np.full((30, 133, 3), np.nan, np.float32)}),
                    npz_bytes({"stamp": stamp["stamp"]})):
        kept.write_bytes(content)
        assert case.run(*flags) == 0
        assert Standing.shown == looked + 30 and kept.read_bytes() == whole
        looked = Standing.shown
    assert case.run(*flags) == 0 and Standing.shown == looked


def test_damaged_parts_of_keypoints_are_looked_for_anew(tmp_path: Path, video: str) -> None:
    out = tmp_path / "k.pkl"
    parts = tmp_path / ".k.pkl.parts"
    assert keypoints_command.main([video, str(tmp_path / "none.mp4"), "--out", str(out), "--quiet"]) == 1
    kept, = parts.glob("*.npz")
    kept.write_bytes(kept.read_bytes()[:50])
    assert keypoints_command.main([video, "--out", str(out), "--quiet", "--overwrite"]) == 0
    assert read_keypoints(out, "my_clip").keypoints.shape == (30, 133, 3)

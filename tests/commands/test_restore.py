"""restore.py, from flags to a page; and who takes what it made."""
import json
from pathlib import Path
from typing import List

import cv2
import numpy as np
import pytest
import torch

import restore
from datasets.corpora import open_corpus
from datasets.phoenix import PhoenixVideoTextDataset
from files.arrays import load_npz
from records.requests import VideoRequest
from terminal.errors import UserError
from tests.kit import networks
from tests.kit.restoring import checkpoint, drawn_clips
from tests.kit.tiers import full
from video.footage import open_footage
from video.sequences import VideoDataset


def run(folder: Path, *more: str) -> int:
    return restore.main(["--damage", "blur:2", "--prior", str(folder / "restorer.pt"), "--data-root",
                         str(drawn_clips()), "--out", str(folder / "out"), "--device", "cpu", "--steps", "1", *more])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a clip that was damaged and restored."""
    folder = tmp_path_factory.mktemp("restored")
    checkpoint(folder)
    assert run(folder, "--trial") == 0
    clip, = (path for path in (folder / "out").iterdir() if not path.name.startswith("."))
    return clip


def frames_of(clip: Path) -> List[Path]:
    return sorted((clip / "frames").glob("*.png"))


def picture(path: Path) -> np.ndarray:
    pixels = cv2.imread(str(path))
    assert pixels is not None
    return np.asarray(pixels[..., ::-1])


def test_it_writes_frames_film_page_and_what_was_done(made: Path) -> None:
    told = json.loads((made / "frames/restored.json").read_text())
    sharp = PhoenixVideoTextDataset(open_corpus(drawn_clips()), "dev").clip(0)
    assert len(frames_of(made)) == len(sharp) == told["frames"]
    assert told["settings"]["damage"] == "blur:2" and 0 < told["disagreement"] < 1 and told["trial"]["psnr"] > 15
    first = picture(frames_of(made)[0])
    assert first.shape == (256, 256, 3) and (first != sharp.frames[0]).any()
    assert len(open_footage(made / "beside.mp4", restored=True).times) == told["frames"]
    assert (load_npz(made / "keypoints.npz")["frames"] == sharp.keypoints).all()


def test_page_and_film_say_that_pixels_are_invented(made: Path) -> None:
    page = (made / "page.html").read_text()
    assert "invented" in page and "beside.mp4" in page and "no evidence of what was signed" in page
    assert "invented" in json.loads((made / "frames/restored.json").read_text())["invented"]


def test_the_same_again_is_there_already_and_other_settings_are_refused(made: Path,
                                                                       capsys: pytest.CaptureFixture) -> None:
    before = frames_of(made)[0].stat().st_mtime_ns
    folder = made.parent.parent
    assert run(folder, "--trial") == 0 and "already restored" in capsys.readouterr().out
    assert run(folder, "--trial", "--seed", "1") == 2
    error = capsys.readouterr().err
    assert "was made with other settings (seed: " in error and error.count("\n") == 1
    assert frames_of(made)[0].stat().st_mtime_ns == before


@full
def test_overwrite_replaces_it(tmp_path: Path) -> None:
    checkpoint(tmp_path)
    assert run(tmp_path) == 0 and run(tmp_path, "--seed", "1") == 2 and run(tmp_path, "--seed", "1", "--overwrite") == 0
    clip, = (path for path in (tmp_path / "out").iterdir() if not path.name.startswith("."))
    assert json.loads((clip / "frames/restored.json").read_text())["settings"]["seed"] == 1


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture, made: Path) -> None:
    checkpoint(tmp_path)
    theirs = tmp_path / "out" / made.name
    theirs.mkdir(parents=True)
    (theirs / "thesis.txt").write_text("mine")
    assert run(tmp_path, "--overwrite") == 2
    assert "was not written by this program" in capsys.readouterr().err and (theirs / "thesis.txt").exists()


def test_restored_frames_are_read_only_when_asked_by_name(made: Path) -> None:
    for path in (made / "frames", made / "beside.mp4"):
        with pytest.raises(UserError, match="restored by restore.py: .* invented.*; main.py --restored reads it"):
            open_footage(path)
    dataset = VideoDataset([made / "frames"], VideoRequest(paths=(made / "frames",), restored=True, estimator="none",
                                                           keypoints=made / "keypoints.npz"))
    clip = dataset.clip(0)
    assert clip.origin is not None and "invented" in clip.origin.notes[0]
    assert clip.frames.shape[1:] == (256, 256, 3) and clip.keypoints is not None
    written = picture(frames_of(made)[0]).astype(float)
    assert np.abs(clip.frames[0] - written).mean() < 3        # framed as it was, but for a scaling there and back


def test_a_plain_folder_of_pictures_is_none_of_them(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), np.zeros((8, 8, 3), np.uint8))
    assert len(open_footage(tmp_path).times) == 1


def test_a_corpus_with_restored_frames_is_refused(tmp_path: Path, made: Path) -> None:
    source = drawn_clips()
    for name in ("annotations", "keypoints"):
        (tmp_path / name).symlink_to(source / name)
    corpus = open_corpus(tmp_path)
    row = corpus.rows("dev")[0]
    folder = tmp_path / "features/fullFrame-256x256px/dev" / Path(row.folder).parent
    folder.parent.mkdir(parents=True)
    folder.symlink_to(made / "frames")
    with pytest.raises(UserError, match="restored by restore.py: .* nothing is measured or learnt from them"):
        corpus.need_frames(row, "dev")


@pytest.mark.parametrize("more, said", [
    (("--damage", "fog:3"), "--damage fog:3: expected blur:SIGMA"),
    (("--prior", "nowhere.pt"), "nowhere.pt"),
    (("--seq", "nobody"), "nobody"),
    (("--keypoints", "points.npy"), "--keypoints: only with --video"),
    (("--noise", "0"), "is not a number from 0.1 to 50"),
    (("--steps", "0"), "must be a whole number"),
    (("--steps", "5000"), "--steps 5000: expected from 1 to 1000"),
    (("--video", "nowhere.mp4"), "--data-root: --video takes files of your own"),
])
def test_mistakes_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture, more: tuple, said: str) -> None:
    checkpoint(tmp_path)
    try:
        code = run(tmp_path, *more)
    except SystemExit as end:
        code = int(end.code or 0)
    error = capsys.readouterr().err
    assert code == 2 and said in error and error.count("\n") == 1 and error.startswith("restore.py: ")


def test_another_networks_checkpoint_is_refused_before_any_clip_is_read(tmp_path: Path,
                                                                       capsys: pytest.CaptureFixture) -> None:
    made = networks.recogniser("slowfast")
    torch.save({"model_state_dict": made.network.state_dict(), "architecture": made.architecture},
               tmp_path / "restorer.pt")
    assert run(tmp_path) == 2
    assert "not a checkpoint of the restorer" in capsys.readouterr().err


def test_a_corpus_without_keypoints_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    checkpoint(tmp_path)
    root = tmp_path / "data"
    root.mkdir()
    for name in ("annotations", "features"):
        (root / name).symlink_to(drawn_clips() / name)
    assert run(tmp_path, "--data-root", str(root)) == 2
    assert "keypoints.pkl: no such file; hands and faces are found by keypoints" in capsys.readouterr().err


def test_a_video_without_keypoints_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    checkpoint(tmp_path)
    for number in range(2):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((260, 210, 3), np.uint8))
    assert restore.main(["--damage", "blur:2", "--prior", str(tmp_path / "restorer.pt"), "--out", str(tmp_path / "out"),
                         "--video", str(tmp_path), "--estimator", "none", "--device", "cpu"]) == 2
    assert "needs keypoints" in capsys.readouterr().err

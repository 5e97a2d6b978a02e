import hashlib
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Set, Tuple

import cv2
import numpy as np
import pytest

from files.workspace import REPOSITORY
from signer.clip import SignedClip, sign
from signer.evidence import Evidence, read_evidence
from signer.layouts import Phoenix2014
from signer.look import cast
from signer.motion import GLOSSES, NAMES, Habits, glide, perform, sentence
from signer.synthetic import gloss_ids, main, make_workspace, sequence_id
from terminal.errors import UserError
from tests.kit.tiers import full

SIZES = {"train": 2, "dev": 1, "test": 1}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workspace(tmp_path_factory.mktemp("made"), SIZES, seed=3)


@pytest.fixture(scope="module")
def clip() -> SignedClip:
    return sign(cast(np.random.default_rng(1)), np.random.default_rng(2))


def rows(root: Path, split: str) -> List[List[str]]:
    lines = (root / "annotations" / "manual" / f"{split}.corpus.csv").read_text("utf-8").splitlines()
    assert lines[0] == "id|folder|signer|annotation"
    return [line.split("|") for line in lines[1:]]


def keypoints(root: Path) -> Dict[str, np.ndarray]:
    return pickle.loads((root / "keypoints" / "keypoints.pkl").read_bytes())


def digests(root: Path) -> Dict[str, str]:
    return {str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in root.rglob("*") if file.is_file()}


@full
def test_the_seed_decides_every_byte(tmp_path: Path) -> None:
    made = [digests(make_workspace(tmp_path / name, {"train": 1, "dev": 1}, seed, workers=workers))
            for name, seed, workers in (("a", 5, 1), ("b", 5, 2), ("c", 6, 1))]
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_frames_keypoints_and_evidence_have_one_length(root: Path) -> None:
    for split in SIZES:
        for name, pattern, _signer, annotation in rows(root, split):
            points, evidence = keypoints(root)[name], read_evidence(root / "evidence" / f"{name}.npz")
            assert points.shape == (len(evidence), 133, 3) and points.dtype == np.float32
            assert evidence.names == tuple(annotation.split())
            for size, shape in (("256x256px", (256, 256, 3)), ("210x260px", (260, 210, 3))):
                files = sorted((root / "features" / f"fullFrame-{size}" / split).glob(pattern))
                assert len(files) == len(evidence)
                picture = cv2.imread(str(files[-1]))
                assert picture is not None and picture.shape == shape


def test_both_frame_sizes_show_the_whole_picture(root: Path) -> None:
    pattern = rows(root, "dev")[0][1]
    square, tall = (cv2.imread(str(sorted((root / "features" / f"fullFrame-{size}" / "dev").glob(pattern))[9]))
                    for size in ("256x256px", "210x260px"))
    assert square is not None and tall is not None
    assert np.abs(cv2.resize(tall, (256, 256)).astype(int) - square).max() == 0


def test_nobody_signs_in_two_splits(root: Path) -> None:
    signers = [{row[2] for row in rows(root, split)} for split in SIZES]
    assert all(signers) and not (signers[0] & (signers[1] | signers[2])) and not (signers[1] & signers[2])


def test_umlauts_survive(tmp_path: Path) -> None:
    root = make_workspace(tmp_path, {"train": 8}, frame_sizes=())
    assert any("SÜD" in row[3].split() for row in rows(root, "train"))
    assert "SÜD" in pickle.loads((root / "annotations" / "manual" / "gloss2ids.pkl").read_bytes())
    assert any("SÜD" in read_evidence(path).names for path in (root / "evidence").iterdir())


def test_ids_are_like_phoenix() -> None:
    ids = gloss_ids(Phoenix2014(), NAMES)
    assert [ids[name] for name in ("<s>", "<unk>", "<mask>", "REGEN")] == [0, 3, 4, 4]
    assert sorted(set(ids.values())) == list(range(len(ids) - 1))
    names = {sequence_id(split, number) for split in SIZES for number in range(900)}
    assert len(names) == 2700 and "01July_2009_Wednesday_heute_default-0" in names


def test_hands_are_skin_where_the_keypoints_say(clip: SignedClip) -> None:
    # The palm's middle, of the dominant hand, which lies in front of everything.
    knuckles = [112, 117, 121, 129] if clip.look.dominant == -1 else [91, 96, 100, 108]
    for t, picture in enumerate(clip.pictures()):
        x, y = np.round(clip.keypoints[t, knuckles, :2].mean(0)).astype(int)
        shown = picture[y, x] / np.linalg.norm(picture[y, x].astype(float))
        skin = np.array(clip.look.skin) / np.linalg.norm(clip.look.skin)
        assert np.abs(shown - skin).max() < .1


def test_evidence_is_the_hands_that_sign(clip: SignedClip) -> None:
    evidence = clip.evidence()
    ranges: Tuple[slice, slice] = (slice(112, 133), slice(91, 112))
    own, other = ranges if clip.look.dominant == -1 else ranges[::-1]
    for t in np.flatnonzero(evidence.active >= 0):
        one_handed = GLOSSES[evidence.names[evidence.active[t]]].other is None
        assert share(evidence, clip, t, own) > .95
        assert share(evidence, clip, t, other) < .5 if one_handed else share(evidence, clip, t, other) > .95
        assert .005 < evidence.region[t].mean() < .15


def share(evidence: Evidence, clip: SignedClip, t: int, hand: slice) -> float:
    """How many of the hand's points lie in the region."""
    x, y = ((clip.keypoints[t, hand, :2] + .5) * (256 / 210, 256 / 260) - .5).round().astype(int).clip(0, 255).T
    return float(evidence.region[t, y, x].mean())


def test_evidence_is_empty_between_glosses(clip: SignedClip) -> None:
    evidence = clip.evidence()
    assert (evidence.active < 0).any() and not evidence.region[evidence.active < 0].any()
    changes = evidence.active[np.flatnonzero(np.diff(evidence.active)) + 1]
    assert list(changes[changes >= 0]) == list(range(len(clip.words)))


def test_no_gloss_repeats_its_neighbour_and_any_follows_any() -> None:
    rng = np.random.default_rng(0)
    pairs: Set[Tuple[str, str]] = set()
    for _ in range(3000):
        words = sentence(rng)
        assert 3 <= len(words) <= 7
        pairs.update(zip(words, words[1:]))
    assert len(pairs) == len(GLOSSES) * (len(GLOSSES) - 1)


def test_hands_move_smoothly() -> None:
    motion = perform(("REGEN", "SÜD", "BERG"), Habits(), np.random.default_rng(0))
    assert np.abs(np.diff(motion.hands[..., :2], axis=0)).max() < 100
    path = glide(np.array([0., 10.]), np.array([[0.], [1.]]), np.array([True, True]), 11)[:, 0]
    assert path[5] == pytest.approx(.5) and path[1] < .01 and (np.diff(path) > 0).all()


def test_whole_data_is_kept_and_broken_data_is_not_believed(tmp_path: Path) -> None:
    root = make_workspace(tmp_path, {"dev": 1})
    before = (root / "synthetic.json").stat().st_mtime_ns
    assert make_workspace(tmp_path, {"dev": 1}) == root
    assert (root / "synthetic.json").stat().st_mtime_ns == before
    (root / "synthetic.json").unlink()
    with pytest.raises(UserError, match="not made by the synthetic signer"):
        make_workspace(tmp_path, {"dev": 1})
    assert (root / "annotations").is_dir()


@full
def test_other_settings_replace_what_was_made(tmp_path: Path) -> None:
    make_workspace(tmp_path, {"dev": 1})
    root = make_workspace(tmp_path, {"test": 1}, frame_sizes=("210x260px",))
    assert len(rows(root, "dev")) == 0 and len(rows(root, "test")) == 1
    assert [path.name for path in (root / "features").iterdir()] == ["fullFrame-210x260px"]
    assert [path.name for path in root.parent.iterdir()] == [root.name]


def test_mistakes_take_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main([str(tmp_path), "--train", "-1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(UserError, match="unknown split 'val'"):
        make_workspace(tmp_path, {"val": 1})
    with pytest.raises(UserError, match="no evidence at"):
        read_evidence(tmp_path / "x.npz")


def test_help_needs_no_heavy_import() -> None:
    code = "import sys, signer.synthetic; print(sorted({'cv2', 'numpy', 'torch'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, text=True,
                         cwd=REPOSITORY)
    assert run.stdout.strip() == "[]"


def test_help_tells_each_default_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "None" not in text and "(default: one a core)" in text and "(default: nothing)" in text

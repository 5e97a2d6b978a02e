"""Measures of film on maps and keypoints made up so that the right numbers are known, and on drawn clips."""
from pathlib import Path

import numpy as np
import pytest

import evaluate
from datasets.clip import Clip
from evidence.real import BOTH, DRAWN, EXACT, GIVEN, OWN, Filmed, Places, Times, counted, moves, parts, real_study
from evidence.real_rivals import CENTRE, MOTION, Rivals, _random, ahead
from evidence.real_table import lines
from glosses.rules import PLAIN
from models.registry import build
from poses.regions import HANDS, SIDE
from runs.demo import CHECKPOINTS
from signer.evidence import Evidence
from signer.synthetic import make_workspace
from tests.kit.tiers import full

FRAMES = 20


def signer() -> np.ndarray:
    """The left hand goes to and fro at the picture's right; all else is still."""
    points = np.ones((FRAMES, 133, 3), np.float32)
    points[:, :, :2] = 105, 40
    points[:, 5, :2], points[:, 6, :2] = (145, 120), (65, 120)
    for hand, x in zip(HANDS, (180, 30)):
        points[:, hand, 0] = x + np.linspace(-8, 8, 21)
        points[:, hand, 1] = 200
    points[:, HANDS[0], 1] += 6 * (np.arange(FRAMES) % 2)[:, None]
    return points


def test_the_hand_that_moves_is_dominant() -> None:
    left, right = moves(signer())
    assert left == pytest.approx(6 * (FRAMES - 1), rel=1e-5) and right == 0
    masks = parts(signer())
    assert masks["dominant hand"][:, :, SIDE // 2:].any() and not masks["dominant hand"][:, :, :SIDE // 2].any()
    assert (masks[BOTH] == (masks[OWN[0]] | masks[OWN[1]])).all()
    assert (np.sum([masks[part] for part in OWN], axis=0) == 1).all()       # every place is of one part


def test_an_unsure_hand_does_not_move() -> None:
    points = signer()
    points[:, HANDS[0], 2] = 0.1
    assert moves(points)[0] == 0


def test_a_step_into_or_out_of_an_unsure_place_is_none() -> None:
    points = signer()
    points[9, HANDS[0]] = (500, 0, 0.1)
    assert moves(points)[0] == pytest.approx(6 * (FRAMES - 3), rel=1e-5)
    points[:, HANDS[1], 2] = 0
    points[-1, HANDS[1], 0] += 300          # the other hand, sure of its last place alone
    points[-1, HANDS[1], 2] = 1
    assert moves(points)[1] == 0


def test_a_hand_is_sure_where_most_of_its_points_are() -> None:
    points = signer()
    points[:, HANDS[0].start:HANDS[0].start + 10, 2] = 0.1
    assert moves(points)[0] > 0
    points[:, HANDS[0].start:HANDS[0].start + 11, 2] = 0.1
    assert moves(points)[0] == 0


def test_the_right_hand_is_dominant_where_it_moves_more() -> None:
    points = signer()
    points[:, HANDS[1], 1] += 9 * (np.arange(FRAMES) % 2)[:, None]
    assert parts(points)["dominant hand"][:, :, :SIDE // 2].any()


def test_places_are_over_what_was_seen_and_when() -> None:
    values, box, frames = np.zeros((4, 8, 8)), np.zeros((8, 8)), np.array([True, True, False, False])
    box[:, :4] = 1                                                          # the left half was seen
    mask = np.zeros((4, 8, 8))
    mask[:, :2, :4] = 1
    values[:2, :2, :4] = 1
    values[2:, 4:, :4] = 9                                                  # does not count
    made = Places()
    made.add(values, box, {("x", "part"): mask, ("x", "nowhere"): mask * 0}, frames)
    assert made.of["x", "part"] == [pytest.approx(4)] and np.isnan(made.of["x", "nowhere"][0])


def test_time_is_share_over_chance_and_frames_off() -> None:
    energy, own = np.zeros(20), np.zeros(20, bool)
    energy[5:9], own[4:8] = 1, True                                         # 3 of its 4 in the gloss, one frame late
    made = Times()
    made.add(energy, own, (0, 20))
    assert made.share == [pytest.approx(0.75 / 0.2)]
    assert made.off == [pytest.approx(1)] and made.even == [pytest.approx(4)]
    made.add(np.zeros(20), own, (0, 20))                                    # an empty map says nothing
    assert len(made.share) == 1
    made.add(energy[::-1], own[::-1], (0, 20))                              # early or late, off is off
    assert made.off[1] == pytest.approx(1) and made.even[1] == pytest.approx(4)


def test_frames_in_which_something_is_signed_count_by_the_best_that_tells() -> None:
    clip, nothing = Clip("x", "train", np.zeros((4, 8, 8, 3), np.uint8)), np.zeros((4, 8, 8), bool)
    drawn, aligned = np.array([-1, 0, 0, -1], np.int16), np.array([0, 0, -1, -1], np.int16)
    evidence = Evidence(("A",), drawn, nothing)
    assert counted(Filmed(clip, aligned, evidence)).tolist() == [False, True, True, False]
    assert counted(Filmed(clip, aligned)).tolist() == [True, True, False, False]
    assert counted(Filmed(clip)).all()


def test_motion_is_measured_beside_the_maps_and_boxes_beside_what_was_drawn() -> None:
    frames = np.zeros((FRAMES, SIDE, SIDE, 3), np.uint8)
    frames[::2, 40:56, 45:64] = 200                                         # where the left hand is
    region = np.zeros((FRAMES, SIDE, SIDE), bool)
    region[:, 40:56, 45:64] = True
    active = np.zeros(FRAMES, np.int16)
    clip = Clip("x", "train", frames, ("A",), signer(), rule=PLAIN)
    film = Filmed(clip, active, Evidence(("A",), active, region), signer())
    measured = real_study({}, [film, film, film], lambda: None)
    motion = measured.places[MOTION]
    assert motion.of[DRAWN, DRAWN][0] == pytest.approx(SIDE ** 2 / (16 * 19))
    assert motion.of[GIVEN, "dominant hand"][0] > 5 and motion.of[GIVEN, "other hand"][0] == 0
    assert motion.of[GIVEN, BOTH] == motion.of[EXACT, BOTH]
    assert measured.times[MOTION].share == [pytest.approx(1)] * 3              # one gloss is all of the clip
    assert measured.places[CENTRE].of[GIVEN, BOTH][0] < motion.of[GIVEN, BOTH][0]
    assert "rank correlation" in "\n".join(lines(measured, "train"))


def test_a_map_has_rivals_of_its_own() -> None:
    """A random one of the same values, and where it lies in the other clips."""
    box, hands, frames = np.zeros((8, 8)), np.zeros((3, 8, 8), bool), np.ones(3, bool)
    box[:, 2:] = 1
    hands[:, :2, 2:5] = True                                                # an eighth of what was seen
    values = np.zeros((2, 3, 8, 8))
    values[0, :, :2, 2:5] = 1                                               # on them in one clip,
    values[1, :, 6:, 5:] = 1                                                # off them in the other
    rivals, key = Rivals(), ("a", "b", "c")
    for each in values:
        rivals.add(key, each, box, hands, frames)
    rivals.close()
    assert rivals.of[key]["mean map"] == [0, pytest.approx(8)]
    other = _random(values[0], box, 0)
    assert not other[:, :, :2].any() and (other != values[0]).any()
    np.testing.assert_array_equal(np.sort(other[:, :, 2:], axis=None), np.sort(values[0][:, :, 2:], axis=None))
    assert len(rivals.of[key]["random"]) == 2
    less = ahead([3.0, 4.0, 5.0], [1.0, 2.5, 2.0])
    assert less.value == pytest.approx(6.5 / 3) and less.above(0) and not ahead([1.0, 2.0], [2.0, 1.0]).above(0)


def test_without_alignment_keypoints_or_drawing_the_table_says_so() -> None:
    film = Filmed(Clip("x", "train", np.zeros((4, 8, 8, 3), np.uint8)))
    text = "\n".join(lines(real_study({}, [film], lambda: None), "train"))
    assert "no keypoints" in text and "no frame alignment" in text and "drawn clips alone" in text


@full
def test_the_command_measures_drawn_clips_as_film(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_workspace(tmp_path / "made", {"train": 1}, keypoints="estimated", frame_sizes=("256x256px",))
    given = ["--evidence", "--data-root", str(root), "--split", "train", "--models", "slowfast", "--clips", "1",
             "--out", str(tmp_path), "--device", "cpu"]
    assert evaluate.main([*given, "--film"]) == 0
    written = (tmp_path / "film.txt").read_text("utf-8")
    layers = build("slowfast", CHECKPOINTS["slowfast"]).default_layers
    assert all(written.count(layer) >= 3 for layer in layers) and "in time" in written
    assert "less the rival's" in written and "|gradient| at the input" in written and "exact points" in written
    (tmp_path / "film.txt").write_text("mine")
    assert evaluate.main([*given, "--film"]) == 2 and (tmp_path / "film.txt").read_text() == "mine"
    (tmp_path / "film.txt").unlink()
    for folder in ("evidence", "annotations/automatic", "keypoints"):       # film of which nothing is known
        for file in (root / folder).iterdir():
            file.unlink()
        (root / folder).rmdir()
    assert evaluate.main(given) == 2
    assert "nothing is known of its clips" in capsys.readouterr().err

"""A long film is parted where the hands rest."""
from pathlib import Path

import numpy as np

from records.requests import VideoRequest
from signer.clip import sign
from signer.estimator import estimated
from signer.synthetic import signer
from tests.kit.footage import write_video
from video.framing import BODY, STANDING
from video.rest import sentence_borders
from video.sequences import VideoDataset


def moving(frames: int, rests: int) -> np.ndarray:
    """Hands that move before the chest, and rest in the lap for some frames at `rests`."""
    keypoints = np.zeros((frames, 133, 3))
    keypoints[:, BODY, :2], keypoints[..., 2] = STANDING, 1
    for wrist, x in ((9, 140), (10, 70)):
        keypoints[:, wrist, 0] = x + 12 * np.sin(np.arange(frames))
        keypoints[:, wrist, 1] = 150
        keypoints[rests - 12:rests + 12, wrist, :2] = (x, 230)
    return keypoints


def test_parts_end_where_both_hands_rest() -> None:
    assert sentence_borders(moving(120, 50), [], 80) == ([0, 50, 120], [])
    one_hand = moving(120, 50)
    one_hand[:, 10, :2] = moving(120, 70)[:, 10, :2]
    borders, restless = sentence_borders(one_hand, [], 80)
    assert len(borders) == 3 and restless == borders[1:2]


def test_a_cut_is_a_better_border_than_a_rest_and_no_part_is_too_long() -> None:
    assert sentence_borders(moving(120, 50), [66], 80)[0] == [0, 66, 120]
    borders, _ = sentence_borders(moving(1000, 500), [], 80)
    assert max(np.diff(borders)) <= 80 and min(np.diff(borders)) >= 20


def test_signed_sentences_are_parted_between_them() -> None:
    """Ten sentences by one signer, as an estimator sees them."""
    look, rng = signer(7, "train", 3), np.random.default_rng(1)
    clips = [sign(look, rng) for _ in range(10)]
    keypoints = np.concatenate([estimated(clip.keypoints, rng) for clip in clips])
    active = np.concatenate([clip.motion.active for clip in clips])
    joins = np.cumsum([len(clip.motion) for clip in clips])
    borders, restless = sentence_borders(keypoints, [], 400)
    assert len(borders) > 3 and not restless
    for border in borders[1:-1]:
        assert (active[border - 3:border + 4] < 0).all() and np.abs(joins - border).min() < 10


def test_a_part_that_ends_in_a_movement_says_so(tmp_path: Path) -> None:
    film = write_video(tmp_path / "film.mp4", 120, size=(210, 260))
    keypoints = moving(120, 70)
    keypoints[:, 10, :2] = moving(120, 300)[:120, 10, :2]
    np.save(tmp_path / "points.npy", keypoints)
    dataset = VideoDataset([film], VideoRequest(longest=3.2, keypoints=tmp_path / "points.npy"))
    notes = [clip.origin.notes for clip in map(dataset.clip, range(2)) if clip.origin]
    assert [any("ends while hands move" in note for note in part_notes) for part_notes in notes] == [True, False]

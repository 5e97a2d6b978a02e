"""A restored clip agrees with what was measured, whatever the prior says, and is untouched elsewhere."""
from dataclasses import replace
from typing import List

import numpy as np
import pytest
import torch

from datasets.clip import Clip
from models.restorer import from_pixels
from poses.crops import Place
from poses.regions import FACE, HANDS
from records.damage import Damage
from restoration.clip import damaged_frames, find_places, restored, without_prior
from restoration.damage import damaged
from restoration.data import Measured
from restoration.pasting import FEATHER, feather, paste
from restoration.sampling import Draw, agreed, draw
from restoration.scores import disagreement, nearness
from terminal.errors import UserError
from tests.kit.restoring import restorer

BLUR, DOWN, CPU = Damage("blur", 1.0), Damage("down", 2), torch.device("cpu")


def clip(frames: int = 2, side: int = 96) -> Clip:
    """Soft noise, with a hand and a face that overlap, and a hand alone."""
    random = np.random.RandomState(0)
    pictures = damaged(random.randint(0, 256, (frames, side, side, 3)), Damage("blur", 0.8))
    points = np.zeros((frames, 133, 3), np.float32)
    for rows, middle in ((HANDS[0], (50, 70)), (FACE, (80, 90)), (HANDS[1], (160, 200))):
        points[:, rows, :2] = middle
        points[:, rows, 2] = 1
    return Clip("small", "dev", np.rint(pictures).clip(0, 255).astype(np.uint8), keypoints=points)


@pytest.mark.parametrize("damage", [BLUR, DOWN])
def test_damaged_again_it_is_what_was_measured(damage: Damage) -> None:
    """The prior here knows nothing: what it invents is as wrong as can be."""
    given = clip()
    data = damaged_frames(given.frames, damage)
    made = restored(restorer(), given, data, damage, 1.0, Draw(3))
    assert np.abs(made.frames.astype(int) - data).max() > 10            # it did invent
    assert 0 < made.disagreement < 0.6
    off = damaged(made.frames, damage) - data
    mixed = damaged((made.share < 1).astype(np.float32)[..., None], damage)[..., 0] > 1e-6
    assert not mixed.all() and np.abs(off[~mixed]).max() < 4


def test_what_lies_beyond_hands_and_face_stays() -> None:
    given = clip()
    data = damaged_frames(given.frames, BLUR)
    made = restored(restorer(), given, data, BLUR, 1.0, Draw(2))
    outside = np.ones(made.share.shape, bool)
    for place in made.places:
        outside[place.frame, place.top:place.top + 32, place.left:place.left + 32] = False
    assert outside.any() and (made.frames[outside] == data[outside]).all()
    assert (made.share[outside] == 0).all() and (made.share[~outside] > 0).all()


def test_noise_that_is_larger_binds_less() -> None:
    given = clip()
    data = damaged_frames(given.frames, BLUR)
    close, loose = (restored(restorer(), given, data, BLUR, noise, Draw(3)).disagreement for noise in (1.0, 20.0))
    assert loose > 2 * close


def test_the_same_seed_draws_the_same_and_another_other_details() -> None:
    given = clip()
    data = damaged_frames(given.frames, DOWN)
    one, again, other = (restored(restorer(), given, data, DOWN, 1.0, Draw(3, seed)).frames for seed in (0, 0, 1))
    assert (one == again).all() and (one != other).any()


def test_a_crop_does_not_depend_on_those_drawn_with_it() -> None:
    given = clip()
    data = damaged_frames(given.frames, BLUR)
    places = find_places(given, 32)

    def drawn(some: List[Place]) -> torch.Tensor:
        return draw(restorer(), Measured(data, some, 32, BLUR, 1.0, CPU), Draw(3))

    assert torch.allclose(drawn(places)[2], drawn(places[2:3])[0], atol=1e-4)


def test_each_crop_that_is_drawn_agrees_by_itself() -> None:
    given = clip()
    data = damaged_frames(given.frames, BLUR)
    measured = Measured(data, find_places(given, 32), 32, BLUR, 1.0, CPU)
    drawn = draw(restorer(), measured, Draw(3))
    off = measured.seen - measured.strength * (measured.high @ drawn @ measured.wide.mT)
    assert drawn.abs().max() <= 1 and 127.5 * off.square().mean().sqrt() < 0.6


def test_agreement_finds_what_a_blur_has_left() -> None:
    """Without noise and with the truth beside it, the truth is not changed; the blurred crop comes nearer to it."""
    given = clip(1)
    exact = damaged(given.frames, BLUR)
    places = find_places(given, 32)
    measured = Measured(exact, places, 32, BLUR, 0.5, CPU)
    truth = Measured(given.frames, places, 32, BLUR, 0.5, CPU).crops
    assert (agreed(truth, measured) - truth).abs().max() < 0.02
    inside = (..., slice(8, 24), slice(8, 24))
    before, after = ((crops[inside] - truth[inside]).square().mean() for crops in (measured.crops,
                                                                                  agreed(measured.crops, measured)))
    assert after < 0.3 * before


def test_without_a_prior_it_agrees_as_well() -> None:
    given = clip()
    data = damaged_frames(given.frames, BLUR)
    frames = without_prior(given, data, BLUR, 1.0, 32)
    made = restored(restorer(), given, data, BLUR, 1.0, Draw(2))
    assert disagreement(frames, data, made.share, BLUR) < 0.6 and (frames != data).any()


def test_a_crop_fades_into_its_frame_but_not_at_the_frames_edge() -> None:
    inside, corner = (feather(Place(0, "face", *at), 32, (96, 96)) for at in ((32, 32), (0, 64)))
    assert inside[0].max() < 0.02 and inside[16, 0] < 0.02 and (inside[FEATHER:-FEATHER, FEATHER:-FEATHER] == 1).all()
    assert (np.diff(inside[16, :16]) >= 0).all() and np.diff(inside[16]).max() < 0.25
    assert corner[0, 31] == 1 and corner[31].max() < 0.02 and corner[:, 0].max() < 0.02


def test_where_crops_overlap_the_nearer_middle_has_more_to_say() -> None:
    frames = np.zeros((1, 64, 64, 3), np.uint8)
    crops = np.stack([np.full((32, 32, 3), value, np.float32) for value in (100, 200)])
    out, share = paste(frames, crops, [Place(0, "face", 16, 8), Place(0, "left hand", 16, 24)])
    row = out[0, 32, :, 0]
    assert row[20] == 100 and row[44] == 200 and share[0, 32, 20] == share[0, 32, 44] == 1
    assert (np.diff(row[16:48]) >= -1e-3).all() and row[0] == 0
    assert np.allclose(from_pixels(np.zeros((1, 2, 2, 3))), -1)


def test_clips_that_cannot_be_restored_are_refused() -> None:
    given = clip()
    assert given.keypoints is not None
    lost = given.keypoints * np.array([1, 1, 0], np.float32)
    for wrong, said in ((replace(given, keypoints=None), "no keypoints, and hands and faces are found by them"),
                        (replace(given, keypoints=lost), "find no hand and no face in 2 frames"),
                        (replace(given, frames=given.frames[:, :20]), "frames of 96x20, smaller than the prior's")):
        with pytest.raises(UserError, match=said):
            find_places(wrong, 32)


def test_nearness_tells_sharp_from_soft() -> None:
    given = clip()
    soft, where = damaged_frames(given.frames, BLUR), np.ones(given.frames.shape[:3], bool)
    same, less = nearness(given.frames, given.frames, where), nearness(soft, given.frames, where)
    assert same.psnr > 80 and same.gradient == pytest.approx(1) and same.edges == pytest.approx(1)
    assert less.psnr < 40 and less.gradient < 0.9 and less.edges < 0.99
    off = soft.astype(float) - given.frames
    assert less.psnr == pytest.approx(10 * np.log10(255 ** 2 / np.mean(off ** 2)))

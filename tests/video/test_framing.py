"""A signer who stands anywhere in a picture is framed as the corpus frames its own."""
from typing import Optional, Tuple

import cv2
import numpy as np
import pytest

from signer.clip import sign
from signer.synthetic import signer
from terminal.errors import UserError
from video.framing import BODY, STANDING, Crop, around, asked, middle, side_on, whole, within


def standing(scale: float, left: float, top: float, frames: int = 9) -> np.ndarray:
    """[T, 133, 3]: somebody with the corpus's mean stature, swaying by a pixel, the rest unseen."""
    keypoints = np.zeros((frames, 133, 3))
    keypoints[:, BODY, :2] = (STANDING + 0.5) * scale + (left, top) - 0.5
    keypoints[:, BODY, 0] += np.sin(np.arange(frames))[:, None]
    keypoints[:, BODY, 2] = 0.9
    return keypoints


@pytest.mark.parametrize("scale, left, top", [(1, 0, 0), (2.5, 300, 40), (0.5, 11, 200), (4, -120, -60)])
def test_the_box_is_where_the_signer_stands(scale: float, left: int, top: int) -> None:
    crop = around(standing(scale, left, top), (1080, 1920))
    assert crop is not None
    assert abs(crop.left - left) <= 1 + scale and abs(crop.top - top) <= 1
    assert abs(crop.width - 210 * scale) <= 1 and abs(crop.height - 260 * scale) <= 1


def test_a_point_that_was_guessed_moves_nothing() -> None:
    keypoints = standing(2, 100, 50)
    keypoints[:, 0] = (900, 900, 0.1)
    keypoints[:5, 5] = (-500, 0, 0.2)           # in most frames
    crop = around(keypoints, (1080, 1920))
    assert crop is not None and crop.share(Crop(100, 50, 420, 520)) > 0.97


def test_one_shoulder_is_not_enough() -> None:
    keypoints = standing(2, 100, 50)
    keypoints[:, 6, 2] = 0.1
    assert around(keypoints, (1080, 1920)) is None and side_on(keypoints) == 0


def test_without_shoulders_there_is_no_signer() -> None:
    keypoints = standing(1, 0, 0)
    keypoints[:, 5:7, 2] = 0
    assert around(keypoints, (260, 210)) is None


@pytest.mark.parametrize("member", range(6))
def test_a_drawn_signer_in_the_corpus_framing_is_taken_whole(member: int) -> None:
    clip = sign(signer(5, "dev", member), np.random.default_rng(member))
    assert around(clip.keypoints, (260, 210)) == whole((260, 210))


@pytest.mark.parametrize("wide", [0.15, 0.45, 0.7])
def test_a_signer_who_is_turned_aside_is_not_zoomed_in_on(wide: float) -> None:
    keypoints = standing(2, 300, 40)
    middle = keypoints[:, BODY, 0].mean()
    keypoints[:, BODY, 0] = middle + wide * (keypoints[:, BODY, 0] - middle)
    crop = around(keypoints, (1080, 1920))
    assert crop is not None and abs(crop.height - 520) < 8 and abs(crop.left + crop.width / 2 - middle) < 15
    assert side_on(keypoints) == pytest.approx(wide, abs=0.02)


def test_a_signer_from_the_front_is_not_turned_aside() -> None:
    assert side_on(standing(2, 0, 0)) == 0
    for member in range(3):
        assert side_on(sign(signer(5, "dev", member), np.random.default_rng(member)).keypoints) == 0


@pytest.mark.parametrize("crop, part, inside", [
    (Crop(0, 0, 210, 260), 0, "0,0,210,260"), (Crop(-21, 0, 210, 260), 0.1, "0,0,210,260"),
    (Crop(300, 200, 210, 260), 1 - 0.5 * 100 / 260, "195,40,210,260"),
    (Crop(-10, -20, 420, 520), None, "79,0,242,300")])
def test_what_lies_beyond_and_the_nearest_box_within(crop: Crop, part: Optional[float], inside: str) -> None:
    size = (300, 405)
    assert str(crop.inside(size)) == inside and crop.inside(size).invented(size) == 0
    if part is not None:
        assert crop.invented(size) == pytest.approx(part)


def test_points_go_where_their_pixels_go() -> None:
    picture = np.zeros((600, 800, 3), np.uint8)
    cv2.circle(picture, (431, 222), 6, (255, 255, 255), -1)
    crop = Crop(200, 100, 420, 520)
    point = crop.points(np.array([[[431., 222., 1.]]]))[0, 0]
    taken = crop.of(picture)
    assert taken.shape == (260, 210, 3)
    y, x = np.argwhere(taken[..., 0] > 128).mean(axis=0)
    assert np.abs(point - (x, y, 1)).max() < 0.3


def test_beyond_the_picture_its_edge_goes_on() -> None:
    picture = np.tile(np.arange(100, dtype=np.uint8)[:, None, None], (1, 80, 3))
    taken = Crop(-40, -50, 210, 260).of(picture)
    assert (taken[:51] == 0).all() and (taken[149:] == 99).all() and (taken[50:150, 0, 0] == np.arange(100)).all()


def test_the_middle_has_the_corpus_shape() -> None:
    for size in ((1080, 1920), (720, 576), (97, 33), (260, 210)):
        crop = middle(size)
        assert abs(crop.width / crop.height / (210 / 260) - 1) < 0.02
        assert crop.left >= 0 and crop.left + crop.width <= size[1] and crop.top >= 0
        assert crop.width == size[1] or crop.height == size[0]
    assert middle((260, 210)) == whole((260, 210))


def test_a_picture_of_the_corpus_own_size_is_left_alone() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (260, 210, 3), np.uint8)
    assert (whole((260, 210)).of(picture) == picture).all()


@pytest.mark.parametrize("text, said", [("1,2,3", "expected auto or x,y,w,h"), ("a,b,c,d", "expected auto"),
                                        ("0,0,0,5", "0x5 pixels is not a part")])
def test_a_crop_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        asked(text)


@pytest.mark.parametrize("crop, inside", [((5, 5, 10, 10), True), ((-5, -5, 10, 10), True), ((80, 0, 5, 5), False),
                                          ((0, -9, 9, 9), False)])
def test_a_crop_must_show_something(crop: Tuple[int, int, int, int], inside: bool) -> None:
    if inside:
        assert within(Crop(*crop), (60, 80), "a.mp4") == Crop(*crop)
        return
    with pytest.raises(UserError, match="outside its 80x60 pixels"):
        within(Crop(*crop), (60, 80), "a.mp4")

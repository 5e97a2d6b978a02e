"""Where hands and faces are cut."""
import numpy as np

from poses.crops import CROPPED, STEP, Place, crop_places, cut
from poses.regions import FACE, HANDS


def points() -> np.ndarray:
    """[1, 133, 3]: the left hand around (60, 200) of the 210x260 frame, the face around (105, 52)."""
    made = np.zeros((1, 133, 3), np.float32)
    random = np.random.RandomState(0)
    for rows, middle in ((HANDS[0], (60, 200)), (FACE, (105, 52))):
        spots = random.uniform(-8, 8, (rows.stop - rows.start, 2))
        spots[0], spots[1] = (-8, -8), (8, 8)
        made[0, rows, :2], made[0, rows, 2] = spots + middle, 1
    return made


def test_a_square_lies_around_what_is_found_alone() -> None:
    left, face = crop_places(points(), (260, 210), 32)
    assert (left.part, face.part) == ("left hand", "face")
    assert abs(left.left + 15.5 - 60) <= STEP / 2 and abs(left.top + 15.5 - 200) <= STEP / 2
    assert abs(face.left + 15.5 - 105) <= STEP / 2 and abs(face.top + 15.5 - 52) <= STEP / 2


def test_it_follows_the_frames_size() -> None:
    left, _ = crop_places(points(), (256, 256), 32)
    assert abs(left.left + 15.5 - 60 * 256 / 210) <= 3 and abs(left.top + 15.5 - 200 * 256 / 260) <= 3


def test_it_stays_within_the_frame_and_on_whole_blocks() -> None:
    far = points()
    far[..., :2] += (-55, 55)
    for place in crop_places(far, (260, 210), 64):
        assert 0 <= place.left <= 210 - 64 and 0 <= place.top <= 260 - 64
        assert place.left % STEP == place.top % STEP == 0


def test_a_part_whose_points_are_unsure_is_left_alone() -> None:
    unsure = points()
    unsure[0, HANDS[0], 2][:11] = 0.1
    assert [place.part for place in crop_places(unsure, (260, 210), 32)] == ["face"]


def test_what_is_cut_are_those_pixels() -> None:
    frames = np.random.RandomState(0).randint(0, 256, (2, 20, 24, 3))
    crop, = cut(frames, [Place(1, "face", 4, 8)], 8)
    assert (crop == frames[1, 4:12, 8:16]).all() and list(CROPPED) == ["left hand", "right hand", "face"]

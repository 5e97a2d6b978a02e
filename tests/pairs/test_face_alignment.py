from pathlib import Path

import numpy as np
import pytest

from datasets.clip import Clip
from pairs.face_alignment import PLACES, align, laid_back, parse_points, read_points, similarity_transform
from terminal.errors import UserError

TURN = np.radians(25)
KNOWN = np.array([[1.7 * np.cos(TURN), -1.7 * np.sin(TURN), 30], [1.7 * np.sin(TURN), 1.7 * np.cos(TURN), 12]])


def moved(points: np.ndarray, matrix: np.ndarray = KNOWN) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


def test_points_that_were_turned_scaled_and_shifted_go_back() -> None:
    back = similarity_transform(moved(PLACES))
    np.testing.assert_allclose(moved(moved(PLACES), back), PLACES, atol=1e-9)


def test_the_transform_never_mirrors() -> None:
    matrix = similarity_transform(PLACES * [-1, 1])
    assert np.linalg.det(matrix[:, :2]) > 0


def test_it_is_the_nearest_of_all() -> None:
    points = moved(PLACES) + np.random.RandomState(0).normal(0, 3, (5, 2))
    matrix = similarity_transform(points)
    best = ((moved(points, matrix) - PLACES) ** 2).sum()
    for part in np.random.RandomState(1).normal(0, 1e-3, (50, 4)):
        turned = np.array([[part[0], -part[1], part[2]], [part[1], part[0], part[3]]])
        assert ((moved(points, matrix + turned) - PLACES) ** 2).sum() >= best


def test_a_map_of_the_crop_lies_where_the_face_is() -> None:
    picture = np.zeros((300, 280, 3), np.uint8)
    crop, matrix = align(Clip("face", "", picture[None]), moved(PLACES))
    assert crop.frames.shape == (1, 112, 112, 3)
    heat = np.zeros((112, 112), np.float16)
    heat[70:74, 54:58] = 1                                  # the nose
    whole = laid_back(heat, matrix, 300, 280)
    assert whole.shape == (300, 280) and whole.dtype == np.float16
    middle = np.argwhere(whole > 0.5).mean(0)[::-1]
    assert abs(middle - moved(PLACES)[2]).max() < 2


def test_points_are_read_by_file_name(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("file,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\nfaces/a.jpg,1,2,3,4,5,6,7,8,9,10.5\n")
    assert read_points(tmp_path / "points.csv")["a.jpg"][4].tolist() == [9, 10.5]
    assert parse_points("1,2 3,4 5,6 7,8 9,10", "--points").tolist()[0] == [1, 2]


@pytest.mark.parametrize("row,said", [("a.jpg,1,2", "2 numbers, expected five points"),
                                      ("a.jpg,x,2", "are not points")])
def test_wrong_points_are_told_with_their_row(tmp_path: Path, row: str, said: str) -> None:
    (tmp_path / "points.csv").write_text(row + "\n")
    with pytest.raises(UserError, match=f"points.csv, row 1: .*{said}"):
        read_points(tmp_path / "points.csv")


def test_points_on_one_another_are_told() -> None:
    with pytest.raises(UserError, match="lie on one another"):
        align(Clip("face", "", np.zeros((1, 50, 50, 3), np.uint8)), np.full((5, 2), 20.0))

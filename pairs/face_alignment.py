"""Faces at the place where face networks were trained to see them: five points to five fixed places."""
import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Dict, Tuple

import cv2
import numpy as np

from datasets.clip import Clip
from files.reading import read_text
from terminal.errors import UserError

SIDE = 112
# Eyes, nose and corners of the mouth, as pixels of the aligned crop; left is the picture's left.
PLACES = np.array([(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)])
HEADINGS = ("file", "name", "image", "picture")
EXPECTED = "five points x,y: both eyes, nose, both corners of the mouth, the picture's left first"


def parse_points(text: str, source: str) -> np.ndarray:
    """Ten numbers with anything between -> float64 [5, 2]"""
    try:
        numbers = [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        raise UserError(f"{source}: {text[:80]!r} are not points; expected {EXPECTED}") from None
    if len(numbers) != 10 or not np.isfinite(numbers).all():
        raise UserError(f"{source}: {len(numbers)} numbers, expected {EXPECTED}")
    return np.array(numbers).reshape(5, 2)


def read_points(path: Path) -> Dict[str, np.ndarray]:
    """A CSV of file name and ten numbers a row -> file name -> [5, 2]"""
    points = {}
    try:
        for number, row in enumerate(csv.reader(io.StringIO(read_text(path))), start=1):
            if row and not (number == 1 and row[0].strip().lower() in HEADINGS):
                points[Path(row[0].strip()).name] = parse_points(" ".join(row[1:]), f"{path}, row {number}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: can't be read as a CSV of points ({error}); expected a file name and {EXPECTED}, "
                        "ten numbers, in each row") from None
    return points


def similarity_transform(points: np.ndarray, places: np.ndarray = PLACES) -> np.ndarray:
    """The turn, scale and shift [2, 3] that takes points nearest to places (least squares; Umeyama 1991)."""
    middle, goal = points.mean(0), places.mean(0)
    one, two = points - middle, places - goal
    left, strengths, right = np.linalg.svd(two.T @ one / len(points))
    sign = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    turn = left * sign @ right
    scale = (strengths * sign).sum() / max(one.var(0).sum(), 1e-12)
    return np.column_stack([scale * turn, goal - scale * turn @ middle])


def align(clip: Clip, points: np.ndarray) -> Tuple[Clip, np.ndarray]:
    """The crop that the points ask for, and the transform [2, 3] from the picture to it."""
    if np.ptp(points, axis=0).max() < 2:
        raise UserError(f"{clip.seq_id}: the five points lie on one another; expected {EXPECTED}")
    matrix = similarity_transform(points)
    crop = cv2.warpAffine(np.ascontiguousarray(clip.frames[0]), matrix, (SIDE, SIDE))
    return replace(clip, frames=crop[None]), matrix


def laid_back(heat: np.ndarray, matrix: np.ndarray, height: int, width: int) -> np.ndarray:
    """A map of the crop on the whole picture, float16 [height, width]; nothing where the crop did not reach."""
    back = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    whole = cv2.warpAffine(heat.astype(np.float32), matrix, (width, height), flags=back)
    return whole.astype(np.float16)

"""Bicubic laying: through every cell's value, as Keys's formula says between them, and without creases."""
import numpy as np

from geometry.bicubic import CubicLine
from geometry.laid import Cells, Extent, LaidMap, nearest_cells

CENTRES = np.arange(7) * 4.0 + 2


def line(points: np.ndarray) -> CubicLine:
    return CubicLine.between(*nearest_cells(CENTRES, points), len(CENTRES))


def keys(distance: float) -> float:
    """The kernel of Keys's equation 15, a = -1/2, at a distance in cells."""
    away, a = abs(distance), -0.5
    if away < 1:
        return (a + 2) * away ** 3 - (a + 3) * away ** 2 + 1
    return a * away ** 3 - 5 * a * away ** 2 + 8 * a * away - 4 * a if away < 2 else 0.0


def test_it_is_the_formula_of_the_paper() -> None:
    values = np.random.default_rng(1).random((7, 3)).astype(np.float32)
    points = np.linspace(7, 21, 29)             # where four cells are there
    expected = [sum(keys((point - centre) / 4) * value for centre, value in zip(CENTRES, values)) for point in points]
    assert np.allclose(line(points).of(values), expected, atol=1e-6)


def test_it_meets_every_cell_and_holds_beyond_the_outermost() -> None:
    values = np.random.default_rng(2).random((7, 2)).astype(np.float32)
    assert np.allclose(line(CENTRES).of(values), values, atol=1e-6)
    assert np.allclose(line(np.array([-5.0, 90.0])).of(values), values[[0, -1]], atol=1e-6)


def a_map(raw: np.ndarray) -> LaidMap:
    steps, size = len(raw), 28
    peak, least = np.full(steps, raw.max(), np.float32), np.full(steps, raw.min(), np.float32)
    return LaidMap(raw, Cells(np.arange(steps) * 1.0, CENTRES, CENTRES), Extent((steps, size, size), (0, steps),
                                                                                (0, size, 0, size)), least, peak)


def test_a_map_of_49_cells_is_laid_without_creases() -> None:
    raw = np.zeros((1, 7, 7), np.float32)
    raw[0, 3, 3] = 1
    linear, smooth = (a_map(raw).inside(0, 4, bicubic).astype(np.float64)[56] for bicubic in (False, True))
    bend = [np.abs(np.diff(across, 2)).max() for across in (linear, smooth)]
    assert bend[1] < bend[0] / 1.5
    assert smooth.min() == 0 and smooth.max() <= 1

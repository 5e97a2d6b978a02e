"""Shifts of a mask."""
import numpy as np

from evidence.shifts import beaten, shifted


def test_a_shift_has_the_same_area_and_shape_and_never_lies_where_the_mask_does() -> None:
    mask = np.zeros((3, 4, 5), bool)
    mask[1, 1:3, 2] = True
    shifts = list(shifted(mask, 50))
    assert len(shifts) == 50
    for moved in shifts:
        assert moved.sum() == 2 and not np.array_equal(moved, mask)
        steps, rows, columns = np.nonzero(moved)
        assert len(set(steps)) == len(set(columns)) == 1 and (rows[1] - rows[0]) % 4 in (1, 3)


def test_a_tie_is_not_beaten() -> None:
    assert beaten(np.array([2.0, 1.0, 2.0, 3.0, 0.0])) == 2

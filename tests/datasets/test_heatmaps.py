import os
from pathlib import Path

import numpy as np
import pytest

from datasets.heatmaps import HeatmapCache, render, stored
from poses.whole_body import LEFT, MIDLINE, RIGHT
from tests.kit.workspace import keypoints

POINTS = keypoints("a", 5)


def one_by_one(points: np.ndarray, group: tuple) -> np.ndarray:
    """[133, 3] -> [112, 112], the largest of the group's Gaussians."""
    grid = np.arange(112)
    x, y = (points[:, 0] + 0.5) * 112 / 210 - 0.5, (points[:, 1] + 0.5) * 112 / 260 - 0.5
    return np.max([np.exp(-((grid[:, None] - y[k]) ** 2 + (grid - x[k]) ** 2) / (2 * 4.0 ** 2)) for k in group], axis=0)


def test_maps_are_the_largest_gaussian_of_each_side() -> None:
    maps = render(POINTS)
    assert maps.shape == (5, 2, 112, 112)
    for frame, points in zip(maps, POINTS):
        np.testing.assert_allclose(frame[0], one_by_one(points, LEFT + MIDLINE), atol=1e-5)
        np.testing.assert_allclose(frame[1], one_by_one(points, RIGHT + MIDLINE), atol=1e-5)


@pytest.mark.parametrize("point, channels", [(9, [0]), (10, [1]), (95, [0]), (120, [1]), (0, [0, 1]), (31, [0, 1])])
def test_points_show_on_their_own_side_and_the_midline_on_both(point: int, channels: list) -> None:
    points = np.full((1, 133, 3), -1000, np.float32)
    points[0, point] = [104.5, 129.5, 1]      # the picture's middle
    maps = render(points)[0]
    assert [channel for channel in (0, 1) if maps[channel].max() > 0.9] == channels
    assert (maps[channels[0]] > 0.9).nonzero().float().mean(0).tolist() == [55.5, 55.5]


def test_cache_gives_back_what_was_written(tmp_path: Path) -> None:
    cache, maps = HeatmapCache(tmp_path / "heatmaps"), stored(render(POINTS))
    assert cache.read("ä b", POINTS) is None
    cache.write("ä b", maps, POINTS)
    assert os.listdir(cache.folder) == ["ä b.npy"]
    for read in (cache.read("ä b", POINTS), np.load(cache.path("ä b")), np.load(cache.path("ä b"), mmap_mode="r")):
        np.testing.assert_array_equal(read, maps)


def test_cache_of_other_keypoints_or_length_is_not_believed(tmp_path: Path) -> None:
    cache = HeatmapCache(tmp_path)
    cache.write("a", stored(render(POINTS)), POINTS)
    moved = POINTS.copy()
    moved[3, 100, 0] += 0.5
    assert cache.read("a", moved) is None
    assert cache.read("a", POINTS[:4]) is None
    cache.write("a", stored(render(POINTS)).astype(np.float32), POINTS)
    assert cache.read("a", POINTS) is None


@pytest.mark.parametrize("keep", [0, 50, 1000, -1, -40])
def test_damaged_cache_is_not_believed(tmp_path: Path, keep: int) -> None:
    cache = HeatmapCache(tmp_path)
    cache.write("a", stored(render(POINTS)), POINTS)
    cache.path("a").write_bytes(cache.path("a").read_bytes()[:keep])
    assert cache.read("a", POINTS) is None


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = HeatmapCache(tmp_path)
    cache.write("a", stored(render(POINTS)), POINTS)

    def fail(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        cache.write("a", np.zeros(1), POINTS)
    assert os.listdir(tmp_path) == ["a.npy"]
    assert cache.read("a", POINTS) is not None


def test_only_old_leftovers_are_cleared(tmp_path: Path) -> None:
    for name, age in ((f".{0xbad:012x}.part.npy", 1000), (f".{0xf00d:012x}.part.npy", 1), (".mine.part", 1000)):
        (tmp_path / name).touch()
        stat = (tmp_path / name).stat()
        os.utime(tmp_path / name, (stat.st_atime - age, stat.st_mtime - age))
    HeatmapCache(tmp_path).prepare()
    assert sorted(os.listdir(tmp_path)) == [f".{0xf00d:012x}.part.npy", ".mine.part"]

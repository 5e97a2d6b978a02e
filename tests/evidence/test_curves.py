"""What a network is shown when places are taken out by a map's order: pixels, and the keypoints on them."""
from types import SimpleNamespace
from typing import Any, List, Tuple

import numpy as np
import pytest
import torch

from datasets.clip import Clip
from datasets.hiding import GONE
from evidence import curves
from evidence.curves import Faith
from geometry.viewport import Viewport

FRAMES, HEIGHT, WIDTH = 4, 26, 21       # a tenth of the frames that keypoints are given in


@pytest.fixture
def clip() -> Clip:
    """One keypoint in the upper half, one in the lower."""
    points = np.ones((FRAMES, 133, 3), np.float32)
    points[:, 0, :2], points[:, 1:, :2] = (100, 60), (100, 200)
    draws = np.random.default_rng(0)
    return Clip("a", "dev", draws.integers(0, 256, (FRAMES, HEIGHT, WIDTH, 3), np.uint8), keypoints=points,
                tall_frames=np.zeros((FRAMES, 260, 210, 3), np.uint8))


@pytest.fixture
def upper() -> np.ndarray:
    """A map that is high in the upper half."""
    maps = np.zeros((FRAMES, HEIGHT, WIDTH), np.float16)
    maps[:, :HEIGHT // 2] = 0.8
    return maps


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> List[Clip]:
    """Every clip that was read."""
    clips: List[Clip] = []

    def read(recogniser: Any, clip: Clip) -> None:
        clips.append(clip)

    monkeypatch.setattr(curves, "read", read)
    return clips


def left(clip: Clip) -> List[bool]:
    """Of the upper point and of the lower: whether it is still in the picture in all frames."""
    assert clip.keypoints is not None
    gone = (clip.keypoints == GONE).all(axis=2)
    assert (gone == gone[:1]).all() and (gone[:, 1:] == gone[:, 1:2]).all()
    return [not gone[0, 0], not gone[0, 1]]


RECOGNISER: Any = SimpleNamespace(viewport=Viewport(), decode=lambda logits: ("A", "C"))


@pytest.mark.parametrize("most", [True, False])
def test_keypoints_go_with_the_pixels_that_are_taken_out(clip: Clip, upper: np.ndarray, shown: List[Clip],
                                                         most: bool) -> None:
    kept = curves._still_read(RECOGNISER, clip, ("A", "B", "C"), upper, 0.5, most, curves._grey)
    gone, = shown
    assert kept == pytest.approx(2 / 3)
    mean = clip.frames.reshape(-1, 3).mean(0).round()
    half, rest = (slice(0, 13), slice(13, 26)) if most else (slice(13, 26), slice(0, 13))
    assert (gone.frames[:, half] == mean).all() and (gone.frames[:, rest] == clip.frames[:, rest]).all()
    assert left(gone) == [not most, most] and gone.tall_frames is None


def test_where_nothing_is_taken_out_nothing_is_read_again(clip: Clip, upper: np.ndarray, shown: List[Clip]) -> None:
    assert curves._still_read(RECOGNISER, clip, ("A", "B"), upper, 0.0, True, curves._grey) == 1 and not shown


def test_what_the_network_does_not_see_is_not_counted(clip: Clip, upper: np.ndarray, shown: List[Clip]) -> None:
    """Half of what lies in the viewport, not half of the picture."""
    lower = SimpleNamespace(viewport=Viewport(0, 0.5, 1, 1), decode=RECOGNISER.decode)
    curves._still_read(lower, clip, ("A",), upper, 0.5, True, curves._grey)     # type: ignore[arg-type]
    changed = (shown[0].frames != clip.frames).any(axis=3)
    assert not changed[:, :13].any() and changed.sum() == pytest.approx(FRAMES * 13 * WIDTH / 2, rel=0.02)


def test_alone_the_clip_is_as_bright_as_its_map_and_keeps_the_points_on_it(clip: Clip, upper: np.ndarray) -> None:
    alone = curves._shown_alone(clip, upper)
    np.testing.assert_array_equal(alone.frames[:, :13], clip.frames[:, :13])        # where the map is largest
    assert not alone.frames[:, 13:].any()
    assert left(alone) == [True, False] and alone.tall_frames is None
    half = curves._shown_alone(clip, np.where(upper > 0, upper, np.float16(0.4)))
    assert abs(half.frames[:, 13:].astype(int) - clip.frames[:, 13:] / 2).max() <= 0.51


class Bright:
    """Reads SONNE where the clip's upper half is bright, the surer the brighter; else nothing."""

    name, viewport = "bright", Viewport()
    vocabulary = SimpleNamespace(blank=0, decode=lambda ids: ["SONNE"] * len(list(ids)))

    def decode_ids(self, logits: torch.Tensor) -> List[int]:
        return [1]

    def decode(self, logits: torch.Tensor) -> Tuple[str, ...]:
        return ("SONNE",) if float(logits[0, 1]) > 0.5 else ()


@pytest.mark.parametrize("right", [True, False])
def test_curves_and_drops_tell_a_map_of_what_is_read_from_its_opposite(monkeypatch: pytest.MonkeyPatch,
                                                                       right: bool) -> None:
    def read(recogniser: Any, clip: Clip) -> torch.Tensor:
        sure = float(clip.frames[:, :HEIGHT // 2].mean()) / 25 - 5
        return torch.tensor([[0.0, sure]] * FRAMES)

    monkeypatch.setattr(curves, "read", read)
    monkeypatch.setattr(curves, "SHARES", (0.0, 0.5))
    frames = np.zeros((FRAMES, HEIGHT, WIDTH, 3), np.uint8)
    frames[:, :HEIGHT // 2] = 250
    maps = np.zeros(frames.shape[:3], np.float16)
    maps[:, slice(0, 13) if right else slice(13, 26)] = 1
    found, bright = Faith(), Bright()
    curves.add(found, bright, Clip("a", "dev", frames), maps, False)        # type: ignore[arg-type]
    assert found.curves == {"deletion": [[1, 0 if right else 1]], "insertion": [[1, 1 if right else 0]]}
    assert found.areas("deletion") == [0.5 if right else 1]
    assert found.drops == [pytest.approx(0 if right else 1, abs=0.02)] and found.increases == [0]

"""From a layer's own steps to the clip's frames: windows joined, maps laid where their cells look, flags found."""
from dataclasses import dataclass
from functools import partial
from typing import Callable, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from geometry.joints import laid_map
from geometry.laid import CONSTANT, Cells, Extent, LaidMap, bends, line_weights
from geometry.skeleton import Joints
from geometry.viewport import Viewport
from models.recogniser import Inputs, Probe

CHUNK = 32              # frames laid at a time: what is measured on pixels is not kept there
SATURATED = 0.5         # a map with more than this part of its values within 1% of the largest says "everywhere"
Pick = Callable[[np.ndarray, np.ndarray], np.ndarray]       # of centres, and pixels in order: some of the pixels
VOID = {"all-zero", "constant", "non-finite"}


@dataclass(frozen=True)
class Placed:
    """Where a window lies in its clip, and with how much padding the network took it."""

    start: int          # clip frame
    frames: int
    left: int
    right: int
    first: bool
    last: bool

    @staticmethod
    def of(inputs: Inputs, window: Tuple[int, int], total: int) -> "Placed":
        return Placed(window[0], inputs.frames, inputs.left, inputs.right, window[0] == 0, window[1] == total)


def joined(parts: Sequence[Tensor], windows: Sequence[Placed], stride: int, padded: bool,
           counted: Optional[Sequence[bool]] = None, lost: int = 0) -> Tensor:
    """The raw maps [T', ...] of overlapping windows -> their mean on the steps of the whole clip.

    Steps that touch the padding between windows are cut away; the padding at the clip's two ends stays. counted: the
    windows that were asked about; the others say nothing, and do not halve what lies on both. lost: as of a `Probe`.
    """
    if len(parts) == 1:
        return parts[0]
    pieces = _pieces(parts, windows, stride, padded, lost)
    length = max(offset + len(piece) for offset, piece in pieces)
    total = parts[0].new_zeros((length, *parts[0].shape[1:]))
    count = parts[0].new_zeros((length,) + (1,) * (parts[0].dim() - 1))
    for (offset, piece), counts in zip(pieces, counted or [True] * len(pieces)):
        if counts:
            total[offset:offset + len(piece)] += piece
            count[offset:offset + len(piece)] += 1
    return total / count.clamp(min=1)


def once(parts: Sequence[Tensor], windows: Sequence[Placed], stride: int, padded: bool, lost: int = 0) -> Tensor:
    """The same of what has no mean: where windows overlap, the earlier one's."""
    if len(parts) == 1:
        return parts[0]
    pieces = _pieces(parts, windows, stride, padded, lost)
    whole = parts[0].new_zeros((max(offset + len(piece) for offset, piece in pieces), *parts[0].shape[1:]))
    for offset, piece in reversed(pieces):
        whole[offset:offset + len(piece)] = piece
    return whole


def _pieces(parts: Sequence[Tensor], windows: Sequence[Placed], stride: int, padded: bool,
            lost: int) -> List[Tuple[int, Tensor]]:
    """Each window's part without the padding between windows, and the step of the clip that it begins at."""
    pieces: List[Tuple[int, Tensor]] = []
    for part, window in zip(parts, windows):
        begin, end = 0, len(part)
        if padded and not window.first:
            begin = -(-window.left // stride)
        if padded and not window.last:
            end = min(end, (window.left + window.frames - lost) // stride)
        pieces.append((round(window.start / stride) + begin, part[begin:end]))
    return pieces


def seen_frames(steps: int, probe: Probe, left: int, total: int) -> Tuple[int, int]:
    """The clip's frames first..stop-1 that a layer's steps cover. A negative `left`: frames cut from the beginning."""
    return max(0, -left), min(total, steps * probe.stride - (left if probe.padded else min(left, 0)))


def cells(probe: Probe, shape: Sequence[int], left: int, viewport: Viewport, frame: Tuple[int, int],
          points: Optional[np.ndarray] = None) -> Cells:
    """Where a raw map's cells are centred on the clip: shape [T', H', W'], [T', J] or [T'], frame the height and width;
    points float32 [T, 133, 2] the clip's keypoints on its frames, for the layers whose cells they are."""
    time, *space = probe.cells
    frames = time.centres(shape[0]) - left
    if probe.joints:
        if points is None:
            raise ValueError(f"layer {probe.path}: its cells are joints, and the clip has no keypoints")
        return Cells(frames, joints=Joints(np.array(probe.joints), points[:, list(probe.joints)]))
    if not probe.spatial:
        return Cells(frames)
    if not all(probe.view):
        raise ValueError(f"layer {probe.path}: the size of what its network sees is not known")
    edges = ((viewport.top, viewport.bottom), (viewport.left, viewport.right))
    rows, columns = (((axis.centres(count) + 0.5) / view * (end - start) + start) * pixels - 0.5
                     for axis, count, view, (start, end), pixels in zip(space, shape[1:], probe.view, edges, frame))
    return Cells(frames, rows, columns)


def laid(raw: Tensor, probe: Probe, left: int, size: Tuple[int, int, int], viewport: Viewport,
         per_frame: bool = False, blank: bool = False, alike: float = 0.0,
         points: Optional[np.ndarray] = None) -> Tuple[LaidMap, Tuple[str, ...]]:
    """raw [T', H', W'], [T', J] or [T'] as it lies on a clip of `size` (T, H, W), and its flags.

    alike: so much of each frame, where the map is strongest, is drawn alike: what a few pixels stick out by would leave
    the others dark.
    """
    extent = Extent(size, seen_frames(len(raw), probe, left, size[0]), viewport.box(*size[1:]))
    return laid_on(raw, cells(probe, raw.shape, left, viewport, size[1:], points), extent, per_frame, blank, alike)


def laid_on(raw: Tensor, centred: Cells, extent: Extent, per_frame: bool = False, blank: bool = False,
            alike: float = 0.0) -> Tuple[LaidMap, Tuple[str, ...]]:
    """The same of a map whose cells are known."""
    parts = partial(on_view, raw, centred, extent)
    ends = [torch.stack(torch.aminmax(part.flatten(1), dim=1)) for part in parts(bends)]
    lows, highs = torch.cat(ends, dim=1).cpu().numpy()
    marks = flags(lows, highs, parts, blank, partial(most, raw, centred, extent))
    if alike:
        capped = torch.cat([_without_top(part.flatten(1), alike) for part in parts()]).cpu().numpy()
        highs = capped if capped.max() > lows.min() else highs
    return laid_map(raw.cpu().numpy(), centred, extent, lows, highs, per_frame, not VOID.isdisjoint(marks)), marks


def _without_top(values: Tensor, share: float) -> Tensor:
    """[N, P] -> [N]: the largest of each row but for so much of it."""
    return values.kthvalue(max(1, values.shape[1] - int(share * values.shape[1])), dim=1).values


def on_view(raw: Tensor, centred: Cells, extent: Extent,
            pick: Pick = lambda centres, pixels: pixels) -> Iterator[Tensor]:
    """float32 [n, h, w], [n, J] or [n, 1]: what lies on the frames seen, some frames at a time; at the rows and columns
    that `pick` leaves."""
    points = np.arange(*extent.seen)

    def weights(centres: np.ndarray, at: np.ndarray) -> Tensor:
        return torch.from_numpy(line_weights(centres, at)).to(raw.device)

    over_time = weights(centred.frames, points) @ (raw.flatten(1) if raw.dim() > 1 else raw)
    if centred.joints is not None:
        yield over_time
        return
    if centred.rows is None or centred.columns is None:
        yield over_time[:, None]
        return
    top, bottom, near, far = extent.box
    rows, columns = pick(centred.rows, np.arange(top, bottom)), pick(centred.columns, np.arange(near, far))
    down, across = weights(centred.rows, rows), weights(centred.columns, columns).t()
    for part in over_time.view(-1, *raw.shape[1:]).split(CHUNK):
        yield down @ (part @ across)


def flags(lows: np.ndarray, highs: np.ndarray, parts: Callable[[], Iterable[Tensor]],
          blank: bool = False, most: Callable[[float], float] = lambda level: 1.0) -> Tuple[str, ...]:
    """What is wrong with a map as it lies on the clip: the least and most of each frame, and all its values in parts.

    blank: its network was shown nothing. most: a share that those of a level or more can't exceed.
    """
    low, high = float(lows.min()), float(highs.max())       # NaN passes through both
    if not (np.isfinite(low) and np.isfinite(high)):
        return ("non-finite",)
    if high == 0:
        return ("all-zero",)
    if blank or high - low <= CONSTANT * abs(high):
        return ("constant",)
    level = low + 0.99 * (high - low)
    if most(level - CONSTANT * abs(high)) <= SATURATED:     # with room for what rounding adds
        return ()
    full, count = [], 0
    for part in parts():
        full.append((part >= level).sum())
        count += part.numel()
    return ("saturated",) if int(torch.stack(full).sum()) > SATURATED * count else ()


def most(raw: Tensor, centred: Cells, extent: Extent, level: float) -> float:
    """The share of the view that lies between pixels of which one reaches the level, asked where laying bends alone."""
    if centred.rows is None or centred.columns is None:
        return 1.0
    top, bottom, near, far = extent.box
    high, wide = (torch.from_numpy(np.diff(bends(centres, pixels), append=pixels[-1] + 1)).to(raw)
                  for centres, pixels in ((centred.rows, np.arange(top, bottom)),
                                          (centred.columns, np.arange(near, far))))
    full, count = [], 0
    for part in on_view(raw, centred, extent, bends):
        corners = F.max_pool2d(F.pad(part, (0, 1, 0, 1), mode="replicate"), 2, 1)
        full.append(((corners >= level).to(raw) @ wide @ high).sum())
        count += len(part)
    return float(torch.stack(full).sum()) / (count * (bottom - top) * (far - near))

"""From a layer's own steps to the clip's frames: windows joined, maps laid on the pixels that were seen, normalised."""
from dataclasses import dataclass
from typing import List, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from models.recogniser import Inputs, Probe
from models.viewport import Viewport

CONSTANT = 1e-5         # a map whose values differ by less than this part of the largest says nothing
SATURATED = 0.5         # a map with more than this part of its values within 1% of the largest says "everywhere"
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


def joined(parts: Sequence[Tensor], places: Sequence[Placed], stride: int, padded: bool) -> Tensor:
    """The raw maps [T', ...] of overlapping windows -> their mean on the steps of the whole clip.

    Steps that touch the padding between windows are cut away; the padding at the clip's two ends stays.
    """
    if len(parts) == 1:
        return parts[0]
    pieces: List[Tuple[int, Tensor]] = []
    for part, place in zip(parts, places):
        begin, end = 0, len(part)
        if padded and not place.first:
            begin = -(-place.left // stride)
        if padded and not place.last:
            end = min(end, (place.left + place.frames) // stride)
        pieces.append((round(place.start / stride) + begin, part[begin:end]))
    length = max(offset + len(piece) for offset, piece in pieces)
    total = parts[0].new_zeros((length, *parts[0].shape[1:]))
    count = parts[0].new_zeros((length,) + (1,) * (parts[0].dim() - 1))
    for offset, piece in pieces:
        total[offset:offset + len(piece)] += piece
        count[offset:offset + len(piece)] += 1
    return total / count


def seen_frames(steps: int, probe: Probe, left: int, total: int) -> Tuple[int, int]:
    """The clip's frames first..stop-1 that a layer's steps cover. A negative `left`: frames cut from the beginning."""
    return max(0, -left), min(total, steps * probe.stride - clip_offset(probe, left))


def clip_offset(probe: Probe, left: int) -> int:
    """Where the clip's first frame lies in the frames that the layer's steps cover."""
    return left if probe.padded else min(left, 0)


def on_frames(raw: Tensor, probe: Probe, left: int, total: int, height: int, width: int) -> Tensor:
    """raw [T', H', W'] or [T'] -> float32 [n, height, width] or [n], the n frames that were seen.

    Linear in time and space; a step covers `stride` whole frames, a position its whole share of the viewport.
    """
    first, stop = seen_frames(len(raw), probe, left, total)
    frames = len(raw) * probe.stride
    if probe.spatial:
        full = F.interpolate(raw[None, None], (frames, height, width), mode="trilinear", align_corners=False)[0, 0]
    else:
        full = F.interpolate(raw[None, None], frames, mode="linear", align_corners=False)[0, 0]
    offset = clip_offset(probe, left)
    return full[first + offset:stop + offset]


def normalised(values: Tensor, per_frame: bool) -> Tensor:
    """Minus the minimum, over the maximum, as grad-cam does: of the clip, or of each frame [n, H, W]. Constant is 0."""
    values = values.reshape(len(values), -1) if per_frame else values.reshape(1, -1)
    low, high = values.amin(1, keepdim=True), values.amax(1, keepdim=True)
    spread = high - low
    flat = spread <= CONSTANT * high.abs()
    return torch.where(flat, torch.zeros_like(values), (values - low) / torch.where(flat, torch.ones_like(low), spread))


def flags(values: Tensor, blank: bool = False) -> Tuple[str, ...]:
    """What is wrong with a map over the clip's frames, before normalising. blank: its network was shown nothing."""
    low, high = (float(value) for value in torch.aminmax(values))
    if not (torch.isfinite(torch.tensor([low, high])).all()):
        return ("non-finite",)
    if high == 0:
        return ("all-zero",)
    if blank or high - low <= CONSTANT * abs(high):
        return ("constant",)
    full = values >= low + 0.99 * (high - low)
    return ("saturated",) if float(full.float().mean()) > SATURATED else ()


def finished(raw: Tensor, probe: Probe, left: int, total: int, frame: Tuple[int, int], viewport: Viewport,
             per_frame: bool, blank: bool = False) -> Tuple[Tensor, Tuple[str, ...]]:
    """raw -> float16 [T, H, W] on the original frame (time-only: [T]) in 0..1, and its flags. Void maps are zero.

    A layer without space has one value a frame: it is normalised over the clip in either case.
    """
    top, bottom, near, far = viewport.box(*frame)
    values = on_frames(raw, probe, left, total, bottom - top, far - near)
    found = flags(values, blank)
    shape = (total, *frame) if probe.spatial else (total,)
    canvas = torch.zeros(shape, dtype=torch.float16, device=raw.device)
    if VOID.isdisjoint(found):
        first = seen_frames(len(raw), probe, left, total)[0]
        scaled = normalised(values, per_frame and probe.spatial).view(values.shape).half()
        if probe.spatial:
            canvas[first:first + len(scaled), top:bottom, near:far] = scaled
        else:
            canvas[first:first + len(scaled)] = scaled
    return canvas, found

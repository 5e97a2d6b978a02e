"""Networks that see each frame alone are shown no frame twice: of a clip that is read again with a part of it hidden,
the frames that are as they were have the features that they had."""
from contextlib import contextmanager
from itertools import cycle
from typing import Callable, Dict, Iterator, List, Optional, Tuple

import torch
from torch import Tensor

from models.recogniser import Recogniser

BACKBONE = "conv2d"     # [B, 3, T, H, W] -> [B, C, T]
Seen = Tuple[Tensor, Optional[Tensor]]      # frames [3, T, H, W], features [C, T]


@contextmanager
def frames_once(recogniser: Recogniser, windows: int) -> Iterator[None]:
    """Within, without gradients. windows: how many a clip is read in, one after the other."""
    if not recogniser.frame_by_frame:
        yield
        return
    backbone = recogniser.network.get_submodule(BACKBONE)
    backbone.forward = FramesOnce(backbone.forward, windows)    # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        del backbone.forward


class FramesOnce:
    """A frame is compared with the one at its time in the clip read before, and with the one before it in its own,
    which padding repeats. The clip read last is kept, for each window."""

    def __init__(self, look: Callable[[Tensor], Tensor], windows: int) -> None:
        self.look, self.turns = look, cycle(range(windows))
        self.seen: Dict[int, Seen] = {}

    def __call__(self, clips: Tensor) -> Tensor:
        turn, held = next(self.turns), clips.shape[2]
        frames, features = self.seen.get(turn, (clips[0], None))
        if frames.shape != clips.shape[1:]:         # another window's: a batch that found no memory lost its turns
            frames, features = clips[0], None
        earlier = torch.cat([frames[None], clips[:-1]])
        as_before, as_left = alike(clips, earlier).tolist(), alike(clips[:, :, 1:], clips[:, :, :-1]).tolist()
        if features is None:
            held, as_before[0] = 0, [False] * clips.shape[2]
        source, new = sources(as_before, as_left, held)
        if new:
            numbers, times = map(list, zip(*new))
            made = self.look(clips[numbers, :, times].transpose(0, 1)[None])[0]         # [C, new]
            features = made if features is None else torch.cat([features, made], dim=1)
        assert features is not None
        found = features[:, torch.tensor(source, device=clips.device)].transpose(0, 1)  # [B, C, T]
        self.seen[turn] = clips[-1].clone(), found[-1].clone()      # no more of a batch than its last clip
        return found


def alike(clips: Tensor, others: Tensor) -> Tensor:
    """bool [B, T]"""
    return (clips == others).transpose(1, 2).flatten(2).all(2)


def sources(as_before: List[List[bool]], as_left: List[List[bool]], held: int) -> Tuple[List[List[int]],
                                                                                      List[Tuple[int, int]]]:
    """Where the features of each clip's frames are: those of the clip read before come first, so many as are held of
    it, then those of the new frames, whose clips and times are given too."""
    before, found, new = list(range(held)), [], []          # type: ignore[var-annotated]
    for number, (same, left) in enumerate(zip(as_before, as_left)):
        now: List[int] = []
        for time, kept in enumerate(same):
            if kept:
                now.append(before[time])
            elif time and left[time - 1]:
                now.append(now[-1])
            else:
                now.append(held + len(new))
                new.append((number, time))
        found.append(now)
        before = now
    return found, new

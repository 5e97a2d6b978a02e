"""Where a clip of a video was taken from, how, and what must be said of that."""
from dataclasses import dataclass
from typing import Iterator, Optional, Sequence

import cv2
import numpy as np

from datasets.clip import Origin, Shown
from poses.whole_body import FRAME_HEIGHT, FRAME_WIDTH
from records.requests import VideoRequest
from video.boxes import Piece
from video.footage import RATE, SLOW, Footage
from video.framing import SHAPE
from video.hands import hands_line, unseen

SHOWN = 540             # lines of a picture that is kept to show the framing
STRETCHED = 0.05        # how far a crop's shape may be off before that is said
INVENTED = 0.1          # of a box, that may lie beyond the picture before it is said what to do


@dataclass(frozen=True)
class Taken:
    """A clip as it was taken of a video."""

    footage: Footage
    times: np.ndarray               # [T], seconds of its frames
    pieces: Sequence[Piece]
    pictures: Sequence[np.ndarray]  # the middle one of each piece
    keypoints: Optional[np.ndarray]     # [T, 133, 3] in pixels of the video
    source: str                      # how the keypoints were
    changes: Sequence[int]          # frames before which the picture changes suddenly
    restless: bool                  # it ends in the middle of a movement


def origin(about: Taken, wanted: VideoRequest, corpus: str, notes: Sequence[str] = ()) -> Origin:
    """corpus: whose glosses are read. notes: what else must be said."""
    first = about.pieces[0]
    crop = "; ".join([str(first.crop), *(f"from {about.times[piece.first]:.2f} s {piece.crop}"
                                         for piece in about.pieces[1:])])
    shown = tuple(_shown(piece, picture, about.keypoints) for piece, picture in zip(about.pieces, about.pictures))
    hands = ("", {}) if about.keypoints is None else (hands_line(about.keypoints, about.pictures[0].shape[:2]),
                                                      unseen(about.keypoints))
    return Origin(about.footage.path.name, float(about.times[0]), float(about.times[-1]), crop, about.source,
                  (*notes, *_of_times(about, wanted, corpus), *_of_framing(about, wanted)), shown, *hands)


def _shown(piece: Piece, picture: np.ndarray, keypoints: Optional[np.ndarray]) -> Shown:
    height, width = picture.shape[:2]
    small = min(1.0, SHOWN / height)
    if small < 1:
        picture = cv2.resize(picture, (max(1, round(width * small)), SHOWN), interpolation=cv2.INTER_AREA)
    crop = piece.crop
    return Shown(piece.middle, picture, (crop.left * small, crop.top * small, crop.width * small, crop.height * small),
                 None if keypoints is None else keypoints[piece.middle] * (small, small, 1))


def _of_times(about: Taken, wanted: VideoRequest, corpus: str) -> Iterator[str]:
    footage, times = about.footage, about.times
    if footage.end > SLOW * len(footage.times):
        yield (f"{len(footage.times)} frames last {footage.end:.0f} s by their time stamps: each was repeated many "
               "times; --fps-in RATE ignores the stamps")
    if not corpus.startswith("phoenix"):
        yield f"framed and timed as PHOENIX-2014's clips, not as those of {corpus}"
    if wanted.keep and len(times) > 1 and abs(float(np.median(np.diff(times))) * RATE - 1) > SHAPE:
        yield (f"every frame was kept, {1 / np.median(np.diff(times)):.4g} a second: the recognisers know {RATE:g}, "
               "and times are counted at --fps")
    if about.restless:
        yield "this part ends while hands move, because no rest is near; --longest SECONDS allows longer parts"


def _of_framing(about: Taken, wanted: VideoRequest) -> Iterator[str]:
    size = about.pictures[0].shape[:2]
    starts = [piece.first for piece in about.pieces[1:]]
    if starts:
        yield (f"the camera cuts, or the signer's distance changes, at {_moments(about, starts)}: from there on the "
               "signer is framed again")
    others = [frame for frame in about.changes if all(abs(frame - start) > 1 for start in starts)]
    if others and wanted.crop is None:
        yield f"the picture changes suddenly at {_moments(about, others)} (a cut?); the framing stays as it was"
    if wanted.crop is None and about.keypoints is None:
        yield "no keypoints: the middle of the picture was taken, wherever the signer is"
    for piece in about.pieces:
        when = f"from {about.times[piece.first]:.2f} s: " if starts else ""
        crop = piece.crop
        if piece.aside:
            yield (f"{when}the signer is turned to the side (shoulders {100 * piece.aside:.0f} % as wide as from the "
                   "front): framed by the height of the head above them")
        if piece.borrowed:
            yield f"{when}no shoulders are seen: framed like the neighbouring shot"
        if abs(crop.width / crop.height / (FRAME_WIDTH / FRAME_HEIGHT) - 1) > STRETCHED:
            yield f"{when}a crop of {crop.width}x{crop.height} pixels was stretched to the corpus's 210:260"
        beyond = crop.invented(size)
        if beyond > INVENTED:
            yield (f"{when}{100 * beyond:.0f} % of what the networks see is invented: the corpus's framing reaches "
                   f"beyond the picture, and its edge pixels were repeated; film from farther away, or see what --crop "
                   f"{crop.inside(size)} gives, which is all within the picture")
        elif beyond > 0:
            yield (f"{when}the corpus's framing reaches beyond the picture: its edge pixels were repeated there "
                   f"({100 * beyond:.2g} % of what the networks see)")


def _moments(about: Taken, frames: Sequence[int]) -> str:
    return ", ".join(f"{about.times[frame]:.2f} s" for frame in frames)

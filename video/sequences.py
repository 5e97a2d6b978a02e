"""Videos of the user's own as sequences: cut, framed and scaled so that the recognisers see what they know."""
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Set, Tuple

import numpy as np

from datasets.clip import Clip
from datasets.corpus import Row
from datasets.fingerprint import stamp
from datasets.layout import Corpus
from datasets.phoenix2014 import Phoenix2014
from files.restored_mark import COMMENT
from glosses.elan_segments import elan_segments
from glosses.elan_truth import elan_truth
from poses.brought import files_of
from poses.keypoint_file import matched, read_keypoints
from poses.whole_body import FRAME_HEIGHT, FRAME_WIDTH
from records.requests import VideoRequest
from terminal.errors import UserError
from video import framing
from video.boxes import Boxes, boxes, one_box
from video.footage import RATE, Footage, open_footage, taken, told_restored
from video.framing import Crop
from video.origin import Taken, origin
from video.rest import sentence_borders
from video.shots import smaller, sudden_changes
from video.video_parts import borders, safe, unique

SPLIT = "video"


@dataclass(frozen=True)
class FoundPoints:
    """The signer's keypoints through a whole video."""

    points: np.ndarray          # float32 [T, 133, 3] in pixels of the video
    source: str                   # with what they were found, and in how many frames
    said: str = ""              # what must be said of the people in it


Finder = Callable[[Footage, np.ndarray, str], FoundPoints]      # footage, frames taken, id


@dataclass
class _Video:
    name: str
    footage: Footage
    frames: np.ndarray                              # those taken
    keypoints: Optional[FoundPoints] = None             # of all of them
    looked: bool = False                            # whether `keypoints` is known
    boxes: Optional[Boxes] = None
    restless: List[int] = field(default_factory=list)   # borders of its parts at which no hand rests

    def show(self, wanted: np.ndarray) -> Iterator[np.ndarray]:
        """uint8 [H, W, 3] of those of the frames taken."""
        return self.footage.show(self.frames[wanted])

    def size(self) -> Tuple[int, int]:
        """Height and width of its pictures."""
        height, width = next(self.show(np.zeros(1, int))).shape[:2]
        return height, width


@dataclass(frozen=True)
class _Part:
    video: Optional[_Video]
    first: int                                      # places in the video's frames
    stop: int
    problem: Optional[UserError] = None             # why there is no video


def _seconds(part: _Part) -> Tuple[float, float]:
    """From where to where a part goes in its video."""
    assert part.video is not None
    times = part.video.footage.times[part.video.frames]
    return float(times[part.first]), float(times[part.stop] if part.stop < len(times) else times[-1] + 1 / RATE)


class VideoDataset:
    """Rows and clips as a corpus's dataset has them. A video that can't be read is a row whose clip says why."""

    def __init__(self, paths: Sequence[Path], wanted: VideoRequest, find: Optional[Finder] = None,
                 corpus: Optional[Corpus] = None) -> None:
        """corpus: whose glosses are read, PHOENIX-2014's if not told."""
        self.files = corpus or Phoenix2014(Path())
        self.wanted = wanted
        self.find = find
        self.rows: List[Row] = []
        self._looking = Lock()          # one clip is decoded while another's keypoints are still looked for
        self._parts: List[_Part] = []
        self._told: List[str] = []      # of the annotation, for every clip
        for flag, file in (("--truth", wanted.annotation), ("--segments", wanted.segments)):
            if file is not None and len(paths) > 1:
                raise UserError(f"{flag} {file} is of one video, and there are {len(paths)}; give them one by one")
        film = paths[0].name if len(paths) == 1 else ""
        self._truth = None if wanted.annotation is None else elan_truth(wanted.annotation, wanted.tier, film)
        self._segments = None if wanted.segments is None else elan_segments(wanted.segments, wanted.segment_tier, film)
        used: Set[str] = set()
        for path in paths:
            name = unique(safe(path), used)
            try:
                video = self._opened(path, name)
                stretches = self._stretches(video)
            except UserError as error:
                self._add(name, path, _Part(None, 0, 0, error))
                continue
            for number, (first, stop) in enumerate(stretches, start=1):
                digits = len(str(len(stretches)))
                part = f"{name}-part{number:0{digits}d}" if len(stretches) > 1 else name
                self._add(unique(part, used) if part != name else part, path, _Part(video, first, stop))
        if wanted.truth and len(self.rows) > 1:
            raise UserError(f"--truth tells what is signed in one clip, and there are {len(self.rows)}; give one "
                            "video, cut it with --from and --to, or allow longer parts with --longest")

        if self._truth and any(part.video for part in self._parts):
            outside = self._truth.outside([_seconds(part) for part in self._parts if part.video])
            self._told += [*self._truth.notes, *([f"{outside} glosses of tier {self._truth.tier.name} lie outside what "
                                                  "was taken of the video"] if outside else [])]

    def __len__(self) -> int:
        return len(self.rows)

    def clip(self, index: int, tall: Optional[bool] = None) -> Clip:
        """The frames as the corpus has them. Tall frames: False to save the memory."""
        part = self._parts[index]
        if part.video is None:
            raise part.problem or UserError(self.rows[index].seq_id)
        video = part.video
        wanted = video.frames[part.first:part.stop]
        with self._looking:
            keypoints = self._found(video)
            pieces = self._boxes(video).within(part.first, part.stop)
        square = np.empty((len(wanted), framing.SQUARE, framing.SQUARE, 3), np.uint8)
        tall_frames = None if tall is False else np.empty((len(wanted), FRAME_HEIGHT, FRAME_WIDTH, 3), np.uint8)
        small: List[np.ndarray] = []
        shown: List[np.ndarray] = []            # the middle picture of each piece
        pictures = video.footage.show(wanted)
        for piece in pieces:
            for number, picture in zip(range(piece.first, piece.stop), pictures):
                taken_part = piece.crop.of(picture)
                square[number] = framing.square(taken_part)
                if tall_frames is not None:
                    tall_frames[number] = taken_part
                if number == piece.middle:
                    shown.append(picture)
                small.append(smaller(picture))
        row = self.rows[index]
        mine = None if keypoints is None else keypoints.points[part.first:part.stop]
        cropped = None if mine is None else np.concatenate(
            [piece.crop.points(mine[piece.first:piece.stop]) for piece in pieces])
        about = Taken(video.footage, video.footage.times[wanted], pieces, shown, mine,
                      "none" if keypoints is None else keypoints.source, sudden_changes(np.stack(small)),
                      part.stop in video.restless and part.stop < len(video.frames))
        invented = [COMMENT] if told_restored(video.footage) else []
        notes = [*invented, *self._told, *([keypoints.said] if keypoints and keypoints.said else [])]
        return Clip(row.seq_id, SPLIT, square, row.glosses, cropped, tall_frames, "",
                    origin(about, self.wanted, self.files.name, notes), self.files.rule)

    def fingerprint(self, index: int, tall: bool) -> Dict[str, Any]:
        """What a clip is read from, told cheaply: when it is another, the clip may be too."""
        part, file = self._parts[index], self.wanted.keypoints
        if part.video is None:
            raise part.problem or UserError(self.rows[index].seq_id)
        return {"annotation": " ".join(self.rows[index].glosses), "folder": str(part.video.footage.path),
                "frames": stamp(part.video.footage.files), "taken": [part.first, part.stop],
                "keypoints": stamp(files_of(file) if file else [])}

    def _opened(self, path: Path, name: str) -> _Video:
        footage = open_footage(path, self.wanted.rate, self.wanted.restored)
        return _Video(name, footage, taken(footage, self.wanted.start, self.wanted.stop,
                                           None if self.wanted.keep else RATE))

    def _add(self, name: str, path: Path, part: _Part) -> None:
        truth = self._truth.glosses(*_seconds(part)) if self._truth and part.video else self.wanted.truth
        self.rows.append(Row(name, str(path), "", truth))
        self._parts.append(part)

    def _stretches(self, video: _Video) -> List[Tuple[int, int]]:
        """The frames of each part: those of the segments, each parted further where it is too long for one."""
        if self._segments is None:
            return self._parted(video, 0, len(video.frames))
        times = video.footage.times[video.frames]
        lasts = float(np.median(np.diff(times))) if len(times) > 1 else 1 / RATE
        stretches = self._segments.frames(times, lasts)
        left_out = len(self._segments.spans) - len(stretches)
        if not stretches:
            raise UserError(f"--segments {self.wanted.segments}: none of the {left_out} intervals of tier "
                            f"{self._segments.name} lies in what was taken of {video.footage.path}; check its times")
        self._told += [*self._segments.notes, *([f"{left_out} intervals of tier {self._segments.name} lie outside what "
                                                 "was taken of the video, and are not read"] if left_out else [])]
        return [part for first, stop in stretches for part in self._parted(video, first, stop)]

    def _parted(self, video: _Video, first: int, stop: int) -> List[Tuple[int, int]]:
        """A stretch that is too long for one part is parted where hands rest; without keypoints, equally."""
        count, longest = stop - first, max(1, round(self.wanted.longest * RATE))
        bounds = borders(count, longest)
        keypoints = self._found(video) if count > longest else None
        if keypoints is not None:
            cuts = [cut - first for cut in self._boxes(video).borders if first < cut < stop]
            bounds, restless = sentence_borders(keypoints.points[first:stop], cuts, longest)
            video.restless += [first + border for border in restless]
        return [(first + one, first + other) for one, other in zip(bounds, bounds[1:])]

    def _found(self, video: _Video) -> Optional[FoundPoints]:
        """Found once for all parts, so that they are framed alike."""
        if not video.looked:
            path = self.wanted.keypoints
            if path is not None:
                whole = taken(video.footage, 0, video.footage.end, None if self.wanted.keep else RATE)
                footage, brought = video.footage, read_keypoints(path, video.name, self.wanted.person)
                brought = matched(brought, video.frames, footage.times, footage.end, whole, path)
                height, width = (1, 1) if brought.size is None else video.size()
                video.keypoints = FoundPoints(brought.on((width, height), path), f"from {path.name}", brought.said)
            elif self.find is not None:
                video.keypoints = self.find(video.footage, video.frames, video.name)
            video.looked = True
        return video.keypoints

    def _boxes(self, video: _Video) -> Boxes:
        """Of the whole video, found once for all of its parts."""
        if video.boxes is None:
            size = video.size()
            if self.wanted.crop is not None:
                video.boxes = one_box(framing.within(Crop(*self.wanted.crop), size, str(video.footage.path)),
                                      len(video.frames))
            elif video.keypoints is None:
                video.boxes = one_box(framing.middle(size), len(video.frames))
            else:
                video.boxes = boxes(video.keypoints.points, size, video.show, str(video.footage.path))
        return video.boxes

"""A video file: when its frames are shown, and the frames themselves, decoded as a stream."""
from contextlib import suppress
from pathlib import Path
from typing import Any, Generator, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from datasets.picture_size import LARGEST_FRAME, check_size
from files.libav import av
from files.reading import check_regular
from files.restored_mark import COMMENT
from terminal.errors import UserError
from video.upright import Matrix, display_matrix, upright

FEW = 50                # frames that are decoded sooner than another place in the file is found
TAIL = 500              # frames at the end of a broken file that are tried
COVERS = ("mjpeg", "png")       # what pictures that come with music or a film are packed with, and few films
# A playlist must not reach for the network, nor for any other file: formats that are films themselves.
FILES_ONLY = {"protocol_whitelist": "file", "format_whitelist": ",".join((
    "3gp", "apng", "asf", "avi", "dv", "flv", "gif", "h264", "hevc", "ivf", "m4v", "matroska", "mjpeg", "mov", "mp4",
    "mpeg", "mpegts", "mpegvideo", "mxf", "nut", "obu", "ogg", "rm", "webm", "wtv", "yuv4mpegpipe", "mp3", "wav", "aac",
    "flac"))}

Frames = Generator[Tuple[int, Any], None, None]     # numbers of frames, and frames


class VideoFile:
    """A film that PyAV reads. Its packets are listed at once, which takes no decoding; its frames come when shown."""

    def __init__(self, path: Path, rate: Optional[float] = None) -> None:
        self.path = path
        self.files: Sequence[Path] = [path]
        self.problem = ""
        self._matrix: Optional[Matrix] = None
        with self._open() as container:
            stream = _stream(container, path)
            self.aspect = float(stream.sample_aspect_ratio or 1)
            self._check_size(stream)
            self._stamps, whole = self._list(container, stream)
            base = stream.time_base
            self.restored = COMMENT in str(container.metadata.get("comment", ""))
            sound = bool(container.streams.audio)
            own_rate = float(stream.average_rate or stream.guessed_rate or rate or 25)
        if self._stamps is None or rate is not None:
            count = whole if self._stamps is None else len(self._stamps)
            self.times = np.arange(count) / (rate or own_rate)
        else:
            self.times = (self._stamps - self._stamps[0]) * float(base)
        if not len(self.times):
            raise UserError(f"{path}: {self.problem or 'has a picture track without pictures'}: nothing was "
                            "read; give a whole file")
        if len(self.times) == 1 and sound:
            raise UserError(f"{path}: has no moving pictures (only audio and its cover); give a video")
        if self.problem:
            self.times = self.times[:self._readable()]
        self.end = float(self.times[-1]) + self._last(rate or own_rate)

    def show(self, wanted: np.ndarray) -> Iterator[np.ndarray]:
        """As Footage.show."""
        frames = self._decoded(int(wanted[0]))
        at, picture = -1, np.empty(0)
        try:
            for number in wanted:
                if number == at:
                    yield picture
                    continue
                while at < number:
                    at, frame = next(frames, (len(self.times), None))
                if at != number or frame is None or frame.is_corrupt:
                    raise UserError(self._broken(int(number), "frames are missing or damaged"))
                self._matrix = self._matrix or display_matrix(frame)
                picture = upright(frame, self.aspect, self._matrix)
                yield picture
        except av.error.FFmpegError as error:
            raise UserError(self._broken(max(at, int(wanted[0])), error.strerror)) from None
        finally:
            frames.close()

    def _check_size(self, stream: Any) -> None:
        """As players show it; UserError where no memory would hold it."""
        width, height = stream.codec_context.width, stream.codec_context.height
        if width and height:
            check_size(self.path, max(1, round(width * self.aspect)), height, LARGEST_FRAME)

    def _broken(self, number: int, reason: Optional[str]) -> str:
        moment = float(self.times[min(number, len(self.times) - 1)])
        return (f"{self.path}: broken at {moment:.2f} s of {self.end:.2f} s ({reason}; {number} frames were read till "
                f"then); --to {moment:.2f} takes what is before, --from what is after")

    def _open(self) -> Any:
        try:
            check_regular(self.path)
            return av.open(str(self.path.absolute()), options=dict(FILES_ONLY), metadata_errors="replace")
        except (FileNotFoundError, av.error.FileNotFoundError):
            raise UserError(f"{self.path} does not exist; give a video file or a folder of pictures") from None
        except av.error.FFmpegError as error:
            raise UserError(f"{self.path}: can't be read as a video ({error.strerror}; no frame could be read); "
                            "give a whole video file or a folder of pictures") from None
        except OSError as error:
            raise UserError(f"{self.path}: can't be read ({error.strerror}); give a video file or a folder of pictures"
                            ) from None

    def _list(self, container: Any, stream: Any) -> Tuple[Optional[np.ndarray], int]:
        """(time stamps of all frames, or None where the file has none; how many packets)."""
        stamps: List[int] = []
        count = 0
        try:
            for packet in container.demux(stream):
                if packet.size and not packet.is_discard:
                    count += 1
                    if packet.pts is not None:
                        stamps.append(packet.pts)
        except av.error.FFmpegError as error:
            self.problem = f"broken after {count} frames ({error.strerror})"
        if stream.frames > count:
            self.problem = f"ends after {count} of {stream.frames} frames"
        return (np.unique(np.asarray(stamps, np.int64)) if stamps else None), count

    def _readable(self) -> int:
        """How many frames come out whole, in a file that ends too soon: its last ones may lack what they build on."""
        count = max(0, len(self.times) - TAIL)
        frames = self._decoded(count)
        with suppress(av.error.FFmpegError):        # that is the end we look for
            for number, frame in frames:
                if number > count or frame.is_corrupt:
                    break
                count = max(count, number + 1)
        if not count:
            raise UserError(f"{self.path}: {self.problem}, and none of them is whole; give a whole file")
        return count

    def _last(self, rate: float) -> float:
        """Seconds that the last frame stays: as long as they do in the middle."""
        return float(np.median(np.diff(self.times))) if len(self.times) > 1 else 1 / rate

    def _decoded(self, first: int) -> Frames:
        """(number, frame) from `first` or some frames before it on."""
        if self._stamps is not None and first > FEW:
            frames = self._from(int(self._stamps[first]))
            start = next(frames, None)
            if start is not None and start[0] <= first:
                yield start
                yield from frames
                return
        yield from self._from(None)     # no place to start from was found before it: from the beginning

    def _from(self, stamp: Optional[int]) -> Frames:
        with self._open() as container:
            stream = _stream(container, self.path)
            stream.thread_type = "AUTO"
            if stamp is not None:
                container.seek(stamp, stream=stream)
            for count, frame in enumerate(container.decode(stream)):
                if self._stamps is None:
                    yield count, frame
                elif frame.pts is not None:
                    number = int(np.searchsorted(self._stamps, frame.pts))
                    if number < len(self._stamps) and self._stamps[number] == frame.pts:
                        yield number, frame


def _stream(container: Any, path: Path) -> Any:
    tracks = container.streams.video
    if not tracks:
        # A stream must not be asked for its type: PyAV ends the process where there is none.
        there = ", ".join(kind for kind in ("audio", "subtitles") if getattr(container.streams, kind)) or "nothing"
        raise UserError(f"{path}: has no moving pictures (only {there}); give a video")
    known = [track for track in tracks if track.codec_context is not None]
    if not known:
        raise UserError(f"{path}: this kind of video can't be decoded here; give an MP4 with H.264 video")
    return next((track for track in known if track.codec_context.name not in COVERS), known[0])

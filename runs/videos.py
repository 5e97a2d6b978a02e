"""Videos of the user's own made ready for the pipeline: keypoints are found once and kept beside the results."""
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from datasets.clip import Clip, Origin
from datasets.fingerprint import stamp
from datasets.layout import Corpus
from estimation.estimator import INSTALL, Estimator, estimator, preferred
from estimation.missing import filled
from files.arrays import load_npz, npz_bytes
from files.atomic import atomic_file
from files.lock import waited_for
from files.workspace import Workspace, expanded
from poses.keypoint_pickle import POINTS
from results.certainty import BESIDE, certainty, certainty_line, guessed, known_range, video_lines
from terminal.errors import UserError
from video.footage import Footage
from video.sequences import VideoDataset
from video.video_parts import Wanted, described

KEPT = ".keypoints"             # in the output folder; no id begins with a dot
NO_ESTIMATOR = "none"
LOOKED_AT = (("left hand", slice(91, 112)), ("right hand", slice(112, 133)), ("face", slice(23, 91)))


@dataclass(frozen=True)
class Videos:
    """What the command was asked of videos."""

    paths: Tuple[Path, ...]
    wanted: Wanted
    estimator: Optional[str]        # none, a name, or None for one that is installed

    def dataset(self, corpus: Corpus, out: Path, needed: Sequence[str], bar: bool) -> VideoDataset:
        """`needed`: models that can't do without keypoints."""
        name = self.chosen()
        if name is None and self.wanted.keypoints is None and needed:
            raise UserError(f"{', '.join(needed)} needs keypoints: give them with --keypoints FILE, or let MediaPipe "
                            f"find them ({INSTALL['mediapipe']})")
        find = None if name is None else Keypoints(estimator(name), out / KEPT, bar)
        return VideoDataset(self.paths, self.wanted, find, corpus)

    def chosen(self) -> Optional[str]:
        """The estimator's name, None for none."""
        if self.wanted.keypoints is not None or self.estimator == NO_ESTIMATOR:
            return None
        return self.estimator or preferred()

    def settings(self) -> Dict[str, Any]:
        """What makes two runs the same, as JSON has it."""
        file = self.wanted.keypoints
        return {**described(self.wanted), "keypoints": str(file) if file else self.chosen() or NO_ESTIMATOR}


class Keypoints:
    """Looks for the signer's points through a whole video; what was found before for the same frames is read back."""

    def __init__(self, search: Estimator, folder: Path, bar: bool) -> None:
        self.search = search
        self.folder = folder
        self.bar = bar

    def __call__(self, footage: Footage, frames: np.ndarray, name: str) -> Tuple[np.ndarray, str]:
        """float32 [T, 133, 3] in pixels of the video; with what they were found, and in how many frames."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path, stamp = self.folder / f"{name}.npz", self._stamp(footage, frames)
        with waited_for(self.folder / f"{name}.lock"):      # another process may be at the same video's next part
            kept = kept_points(path, len(frames), stamp)
            if kept is not None:
                return kept
            found, told = find(self.search, footage, frames, name, self.bar)
            with atomic_file(path) as draft:
                draft.write_bytes(npz_bytes({"keypoints": found, "told": np.array(told), "stamp": np.array(stamp)}))
        return found, told

    def _stamp(self, footage: Footage, frames: np.ndarray) -> str:
        """What the points depend on."""
        return json.dumps([self.search.name, stamp(footage.files), len(frames),
                           zlib.crc32(footage.times[frames].tobytes())])


def kept_points(path: Path, frames: int, stamp: Optional[str] = None) -> Optional[Tuple[np.ndarray, str]]:
    """What was found before, and with what; None where there is none of so many frames, or it is damaged."""
    try:
        stored = load_npz(path, ("keypoints", "told", "stamp"))
        points, told = stored["keypoints"], str(stored["told"])
        whole = points.shape == (frames, POINTS, 3) and points.dtype == np.float32 and np.isfinite(points).all()
        return (points, told) if whole and stamp in (None, str(stored["stamp"])) else None
    except (OSError, KeyError, UserError):
        return None         # none yet, or damaged: looked for anew


def find(search: Estimator, footage: Footage, frames: np.ndarray, name: str, bar: bool) -> Tuple[np.ndarray, str]:
    """As Keypoints, without keeping them."""
    from tqdm import tqdm

    found: List[Optional[np.ndarray]] = list(tqdm(
        search(footage.show(frames)), total=len(frames), unit="frame", leave=False, dynamic_ncols=True,
        desc=f"{name}: keypoints", disable=None if bar else True))
    keypoints = filled(found)
    if keypoints is None:
        raise UserError(f"{footage.path}: {search.name} finds nobody in its {len(frames)} frames; show the signer from "
                        "the waist up, or give --keypoints FILE, or go without (--estimator none)")
    seen = sum(points is not None for points in found)
    parts = ", ".join(f"{part} in {int((keypoints[:, places, 2] > 0).any(axis=1).sum())}" for part, places in LOOKED_AT)
    return keypoints, f"{search.name}; of {len(frames)} frames somebody in {seen}, {parts}"


def read_video(told: Dict[str, Any], reading: Callable[[Sequence[int]], Dict[str, Any]], logits: np.ndarray, blank: int,
               checkpoint: Path, sha256: str) -> Dict[str, Any]:
    """A model's part of preds.json with how sure it was; guesses alone count as nothing read."""
    sure = certainty(logits, told["spans"], blank)
    guess = guessed(told["spans"])
    if guess:
        told = reading([])
        told["notes"].append(guess)
    measured = Workspace().outputs / "evaluation" / f"{checkpoint.name}{BESIDE}"
    line = certainty_line(sure, known_range(checkpoint, sha256, [measured]))
    return {**told, "certainty": sure, "certainty_line": f"{guess}; {line}" if guess else line}


def video_record(origin: Origin, models: Mapping[str, Mapping[str, Any]]) -> Dict[str, Any]:
    """preds.json's word on where a clip is from, with the lines that page, video and preds.txt have of it."""
    record = {"file": origin.file, "from": round(origin.start, 3), "to": round(origin.stop, 3), "crop": origin.crop,
              "keypoints": origin.keypoints, "notes": list(origin.notes)}
    sure = [f"{model['title']}: {model['certainty_line']}" for model in models.values()]
    return {**record, "lines": [*video_lines(record), *sure]}


def write_origin(folder: Path, clip: Clip) -> None:
    """framing.jpg of a clip that no corpus holds."""
    from drawing.framing import write_framing

    if clip.origin is not None:
        middle = len(clip) // 2
        taken = clip.frames[middle] if clip.tall_frames is None else clip.tall_frames[middle]
        write_framing(folder / "framing.jpg", clip.origin.picture, clip.origin.box, clip.origin.points, taken)


def videos(paths: Sequence[str], wanted: Wanted, name: Optional[str]) -> Videos:
    """The paths as they were named; what is not there is told when it is its turn."""
    found = tuple(expanded(path).absolute() for path in paths)
    if not found:
        raise UserError("--video names no video; give one or more files or folders of pictures")
    return Videos(found, wanted, name)

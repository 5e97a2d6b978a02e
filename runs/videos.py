"""Videos of the user's own made ready for the pipeline: keypoints are found once and kept beside the results."""
import json
import zlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

import numpy as np

from datasets.clip import Clip, Origin
from datasets.fingerprint import stamp
from datasets.layout import Corpus
from estimation.estimator import INSTALL, Estimator, estimator, preferred
from estimation.several import signer_in
from files.arrays import load_npz, npz_bytes
from files.atomic import atomic_file
from files.lock import waited_for
from files.workspace import Workspace
from poses.keypoint_pickle import POINTS
from poses.missing import filled
from records.requests import VideoRequest
from records.sequence import Certainty, ModelRecord, VideoRecord
from records.transcript import Transcript
from results.certainty import BESIDE, certainty, certainty_line, guessed, is_guess, known_range, video_lines
from terminal.errors import UserError
from video.footage import Footage
from video.sequences import FoundPoints, VideoDataset

KEPT = ".keypoints"             # in the output folder; no id begins with a dot
NO_ESTIMATOR = "none"
LOOKED_AT = (("left hand", slice(91, 112)), ("right hand", slice(112, 133)), ("face", slice(23, 91)))


def video_dataset(asked: VideoRequest, corpus: Corpus, out: Path, needed: Sequence[str], bar: bool) -> VideoDataset:
    """needed: the networks that take keypoints."""
    name = chosen_estimator(asked)
    if name is None and asked.keypoints is None and needed:
        raise UserError(f"{', '.join(needed)} needs keypoints: give them with --keypoints FILE, or let MediaPipe find "
                        f"them ({INSTALL['mediapipe']})")
    if name is None and asked.keypoints is None and asked.person is not None:
        raise UserError(f"--person {asked.person}: without keypoints, people cannot be told apart; give --keypoints "
                        f"FILE, or let MediaPipe find them ({INSTALL['mediapipe']})")
    find = None if name is None else Keypoints(estimator(name), out / KEPT, bar, asked.person)
    return VideoDataset(asked.paths, asked, find, corpus)


def chosen_estimator(asked: VideoRequest) -> Optional[str]:
    """Its name, None for none."""
    if asked.keypoints is not None or asked.estimator == NO_ESTIMATOR:
        return None
    return asked.estimator or preferred()


def video_settings(asked: VideoRequest) -> Dict[str, Any]:
    """What makes two runs the same, as JSON has it."""
    file = asked.keypoints
    return {**asked.settings(), "keypoints": str(file) if file else chosen_estimator(asked) or NO_ESTIMATOR}


class Keypoints:
    """Looks for the signer's points through a whole video; what was found before for the same frames is read back."""

    def __init__(self, search: Estimator, folder: Path, bar: bool, person: Optional[str] = None) -> None:
        """person: of several, as people.chosen takes it."""
        self.search = search
        self.folder = folder
        self.bar = bar
        self.person = person

    def __call__(self, footage: Footage, frames: np.ndarray, name: str) -> FoundPoints:
        self.folder.mkdir(parents=True, exist_ok=True)
        path, stamp = self.folder / f"{name}.npz", self._stamp(footage, frames)
        with waited_for(self.folder / f"{name}.lock"):      # another process may be at the same video's next part
            kept = kept_points(path, len(frames), stamp)
            if kept is not None:
                return kept
            keypoints = find(self.search, footage, frames, name, self.bar, self.person)
            with atomic_file(path) as draft:
                draft.write_bytes(npz_bytes({"keypoints": keypoints.points, "told": np.array(keypoints.source),
                                             "said": np.array(keypoints.said), "stamp": np.array(stamp)}))
        return keypoints

    def _stamp(self, footage: Footage, frames: np.ndarray) -> str:
        """What the points depend on."""
        return json.dumps([self.search.name, stamp(footage.files), len(frames),
                           zlib.crc32(footage.times[frames].tobytes()), self.person])


def kept_points(path: Path, frames: int, stamp: Optional[str] = None) -> Optional[FoundPoints]:
    """What was found before, and with what; None where there is none of so many frames, or it is damaged."""
    try:
        stored = load_npz(path, ("keypoints", "told", "said", "stamp"))
        points = stored["keypoints"]
        whole = points.shape == (frames, POINTS, 3) and points.dtype == np.float32 and np.isfinite(points).all()
        keypoints = FoundPoints(points, str(stored["told"]), str(stored["said"]))
        return keypoints if whole and stamp in (None, str(stored["stamp"])) else None
    except (OSError, KeyError, UserError):
        return None         # none yet, or damaged: looked for anew


def find(search: Estimator, footage: Footage, frames: np.ndarray, name: str, bar: bool,
         person: Optional[str] = None) -> FoundPoints:
    """As Keypoints, without keeping them."""
    from tqdm import tqdm

    poses, said = signer_in(search, lambda wanted: footage.show(frames[wanted]), len(frames), person, partial(
        tqdm, total=len(frames), unit="frame", leave=False, dynamic_ncols=True, desc=f"{name}: keypoints",
        disable=None if bar else True))
    keypoints = filled(poses)
    if keypoints is None:
        raise UserError(f"{footage.path}: {search.name} finds no person in its {len(frames)} frames; show the signer "
                        "from the waist up, or give --keypoints FILE, or go without (--estimator none)")
    seen = sum(points is not None for points in poses)
    parts = ", ".join(f"{part} in {int((keypoints[:, places, 2] > 0).any(axis=1).sum())}" for part, places in LOOKED_AT)
    return FoundPoints(keypoints, f"{search.name}; of {len(frames)} frames somebody in {seen}, {parts}", said)


def how_sure(transcript: Transcript, read_nothing: Callable[[], Transcript], logits: np.ndarray, blank: int,
             checkpoint: Path, sha256: str) -> Tuple[Transcript, Certainty]:
    """What was read of a video, and how sure it was: a guess where it is less sure than on the corpus; where no single
    gloss is likely, nothing counts as read.
    """
    sure = certainty(logits, [span.score for span in transcript.spans], blank)
    guess = guessed(transcript.spans)
    if guess:
        transcript = read_nothing()
        transcript = replace(transcript, notes=(*transcript.notes, guess))
    measured = Workspace().outputs / "evaluation" / f"{checkpoint.name}{BESIDE}"
    known = known_range(checkpoint, sha256, [measured])
    line = certainty_line(sure, known)
    if guess:
        return transcript, replace(sure, line=f"{guess}; {line}")
    if is_guess(sure, known):
        return transcript, replace(sure, line=f"a guess: {line}", guess=True)
    return transcript, replace(sure, line=line)


def video_record(origin: Origin, models: Mapping[str, ModelRecord]) -> VideoRecord:
    """Where a clip is from, with the lines that page, video and preds.txt have of it."""
    start, stop = round(origin.start, 3), round(origin.stop, 3)
    lines = video_lines(origin.file, start, stop, origin.crop, origin.keypoints, origin.hands,
                        origin.notes)
    sure = [f"{model.title}: {model.certainty.line}" for model in models.values() if model.certainty]
    drawn = [f"{model.title}: {model.checkpoint.file} was trained on drawings; what it reads of people means nothing"
             for model in models.values() if model.checkpoint.drawn]
    return VideoRecord(origin.file, start, stop, origin.crop, origin.keypoints, origin.notes, (*lines, *sure, *drawn),
                       dict(origin.unseen))


def write_origin(folder: Path, clip: Clip) -> None:
    """framing.jpg of a clip that no corpus holds."""
    from drawing.framing import write_framing

    if clip.origin is not None:
        frames = clip.frames if clip.tall_frames is None else clip.tall_frames
        write_framing(folder / "framing.jpg", [(shown.picture, shown.box, shown.points, frames[shown.frame])
                                               for shown in clip.origin.shots])

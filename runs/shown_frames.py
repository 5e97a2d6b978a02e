"""The frames of a clip that was explained, read again: from its corpus, or from the video it was cut from."""
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from datasets.corpora import find_corpus
from datasets.fingerprint import stamp
from files.workspace import Workspace, find_input
from results.explained_run import ExplainedRun
from results.manifest import read_manifest
from terminal.errors import UserError
from video import framing
from video.footage import RATE, Footage, open_footage, taken
from video.framing import Crop
from video.video_parts import asked_rate

Frames = Dict[int, np.ndarray]      # uint8 [H, W, 3] by number


def shown_frames(run: ExplainedRun, numbers: Sequence[int], data_root: Optional[str], video: Optional[str]) -> Frames:
    """numbers: ascending. data_root, video: where the user says that they are, if not where they were."""
    own, other = ("--data-root", data_root), ("--video", video)
    if run.record.video is None:
        own, other = other, own
    if own[1] is not None:
        kind = "a corpus" if run.record.video is None else "a video"
        raise UserError(f"{own[0]} {own[1]}: {run.record.sequence} is of {kind}; {other[0]} says where that is")
    frames = _of_corpus(run, numbers, data_root) if run.record.video is None else _of_video(run, numbers, video)
    expected = {layer.laid.extent.size[1:]
                for explanation in run.cams.values() for layer in explanation.layers.values()}
    shape = next(iter(frames.values())).shape[:2]
    if expected != {shape}:
        raise UserError(f"{run.record.sequence}: its frames are {shape[1]}x{shape[0]} pixels now, but its maps were "
                        "made for frames of another size; explain it again with main.py")
    return frames


def _of_corpus(run: ExplainedRun, numbers: Sequence[int], data_root: Optional[str]) -> Frames:
    record = run.record
    corpus = find_corpus(data_root or str(run.folder.parent / record.data_root), record.dataset, Workspace())
    row, = corpus.rows(record.split, [record.sequence])
    paths = corpus.need_frames(row, record.split)
    if len(paths) != record.frames:
        raise UserError(f"{record.sequence} has {len(paths)} frames in {corpus.root}, but was explained with "
                        f"{record.frames}; name its dataset with --data-root")
    return dict(zip(numbers, corpus.decode([paths[number] for number in numbers])))


def _of_video(run: ExplainedRun, numbers: Sequence[int], video: Optional[str]) -> Frames:
    """As they were cut and framed, by what the run has noted of that."""
    manifest = read_manifest(run.folder)
    if manifest is None:
        raise UserError(f"{run.folder}: its manifest.json, which says how its video was cut, cannot be read; explain "
                        "the video again with main.py")
    crop, (first, stop), asked = _cut(run, manifest.inputs)
    path = find_input(video) if video is not None else Path(str(manifest.inputs.get("folder")))
    if not path.exists():
        raise UserError(f"{path}, from which {run.record.sequence} was cut, is not there any more; name it with "
                        "--video FILE")
    keep, rate = asked_rate(None if asked["fps_in"] == "25 taken" else str(asked["fps_in"]))
    footage = open_footage(path, rate, restored=True)      # the run's page says so
    if video is None and stamp(footage.files) != manifest.inputs.get("frames"):
        raise UserError(f"{path} has changed since {run.record.sequence} was cut from it; explain it again, or name "
                        "the video with --video FILE if it is the same")
    wanted = taken(footage, asked["from"], asked["to"], None if keep else RATE)[first:stop]
    if len(wanted) != run.record.frames:
        raise UserError(f"{path} has {len(wanted)} frames where {run.record.sequence} was explained with "
                        f"{run.record.frames}; name its video with --video FILE")
    return dict(zip(numbers, _framed(footage, wanted[list(numbers)], crop)))


def _framed(footage: Footage, wanted: np.ndarray, crop: Crop) -> List[np.ndarray]:
    return [framing.square(crop.of(picture)) for picture in footage.show(wanted)]


def _cut(run: ExplainedRun, inputs: Mapping[str, Any]) -> Tuple[Crop, Tuple[int, int], Mapping[str, Any]]:
    """What of each picture was taken, which of the frames taken are this part's, and how these were asked for."""
    assert run.record.video is not None
    try:
        asked = run.record.settings["video"]
        crop = framing.asked(run.record.video.crop)
        first, stop = (int(number) for number in inputs["taken"])
        times = [float(second) for second in (asked["from"], asked["to"]) if second is not None]
        if crop is None or "fps_in" not in asked or not 0 <= first < stop or min(times) < 0:
            raise ValueError("cut as no video is")
    except (KeyError, TypeError, ValueError, UserError):
        raise UserError(f"{run.folder}: how its video was cut is not as main.py writes it; explain the video again"
                        ) from None
    return crop, (first, stop), asked

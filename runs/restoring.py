"""A request to restore, from its first check to its last line."""
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from datasets.clip import Clip
from datasets.layout import Corpus
from datasets.phoenix import PhoenixVideoTextDataset
from drawing.before_after import write_before_after
from files.restored_mark import COMMENT, INVENTED
from files.workspace import Workspace, find_input
from records.restoring import FORMAT, RestoredRecord, RestoreRequest, Trial
from reports.restored_page import restored_page
from results.existing_result import check_out, check_replaceable
from results.folder import SequenceFolder, prepare_out
from results.manifest import differing, read_manifest
from results.restored import RECORD, write_restored
from runs.loading import sha256
from runs.pipeline import Sequences
from runs.videos import video_dataset, video_settings
from terminal.errors import UserError
from terminal.signals import undisturbed
from video.footage import RATE

FILM, PAGE = "beside.mp4", "page.html"
SHOWN = 12              # crops on the page

if TYPE_CHECKING:   # torch is loaded once the request is understood
    from models.restorer import Restorer
    from restoration.clip import Restored


def find_prior(given: Optional[str], workspace: Workspace) -> Path:
    if given is not None:
        return find_input(given, workspace)
    path = workspace.checkpoints / "restorer.pt"
    if not path.exists():
        raise UserError(f"no prior at {path}; train one with configs/train_restorer.yaml and put it there, or name "
                        "another with --prior")
    return path


def restore(asked: RestoreRequest, corpus: Corpus, split: str, names: Optional[Sequence[str]], quiet: bool) -> int:
    """Gives the exit code. names: only these sequences."""
    from tqdm import tqdm

    prepare_out(asked.out)
    dataset = _dataset(asked, corpus, split, names, not quiet)
    settings = {**asked.settings(sha256(asked.prior)), **(video_settings(asked.videos) if asked.videos else {})}
    check_out(asked.out, [row.seq_id for row in dataset.rows], lambda: settings, asked.overwrite)
    restorer = _load(asked)
    failed: List[UserError] = []
    for index in tqdm(range(len(dataset)), unit="clip", leave=False, disable=None if len(dataset) > 1 and not quiet
                      else True):
        try:
            said = _one(asked, dataset, index, restorer, settings, quiet)
        except UserError as error:
            failed.append(error)
            tqdm.write(f"{dataset.rows[index].seq_id}: {error}", file=sys.stderr)
            continue
        if not quiet:
            tqdm.write(said)
    if failed:
        return 2 if len(dataset) == 1 else 1
    return 0


def _dataset(asked: RestoreRequest, corpus: Corpus, split: str, names: Optional[Sequence[str]], bar: bool) -> Sequences:
    if asked.videos is not None:
        return video_dataset(asked.videos, corpus, asked.out, ["restore.py"], bar)
    if not corpus.keypoints.is_file():
        raise UserError(f"{corpus.keypoints}: no such file; hands and faces are found by keypoints; put them there")
    return PhoenixVideoTextDataset(corpus, split, names)


def _load(asked: RestoreRequest) -> "Restorer":
    from models.device import choose_device
    from models.restorers import build_restorer

    return build_restorer(asked.prior, choose_device(asked.device)[0])


def _one(asked: RestoreRequest, dataset: Sequences, index: int, restorer: "Restorer", settings: Dict[str, Any],
         quiet: bool) -> str:
    """A line that tells of it."""
    name, inputs = dataset.rows[index].seq_id, dataset.fingerprint(index, False)
    with undisturbed():
        folder = SequenceFolder.claim(asked.out, name)
    if folder is None:
        return f"{name}: another run is working on it; left to that run"
    folder.sign(settings)
    try:
        if _is_done(folder.final, settings, inputs, asked.overwrite):
            folder.release()
            return f"{name}: already restored: {folder.final / PAGE}"
        clip = dataset.clip(index, False)
        made = _restored(asked, clip, restorer, quiet)
        record = _record(asked, clip, made, settings, inputs)
        with folder:
            write_restored(folder.path, made.frames, clip.keypoints, record)
            _show(folder.path, made, record)
            folder.publish(settings, inputs, RECORD)
    finally:
        folder.release()
    trial = f"; {record.trial.line}" if record.trial else ""
    return (f"{name}: {len(made.places)} crops of {len(clip)} frames restored; damaged again, they differ from "
            f"what was measured by {made.disagreement:.2f} of 255 (root mean square){trial}\n"
            f"look at {folder.final / PAGE}")


def _show(folder: Path, made: "Restored", record: RestoredRecord) -> None:
    """The film, and the page."""
    before = "damaged for this trial" if record.trial else "as it was"
    write_before_after(folder / FILM, made.data, made.frames, before, record.rate, COMMENT)
    (folder / PAGE).write_text(restored_page(record, FILM, _sheet(made)), encoding="utf-8")


def _sheet(made: "Restored") -> bytes:
    """JPEG of a few crops, before above after."""
    import cv2

    from poses.crops import cut

    few = made.places[::max(1, len(made.places) // SHOWN)][:SHOWN]
    rows = [np.concatenate(list(cut(frames, few, made.side)), axis=1) for frames in (made.data, made.frames)]
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR),
                           [cv2.IMWRITE_JPEG_QUALITY, 92])
    return bytes(jpeg.tobytes())


def _is_done(final: Path, settings: Dict[str, Any], inputs: Dict[str, Any], overwrite: bool) -> bool:
    if not final.exists():
        return False
    check_replaceable(final, None if overwrite else settings)
    manifest = read_manifest(final)
    return (not overwrite and manifest is not None and manifest.lacking(final) is None
            and not differing(manifest.inputs, inputs))


def _restored(asked: RestoreRequest, clip: Clip, restorer: "Restorer", quiet: bool) -> "Restored":
    from tqdm import tqdm

    from restoration.clip import damaged_frames, find_places, restored
    from restoration.sampling import Draw

    data = damaged_frames(clip.frames, asked.damage) if asked.trial else clip.frames
    with tqdm(total=len(find_places(clip, restorer.side)), unit="crop", desc=clip.seq_id, leave=False,
              disable=True if quiet else None) as bar:
        return restored(restorer, clip, data, asked.damage, asked.noise, Draw(asked.steps, asked.seed), bar.update)


def _record(asked: RestoreRequest, clip: Clip, made: "Restored", settings: Dict[str, Any],
            inputs: Dict[str, Any]) -> RestoredRecord:
    crops = Counter(place.part for place in made.places)
    source = clip.origin.file if clip.origin else f"{clip.seq_id} of {clip.split}"
    return RestoredRecord(FORMAT, clip.seq_id, INVENTED, source, settings, inputs, len(clip), RATE, dict(crops),
                          round(made.disagreement, 3), _trial(clip, made) if asked.trial else None)


def _trial(clip: Clip, made: "Restored") -> Trial:
    from restoration.scores import nearness

    where = made.share >= 1
    before, after = (nearness(frames, clip.frames, where) for frames in (made.data, made.frames))

    def both(pair: Tuple[float, float]) -> Tuple[float, float]:
        return round(pair[0], 4), round(pair[1], 4)

    (psnr, restored_psnr), (gradient, restored_gradient), (edges, restored_edges) = map(both, (
        (before.psnr, after.psnr), (before.gradient, after.gradient), (before.edges, after.edges)))
    return Trial(psnr, restored_psnr, gradient, restored_gradient, edges, restored_edges)

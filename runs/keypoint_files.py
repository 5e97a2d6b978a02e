"""keypoints.pkl or .pose files for videos and corpora: found one by one, kept one by one, put together in the end."""
import multiprocessing
import pickle
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Set, Tuple, Union

import numpy as np

from datasets.layout import TALL, Corpus
from estimation.estimator import estimator
from files.arrays import load_npz
from files.atomic import atomic_file
from files.workspace import expanded
from poses.keypoint_writer import whole_body_pose
from poses.whole_body import FRAME_HEIGHT, FRAME_WIDTH
from records.requests import VideoRequest
from runs.videos import Keypoints
from terminal.errors import UserError
from video.footage import RATE, Footage, open_footage, taken
from video.picture_folder import PictureFolder
from video.video_parts import safe, unique

PICKLE, POSE = "pickle", "pose"         # what is written
# A file with a video's keypoints and what must be said of the people in it, or why there is none.
Outcome = Union[Tuple[Path, str], UserError]


@dataclass(frozen=True)
class Job:
    name: str
    path: Path
    wanted: VideoRequest = VideoRequest(keep=True)
    files: Optional[Sequence[Path]] = None      # a corpus's frames

    def footage(self) -> Footage:
        if self.files is None:
            return open_footage(self.path, self.wanted.rate)
        return PictureFolder(self.path, RATE, self.files, (FRAME_WIDTH, FRAME_HEIGHT))

    def frames(self, footage: Footage) -> np.ndarray:
        return taken(footage, self.wanted.start, self.wanted.stop, None if self.wanted.keep else RATE)


def video_jobs(paths: Sequence[str], wanted: VideoRequest) -> List[Job]:
    used: Set[str] = set()
    films = [expanded(path).absolute() for path in paths]
    if not any(film.exists() for film in films):
        raise UserError(f"{paths[0]}: no such video; check the path")
    return [Job(unique(safe(film), used), film, wanted) for film in films]


def corpus_jobs(files: Corpus, splits: Sequence[str]) -> List[Job]:
    """Every sequence of the splits, by its id; the 210x260 frames where they are, else the others at that size."""
    jobs = []
    for split in splits:
        for row in files.rows(split):
            frames = files.frames(row, split, TALL) or files.need_frames(row, split)
            jobs.append(Job(row.seq_id, frames[0].parent, files=frames))
    return jobs


def work_through(jobs: Sequence[Job], name: str, out: Path, workers: int, bar: bool, form: str = PICKLE,
                 person: Optional[str] = None) -> int:
    """Writes what was found; gives how many failed, of which is told. What was done before is not done again.

    out: a file, or for .pose files the folder that gets one of each video. person: as people.chosen takes it.
    """
    from tqdm import tqdm

    estimator(name)         # what is wrong with it is wrong for all
    kept = out.with_name(f".{out.name}.parts")
    results: Dict[str, Path] = {}
    work = partial(_one, name=name, kept=kept, bar=bar and workers == 1, person=person)
    for job, outcome in tqdm(_at_a_time(jobs, work, workers), total=len(jobs), unit="video", leave=False,
                             disable=None if bar and len(jobs) > 1 else True):
        if isinstance(outcome, UserError):
            tqdm.write(f"{job.name}: {outcome}", file=sys.stderr)
            continue
        results[job.name], said = outcome
        if said and bar:
            tqdm.write(f"{job.name}: {said}")
    done = [job for job in jobs if job.name in results]
    if done:
        if form == POSE:
            _write_poses(done, results, out)
        else:
            _put_together({job.name: results[job.name] for job in done}, out)
        if len(results) == len(jobs):
            shutil.rmtree(kept)
    return len(jobs) - len(results)


def _at_a_time(jobs: Sequence[Job], work: "partial[Outcome]", workers: int) -> "Iterator[Tuple[Job, Outcome]]":
    """Each job and what came of it, as they are done."""
    if workers == 1:
        yield from ((job, work(job)) for job in jobs)
        return
    # Forked processes would share the estimator's threads.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        futures = {pool.submit(work, job): job for job in jobs}
        try:
            yield from ((futures[future], future.result()) for future in as_completed(futures))
        finally:
            for future in futures:
                future.cancel()


def _one(job: Job, name: str, kept: Path, bar: bool, person: Optional[str]) -> Outcome:
    try:
        footage = job.footage()
        frames = job.frames(footage)
        store = Keypoints(estimator(name), kept, bar, person)
        said = store(footage, frames, job.name).said
    except UserError as error:
        return error
    return store.folder / f"{job.name}.npz", said


def _put_together(results: Dict[str, Path], out: Path) -> None:
    keypoints: Dict[str, np.ndarray] = {}
    for name, path in results.items():
        keypoints[name] = load_npz(path, ("keypoints",))["keypoints"]
    with atomic_file(out) as draft, open(draft, "wb") as file:
        pickle.dump(keypoints, file, protocol=4)


def _write_poses(jobs: Sequence[Job], results: Dict[str, Path], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for job in jobs:
        footage = job.footage()
        frames = job.frames(footage)
        height, width = next(footage.show(frames[:1])).shape[:2]
        times = footage.times[frames]
        rate = RATE if not job.wanted.keep or len(times) < 2 else 1 / float(np.median(np.diff(times)))
        points = load_npz(results[job.name], ("keypoints",))["keypoints"]
        with atomic_file(folder / f"{job.name}.pose") as draft:
            draft.write_bytes(whole_body_pose(points, (width, height), rate))

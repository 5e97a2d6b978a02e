#!/usr/bin/env python3
"""Find the 133 COCO-WholeBody points in videos, or in a corpus's frames: as keypoints.pkl, or as .pose files."""
import argparse
import sys
from typing import Optional, Sequence

from datasets.corpora import CORPORA, find_corpus
from files.output import output_folder
from files.workspace import Workspace, expanded
from runs.video_arguments import taking_arguments
from terminal.command_exit import ended
from terminal.command_line import VERSION, OneLineParser, dataset_flag, refuse
from terminal.errors import UserError
from terminal.numbers import count


def parser() -> argparse.ArgumentParser:
    made = OneLineParser(prog="keypoints.py", description=__doc__)
    add = made.add_argument
    add("videos", nargs="*", metavar="VIDEO", help="video files, or folders of pictures")
    add("--version", action="version", version=f"keypoints.py {VERSION}")
    add("--data-root", metavar="FOLDER", help="instead of videos: the frames of the corpus there; points in pixels "
                                               "of its 210x260 frames")
    dataset_flag(add, tuple(CORPORA))
    add("--split", nargs="+", choices=("train", "dev", "test"), default=["train", "dev", "test"],
        help="the corpus's splits (default: all)")
    taking_arguments(add)
    add("--format", choices=("pickle", "pose"), default="pickle",
        help="one pickle of all, or a .pose file for each in a folder (default: pickle)")
    add("--out", metavar="FILE",
        help="the pickle, or the folder of .pose files (default: keypoints.pkl or poses, here)")
    add("--workers", type=count, default=1, metavar="N", help="videos at a time (default: 1)")
    add("--overwrite", action="store_true", help="write over --out if it exists")
    add("--quiet", action="store_true", help="print errors only")
    return made


def find_all(given: argparse.Namespace) -> int:
    """Gives the exit code: 1 if some could not be done."""
    from estimation.estimator import INSTALL, preferred
    from records.requests import VideoRequest
    from runs.keypoint_files import corpus_jobs, video_jobs, work_through
    from video.video_parts import asked_rate

    out = expanded(given.out or ("poses" if given.format == "pose" else "keypoints.pkl")).absolute()
    output_folder(out.parent)
    if out.exists() and not given.overwrite:
        raise UserError(f"{out} exists; give another --out, or --overwrite")
    if out.exists() and out.is_dir() is not (given.format == "pose"):
        raise UserError(f"--out {out} is {'a folder' if out.is_dir() else 'a file'}; --format {given.format} writes a "
                        f"{'folder' if given.format == 'pose' else 'file'}; give another")
    if bool(given.videos) == bool(given.data_root):
        raise UserError("name videos, or a corpus with --data-root, one of the two")
    if given.data_root:
        refuse(given, ("start", "stop", "fps_in"), "a corpus's clips are taken whole")
        jobs = corpus_jobs(find_corpus(given.data_root, given.dataset, Workspace()), given.split)
    else:
        refuse(given, ("dataset", "split"), "only with --data-root")
        jobs = video_jobs(given.videos, VideoRequest(given.start, given.stop, *asked_rate(given.fps_in)))
    name = given.estimator or preferred()
    if name is None or name == "none":
        raise UserError(f"no estimator to find keypoints with; {INSTALL['mediapipe']}")
    failed = work_through(jobs, name, out, given.workers, not given.quiet, given.format,
                          given.person)
    if failed == len(jobs):
        return 2 if failed == 1 else 1
    if not given.quiet:
        print(f"{len(jobs) - failed} of {len(jobs)} in {out}")
    return 1 if failed else 0


def main(arguments: Optional[Sequence[str]] = None) -> int:
    return ended("keypoints.py", lambda: find_all(parser().parse_args(arguments)),
                 "the same command continues where it stopped")


if __name__ == "__main__":
    sys.exit(main())

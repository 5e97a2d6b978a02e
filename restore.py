#!/usr/bin/env python3
"""Restore blurred or small hands and faces by what a prior knows of others: what is restored is invented."""
import argparse
import sys
from typing import Optional, Sequence

from datasets.corpora import CORPORA, find_corpus
from files.output import output_folder
from files.workspace import Workspace, expanded
from records.damage import EXPECTED, read_damage
from records.requests import VideoRequest
from records.restoring import NOISE, STEPS, RestoreRequest
from runs.video_arguments import taking_arguments
from terminal.command_exit import ended
from terminal.command_line import (
    VERSION,
    OneLineParser,
    data_flag,
    dataset_flag,
    device_flag,
    refuse,
    seq_flag,
    split_flag,
)
from terminal.numbers import count, number, seed

OF_VIDEOS = ("start", "stop", "fps_in", "keypoints", "person", "estimator")


def parser() -> argparse.ArgumentParser:
    made = OneLineParser(prog="restore.py", description=__doc__)
    add = made.add_argument
    add("--version", action="version", version=f"restore.py {VERSION}")
    add("--damage", required=True, metavar="KIND:AMOUNT",
        help=f"the known damage of the 256x256 frames: {EXPECTED}")
    add("--prior", metavar="FILE", help="checkpoint of configs/train_restorer.yaml (default: the workspace's "
                                        "checkpoints/restorer.pt)")
    split_flag(add)
    seq_flag(add)
    data_flag(add)
    dataset_flag(add, tuple(CORPORA))
    add("--video", nargs="+", metavar="FILE", help="instead: video files, or folders of pictures")
    taking_arguments(add)
    add("--keypoints", metavar="FILE", help="the signer's points in the video, as main.py takes them (default: found)")
    add("--noise", type=number(0.1, 50), default=NOISE, metavar="LEVELS",
        help=f"standard deviation of the noise in the measured pixels, of 255 (default: {NOISE:g})")
    add("--steps", type=count, default=STEPS, metavar="N",
        help=f"number of steps in which a crop is drawn (default: {STEPS})")
    add("--seed", type=seed, default=0, metavar="N", help="another seed draws other details (default: 0)")
    add("--trial", action="store_true",
        help="damage the clip first, restore that, and report how close the result is to the original")
    add("--out", metavar="FOLDER", help="a folder of each clip goes here (default: the workspace's outputs/restored)")
    add("--overwrite", action="store_true", help="replace what was made with other settings")
    device_flag(add)
    add("--quiet", action="store_true", help="print errors only")
    return made


def main(arguments: Optional[Sequence[str]] = None) -> int:
    return ended("restore.py", lambda: _run(parser().parse_args(arguments)),
                 "the same command continues with the clips that are left")


def _run(given: argparse.Namespace) -> int:
    if given.video is None:
        refuse(given, OF_VIDEOS, "only with --video")
    else:
        refuse(given, ("seq", "split", "data_root", "dataset"), "--video takes files of your own, not a corpus's "
                                                                "sequences")
    from runs.restoring import find_prior, restore

    workspace = Workspace()
    asked = RestoreRequest(
        out=output_folder(given.out or workspace.outputs / "restored"), device=given.device, overwrite=given.overwrite,
        prior=find_prior(given.prior, workspace), damage=read_damage(given.damage), noise=given.noise,
        steps=given.steps, seed=given.seed, trial=given.trial, videos=_videos(given))
    asked.check()
    corpus = find_corpus(given.data_root, given.dataset, workspace)
    return restore(asked, corpus, given.split, given.seq, given.quiet)


def _videos(given: argparse.Namespace) -> Optional[VideoRequest]:
    if given.video is None:
        return None
    from video.video_parts import asked_rate

    keep, rate = asked_rate(given.fps_in)
    return VideoRequest(start=given.start, stop=given.stop, keep=keep, rate=rate, person=given.person,
                        keypoints=expanded(given.keypoints).absolute() if given.keypoints else None,
                        estimator=given.estimator,
                        paths=tuple(expanded(path).absolute() for path in given.video))


if __name__ == "__main__":
    sys.exit(main())

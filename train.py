#!/usr/bin/env python3
"""Train or fine-tune a network: python train.py -c configs/train_slowfast.yaml --override trainer.epochs 1"""
import argparse
import logging
import sys
from pathlib import Path
from typing import List, Optional, Sequence

from datasets.corpora import CORPORA, find_corpus
from files.output import output_folder
from files.workspace import Workspace, find_data_root, find_input
from models.registry import EMBEDDERS
from records.networks import RESTORER
from runs.sharing import first_to_say
from terminal.command_exit import ended
from terminal.command_line import VERSION, OneLineParser, data_flag, dataset_flag, device_flag, refuse
from terminal.numbers import count


def parser() -> argparse.ArgumentParser:
    made = OneLineParser(prog="train.py", description="Train or fine-tune a network. Several GPUs: torchrun "
                                                      "--nproc_per_node N train.py ...")
    add = made.add_argument
    add("-c", "--config", required=True, metavar="FILE", help="recipe, such as configs/train_slowfast.yaml")
    add("--override", nargs="+", default=[], metavar="KEY VALUE",
        help="dotted keys and values, such as trainer.epochs 1 data.batch_size 2")
    add("--version", action="version", version=f"train.py {VERSION}")
    data_flag(add, "the recipe's data.root, then ")
    dataset_flag(add, tuple(CORPORA), "the recipe's data.dataset, then ")
    add("--out", metavar="FOLDER", help="where this run's checkpoints and logs go (default: the workspace's "
                                        "outputs/train/<recipe>)")
    add("--resume", action="store_true", help="continue from the last complete epoch in --out")
    add("--extract", metavar="FOLDER", help="train nothing: run the part of the network that sees frames once and keep "
                                            "its features here, to train the rest from them with data.features")
    add("--views", type=count, metavar="N",
        help="with --extract: how many crops and flips of each training clip are kept (default: 1)")
    add("--half", action="store_true", help="with --extract: keep float16 (default: float32)")
    add("--watch", metavar="CLIPS[,LAYERS]",
        help="at each evaluation draw in TensorBoard how much of the maps lies on hands, face, body and elsewhere, on "
             "so many dev clips, of these layers (default: the network's own)")
    add("--watch-parts", action="store_true",
        help="with --watch: also what each part is worth, by hiding it; takes many readings of each clip")
    device_flag(add)
    return made


def main(arguments: Optional[Sequence[str]] = None) -> int:
    out: List[Path] = []

    def advice() -> str:
        resumable = any((folder / "last.pt").exists() for folder in out)
        return "--resume continues from the last complete epoch" if resumable else "the same command starts over"

    return ended("train.py", lambda: _run(arguments, out), advice, first_to_say)


def _run(arguments: Optional[Sequence[str]], chosen: List[Path]) -> int:
    """chosen: gets the output folder, once it is known."""
    args = parser().parse_args(arguments)
    if args.extract:
        refuse(args, ("out", "resume", "watch", "watch_parts"),
               "--extract trains nothing; it names its own folder, and continues where it stopped")
    else:
        refuse(args, ("views", "half"), "they say how --extract keeps features; add that")
    if not args.watch:
        refuse(args, ("watch_parts",), "it is for --watch; add that")
    chosen.append(_out(args))
    train(args)
    return 0


def _out(args: argparse.Namespace) -> Path:
    workspace = Workspace()
    return output_folder(args.extract or args.out
                         or workspace.outputs / "train" / find_input(args.config, workspace).stem)


def train(args: argparse.Namespace) -> float:
    """Gives the best dev WER, of an embedder the best mAP, of a restorer the least dev loss; 0 for features alone."""
    workspace = Workspace()
    recipe = find_input(args.config, workspace)
    out = _out(args)
    from training.config import load_config
    from training.denoising import start as start_denoising
    from training.distributed import join, leave
    from training.identities import start as start_identities
    from training.run import extract, start
    from training.watching import read_watched

    config, architecture = load_config(recipe, args.override)
    process = join(args.device or "auto")
    try:
        _log_to(out, process.first)
        data = config.data
        if architecture["model"] in EMBEDDERS:
            refuse(args, ("dataset", "extract", "watch"),
                   f"{architecture['model']} is trained on pictures, not on a corpus of clips")
            root = find_data_root(args.data_root or data.root, workspace)
            return start_identities(config, architecture, root, out, process, args.resume).run()
        corpus = find_corpus(args.data_root or data.root, args.dataset or data.dataset, workspace,
                             Path(data.info) if data.info else None)
        if architecture["model"] == RESTORER:
            refuse(args, ("extract", "watch"), "a restorer of crops is trained: it reads no glosses")
            return start_denoising(config, architecture, corpus, out, process, args.resume).run()
        if args.extract:
            extract(config, architecture, corpus, out, process, args.views or 1, "float16" if args.half else "float32")
            return 0.0
        watched = read_watched(args.watch, args.watch_parts) if args.watch else None
        return start(config, architecture, corpus, out, process, args.resume, watched).run()
    finally:
        leave()


def _log_to(out: Path, first: bool) -> None:
    from training.progress import ProgressHandler

    log = logging.getLogger("training")
    log.setLevel(logging.INFO if first else logging.ERROR)
    log.propagate = False
    handlers: List[logging.Handler] = [ProgressHandler()]
    if first:
        handlers.append(logging.FileHandler(out / "train.log", encoding="utf-8"))
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    log.handlers[:] = handlers


if __name__ == "__main__":
    sys.exit(main())

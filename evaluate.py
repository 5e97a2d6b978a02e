#!/usr/bin/env python3
"""Word error rate of one or more recognisers on a split: as the authors of each count, and all by one rule."""
import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Optional, Sequence

from datasets.corpora import CORPORA, find_corpus
from files.workspace import Workspace
from runs.model_arguments import check_checkpoints, model_arguments
from runs.sharing import first_to_say
from terminal.command_exit import ended
from terminal.command_line import SPLITS, VERSION, Listed, OneLineParser, data_flag, dataset_flag, device_flag, refuse
from terminal.errors import UserError
from terminal.numbers import count

if TYPE_CHECKING:   # torch is loaded once arguments are understood
    from datasets.layout import Corpus


TRAIN_EVAL = "train_eval"
SENTENCES, READ = 4, 12     # of each pair of glosses: explained, and read


def parser() -> argparse.ArgumentParser:
    made = OneLineParser(prog="evaluate.py", description=__doc__)
    add = made.add_argument
    add("--version", action="version", version=f"evaluate.py {VERSION}")
    add("--split", action=Listed, known=(*SPLITS, TRAIN_EVAL), default=["dev"], metavar="SPLIT",
        help=f"one or more of {', '.join(SPLITS)} (default: dev); {TRAIN_EVAL}, the published scripts' name for "
             "train without augmentation, is the same as train")
    model_arguments(add)
    add("--beam", type=width, nargs="+", metavar="WIDTH",
        help="beam widths: 1 is greedy; own is the width that each model's authors use (default: own); several are "
             "compared side by side: --beam 1 own")
    add("--batch-size", type=count, metavar="CLIPS", help="clips read at once (default: 1)")
    device_flag(add)
    data_flag(add)
    dataset_flag(add, tuple(CORPORA))
    add("--truth", metavar="FILE.eaf|FOLDER",
        help="ELAN files with what is signed, named as the sequences are; used instead of the corpus's own annotation")
    add("--tier", metavar="NAME", help="the tier of --truth that has the glosses (default: the only one)")
    add("--out", metavar="FOLDER", help="where results go (default: the workspace's outputs/evaluation)")
    add("--evidence", action="store_true",
        help="measure instead whether maps fall on the articulators, on clips of the synthetic signer "
             "(default: the demo's recognisers on new clips), or on film by alignments and keypoints")
    add("--clips", type=count, metavar="N", help="with --evidence: how many clips (default: 12)")
    add("--beside", action="store_true",
        help="with --evidence: write the verdict on each checkpoint's maps beside the checkpoint, where main.py finds "
             "it")
    add("--pairs", action="store_true",
        help="with --evidence: for pairs of glosses that differ in one thing only (handshape, place, movement, mouth "
             "or brows), whether maps show that difference (default: the small recognisers trained on such pairs); "
             "--clips is then how many sentences of each pair are explained (default: 4)")
    add("--film", action="store_true",
        help="with --evidence: measure by frame alignments and keypoints, as filmed clips have them; clips that were "
             "not drawn are always measured in this way")
    return made


def width(text: str) -> Optional[int]:
    """None is a model's own."""
    return None if text == "own" else count(text)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    return ended("evaluate.py", lambda: _run(arguments), "the same command starts over", first_to_say)


def _run(arguments: Optional[Sequence[str]]) -> int:
    given = parser().parse_args(arguments)
    _check_together(given)
    given.batch_size, given.clips = given.batch_size or 1, given.clips or (SENTENCES if given.pairs else 12)
    given.split = list(dict.fromkeys("train" if split == TRAIN_EVAL else split for split in given.split))
    given.beam = list(dict.fromkeys(given.beam or ()))
    if not given.evidence:
        from runs.error_rates import evaluate

        return evaluate(given)
    if given.pairs:
        return measure_pairs(given)
    if len(given.split) > 1:
        raise UserError(f"--split {' '.join(given.split)}: --evidence measures one split at a time; name one")
    return measure_evidence(given)


def _check_together(given: argparse.Namespace) -> None:
    """UserError for a flag that is of no use beside the others."""
    check_checkpoints(given)
    if given.evidence:
        refuse(given, ("beam", "batch_size", "truth", "tier"), "--evidence counts no word errors")
    else:
        refuse(given, ("clips", "beside", "film", "pairs"), "only with --evidence")
    if given.pairs:
        refuse(given, ("split", "data_root", "dataset", "beside", "film"), "--pairs draws clips of its own")
    if given.tier and not given.truth:
        raise UserError(f"--tier {given.tier} is for --truth FILE.eaf; name the file or folder, or leave it out")


def measure_evidence(given: argparse.Namespace) -> int:
    """Table and plot of where the maps lie. What is not named is the demo's."""
    from files.atomic import atomic_file
    from files.output import output_folder
    from files.overwrite_guard import check_ours
    from runs.demo import CHECKPOINTS as SMALL
    from runs.demo import demo_data
    from runs.loading import checkpoint_path

    workspace = Workspace()
    split, = given.split
    checkpoints = {}
    for model in given.models:
        named = getattr(given, f"{model}_ckpt") or SMALL.get(model)
        checkpoints[model] = checkpoint_path(model, str(named) if named else None, workspace)
    out = output_folder(given.out or workspace.demo_outputs / "evaluation")
    check_ours([out / "evidence.txt", out / "evidence.png"])
    corpus = find_corpus(given.data_root or str(demo_data(out, given.clips, True)), given.dataset, workspace)

    if given.film or not (corpus.root / "evidence").is_dir():
        refuse(given, ("beside",), "measurements on film give no verdict")
        return measure_film(given, corpus, checkpoints, out)

    import time

    from tqdm import tqdm

    from evidence.drawn import PLAIN, distracted_clips, drawn_clips
    from evidence.figure import plot
    from evidence.study import study
    from evidence.table import lines
    from evidence.verdict import verdict
    from models.device import choose_device
    from results.verdict import write_verdict
    from runs.loading import load_checked, sha256

    started = time.perf_counter()
    kinds = {PLAIN: drawn_clips(corpus, split, given.clips)}
    if given.data_root is None:
        kinds.update(distracted_clips(partial(demo_data, out, given.clips, True), split, given.clips))
    recognisers = load_checked(checkpoints, choose_device(given.device)[0], corpus, [split])
    with tqdm(total=sum(map(len, kinds.values())), unit="clip", leave=False, disable=None) as bar:
        measured = study(recognisers, kinds, bar.update)
    text = "\n".join([*lines(measured), "", f"in {time.perf_counter() - started:.0f} seconds"])
    with atomic_file(out / "evidence.txt") as draft:
        draft.write_text(text + "\n", encoding="utf-8")
    plot(measured, out / "evidence.png")
    print(f"{text}\n\ntable and plot: {out / 'evidence'}.txt, .png")
    for model, path in checkpoints.items():
        figures = verdict(measured, model, path.name, sha256(path))
        written = write_verdict(path.parent if given.beside else out, path, figures)
        print(f"verdict on {model}'s maps: {written}"
              + ("" if given.beside else f"; main.py shows it if it lies beside the checkpoint, in {path.parent}"))
    return 0


def measure_film(given: argparse.Namespace, corpus: "Corpus", checkpoints: Dict[str, Path], out: Path) -> int:
    """The same question where nobody drew the evidence: by frame alignments and keypoints."""
    from tqdm import tqdm

    from evidence.filmed import filmed_clips
    from evidence.real import real_study
    from evidence.real_table import lines
    from files.atomic import atomic_file
    from files.overwrite_guard import check_ours
    from models.device import choose_device
    from runs.loading import load_checked

    split, = given.split
    check_ours([out / "film.txt"])
    films = filmed_clips(corpus, split, given.clips)
    recognisers = load_checked(checkpoints, choose_device(given.device)[0], corpus, [split])
    with tqdm(total=len(films), unit="clip", leave=False, disable=None) as bar:
        text = "\n".join(lines(real_study(recognisers, films, bar.update), split))
    with atomic_file(out / "film.txt") as draft:
        draft.write_text(text + "\n", encoding="utf-8")
    print(f"{text}\n\ntable: {out / 'film.txt'}")
    return 0


def measure_pairs(given: argparse.Namespace) -> int:
    """The same question where the evidence is known by construction: by what are two glosses told apart?"""
    from tqdm import tqdm

    from evidence.minimal_pairs import study
    from evidence.pairs_table import lines
    from files.atomic import atomic_file
    from files.output import output_folder
    from files.overwrite_guard import check_ours
    from models.device import choose_device
    from runs.demo import PAIRS, SEED
    from runs.loading import checkpoint_path, load_for_pairs
    from signer.minimal_pairs import PAIRS as ALL_PAIRS

    workspace, device = Workspace(), choose_device(given.device)[0]
    recognisers = {}
    for model in given.models:
        named = getattr(given, f"{model}_ckpt") or PAIRS.get(model)
        path = checkpoint_path(model, str(named) if named else None, workspace)
        recognisers[model] = load_for_pairs(model, path, device)
    out = output_folder(given.out or workspace.demo_outputs / "evaluation")
    check_ours([out / "pairs.txt"])
    read = max(READ, given.clips)
    with tqdm(total=(read + given.clips) * len(ALL_PAIRS), unit="sentence", leave=False, disable=None) as bar:
        text = "\n".join(lines(study(recognisers, SEED, read, given.clips, bar.update)))
    with atomic_file(out / "pairs.txt") as draft:
        draft.write_text(text + "\n", encoding="utf-8")
    print(f"{text}\n\ntable: {out / 'pairs.txt'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

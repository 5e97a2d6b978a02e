#!/usr/bin/env python3
"""Word error rate of one or more recognisers on a split: as the authors of each count, and all by one rule."""
import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Optional, Sequence, Tuple

from datasets.corpora import CORPORA, find_corpus
from files.workspace import Workspace
from runs.model_arguments import model_arguments
from runs.sharing import first_to_say
from terminal.command_exit import ended
from terminal.command_line import (
    VERSION,
    OneLineParser,
    data_flag,
    dataset_flag,
    device_flag,
    split_flag,
)
from terminal.errors import UserError
from terminal.numbers import count

if TYPE_CHECKING:   # torch is loaded once arguments are understood
    from datasets.layout import Corpus
    from glosses.rules import Rule
    from glosses.wer import WER
    from models.recogniser import Recogniser


def parser() -> argparse.ArgumentParser:
    made = OneLineParser(prog="evaluate.py", description=__doc__)
    add = made.add_argument
    add("--version", action="version", version=f"evaluate.py {VERSION}")
    split_flag(add)
    model_arguments(add)
    add("--beam", type=count, metavar="WIDTH", help="beam width, 1 is greedy (default: each model's own)")
    add("--batch-size", type=count, metavar="CLIPS", help="clips read at once (default: 1)")
    device_flag(add)
    data_flag(add)
    dataset_flag(add, tuple(CORPORA))
    add("--out", metavar="FOLDER", help="where results go (default: the workspace's outputs/evaluation)")
    add("--evidence", action="store_true",
        help="measure instead whether maps fall on the articulators, on clips of the synthetic signer "
             "(default: the demo's recognisers on new clips), or on film by alignments and keypoints")
    add("--clips", type=count, metavar="N", help="with --evidence: how many clips (default: 12)")
    add("--beside", action="store_true",
        help="with --evidence: the verdict on each checkpoint's maps goes beside it, where main.py finds it")
    add("--film", action="store_true",
        help="with --evidence: by frame alignments and keypoints, as film has them; so measured in any case where "
             "clips were not drawn")
    return made


def main(arguments: Optional[Sequence[str]] = None) -> int:
    return ended("evaluate.py", lambda: _run(arguments), "the same command begins anew", first_to_say)


def _run(arguments: Optional[Sequence[str]]) -> int:
    given = parser().parse_args(arguments)
    _check_together(given)
    given.batch_size, given.clips = given.batch_size or 1, given.clips or 12
    return measure_evidence(given) if given.evidence else evaluate(given)


def _check_together(given: argparse.Namespace) -> None:
    """A flag that the other question has no use for is refused."""
    alone = {"--beam": given.beam, "--batch-size": given.batch_size}
    with_evidence = {"--clips": given.clips, "--beside": given.beside, "--film": given.film}
    for flag, value in (alone if given.evidence else with_evidence).items():
        if value:
            raise UserError(f"{flag}: --evidence counts no word errors and does not use it; leave one of them out"
                            if given.evidence else f"{flag} is for --evidence alone; add that, or leave it out")


def evaluate(given: argparse.Namespace) -> int:
    """Gives the exit code: 1 if a clip could not be read."""
    from files.output import output_folder
    from runs.loading import checkpoint_path

    workspace = Workspace()
    corpus = find_corpus(given.data_root, given.dataset, workspace)
    checkpoints = {model: checkpoint_path(model, getattr(given, f"{model}_ckpt"), workspace, corpus.name)
                   for model in given.models}

    from tqdm import tqdm

    from datasets.phoenix import PhoenixVideoTextDataset
    from files.overwrite_guard import check_ours
    from results.certainty import BESIDE, write_range
    from runs.loading import sha256
    from training.distributed import join, leave
    from training.evaluation import Reading, read_split, score, write_hypotheses

    dataset = PhoenixVideoTextDataset(corpus, given.split)
    out = output_folder(given.out or workspace.outputs / "evaluation")
    check_ours([*(out / f"{given.split}.{model}.txt" for model in checkpoints),
                *(out / f"{path.name}{BESIDE}" for path in checkpoints.values() if given.split == "dev")])
    place = join(given.device or "auto")
    try:
        recognisers = _load(checkpoints, str(place.device), corpus, given.split)
        indices = list(range(len(dataset)))[place.rank::place.world]
        readings: Dict[str, List[Reading]] = {model: [] for model in checkpoints}
        broken: Dict[str, str] = {}
        bar = tqdm(total=len(indices), unit="clip", leave=False, disable=None if place.first else True)
        for batch in read_split(recognisers, dataset, indices, given.batch_size, given.beam):
            for model, read in batch.readings.items():
                readings[model] += read
            broken.update(batch.broken)
            bar.update(batch.clips)
        bar.close()
        readings = {model: place.gather(read) for model, read in readings.items()}
        broken = dict(place.gather(list(broken.items())))
    finally:
        leave()
    if not place.first:
        return 0
    for model, read in readings.items():
        write_hypotheses(out / f"{given.split}.{model}.txt", read, corpus.rule)
        if given.split == "dev":
            sure = [each.sure for each in read if each.sure]
            write_range(out, checkpoints[model], sha256(checkpoints[model]), "dev", sure)
    counted = [(model, len(read), rule, whose, score(read, rule)) for model, read in readings.items()
               for rule, whose in counts(model, corpus)]
    print("\n".join(table(counted)))
    print(f"hypotheses: {out / given.split}.*.txt" + (f"; how sure: *{BESIDE}" if given.split == "dev" else ""))
    for name, reason in broken.items():
        print(f"{name}: not read: {reason}", file=sys.stderr)
    return 1 if broken else 0


def measure_evidence(given: argparse.Namespace) -> int:
    """Table and plot of where the maps lie. What is not named is the demo's."""
    from files.atomic import atomic_file
    from files.output import output_folder
    from files.overwrite_guard import check_ours
    from runs.demo import CHECKPOINTS as SMALL
    from runs.demo import demo_data
    from runs.loading import checkpoint_path

    workspace = Workspace()
    checkpoints = {}
    for model in given.models:
        named = getattr(given, f"{model}_ckpt") or SMALL.get(model)
        checkpoints[model] = checkpoint_path(model, str(named) if named else None, workspace)
    out = output_folder(given.out or workspace.demo_outputs / "evaluation")
    check_ours([out / "evidence.txt", out / "evidence.png"])
    corpus = find_corpus(given.data_root or str(demo_data(out, given.clips, True)), given.dataset, workspace)

    if given.film or not (corpus.root / "evidence").is_dir():
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
    from runs.loading import sha256

    started = time.perf_counter()
    kinds = {PLAIN: drawn_clips(corpus, given.split, given.clips)}
    if given.data_root is None:
        kinds.update(distracted_clips(partial(demo_data, out, given.clips, True), given.split, given.clips))
    recognisers = _load(checkpoints, choose_device(given.device)[0], corpus, given.split)
    with tqdm(total=sum(map(len, kinds.values())), unit="clip", leave=False, disable=None) as bar:
        found = study(recognisers, kinds, bar.update)
    text = "\n".join([*lines(found), "", f"in {time.perf_counter() - started:.0f} seconds"])
    with atomic_file(out / "evidence.txt") as draft:
        draft.write_text(text + "\n", encoding="utf-8")
    plot(found, out / "evidence.png")
    print(f"{text}\n\ntable and plot: {out / 'evidence'}.txt, .png")
    for model, path in checkpoints.items():
        told = verdict(found, model, path.name, sha256(path))
        written = write_verdict(path.parent if given.beside else out, path, told)
        print(f"verdict on {model}'s maps: {written}"
              + ("" if given.beside else f"; main.py tells it where it lies beside the checkpoint, in {path.parent}"))
    return 0


def measure_film(given: argparse.Namespace, corpus: "Corpus", checkpoints: Dict[str, Path], out: Path) -> int:
    """The same question where nobody drew the evidence: by frame alignments and keypoints."""
    from tqdm import tqdm

    from evidence.filmed import filmed_clips
    from evidence.real import real_study
    from evidence.real_table import lines
    from files.atomic import atomic_file
    from models.device import choose_device

    films = filmed_clips(corpus, given.split, given.clips)
    recognisers = _load(checkpoints, choose_device(given.device)[0], corpus, given.split)
    with tqdm(total=len(films), unit="clip", leave=False, disable=None) as bar:
        text = "\n".join(lines(real_study(recognisers, films, bar.update), given.split))
    with atomic_file(out / "film.txt") as draft:
        draft.write_text(text + "\n", encoding="utf-8")
    print(f"{text}\n\ntable: {out / 'film.txt'}")
    return 0


def _load(checkpoints: Dict[str, Path], device: str, corpus: "Corpus", split: str) -> "Dict[str, Recogniser]":
    """Those that know what is signed in the split."""
    from glosses.known import check_known
    from runs.loading import load_recogniser

    recognisers = {model: load_recogniser(model, path, device, corpus) for model, path in checkpoints.items()}
    truths = [row.glosses for row in corpus.rows(split)]
    for model, recogniser in recognisers.items():
        lacking = check_known(recogniser.vocabulary, truths, str(checkpoints[model]), split,
                              "a checkpoint of this corpus, or another --dataset")
        for note in (*recogniser.notes, *([lacking] if lacking else [])):
            print(f"warning: {model}: {note}", file=sys.stderr)
    return recognisers


def counts(model: str, corpus: "Corpus") -> "List[Tuple[Rule, str]]":
    """The rules to count by, and whose each is: what is published is by the authors' own."""
    from glosses.rules import authors_rule

    own = authors_rule(model, corpus.name)
    if own is corpus.rule:
        return [(own, "common, and its authors'")]
    theirs = [(own, "its authors'")] if own else []
    return [*theirs, (corpus.rule, "common" if own else f"common; its authors published none on {corpus.name}")]


def table(rows: "Sequence[Tuple[str, int, Rule, str, WER]]") -> List[str]:
    """Rows of (model, clips, rule, whose it is, counts), and what each rule does."""
    lines = [f"{'model':<12}{'clips':>7}{'glosses':>9}{'sub':>7}{'ins':>7}{'del':>7}{'WER':>9}  counted by"]
    for model, clips, rule, whose, told in rows:
        lines.append(f"{model:<12}{clips:>7}{told.reference:>9}{told.substitutions:>7}{told.insertions:>7}"
                     f"{told.deletions:>7}{told.percent:>8.2f}%  {rule.name} ({whose})")
    return lines + [f"{rule.name}: {rule.about}" for rule in dict.fromkeys(rule for _, _, rule, _, _ in rows)]


if __name__ == "__main__":
    sys.exit(main())

"""The word error rates of recognisers on splits, by several decoders at once, and the files they leave."""
import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from datasets.corpora import find_corpus
from files.atomic import atomic_file
from files.workspace import Workspace
from glosses.ctm import cleaned_ctm_lines, ctm_lines, stm_lines

if TYPE_CHECKING:   # torch is loaded once arguments are understood
    from datasets.corpus import Row
    from datasets.layout import Corpus
    from datasets.phoenix import PhoenixVideoTextDataset
    from glosses.rules import Rule
    from glosses.wer import WER
    from models.recogniser import Recogniser
    from training.distributed import Process
    from training.evaluation import Reading

Widths = Tuple[Optional[int], ...]      # of beams; None is a network's own
WRITTEN = (".txt", ".ctm", ".sclite.ctm")


@dataclass(frozen=True)
class Outcome:
    """What one network read in one split by one decoder."""

    split: str
    model: str
    decoder: str
    name: str                           # what the names of its files begin with
    readings: "List[Reading]"


def evaluate(given: argparse.Namespace) -> int:
    """Gives the exit code: 1 if a clip could not be read."""
    from files.output import output_folder
    from files.overwrite_guard import check_ours
    from runs.loading import checkpoint_path, load_checked

    workspace = Workspace()
    corpus = find_corpus(given.data_root, given.dataset, workspace)
    checkpoints = {model: checkpoint_path(model, getattr(given, f"{model}_ckpt"), workspace, corpus.name)
                   for model in given.models}

    from datasets.phoenix import PhoenixVideoTextDataset
    from results.certainty import BESIDE
    from runs.elan_annotation import annotate
    from training.distributed import join, leave

    datasets = {split: PhoenixVideoTextDataset(corpus, split) for split in given.split}
    notes = annotate(datasets, given.truth, given.tier or "") if given.truth else []
    widths: Widths = tuple(given.beam or (None,))
    out = output_folder(given.out or workspace.outputs / "evaluation")
    check_ours([*(out / f"{file_name(split, model, width, widths)}{ending}" for split in given.split
                  for model in checkpoints for width in widths for ending in WRITTEN),
                *(out / f"{split}.stm" for split in given.split),
                *(out / f"{path.name}{BESIDE}" for path in checkpoints.values() if "dev" in given.split)])
    process = join(given.device or "auto")
    for note in notes if process.first else ():
        print(note, file=sys.stderr)
    broken: Dict[str, Dict[str, str]] = {}
    outcomes: List[Outcome] = []
    try:
        recognisers = load_checked(checkpoints, str(process.device), corpus, given.split,
                                   {split: dataset.rows for split, dataset in datasets.items()})
        for split, dataset in datasets.items():
            read, broken[split] = _read(recognisers, dataset, process, given.batch_size, widths)
            outcomes += [Outcome(split, model, decoder_name(width, recognisers[model]),
                                 file_name(split, model, width, widths), read[model][number])
                         for model in checkpoints for number, width in enumerate(widths)]
    finally:
        leave()
    if not process.first:
        return 0
    _write(out, corpus, outcomes, {split: dataset.rows for split, dataset in datasets.items()}, broken, checkpoints)
    print("\n".join([*table(outcomes, corpus), *parity(outcomes, len(widths))]))
    print(f"hypotheses: {out}/*.txt; for sclite: *.sclite.ctm, *.stm"
          + (f"; how sure: *{BESIDE}" if "dev" in given.split else ""))
    for clips in broken.values():
        for name, reason in clips.items():
            print(f"{name}: not read: {reason}", file=sys.stderr)
    return 1 if any(broken.values()) else 0


def _read(recognisers: "Mapping[str, Recogniser]", dataset: "PhoenixVideoTextDataset", process: "Process", batch: int,
          widths: Widths) -> "Tuple[Dict[str, List[List[Reading]]], Dict[str, str]]":
    """The whole split, shared among processes: each network's readings, a list a decoder; and clips not read."""
    from tqdm import tqdm

    from training.evaluation import read_split

    indices = list(range(len(dataset)))[process.rank::process.world]
    readings: Dict[str, List[List[Reading]]] = {model: [[] for _ in widths] for model in recognisers}
    broken: Dict[str, str] = {}
    bar = tqdm(total=len(indices), desc=dataset.split, unit="clip", leave=False,
               disable=None if process.first else True)
    for read in read_split(recognisers, dataset, indices, batch, widths):
        for model, by_width in read.readings.items():
            for whole, part in zip(readings[model], by_width):
                whole += part
        broken.update(read.broken)
        bar.update(read.clips)
    bar.close()
    gathered = {model: [process.gather(part) for part in by_width] for model, by_width in readings.items()}
    return gathered, dict(process.gather(list(broken.items())))


def _write(out: Path, corpus: "Corpus", outcomes: Sequence[Outcome], rows: "Mapping[str, Sequence[Row]]",
           broken: Mapping[str, Mapping[str, str]], checkpoints: Mapping[str, Path]) -> None:
    """Truth and readings hold the same clips: those that are annotated and were read."""
    from results.certainty import write_range
    from runs.loading import sha256
    from training.evaluation import write_hypotheses

    annotated = {split: [row for row in rows[split] if row.glosses and row.seq_id not in broken[split]]
                 for split in rows}
    for split, known in annotated.items():
        _lines(out / f"{split}.stm", stm_lines((row.seq_id, row.signer, row.glosses) for row in known))
    sure = set()
    for outcome in outcomes:
        write_hypotheses(out / f"{outcome.name}.txt", outcome.readings, corpus.rule)
        names = {row.seq_id for row in annotated[outcome.split]}
        read = [(reading.name, reading.hypothesis) for reading in outcome.readings]
        _lines(out / f"{outcome.name}.ctm", ctm_lines(read))
        _lines(out / f"{outcome.name}.sclite.ctm", cleaned_ctm_lines(line for line in read if line[0] in names))
        if outcome.split == "dev" and outcome.model not in sure:     # once, by the first decoder
            sure.add(outcome.model)
            path = checkpoints[outcome.model]
            write_range(out, path, sha256(path), "dev", [reading.sure for reading in outcome.readings if reading.sure])


def _lines(path: Path, lines: Sequence[str]) -> None:
    with atomic_file(path) as draft:
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")


def file_name(split: str, model: str, width: Optional[int], widths: Widths) -> str:
    """With the decoder in it where there are several."""
    return f"{split}.{model}" if len(widths) == 1 else f"{split}.{model}.beam-{width or 'own'}"


def decoder_name(width: Optional[int], recogniser: "Recogniser") -> str:
    width = recogniser.beam_width if width is None else width
    return "greedy" if width == 1 else f"beam {width}"


def counts(model: str, corpus: "Corpus") -> "List[Tuple[Rule, str]]":
    """The rules to count by, and whose each is: what is published is by the authors' own."""
    from glosses.rules import authors_rule

    own = authors_rule(model, corpus.name)
    if own is corpus.rule:
        return [(own, "common, and its authors'")]
    theirs = [(own, "its authors'")] if own else []
    return [*theirs, (corpus.rule, "common" if own else f"common; its authors published none on {corpus.name}")]


def table(outcomes: Sequence[Outcome], corpus: "Corpus") -> List[str]:
    """A row a split, network, rule and decoder, so that decoders stand below each other; and what each rule does."""
    lines = [f"{'model':<12}{'split':<7}{'decoder':<9}{'clips':>7}{'glosses':>9}{'sub':>7}{'ins':>7}{'del':>7}"
             f"{'WER':>9}  counted by"]
    rules: Dict[Rule, None] = {}
    for outcome, rule, whose, errors in _counted(outcomes, corpus):
        rules[rule] = None
        lines.append(f"{outcome.model:<12}{outcome.split:<7}{outcome.decoder:<9}{len(outcome.readings):>7}"
                     f"{errors.reference:>9}{errors.substitutions:>7}{errors.insertions:>7}{errors.deletions:>7}"
                     f"{errors.percent:>8.2f}%  {rule.name} ({whose})")
    return lines + [f"{rule.name}: {rule.about}" for rule in rules]


def _counted(outcomes: Sequence[Outcome], corpus: "Corpus") -> "Iterator[Tuple[Outcome, Rule, str, WER]]":
    from training.evaluation import score

    for split, model in dict.fromkeys((outcome.split, outcome.model) for outcome in outcomes):
        for rule, whose in counts(model, corpus):
            for outcome in outcomes:
                if (outcome.split, outcome.model) == (split, model):
                    yield outcome, rule, whose, score(outcome.readings, rule)


def parity(outcomes: Sequence[Outcome], decoders: int) -> List[str]:
    """Of several decoders: in how many clips each reads what the first reads."""
    lines = []
    for start in range(0, len(outcomes), decoders):
        first, *others = outcomes[start:start + decoders]
        known = {reading.name: reading.hypothesis for reading in first.readings}
        for other in others:
            alike = sum(known[reading.name] == reading.hypothesis for reading in other.readings)
            lines.append(f"{other.model}, {other.split}: {other.decoder} reads as {first.decoder} does in {alike} of "
                         f"{len(other.readings)} clips")
    return lines

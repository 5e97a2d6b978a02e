"""What became of a run's sequences: summary.json and summary.csv for batches, a few lines for the terminal.

summary.csv has a row for each sequence and model; of a sequence that failed, one row without a model.
"""
import csv
import io
import json
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Sequence, Union

from files.atomic import atomic_file
from glosses.wer import WER
from records.networks import title_of
from records.summary import FORMAT, STATUSES, ModelOutcome, Outcome, Summary, summary_json
from records.transcript import WordErrors
from results.folder import wer_lines
from results.readings import word_errors

COLUMNS = ("format", "sequence", "status", "reason", "frames", "seconds", "peak_memory", "truth", "model", "glosses",
           "wer", "substitutions", "insertions", "deletions", "reference", "rule", "wer_authors", "rule_authors",
           "flags", "guess")


def totals(outcomes: Iterable[Outcome], authors: bool = False) -> Dict[str, WordErrors]:
    """Errors over all sequences, of each model: by the common rule, or by that of its authors."""
    counts: Dict[str, WER] = {}
    rules: Dict[str, str] = {}
    for outcome in outcomes:
        for name, model in outcome.models.items():
            score = model.wer_authors if authors else model.wer
            if score:
                counts[name] = counts.get(name, WER()) + WER(score.substitutions, score.insertions, score.deletions,
                                                             score.reference)
                rules[name] = score.rule
    return {name: word_errors(count, rules[name]) for name, count in counts.items()}


def count(outcomes: Iterable[Outcome], status: str) -> int:
    return sum(outcome.status == status for outcome in outcomes)


def write_summary(out: Path, outcomes: Sequence[Outcome], seconds: float) -> None:
    summary = Summary({status: count(outcomes, status) for status in STATUSES}, totals(outcomes),
                      totals(outcomes, True), round(seconds, 3), tuple(outcomes))
    texts = {"summary.json": json.dumps(summary_json(summary), ensure_ascii=False, indent=1) + "\n",
             "summary.csv": _table(outcomes)}
    for name, text in texts.items():
        with atomic_file(out / name) as draft:
            draft.write_text(text, encoding="utf-8")


def _table(outcomes: Sequence[Outcome]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for outcome in outcomes:
        head = [FORMAT, outcome.sequence, outcome.status, outcome.reason, outcome.frames, outcome.seconds,
                outcome.peak_memory, " ".join(outcome.truth or ())]
        for name, model in outcome.models.items() or [("", None)]:
            writer.writerow([*head, name, *_cells(model)])
    return text.getvalue()


def _cells(model: Optional[ModelOutcome]) -> List[Union[str, float, int]]:
    if model is None:
        return [""] * 11
    wer, theirs = model.wer, model.wer_authors
    flags = "; ".join(f"{layer}: {', '.join(flags)}" for layer, flags in model.flags.items())
    score: List[Union[str, float, int]] = [""] * 6 if wer is None else [
        wer.wer, wer.substitutions, wer.insertions, wer.deletions, wer.reference, wer.rule]
    own: List[Union[str, float]] = ["", ""] if theirs is None else [theirs.wer, theirs.rule]
    return [" ".join(model.glosses), *score, *own, flags, "yes" if model.guess else "no"]


def summary_lines(out: Path, outcomes: Sequence[Outcome], seconds: float) -> List[str]:
    done, skipped, failed = (count(outcomes, status) for status in STATUSES)
    lines = [f"{len(outcomes)} sequence{'s' if len(outcomes) != 1 else ''}: {done} done, "
             f"{skipped} skipped{' (finished before)' if skipped else ''}, "
             f"{failed} failed, in {seconds:.1f} s"]
    authors = totals(outcomes, True)
    lines += [line for name, score in totals(outcomes).items()
              for line in wer_lines(title_of(name), score, authors.get(name))]
    peaks = [outcome.peak_memory for outcome in outcomes if outcome.status == "done" and outcome.peak_memory]
    if peaks:
        lines.append(f"peak memory {max(peaks) / 2 ** 30:.2f} GB")
    return [*lines, f"outputs in {out}"]

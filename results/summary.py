"""What became of a run's sequences: summary.json and summary.csv for batches, a few lines for the terminal."""
import csv
import io
import json
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Sequence

from files.atomic import atomic_file
from glosses.wer import WER
from results.folder import wer_line
from results.readings import TITLES

Outcome = Mapping[str, Any]
COLUMNS = ("sequence", "status", "reason", "frames", "seconds", "peak_memory", "truth")
MODEL_COLUMNS = ("glosses", "wer", "sub", "ins", "del", "flags")


def outcome_of(preds: Mapping[str, Any], status: str) -> Dict[str, Any]:
    """A row from preds.json; status done or skipped."""
    models = {name: {"glosses": model["glosses"], "wer": model["wer"],
                     "flags": {layer: told["flags"] for layer, told in model["layers"].items() if told["flags"]}}
              for name, model in preds["models"].items()}
    return {"sequence": preds["sequence"], "status": status, "reason": "", "frames": preds["frames"],
            "seconds": preds["seconds"]["total"], "peak_memory": preds["peak_memory"],
            "truth": preds["truth"], "models": models}


def failure(sequence: str, reason: str, users: bool) -> Dict[str, Any]:
    """users: whether it is for the user to mend."""
    return {"sequence": sequence, "status": "failed", "reason": reason, "users": users, "frames": None,
            "seconds": None, "peak_memory": None, "truth": None, "models": {}}


def totals(outcomes: Iterable[Outcome]) -> Dict[str, Dict[str, Any]]:
    """WER over all sequences of each model."""
    counts: Dict[str, WER] = {}
    for outcome in outcomes:
        for name, model in outcome["models"].items():
            if model["wer"]:
                score = model["wer"]
                counts[name] = counts.get(name, WER()) + WER(score["sub"], score["ins"], score["del"],
                                                             score["reference"])
    return {name: {"wer": round(count.percent, 4), "sub": count.substitutions, "ins": count.insertions,
                   "del": count.deletions, "reference": count.reference} for name, count in counts.items()}


def count(outcomes: Iterable[Outcome], status: str) -> int:
    return sum(outcome["status"] == status for outcome in outcomes)


def write_summary(out: Path, outcomes: Sequence[Outcome], seconds: float) -> None:
    merged = {"counts": {status: count(outcomes, status) for status in ("done", "skipped", "failed")},
              "wer": totals(outcomes), "seconds": round(seconds, 3), "sequences": list(outcomes)}
    texts = {"summary.json": json.dumps(merged, ensure_ascii=False, indent=1) + "\n", "summary.csv": _table(outcomes)}
    for name, text in texts.items():
        with atomic_file(out / name) as draft:
            draft.write_text(text, encoding="utf-8")


def _table(outcomes: Sequence[Outcome]) -> str:
    models = list(dict.fromkeys(name for outcome in outcomes for name in outcome["models"]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *(f"{model} {column}" for model in models for column in MODEL_COLUMNS)])
    for outcome in outcomes:
        row: List[Any] = [outcome[column] for column in COLUMNS[:-1]]
        row.append(" ".join(outcome["truth"] or ()))
        for name in models:
            model = outcome["models"].get(name)
            row += _model_cells(model) if model else [""] * len(MODEL_COLUMNS)
        writer.writerow(row)
    return text.getvalue()


def _model_cells(model: Mapping[str, Any]) -> List[Any]:
    score = model["wer"] or {}
    flags = "; ".join(f"{layer}: {', '.join(flags)}" for layer, flags in model["flags"].items())
    return [" ".join(model["glosses"]), *(score.get(column, "") for column in ("wer", "sub", "ins", "del")), flags]


def summary_lines(out: Path, outcomes: Sequence[Outcome], seconds: float) -> List[str]:
    done, skipped, failed = (count(outcomes, status) for status in ("done", "skipped", "failed"))
    lines = [f"{len(outcomes)} sequence{'s' if len(outcomes) != 1 else ''}: {done} done, {skipped} skipped, "
             f"{failed} failed, in {seconds:.1f} s"]
    lines += [f"{TITLES.get(name, name)} {wer_line(score)}" for name, score in totals(outcomes).items()]
    peaks = [outcome["peak_memory"] for outcome in outcomes if outcome["status"] == "done"]
    if peaks:
        lines.append(f"peak memory {max(peaks) / 2 ** 30:.2f} GB")
    return [*lines, f"outputs in {out}"]

"""What became of a run's sequences: summary.json and summary.csv for batches, a few lines for the terminal."""
import csv
import io
import json
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Sequence

from files.atomic import atomic_file
from glosses.wer import WER
from results.folder import wer_lines
from results.readings import TITLES, told_wer

Outcome = Mapping[str, Any]
COLUMNS = ("sequence", "status", "reason", "frames", "seconds", "peak_memory", "truth")
MODEL_COLUMNS = ("glosses", "wer", "sub", "ins", "del", "wer_authors", "flags")


def outcome_of(preds: Mapping[str, Any], status: str) -> Dict[str, Any]:
    """A row from preds.json; status done or skipped."""
    models = {name: {"glosses": model["glosses"], "wer": model["wer"], "wer_authors": model.get("wer_authors"),
                     "flags": {layer: told["flags"] for layer, told in model["layers"].items() if told["flags"]}}
              for name, model in preds["models"].items()}
    return {"sequence": preds["sequence"], "status": status, "reason": "", "frames": preds["frames"],
            "seconds": preds["seconds"]["total"], "peak_memory": preds["peak_memory"],
            "truth": preds["truth"], "models": models}


def failure(sequence: str, reason: str, users: bool) -> Dict[str, Any]:
    """users: whether it is for the user to mend."""
    return {"sequence": sequence, "status": "failed", "reason": reason, "users": users, "frames": None,
            "seconds": None, "peak_memory": None, "truth": None, "models": {}}


def totals(outcomes: Iterable[Outcome], kind: str = "wer") -> Dict[str, Dict[str, Any]]:
    """WER over all sequences of each model; kind: wer by the common rule, wer_authors by its authors' own."""
    counts: Dict[str, WER] = {}
    rules: Dict[str, str] = {}
    for outcome in outcomes:
        for name, model in outcome["models"].items():
            score = model[kind]
            if score:
                counts[name] = counts.get(name, WER()) + WER(score["sub"], score["ins"], score["del"],
                                                             score["reference"])
                rules[name] = score.get("rule", "an older count")
    return {name: told_wer(count, rules[name]) for name, count in counts.items()}


def count(outcomes: Iterable[Outcome], status: str) -> int:
    return sum(outcome["status"] == status for outcome in outcomes)


def write_summary(out: Path, outcomes: Sequence[Outcome], seconds: float) -> None:
    merged = {"counts": {status: count(outcomes, status) for status in ("done", "skipped", "failed")},
              "wer": totals(outcomes),
              "wer_authors": totals(outcomes, "wer_authors"), "seconds": round(seconds, 3), "sequences": list(outcomes)}
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
    return [" ".join(model["glosses"]), *(score.get(column, "") for column in ("wer", "sub", "ins", "del")),
            (model["wer_authors"] or {}).get("wer", ""), flags]


def summary_lines(out: Path, outcomes: Sequence[Outcome], seconds: float) -> List[str]:
    done, skipped, failed = (count(outcomes, status) for status in ("done", "skipped", "failed"))
    lines = [f"{len(outcomes)} sequence{'s' if len(outcomes) != 1 else ''}: {done} done, {skipped} skipped, "
             f"{failed} failed, in {seconds:.1f} s"]
    theirs = totals(outcomes, "wer_authors")
    lines += [line for name, score in totals(outcomes).items()
              for line in wer_lines(TITLES.get(name, name), score, theirs.get(name))]
    peaks = [outcome["peak_memory"] for outcome in outcomes if outcome["status"] == "done"]
    if peaks:
        lines.append(f"peak memory {max(peaks) / 2 ** 30:.2f} GB")
    return [*lines, f"outputs in {out}"]

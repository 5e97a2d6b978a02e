"""The page of a batch: every finished sequence in one table, rebuilt from what the sequences' folders hold."""
import csv
from pathlib import Path
from typing import Any, Callable, Collection, Dict, List, Optional

from files.atomic import atomic_file
from files.reading import DAMAGED_JSON, read_json, read_text
from poses.regions import REGIONS
from records.codec import to_json
from records.reading_timeline import timeline
from records.sequence import ModelRecord, Sequence
from records.shift_check import HOLDS
from reports.page import json_in_html, page
from reports.parts_study import parts_study
from reports.study import study
from results.existing_result import looks_finished
from results.glosses import FILE
from results.manifest import Manifest, read_manifest, read_preds
from results.parts import PARTS

THUMBNAIL = "thumbnail.jpg"
RECORD = "report.json"
FORMAT = 2          # of it


def write_index(out_folder: Path, asked: Collection[str] = ()) -> List[str]:
    """Writes index.html beside the sequences' folders. Run it again whenever more of them are finished.

    asked: sequences that are finished or still to come. Returns the folders that were left out, as their record is not
    as it was written.
    """
    out_folder = Path(out_folder)
    folders = [path for path in sorted(out_folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    by_folder = {folder.name: _row(folder) for folder in folders if looks_finished(folder)}
    tables = {name: _table(out_folder / name / FILE, study) for name, row in by_folder.items() if row is not None}
    parted = {name: _table(out_folder / name / PARTS, parts_study) for name in tables}
    by_folder.update({name: None for name, table in (*tables.items(), *parted.items()) if table is None})
    rows = [row for row in by_folder.values() if row is not None]
    models: List[str] = []
    for row in rows:
        models += [name for name in row["models"] if name not in models]
    plain = "\n".join(row["sequence"] for row in rows)
    layers = {model: _alike([row["models"][model]["shares"] for row in rows if model in row["models"]])
              for model in models}
    coming = [name for name in asked if name not in by_folder]
    data = {"run": out_folder.resolve().name, "coming": coming, "models": models, "rows": rows,
            "regions": list(REGIONS), "layers": layers,
            "study": study([tables[row["folder"]] or "" for row in rows]),
            "parts": parts_study([parted[row["folder"]] or "" for row in rows])}
    title = f"{out_folder.resolve().name}: {len(rows)} sequences"
    text = page("index.html", ("base.css", "index.css", "parts_study.css"),
                ("dom.js", "study.js", "parts_study.js", "index.js"), title, data, {}, plain)
    with atomic_file(out_folder / "index.html", again=True) as draft:
        draft.write_text(text, encoding="utf-8")
    return [name for name, row in by_folder.items() if row is None]


def _table(path: Path, reads: Callable[[List[str]], Any]) -> Optional[str]:
    """A sequence's own, empty where it has none; None where it is damaged."""
    if not path.exists():
        return ""
    try:
        text = read_text(path)
        reads([text])
        return text
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, csv.Error):
        return None


def _alike(shares: List[Dict[str, List[float]]]) -> List[str]:
    """The layers that have shares somewhere, in order; clips are told of one of them at a time, as layers differ."""
    return list(dict.fromkeys(name for clip_shares in shares for name in clip_shares))


def _row(folder: Path) -> Optional[Dict[str, Any]]:
    """A finished sequence's row; None where its record is damaged."""
    manifest = read_manifest(folder)
    preds = read_preds(folder, manifest) if manifest else None
    if manifest is None or preds is None:
        return None
    try:
        card = _told(folder, preds, _record(folder, manifest))
        json_in_html(card).encode()     # it can be told at all
        return card
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, RecursionError):
        return None


def _told(folder: Path, preds: Sequence, record: Dict[str, Any]) -> Dict[str, Any]:
    """The errors of Python's own where the records are not as they were written."""
    return {
        "sequence": preds.sequence, "folder": folder.name, "split": preds.split, "signer": preds.signer,
        "frames": preds.frames, "truth": preds.truth, "target": str(preds.settings.get("target", "")),
        "page": (folder / "report.html").is_file(), "thumbnail": (folder / THUMBNAIL).is_file(),
        "cover": record.get("cover"),
        "models": {name: _model(model, record.get("shares", {}).get(name, {}))
                   for name, model in preds.models.items()},
    }


def _record(folder: Path, manifest: Manifest) -> Dict[str, Any]:
    """What the report told of the regions; nothing where there is no report, or its record is damaged."""
    path = folder / RECORD
    try:
        whole = path.is_file() and path.stat().st_size == manifest.files.get(RECORD)
        record = _checked(read_json(path)) if whole else {}
    except (*DAMAGED_JSON, KeyError, TypeError, AttributeError):
        return {}
    return record if isinstance(record, dict) and record.get("format") == FORMAT else {}


def _checked(record: Any) -> Dict[str, Any]:
    """The same; an error of Python's own where it is not as the report wrote it."""
    shares = [share for layers in record.get("shares", {}).values() for share in layers.values()]
    for share in [*shares, *([record["cover"]] if record.get("cover") else [])]:
        if len(share) != len(REGIONS) or not all(isinstance(value, (int, float)) for value in share):
            raise ValueError("no shares of regions")
    return record


def _checks(model: ModelRecord) -> Optional[Dict[str, int]]:
    """How many maps hold on their clip, of those that were checked: of each gloss's own where there are any."""
    own = [check for gloss in model.explained for check in gloss.checks.values()]
    checks = own or [layer.check for layer in model.layers.values() if layer.check is not None]
    return {"holds": sum(check.verdict == HOLDS for check in checks), "of": len(checks)} if checks else None


def _model(model: ModelRecord, shares: Dict[str, List[float]]) -> Dict[str, Any]:
    return {
        "title": model.title, "method": model.method,
        "reading": [[entry.gloss, entry.verdict] for entry in timeline(model)],
        "wer": to_json(model.wer), "wer_authors": to_json(model.wer_authors), "shares": shares,
        "guess": model.guess, "flags": {name: layer.flags for name, layer in model.layers.items() if layer.flags},
        "checks": _checks(model),
    }

"""The page of a batch: every finished sequence in one table, rebuilt from what the sequences' folders hold."""
import json
from pathlib import Path
from typing import Any, Dict, List, Optional

from files.atomic import atomic_file
from poses.regions import REGIONS
from records.codec import to_json
from records.reading_timeline import timeline
from records.sequence import ModelRecord
from reports.page import page
from reports.study import study
from results.existing_result import looks_finished
from results.glosses import FILE
from results.manifest import Manifest, read_manifest, read_preds

THUMBNAIL = "thumbnail.jpg"
RECORD = "report.json"
FORMAT = 2          # of it


def write_index(out_folder: Path) -> List[str]:
    """Writes index.html beside the sequences' folders. Run it again whenever more of them are finished.

    Returns the folders that were left out, as their record is not as it was written.
    """
    out_folder = Path(out_folder)
    folders = [path for path in sorted(out_folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    found = {folder.name: _row(folder) for folder in folders if looks_finished(folder)}
    rows = [row for row in found.values() if row is not None]
    models: List[str] = []
    for row in rows:
        models += [name for name in row["models"] if name not in models]
    plain = "\n".join(row["sequence"] for row in rows)
    layers = {model: _alike([row["models"][model]["shares"] for row in rows if model in row["models"]])
              for model in models}
    data = {"models": models, "rows": rows, "regions": list(REGIONS), "layers": layers,
            "study": study(_tables(out_folder, rows))}
    title = f"{len(rows)} sequences"
    text = page("index.html", ("base.css", "index.css"), ("dom.js", "study.js", "index.js"), title, data, {}, plain)
    with atomic_file(out_folder / "index.html") as draft:
        draft.write_text(text, encoding="utf-8")
    return [name for name, row in found.items() if row is None]


def _tables(out_folder: Path, rows: List[Dict[str, Any]]) -> List[str]:
    files = [out_folder / row["folder"] / FILE for row in rows]
    return [path.read_text(encoding="utf-8") for path in files if path.is_file()]


def _alike(shares: List[Dict[str, List[float]]]) -> List[str]:
    """The layers that have shares somewhere, in order; clips are told of one of them at a time, as layers differ."""
    return list(dict.fromkeys(name for each in shares for name in each))


def _row(folder: Path) -> Optional[Dict[str, Any]]:
    """A finished sequence's row; None where its record is damaged."""
    manifest = read_manifest(folder)
    preds = read_preds(folder, manifest) if manifest else None
    if manifest is None or preds is None:
        return None
    record = _record(folder, manifest)
    return {
        "sequence": preds.sequence, "folder": folder.name, "split": preds.split, "signer": preds.signer,
        "frames": preds.frames, "truth": preds.truth,
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
        found = json.loads(path.read_text(encoding="utf-8")) if whole else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("format") == FORMAT else {}


def _model(model: ModelRecord, shares: Dict[str, List[float]]) -> Dict[str, Any]:
    return {
        "title": model.title, "reading": [[entry.gloss, entry.verdict] for entry in timeline(model)],
        "wer": to_json(model.wer), "shares": shares,
        "flags": {name: layer.flags for name, layer in model.layers.items() if layer.flags},
    }

"""The page of a batch: every finished sequence in one table, rebuilt from what the sequences' folders hold."""
import json
from pathlib import Path
from typing import Any, Dict, List, Optional

from datasets.regions import REGIONS
from files.atomic import atomic_file
from reports.page import page
from results.folder import finished
from results.missed import reading

THUMBNAIL = "thumbnail.jpg"
RECORD = "report.json"


def write_index(out_folder: Path) -> None:
    """Writes index.html beside the sequences' folders. Run it again whenever more of them are finished."""
    out_folder = Path(out_folder)
    rows = [row for row in map(_row, sorted(out_folder.iterdir())) if row is not None]
    models: List[str] = []
    for row in rows:
        models += [name for name in row["models"] if name not in models]
    plain = "\n".join(row["sequence"] for row in rows)
    data = {"models": models, "rows": rows, "regions": list(REGIONS)}
    title = f"{len(rows)} sequences"
    text = page("index.html", ("base.css", "index.css"), ("dom.js", "index.js"), title, data, {}, plain)
    with atomic_file(out_folder / "index.html") as draft:
        draft.write_text(text, encoding="utf-8")


def _row(folder: Path) -> Optional[Dict[str, Any]]:
    """A finished sequence's row; None for anything else that lies in the output folder."""
    preds = None if folder.name.startswith(".") or not folder.is_dir() else finished(folder.parent, folder.name)
    if preds is None:
        return None
    report = folder / RECORD
    record = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}
    return {
        "sequence": preds["sequence"], "folder": folder.name, "split": preds.get("split"),
        "signer": preds.get("signer"), "frames": preds.get("frames"), "truth": preds.get("truth"),
        "page": (folder / "report.html").is_file(), "thumbnail": (folder / THUMBNAIL).is_file(),
        "cover": record.get("cover"),
        "models": {name: _model(model, record.get("shares", {}).get(name, {}))
                   for name, model in preds["models"].items()},
    }


def _model(model: Dict[str, Any], shares: Dict[str, List[float]]) -> Dict[str, Any]:
    mean = [round(sum(each) / len(shares), 4) for each in zip(*shares.values())] if shares else None
    return {
        "title": model.get("title"), "reading": [[each["gloss"], each.get("verdict")] for each in reading(model)],
        "wer": model.get("wer"), "shares": mean,
        "flags": {name: layer["flags"] for name, layer in model.get("layers", {}).items() if layer.get("flags")},
    }

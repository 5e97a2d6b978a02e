"""The page to look at: one HTML report for a clip. NumPy in, one self-contained file out."""
import json
import math
from pathlib import Path
from typing import Any, Collection, Dict, Mapping, Optional

import cv2
import numpy as np

from poses.regions import REGIONS, cover, regions
from records.codec import to_json
from records.explanation import Explanation
from records.reading_timeline import timeline
from records.sequence import ModelRecord, sequence_json
from records.sequence import Sequence as Record
from reports.index import FORMAT, RECORD, THUMBNAIL, write_index
from reports.layers import gloss_records, layer_records
from reports.page import colour_tables, page
from reports.parted import parts_sheet
from reports.sprites import encode_frames, encode_maps, jpeg
from results.elan import elan_files

__all__ = ["write_index", "write_report"]

STYLES = ("base.css", "report.css", "lanes.css", "parts.css", "report_narrow.css")
SCRIPTS = ("dom.js", "pictures.js", "state.js", "views.js", "zoom.js", "gloss.js", "stage.js", "methods.js",
           "scale.js", "moment.js", "head.js", "lanes.js", "parts.js", "lanes_panel.js", "tabs.js", "fold.js",
           "shares.js", "foot.js", "player.js", "address.js", "save.js", "report.js")
FILES = ("framing.jpg", "comparison.mp4", "scale.png", "preds.txt", "preds.json", "glosses.csv", "parts.csv",
         "when.csv", "cams.npz")
LATER = ("preds.txt", "preds.json")     # written when all else is
THUMBNAIL_HEIGHT = 96


def write_report(folder: Path, frames: np.ndarray, explanations: Mapping[str, Explanation], record: Record,
                 keypoints: Optional[np.ndarray] = None, beside: Collection[str] = ()) -> None:
    """Writes report.html, and for the index report.json and thumbnail.jpg.

    frames: uint8 [T, H, W, 3] RGB; explanations: by model; keypoints: [T, 133, 3] in pixels of the 210x260 frame.
    beside: files that will lie in the folder too, besides those that do.
    """
    folder = Path(folder)
    labelled = None if keypoints is None else regions(np.asarray(keypoints, np.float32))
    records, maps = layer_records(explanations, record, labelled)
    alone, own_maps = gloss_records(explanations, record, labelled)
    maps.update(own_maps)
    sheets = {"frame": encode_frames(frames),
              **encode_maps({name: knots.values for name, knots in maps.items()}, len(frames))}
    data = finite({
        "frames": len(frames), "size": frames.shape[1:3], "preds": sequence_json(record),
        "files": [name for name in (*FILES, *elan_files(record.sequence))
                  if name in LATER or name in beside or (folder / name).is_file()],
        "models": [{"name": name, "layers": layers, "alone": alone.get(name, []), **_reading(record.models[name])}
                   for name, layers in records.items()],
        "sheets": {name: {**sheet.layout(), **(maps[name].layout() if name in maps else {})}
                   for name, sheet in sheets.items()},
        "regions": None if labelled is None else _cover(*labelled), "scales": colour_tables(),
        "parts": parts_sheet(frames, keypoints, record),
    })
    text = page("report.html", STYLES, SCRIPTS, record.sequence, data,
                {name: sheet.jpegs for name, sheet in sheets.items()}, _plain(record))
    (folder / "report.html").write_text(text, encoding="utf-8")
    (folder / THUMBNAIL).write_bytes(_thumbnail(frames))
    shares = {"format": FORMAT, "cover": data["regions"] and data["regions"]["total"],
              "shares": {model: {layer["name"]: layer["shares"] for layer in layers if layer.get("shares")}
                         for model, layers in records.items()}}
    (folder / RECORD).write_text(json.dumps(finite(shares), ensure_ascii=False, allow_nan=False), encoding="utf-8")


def _reading(model: ModelRecord) -> Dict[str, Any]:
    return {"title": model.title, "reading": to_json(timeline(model)), "truth": to_json(model.truth_spans)}


def _cover(labels: np.ndarray, seen: np.ndarray) -> Dict[str, Any]:
    covered = cover(labels)
    return {"names": REGIONS, "seen": int(seen.sum()),
            "total": [round(float(share), 4) for share in covered[seen].mean(axis=0)] if seen.any() else None}


def finite(value: Any) -> Any:
    """The same for JSON, where there is no NaN: None."""
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _thumbnail(frames: np.ndarray) -> bytes:
    """The middle frame, small."""
    middle = frames[len(frames) // 2]
    width = max(1, round(THUMBNAIL_HEIGHT * middle.shape[1] / middle.shape[0]))
    small = cv2.resize(middle, (width, THUMBNAIL_HEIGHT), interpolation=cv2.INTER_AREA)
    return jpeg(small, 80)


def _plain(record: Record) -> str:
    lines = [record.sequence]
    if record.truth:
        lines.append("truth: " + " ".join(record.truth))
    lines += [f"{name}: {'guess: ' if model.guess else ''}" + " ".join(model.glosses)
              for name, model in record.models.items()]
    return "\n".join(lines)

"""The page to look at: one HTML report for a clip. NumPy in, one self-contained file out."""
import json
import math
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

import cv2
import numpy as np

import report_regions
import report_sprites
from report_index import RECORD, THUMBNAIL, write_index
from report_page import colour_tables, page, write_text
from report_reading import reading

__all__ = ["write_index", "write_report"]

STYLES = ("base.css", "report.css")
SCRIPTS = ("dom.js", "pictures.js", "views.js", "lanes.js", "shares.js", "foot.js", "report.js")
THUMBNAIL_HEIGHT = 96
Regions = Optional[Tuple[np.ndarray, np.ndarray]]       # the region of each cell [T, 64, 64], frames with a signer [T]


def write_report(folder: Path, frames: np.ndarray, layers: Mapping[str, Mapping[str, Any]], preds: Mapping[str, Any],
                 keypoints: Optional[np.ndarray] = None) -> None:
    """Writes report.html, and for the index report.json and thumbnail.jpg.

    frames uint8 [T, H, W, 3] RGB; layers {model: {layer: .map float16 [T, H, W] or [T], .spatial, .flags}};
    preds what preds.json holds; keypoints [T, 133, 3] in pixels of the 210x260 frame.
    """
    folder = Path(folder)
    found = None if keypoints is None else report_regions.regions(np.asarray(keypoints, np.float32))
    models, tiles, shares = [], {}, {}
    for model, its_layers in layers.items():
        records = []
        for name, layer in its_layers.items():
            record, small = _layer(name, layer, found)
            if small is not None:
                record["sheet"] = f"map{len(tiles)}"
                tiles[record["sheet"]] = small
            records.append(record)
        shares[model] = {each["name"]: each["shares"] for each in records if each.get("shares")}
        asked = preds["models"][model]
        models.append({"name": model, "layers": records, "reading": reading(asked),
                       "truth": list(asked.get("truth_spans") or [])})

    sheets = {"frame": report_sprites.encode_frames(frames), **report_sprites.encode_maps(tiles)}
    data = finite({
        "frames": len(frames), "size": frames.shape[1:3], "models": models, "preds": preds,
        "sheets": {name: each.layout() for name, each in sheets.items()},
        "regions": None if found is None else _cover(*found), "scales": colour_tables(),
    })
    write_text(folder / "report.html", page("report.html", STYLES, SCRIPTS, str(preds["sequence"]), data,
                                            {name: each.jpegs for name, each in sheets.items()}, _plain(preds)))
    (folder / THUMBNAIL).write_bytes(_thumbnail(frames))
    record = {"regions": list(report_regions.REGIONS), "cover": data["regions"] and data["regions"]["total"],
              "shares": shares}
    write_text(folder / RECORD, json.dumps(finite(record), ensure_ascii=False, allow_nan=False))


def _layer(name: str, layer: Any, found: Regions) -> Tuple[Dict[str, Any], Optional[np.ndarray]]:
    """What the page says of a layer, and its tiles uint8 [T, side, side] when it has a place."""
    record: Dict[str, Any] = {"name": name, "spatial": bool(layer.spatial), "flags": list(layer.flags)}
    if not layer.spatial:
        record["energy"] = _rounded(layer.map.astype(np.float32))
        return record, None
    small = report_sprites.levels(layer.map, report_sprites.MAP_SIDE)
    record["energy"] = _rounded(small.mean(axis=(1, 2)) / 65535)
    if found is not None:
        labels, seen = found
        side = report_regions.SIDE
        coarse = np.stack([cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA) for each in small])
        record["shares"], record["shares_over_time"] = report_regions.shares(
            report_regions.mass(coarse, labels), seen)
    return record, report_sprites.to_bytes(small)


def _rounded(values: np.ndarray) -> List[float]:
    return [float(f"{value:.4g}") for value in np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).tolist()]


def _cover(labels: np.ndarray, seen: np.ndarray) -> Dict[str, Any]:
    covered = report_regions.cover(labels)
    return {"names": report_regions.REGIONS, "seen": int(seen.sum()),
            "total": [round(float(each), 4) for each in covered[seen].mean(axis=0)] if seen.any() else None}


def finite(value: Any) -> Any:
    """The same for JSON, where there is no NaN: None."""
    if isinstance(value, Mapping):
        return {str(key): finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _thumbnail(frames: np.ndarray) -> bytes:
    """The middle frame, small."""
    middle = frames[len(frames) // 2]
    width = max(1, round(THUMBNAIL_HEIGHT * middle.shape[1] / middle.shape[0]))
    small = cv2.resize(middle, (width, THUMBNAIL_HEIGHT), interpolation=cv2.INTER_AREA)
    return report_sprites.jpeg(small, 80)


def _plain(preds: Mapping[str, Any]) -> str:
    lines = [str(preds["sequence"])]
    if preds.get("truth"):
        lines.append("truth: " + " ".join(preds["truth"]))
    lines += [f"{name}: " + " ".join(model["glosses"]) for name, model in preds["models"].items()]
    return "\n".join(lines)

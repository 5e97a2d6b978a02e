"""What the page says of each layer: its energy, where its map lies, and the map itself."""
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from reports.knots import Knots, knots
from results.shares import coarse, mass, shares

Regions = Optional[Tuple[np.ndarray, np.ndarray]]   # the region of each cell [T, 64, 64], frames with a signer [T]
WHOLE = (0.0, 0.0, 1.0, 1.0)                        # left, top, right, bottom: the part of the frame a model sees


def layer_records(layers: Mapping[str, Mapping[str, Any]], viewports: Mapping[str, Optional[Sequence[float]]],
                  found: Regions) -> Tuple[Dict[str, List[Dict[str, Any]]], Dict[str, Knots]]:
    """{model: {layer: .map, .raw, .spatial, .flags}} -> each model's layers, and their maps by sheet."""
    records: Dict[str, List[Dict[str, Any]]] = {model: [] for model in layers}
    maps: Dict[str, Knots] = {}
    for model, its_layers in layers.items():
        for name, layer in its_layers.items():
            record, its_map = _layer(name, layer, found, viewports.get(model) or WHOLE)
            if its_map is not None:
                record["sheet"] = f"map{len(maps)}"
                maps[record["sheet"]] = its_map
            records[model].append(record)
    return records, maps


def _layer(name: str, layer: Any, found: Regions, viewport: Sequence[float]) -> Tuple[Dict[str, Any], Optional[Knots]]:
    """What the page says of a layer, and its map when it has a place and is not empty."""
    record: Dict[str, Any] = {"name": name, "spatial": bool(layer.spatial), "flags": list(layer.flags)}
    if not layer.spatial:
        record["energy"] = _rounded(layer.map.astype(np.float32))
        return record, None
    small = coarse(layer.map)
    record["energy"] = _rounded(small.mean(axis=(1, 2)) / 65535)
    if found is not None:
        labels, seen = found
        record["shares"], record["shares_over_time"] = shares(mass(small, labels), seen)
    if not small.any():
        return record, None
    left, top, right, bottom = viewport
    height, width = layer.map.shape[1:]
    box = (round(top * height), round(bottom * height), round(left * width), round(right * width))
    return record, knots(layer.map, layer.raw.shape, box)


def _rounded(values: np.ndarray) -> List[float]:
    return [float(f"{value:.4g}") for value in np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).tolist()]

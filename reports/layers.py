"""What the page says of each layer: its energy, where its map lies, and the map itself."""
import base64
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from datasets.regions import SIDE
from drawing.matrix import matrix_picture
from drawing.overlay import Style, png
from reports.knots import Knots, knots
from results.shares import mass, shares

Regions = Optional[Tuple[np.ndarray, np.ndarray]]   # the region of each cell [T, 64, 64], frames with a signer [T]


def layer_records(layers: Mapping[str, Mapping[str, Any]],
                  found: Regions) -> Tuple[Dict[str, List[Dict[str, Any]]], Dict[str, Knots]]:
    """{model: {layer: .laid, .spatial, .flags}} -> each model's layers, and their maps by sheet."""
    records: Dict[str, List[Dict[str, Any]]] = {model: [] for model in layers}
    maps: Dict[str, Knots] = {}
    for model, its_layers in layers.items():
        for name, layer in its_layers.items():
            record, its_map = _layer(name, layer, found)
            if its_map is not None:
                record["sheet"] = f"map{len(maps)}"
                maps[record["sheet"]] = its_map
            records[model].append(record)
    return records, maps


def _layer(name: str, layer: Any, found: Regions) -> Tuple[Dict[str, Any], Optional[Knots]]:
    """What the page says of a layer, and its map when it has a place and is not empty."""
    record: Dict[str, Any] = {"name": name, "spatial": bool(layer.spatial), "flags": list(layer.flags)}
    record["energy"] = _rounded(layer.laid.energy())
    if layer.laid.matrix is not None:
        picture = png(matrix_picture(layer.laid.matrix, Style(colormap="viridis")))
        record["matrix"] = "data:image/png;base64," + base64.b64encode(picture).decode()
    if not layer.spatial:
        return record, None
    small = layer.laid.coarse(SIDE)
    if found is not None:
        labels, seen = found
        record["shares"], record["shares_over_time"] = shares(mass(small, labels), seen)
    if not small.any():
        return record, None
    return record, knots(layer.laid)


def _rounded(values: np.ndarray) -> List[float]:
    return [float(f"{value:.4g}") for value in np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).tolist()]

"""What a comparison leaves on disk: scores.json and maps.npz."""
import json
import re
from pathlib import Path
from typing import Any, Dict, Mapping, Sequence

import numpy as np

from files.arrays import npz_bytes
from files.atomic import atomic_file
from files.reading import read_json

SCORES, MAPS, FIGURE = "scores.json", "maps.npz", "figure.png"


def file_name(*parts: str) -> str:
    """Letters, digits, dots, dashes and underscores, never hidden, and short enough for any file system."""
    name = "__".join(re.sub(r"[^\w.-]+", "-", part) for part in parts).lstrip(".-") or "picture"
    return name[:120]


def write_scores(folder: Path, told: Mapping[str, Any]) -> None:
    with atomic_file(folder / SCORES) as draft:
        draft.write_text(json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def read_scores(folder: Path) -> Dict[str, Any]:
    return read_json(folder / SCORES)


def write_maps(path: Path, names: Sequence[str], explanations: Sequence[Any], drawn: Mapping[Any, np.ndarray]) -> None:
    """PICTURE/embedding, and PICTURE/TARGET/METHOD/LAYER/raw [H', W'] and /map [H, W] on the picture."""
    arrays: Dict[str, np.ndarray] = {}
    for name, found in zip(names, explanations):
        arrays[f"{name}/embedding"] = found.embedding
        for key, each in found.maps.items():
            place = "/".join((name, *key))
            arrays[f"{place}/raw"] = each.raw
            arrays[f"{place}/map"] = drawn[(name, *key)]
    path.write_bytes(npz_bytes(arrays))

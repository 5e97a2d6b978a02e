"""What a comparison leaves on disk: scores.json and maps.npz."""
import json
import re
from pathlib import Path
from typing import Any, Dict, Mapping, Sequence, Union

import numpy as np

from files.arrays import npz_bytes
from files.atomic import atomic_file
from records.pairs import MarketScores, PairScores, scores_json

SCORES, MAPS, FIGURE = "scores.json", "maps.npz", "figure.png"
LONGEST = 80        # letters of a picture's name in a file's


def file_name(*parts: str) -> str:
    """Letters, digits, dots, plus, dashes and underscores, never hidden, and short enough for any file system."""
    name = "__".join(re.sub(r"[^\w.+-]+", "-", part) for part in parts).lstrip(".-") or "picture"
    return name[:120]


def picture_file(picture: str) -> str:
    """The picture itself, as maps are laid over it. Of a long name the middle is left out: the end tells two apart."""
    name = file_name(picture)
    return f"{name if len(name) <= LONGEST else f'{name[:LONGEST // 2]}-{name[-LONGEST // 2:]}'}.png"


def map_file(picture: str, target: str, method: str, layer: str) -> str:
    """Below the pair's folder: a folder for each target, in it one for each method."""
    name = f"{picture_file(picture)[:-len('.png')]}__{file_name(layer)}.png"
    return f"{file_name(target)}/{file_name(method)}/{name}"


def write_scores(folder: Path, scores: Union[PairScores, MarketScores]) -> None:
    """JSON has no NaN: None stands for it."""
    text = json.dumps(_finite(scores_json(scores)), ensure_ascii=False, indent=1, allow_nan=False)
    with atomic_file(folder / SCORES) as draft:
        draft.write_text(text + "\n", encoding="utf-8")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(content) for key, content in value.items()}
    if isinstance(value, list):
        return [_finite(content) for content in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def write_maps(path: Path, names: Sequence[str], explanations: Sequence[Any], drawn: Mapping[Any, np.ndarray]) -> None:
    """PICTURE/embedding, and PICTURE/TARGET/METHOD/LAYER/raw [H', W'] and /map [H, W] on the picture."""
    arrays: Dict[str, np.ndarray] = {}
    for name, explained in zip(names, explanations):
        arrays[f"{name}/embedding"] = explained.embedding
        for key, layer_map in explained.maps.items():
            key_path = "/".join((name, *key))
            arrays[f"{key_path}/raw"] = layer_map.raw
            arrays[f"{key_path}/map"] = drawn[(name, *key)]
    path.write_bytes(npz_bytes(arrays))

"""Joint maps: where several layers agree. Each is the product of maps that one pass has made anyway."""
from typing import Dict, List, Sequence, Tuple

import numpy as np

from geometry.laid import Cells, LaidMap, line_weights
from models.recogniser import Recogniser
from records.several import JOINT

SMOOTH = 2.0            # pixels of the clip's frames


def joint_layers(recogniser: Recogniser) -> Dict[str, Tuple[str, ...]]:
    """Every joint map that can be asked for, and the layers whose maps are multiplied.

    A stream is what layers' names share before their last dot. A network whose cells are keypoints has no joint map.
    """
    factors = recogniser.factors
    streams: Dict[str, List[str]] = {}
    for name in factors:
        streams.setdefault(name.rpartition(".")[0], []).append(name)
    named = {f"{stream}.{JOINT}": tuple(names) for stream, names in streams.items()
             if stream and 1 < len(names) < len(factors)}
    return {**named, JOINT: factors} if len(factors) > 1 else named


def product(maps: Sequence[LaidMap]) -> Tuple[np.ndarray, Cells]:
    """float32 [T', H', W'] and where its cells lie: on the grid of the finest, in time and in space.

    Each map is brought onto that grid (linear between its cells), smoothed, and divided by its largest value there.
    """
    time = max((lies.cells.frames for lies in maps), key=len)
    rows, columns = max((_axes(lies) for lies in maps), key=lambda axes: len(axes[0]) * len(axes[1]))
    smooth_rows, smooth_columns = smoothing(rows), smoothing(columns)
    made = np.ones((len(time), len(rows), len(columns)), np.float32)
    for lies in maps:
        own_rows, own_columns = _axes(lies)
        down, across = smooth_rows @ line_weights(own_rows, rows), smooth_columns @ line_weights(own_columns, columns)
        inside = down @ lies.raw @ across.T                                             # [its steps, H', W']
        part = (line_weights(lies.cells.frames, time) @ inside.reshape(len(inside), -1)).reshape(made.shape)
        largest = float(part.max())
        made *= part / np.float32(largest) if largest > 0 else part
    return made, Cells(time, rows, columns)


def _axes(lies: LaidMap) -> Tuple[np.ndarray, np.ndarray]:
    assert lies.cells.rows is not None and lies.cells.columns is not None
    return lies.cells.rows, lies.cells.columns


def smoothing(centres: np.ndarray) -> np.ndarray:
    """float32 [cells, cells]: a Gaussian of SMOOTH pixels between cells centred here; each row adds up to 1."""
    apart = (centres[:, None] - centres[None]) / SMOOTH
    weights = np.exp(-apart ** 2 / 2)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def joint_line(method: str, layers: Sequence[str]) -> str:
    """How it is made, for under the picture."""
    streams: Dict[str, List[str]] = {}
    for layer in layers:
        stream, dot, name = layer.rpartition(".")
        streams.setdefault(stream + dot, []).append(name)
    named = "; ".join(stream + ", ".join(names) for stream, names in streams.items())
    return f"product of the {method} maps of {named}: each smoothed by {SMOOTH:g} pixels, over its own maximum"

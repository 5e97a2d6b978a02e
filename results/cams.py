"""cams.npz: logits and maps as numbers, at the layers' own resolution, and how they lie on the clip's frames.

    python -m results.cams outputs/SEQUENCE/cams.npz        prints what is in it

Arrays, by name:
    MODEL/logits                        float32 [steps, V]
    MODEL/viewport                      left, top, right, bottom of what the model sees, in parts of the frame
    MODEL/LAYER/raw                     float32 [T', H', W'], or [T'] of a layer that knows only when; after ReLU;
                                        [T', J] of one whose cells are joints
    MODEL/LAYER/frames, rows, columns   where its steps, rows and columns are centred, in frames and pixels of the clip
    MODEL/LAYER/joints, points          which of the 133 keypoints its cells are, int [J], and where these lie on each
                                        frame, float32 [T, J, 2] x and y in pixels
    MODEL/LAYER/matrix                  of an attention, [J, J] among joints or [T', T'] in time: what each, a row,
                                        takes from each
    MODEL/LAYER/lows, highs             float32 [frames seen]: the least and most that lies on each frame
    MODEL/LAYER/NAME                    what a layer tells besides, [T', ...]: of SignGraph's graphs `neighbours`, with
                                        whom each cell is paired, and `shares`, what each gives it
    MODEL/glosses/NUMBER/LAYER/raw, lows, highs      the same of the map of one gloss; its cells are LAYER's
                                        LAYER is METHOD/LAYER where several methods were asked for: occlusion/input
    about                               JSON: its format, frame sizes, what was seen, flags, targets in words, glosses
"""
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from files.arrays import load_npz, npz_bytes
from files.workspace import find_input
from geometry.joints import laid_map
from geometry.laid import Cells, Extent, LaidMap
from geometry.links import linked
from geometry.skeleton import Joints
from records.codec import from_json, to_json
from records.explained import ExplainedGloss
from records.explanation import Explanation, GlossMaps, LayerMap
from records.hiding import Hiding
from records.sequence import check_format
from records.shift_check import ShiftCheck
from terminal.command_exit import ended
from terminal.command_line import OneLineParser
from terminal.errors import UserError

FILE = "cams.npz"
FORMAT = 3
MOST_FRAMES, MOST_PIXELS = 1_000_000, 50_000_000
DAMAGED = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)


@dataclass(frozen=True)
class LayerAbout:
    """What of a layer is no array."""

    size: Tuple[int, int, int]
    seen: Tuple[int, int]
    box: Tuple[int, int, int, int]
    flags: Tuple[str, ...]
    per_frame: bool
    void: bool
    field: Optional[float] = None
    details: Tuple[str, ...] = ()
    made: str = ""
    method: str = ""
    check: Optional[ShiftCheck] = None


@dataclass(frozen=True)
class GlossAbout:
    gloss: ExplainedGloss
    layers: Dict[str, LayerAbout]


@dataclass(frozen=True)
class ModelAbout:
    target: str
    method: str
    pool: str
    normalise: str
    precision: str
    notes: Tuple[str, ...]
    layers: Dict[str, LayerAbout]
    glosses: Tuple[GlossAbout, ...]
    hiding: Optional[Hiding] = None


@dataclass(frozen=True)
class About:
    models: Dict[str, ModelAbout]


def write_cams(path: Path, explanations: Mapping[str, Explanation]) -> None:
    arrays: Dict[str, np.ndarray] = {}
    about = About({model: _put_model(arrays, model, made) for model, made in explanations.items()})
    arrays["about"] = np.array(json.dumps({"format": FORMAT, **to_json(about)}, ensure_ascii=False))
    path.write_bytes(npz_bytes(arrays, compressed=True))


def _put_model(arrays: Dict[str, np.ndarray], model: str, made: Explanation) -> ModelAbout:
    arrays[f"{model}/logits"] = made.logits
    arrays[f"{model}/viewport"] = np.asarray(made.viewport, np.float64)
    layers = {}
    for name, layer in made.layers.items():
        layers[name] = _put(arrays, f"{model}/{name}", layer)
        cells = layer.laid.cells
        for axis, centres in (("frames", cells.frames), ("rows", cells.rows), ("columns", cells.columns)):
            if centres is not None:
                arrays[f"{model}/{name}/{axis}"] = centres
        if cells.joints is not None:
            arrays.update({f"{model}/{name}/joints": cells.joints.numbers,
                           f"{model}/{name}/points": cells.joints.points})
        arrays.update({f"{model}/{name}/{key}": told_besides for key, told_besides in layer.details.items()})
    glosses = tuple(GlossAbout(gloss.about, {name: _put(arrays, f"{model}/glosses/{gloss.about.number}/{name}", layer)
                                             for name, layer in gloss.layers.items()}) for gloss in made.glosses)
    return ModelAbout(made.target, made.method, made.pool, made.normalise, made.precision, made.notes, layers, glosses,
                      made.hiding)


def _put(arrays: Dict[str, np.ndarray], key: str, layer: LayerMap) -> LayerAbout:
    laid = layer.laid
    arrays.update({f"{key}/raw": laid.raw, f"{key}/lows": laid.lows, f"{key}/highs": laid.highs})
    if laid.matrix is not None:
        arrays[f"{key}/matrix"] = laid.matrix
    return LayerAbout(laid.extent.size, laid.extent.seen, laid.extent.box, layer.flags, laid.per_frame, laid.void,
                      layer.field, tuple(layer.details), layer.made, layer.method, layer.check)


def read_cams(path: Path) -> Dict[str, Explanation]:
    """By model; `laid.at(frame)` of a layer is what is drawn over that frame, `laid.whole()` all of them."""
    try:
        arrays = load_npz(path)
        tree = json.loads(str(arrays["about"]))
        check_format(tree, FORMAT, str(path))
        about = from_json(About, tree, str(path))
        return {model: _model(arrays, model, about_one) for model, about_one in about.models.items()}
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; run main.py with --write cams to have one") from None
    except (OSError, *DAMAGED) as error:
        raise UserError(f"{path}: not a cams.npz of main.py ({error!r:.120}); write it again") from None


def _model(arrays: Dict[str, np.ndarray], model: str, about: ModelAbout) -> Explanation:
    layers = {name: _layer(arrays, f"{model}/{name}", f"{model}/{name}", one, (one.method or about.method) == "graph")
              for name, one in about.layers.items()}
    glosses = []
    for gloss in about.glosses:
        own = {name: _layer(arrays, f"{model}/{name}", f"{model}/glosses/{gloss.gloss.number}/{name}", layer)
               for name, layer in gloss.layers.items()}
        glosses.append(GlossMaps(replace(gloss.gloss, layers={name: layer.flags for name, layer in own.items()}), own))
    logits, viewport = arrays[f"{model}/logits"], arrays[f"{model}/viewport"]
    if logits.ndim != 2 or viewport.shape != (4,) or viewport.dtype.kind != "f":
        raise ValueError(f"{model} has no logits or no view")
    return Explanation(model, logits, tuple(viewport.tolist()), about.target, about.method, about.pool,
                       about.normalise, about.precision, about.notes, layers, tuple(glosses), about.hiding)


def _layer(arrays: Dict[str, np.ndarray], layer: str, key: str, about: LayerAbout,
           graph: bool = False) -> LayerMap:
    """layer: where the cells are told; key: where the map is; graph: whether it shows links between its cells."""
    rows, columns = (arrays.get(f"{layer}/{axis}") for axis in ("rows", "columns"))
    joints = Joints(arrays[f"{layer}/joints"], arrays[f"{layer}/points"]) if f"{layer}/joints" in arrays else None
    extent, cells = Extent(about.size, about.seen, about.box), Cells(arrays[f"{layer}/frames"], rows, columns, joints)
    laid = laid_map(arrays[f"{key}/raw"], cells, extent, arrays[f"{key}/lows"], arrays[f"{key}/highs"],
                    about.per_frame, about.void, arrays.get(f"{key}/matrix"))
    _check(key, laid)
    details = {name: arrays[f"{layer}/{name}"] for name in about.details}
    return LayerMap(linked(laid, details) if graph else laid, about.flags, about.field, details, about.made,
                    method=about.method, check=about.check)


def _check(key: str, laid: LaidMap) -> None:
    """ValueError where a map does not lie on its clip as main.py lays them."""
    extent, joints = laid.extent, laid.cells.joints
    (frames, height, width), (first, stop), (top, bottom, left, right) = extent.size, extent.seen, extent.box
    lies = (0 < frames <= MOST_FRAMES and 0 < height * width <= MOST_PIXELS and 0 <= first < stop <= frames
            and 0 <= top < bottom <= height and 0 <= left < right <= width)
    there = [axis for axis in (laid.cells.frames, laid.cells.rows, laid.cells.columns) if axis is not None]
    cells = tuple(axis.size for axis in there) + (() if joints is None else (joints.numbers.size,))
    arrays = [laid.raw, laid.lows, laid.highs, *there, *([] if joints is None else [joints.numbers, joints.points]),
              *([] if laid.matrix is None else [laid.matrix])]
    fits = (len(there) == (1 if joints is not None else len(there)) and len(there) in (1, 3)
            and laid.raw.shape == cells and laid.raw.size
            and (joints is None or joints.points.shape == (frames, joints.numbers.size, 2))
            and (laid.matrix is None or laid.matrix.shape == 2 * laid.raw.shape[-1:])
            and laid.lows.shape == laid.highs.shape == (stop - first,)
            and all(array.dtype.kind in "fiu" and (laid.void or np.isfinite(array).all()) for array in arrays))
    if not lies or not fits or any((np.diff(axis) <= 0).any() for axis in there):
        raise ValueError(f"{key} does not lie on its clip")


def lines(explanations: Mapping[str, Explanation]) -> List[str]:
    """What a file holds, for people."""
    out = []
    for model, made in explanations.items():
        out += [f"{model}: {made.target}", f"  logits {_shape(made.logits)}, view {_numbers(made.viewport)}"]
        out += [f"  {name:32}{_shape(layer.laid.raw):>16}  {_lies(layer.laid)}{_flags(layer.flags)}"
                for name, layer in made.layers.items()]
        out += [f"  gloss {gloss.about.number} {gloss.about.gloss} ({gloss.about.id}): {', '.join(gloss.layers)}"
                for gloss in made.glosses]
    return out


def _lies(laid: LaidMap) -> str:
    axes = (("frame", laid.cells.frames), ("row", laid.cells.rows), ("column", laid.cells.columns))
    joints = [] if laid.cells.joints is None else [f"joints {' '.join(map(str, laid.cells.joints.numbers))}"]
    return ", ".join(joints + [f"{name} {centres[0]:g} + {centres[1] - centres[0] if len(centres) > 1 else 0:g} k"
                     for name, centres in axes if centres is not None])


def _shape(array: np.ndarray) -> str:
    return " x ".join(map(str, array.shape))


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:g}" for value in values)


def _flags(flags: Sequence[str]) -> str:
    return f"  ({', '.join(flags)})" if flags else ""


def main(arguments: Optional[Sequence[str]] = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    return ended("results.cams", lambda: _run(given), "the same command prints it")


def _run(given: Sequence[str]) -> int:
    parser = OneLineParser(prog="python -m results.cams", description="Prints what is in a cams.npz.")
    parser.add_argument("file", metavar="FILE", help="of a sequence (main.py --write cams), such as "
                                                     "outputs/SEQUENCE/cams.npz")
    print("\n".join(lines(read_cams(find_input(parser.parse_args(given).file)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())

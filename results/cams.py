"""cams.npz: logits and maps as numbers, at the layers' own resolution, and how they lie on the clip's frames.

    python -m results.cams outputs/SEQUENCE/cams.npz        prints what is in it

Arrays, by name:
    MODEL/logits                        float32 [steps, V]
    MODEL/viewport                      left, top, right, bottom of what the model sees, in parts of the frame
    MODEL/LAYER/raw                     float32 [T', H', W'], or [T'] of a layer that knows only when; after ReLU
    MODEL/LAYER/frames, rows, columns   where its steps, rows and columns are centred, in frames and pixels of the clip
    MODEL/LAYER/lows, highs             float32 [frames seen]: the least and most that lies on each frame
    MODEL/glosses/PLACE/LAYER/raw, lows, highs      the same of the map of one gloss; its cells are LAYER's
    about                               JSON: frame sizes, what was seen, flags, targets in words, glosses
"""
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from files.arrays import load_npz, npz_bytes
from geometry.laid import Cells, LaidMap, Place
from terminal.command_exit import ended
from terminal.errors import UserError

FILE = "cams.npz"
MOST_FRAMES, MOST_PIXELS = 1_000_000, 50_000_000
DAMAGED = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)


@dataclass(frozen=True)
class Layer:
    laid: LaidMap
    flags: Tuple[str, ...] = ()

    @property
    def spatial(self) -> bool:
        return self.laid.spatial


@dataclass(frozen=True)
class Gloss:
    """What was explained on its own."""

    place: int
    about: Dict[str, Any]                   # gloss, words, verdict and the like
    layers: Dict[str, Layer]


@dataclass(frozen=True)
class Cams:
    """One model's."""

    logits: np.ndarray
    viewport: Tuple[float, ...]
    target: str
    layers: Dict[str, Layer]
    glosses: List[Gloss]


def write_cams(path: Path, explanations: Mapping[str, Any], viewports: Mapping[str, Sequence[float]]) -> None:
    """explanations: model -> .logits, .target, .layers {name: .laid, .flags}, .glosses [.place, .about, .layers]."""
    arrays: Dict[str, np.ndarray] = {}
    about: Dict[str, Any] = {}
    for model, told in explanations.items():
        arrays[f"{model}/logits"] = told.logits
        arrays[f"{model}/viewport"] = np.asarray(viewports[model], np.float64)
        about[model] = {"target": told.target, "layers": {}, "glosses": []}
        for name, layer in told.layers.items():
            about[model]["layers"][name] = _put(arrays, f"{model}/{name}", layer)
            cells = layer.laid.cells
            for axis, centres in (("frames", cells.frames), ("rows", cells.rows), ("columns", cells.columns)):
                if centres is not None:
                    arrays[f"{model}/{name}/{axis}"] = centres
        for gloss in told.glosses:
            layers = {name: _put(arrays, f"{model}/glosses/{gloss.place}/{name}", layer)
                      for name, layer in gloss.layers.items()}
            about[model]["glosses"].append({"place": gloss.place, **gloss.about, "layers": layers})
    arrays["about"] = np.array(json.dumps(about, ensure_ascii=False))
    path.write_bytes(npz_bytes(arrays, compressed=True))


def _put(arrays: Dict[str, np.ndarray], key: str, layer: Any) -> Dict[str, Any]:
    laid: LaidMap = layer.laid
    arrays.update({f"{key}/raw": laid.raw, f"{key}/lows": laid.lows, f"{key}/highs": laid.highs})
    return {"size": laid.place.size, "seen": laid.place.seen, "box": laid.place.box, "flags": list(layer.flags),
            "per_frame": laid.per_frame, "void": laid.void}


def read_cams(path: Path) -> Dict[str, Cams]:
    """By model; `laid.at(frame)` of a layer is what is drawn over that frame, `laid.whole()` all of them."""
    try:
        arrays = load_npz(path)
        about = json.loads(str(arrays["about"]))
        return {model: _model(arrays, model, its) for model, its in about.items()}
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; run main.py with --write cams to have one") from None
    except (OSError, *DAMAGED) as error:
        raise UserError(f"{path}: not a cams.npz of main.py ({error!r:.120}); write it again") from None


def _model(arrays: Dict[str, np.ndarray], model: str, about: Dict[str, Any]) -> Cams:
    layers = {name: _layer(arrays, f"{model}/{name}", f"{model}/{name}", its) for name, its in about["layers"].items()}
    glosses = []
    for told in about["glosses"]:
        own = {name: _layer(arrays, f"{model}/{name}", f"{model}/glosses/{told['place']}/{name}", its)
               for name, its in told.pop("layers").items()}
        glosses.append(Gloss(int(told.pop("place")), {"gloss": str(told["gloss"]), **told}, own))
    logits, viewport = arrays[f"{model}/logits"], arrays[f"{model}/viewport"]
    if logits.ndim != 2 or viewport.shape != (4,) or viewport.dtype.kind != "f":
        raise ValueError(f"{model} has no logits or no view")
    return Cams(logits, tuple(viewport.tolist()), str(about["target"]), layers, glosses)


def _layer(arrays: Dict[str, np.ndarray], layer: str, key: str, about: Dict[str, Any]) -> Layer:
    """layer: where the cells are told; key: where the map is."""
    rows, columns = (arrays.get(f"{layer}/{axis}") for axis in ("rows", "columns"))
    place = Place(tuple(about["size"]), tuple(about["seen"]), tuple(about["box"]))
    laid = LaidMap(arrays[f"{key}/raw"], Cells(arrays[f"{layer}/frames"], rows, columns), place, arrays[f"{key}/lows"],
                   arrays[f"{key}/highs"], bool(about["per_frame"]), bool(about["void"]))
    _check(key, laid)
    return Layer(laid, tuple(map(str, about["flags"])))


def _check(key: str, laid: LaidMap) -> None:
    """ValueError where a map does not lie on its clip as main.py lays them."""
    place = laid.place
    (frames, height, width), (first, stop), (top, bottom, left, right) = place.size, place.seen, place.box
    numbers = (frames, height, width, first, stop, top, bottom, left, right)
    lies = (all(type(number) is int for number in numbers) and 0 < frames <= MOST_FRAMES
            and 0 < height * width <= MOST_PIXELS and 0 <= first < stop <= frames and 0 <= top < bottom <= height
            and 0 <= left < right <= width)
    axes = [laid.cells.frames, laid.cells.rows, laid.cells.columns]
    there = [axis for axis in axes if axis is not None]
    arrays = [laid.raw, laid.lows, laid.highs, *there]
    fits = (len(there) in (1, 3) and laid.raw.shape == tuple(axis.size for axis in there) and laid.raw.size
            and laid.lows.shape == laid.highs.shape == (stop - first,)
            and all(array.dtype.kind in "fiu" and (laid.void or np.isfinite(array).all()) for array in arrays))
    if not lies or not fits or any((np.diff(axis) <= 0).any() for axis in there):
        raise ValueError(f"{key} does not lie on its clip")


def lines(found: Mapping[str, Cams]) -> List[str]:
    """What a file holds, for people."""
    out = []
    for model, its in found.items():
        out += [f"{model}: {its.target}", f"  logits {_shape(its.logits)}, view {_numbers(its.viewport)}"]
        out += [f"  {name:32}{_shape(layer.laid.raw):>16}  {_lies(layer.laid)}{_told(layer.flags)}"
                for name, layer in its.layers.items()]
        out += [f"  gloss {gloss.place} {gloss.about['gloss']}: {', '.join(gloss.layers)}" for gloss in its.glosses]
    return out


def _lies(laid: LaidMap) -> str:
    axes = (("frame", laid.cells.frames), ("row", laid.cells.rows), ("column", laid.cells.columns))
    return ", ".join(f"{name} {centres[0]:g} + {centres[1] - centres[0] if len(centres) > 1 else 0:g} k"
                     for name, centres in axes if centres is not None)


def _shape(array: np.ndarray) -> str:
    return " x ".join(map(str, array.shape))


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:g}" for value in values)


def _told(flags: Sequence[str]) -> str:
    return f"  ({', '.join(flags)})" if flags else ""


def main(arguments: Optional[Sequence[str]] = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    return ended("results.cams", lambda: _run(given), "the same command prints it")


def _run(given: Sequence[str]) -> int:
    if len(given) != 1:
        raise UserError("give one cams.npz: python -m results.cams FILE")
    print("\n".join(lines(read_cams(Path(given[0])))))
    return 0


if __name__ == "__main__":
    sys.exit(main())

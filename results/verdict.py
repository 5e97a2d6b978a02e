"""What the evidence study found of a checkpoint's maps, kept beside it: pages and readings say it of each layer."""
import json
from pathlib import Path
from typing import Any, List, Mapping, Optional, Tuple

from files.atomic import atomic_file
from files.reading import DAMAGED_JSON, read_json

BESIDE = ".evidence.json"       # after the checkpoint's own name
Verdict = Mapping[str, Any]


def verdict_name(checkpoint: Path) -> str:
    return checkpoint.name + BESIDE


def write_verdict(folder: Path, checkpoint: Path, verdict: Verdict) -> Path:
    """In the evaluation's folder; main.py reads it where it lies beside the checkpoint."""
    path = folder / verdict_name(checkpoint)
    with atomic_file(path) as draft:
        draft.write_text(json.dumps(verdict, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return path


def known_verdict(checkpoint: Path, sha256: str) -> Tuple[Optional[Verdict], str]:
    """The verdict beside a checkpoint, and what is to be said where one lies there that does not count."""
    path = checkpoint.with_name(verdict_name(checkpoint))
    try:
        stored = read_json(path)
    except FileNotFoundError:
        return None, ""
    except DAMAGED_JSON:
        return None, f"{path.name} can't be read: it gives no verdict on the maps"
    if not isinstance(stored, dict) or not _has_lines(stored.get("layers")):
        return None, f"{path.name} holds no evidence on maps: it gives no verdict on them"
    if stored.get("sha256") != sha256:
        return None, f"{path.name} was measured with another checkpoint: it gives no verdict on the maps"
    return stored, ""


def _has_lines(layers: Any) -> bool:
    """{layer: {method: {"line": in words, ...}}}"""
    return isinstance(layers, dict) and all(
        isinstance(methods, dict) and all(one is None or isinstance(one, dict) and isinstance(one.get("line"), str)
                                          for one in methods.values()) for methods in layers.values())


def layer_line(verdict: Optional[Verdict], layer: str, method: str) -> str:
    """Of one layer and method, in words; nothing where that was not measured."""
    figures = (verdict or {}).get("layers", {}).get(layer, {}).get(method)
    return str(figures["line"]) if figures else ""


def line_of(figures: Mapping[str, Any]) -> str:
    """figures: mass_ratio, in_time and referee, each [value, low, high] or None; above: the rivals that are beaten."""
    ratio = figures["mass_ratio"]
    if ratio is None:
        return ""
    parts = [f"on drawn signing this layer's maps held {ratio[0]:.1f} times their share{_ends(ratio)}"]
    if ratio[1] is not None and ratio[1] <= 1 <= ratio[2]:
        parts.append("no different from chance")
    elif ratio[2] is not None and ratio[2] < 1:
        parts.append("less than chance")
    parts.append(f"more than {_listed(figures['above'])}" if figures["above"] else "more than no trivial map")
    if figures["in_time"] is not None:
        parts.append(f"a gloss's own frames {figures['in_time'][0]:.1f} times")
    if figures["referee"] is not None:
        parts.append(f"places ranked as by occlusion at {figures['referee'][0]:.2f}")
    return "; ".join(parts)


def _ends(figure: List[Optional[float]]) -> str:
    return "" if figure[1] is None else f" [{figure[1]:.1f}, {figure[2]:.1f}]"


def _listed(names: List[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

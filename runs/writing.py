"""What a sequence leaves behind, each part of it where it was asked for."""
import time
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, Mapping, Sequence

from datasets.clip import Clip
from drawing.gloss_strip import gloss_strip
from drawing.overlay import Style, png
from files.names import safe
from poses.regions import APART, regions
from render import render
from results.cams import FILE as CAMS
from results.cams import write_cams
from results.glosses import FILE as GLOSSES
from results.glosses import rows, table

if TYPE_CHECKING:
    from cam_runner import Explanation


def write(folder: Path, parts: Sequence[str], every: int, style: Style, clip: Clip,
          explanations: "Mapping[str, Explanation]", preds: Mapping[str, Any], workers: Executor) -> Dict[str, float]:
    """parts: of frames, video, report, cams, glosses; gives the seconds that each took."""
    seconds: Dict[str, float] = {}
    layers = {model: explanation.layers for model, explanation in explanations.items()}
    if "frames" in parts or "video" in parts:
        with _timed(seconds, "render"):
            maps = {model: {name: layer.laid for name, layer in its.items()} for model, its in layers.items()}
            render(folder, clip.frames, maps, preds, style, workers, every if "frames" in parts else 0,
                   "video" in parts)
    if "cams" in parts:
        with _timed(seconds, "cams"):
            write_cams(folder / CAMS, explanations, {model: its["viewport"] for model, its in preds["models"].items()})
    if "glosses" in parts:
        with _timed(seconds, "glosses"):
            _write_glosses(folder, style, clip, explanations, preds, workers)
    if "report" in parts:
        from reports.report import write_report

        with _timed(seconds, "report"):
            glosses = {model: explanation.glosses for model, explanation in explanations.items()}
            write_report(folder, clip.frames, layers, preds, clip.keypoints, glosses)
    return seconds


@contextmanager
def _timed(seconds: Dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - started


def strip_name(about: Mapping[str, Any]) -> str:
    side = f"_for-{about['side']}" if "side" in about else ""
    return f"{about['place']:02d}_{safe(about['gloss'])}{side}.png"


def _write_glosses(folder: Path, style: Style, clip: Clip, explanations: "Mapping[str, Explanation]",
                   preds: Mapping[str, Any], workers: Executor) -> None:
    found = None if clip.keypoints is None else regions(clip.keypoints, APART)
    (folder / GLOSSES).write_text(table(rows(preds, explanations, found)), encoding="utf-8")

    def draw(model: str, place: int, layers: Mapping[str, Any]) -> None:
        its = preds["models"][model]
        about = its["explained"][place - 1]
        picture = png(gloss_strip(clip.frames, about, its["title"], layers, style))
        (folder / model / "glosses" / strip_name(about)).write_bytes(picture)

    for model in explanations:
        (folder / model / "glosses").mkdir(parents=True)
    drawn = [workers.submit(draw, model, gloss.place, gloss.layers)
             for model, explanation in explanations.items() for gloss in explanation.glosses]
    for each in drawn:
        each.result()

"""What a sequence leaves behind, each part of it where it was asked for."""
import time
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Collection, Dict, Iterator, Mapping

from datasets.clip import Clip
from drawing.gloss_strip import gloss_strip
from drawing.grounds import DARK, LIGHT
from drawing.overlay import png
from files.names import safe
from poses.regions import APART, regions
from records.explained import ExplainedGloss
from records.requests import ClipRequest
from records.sequence import Sequence
from records.style import Style
from render import render
from results.cams import FILE as CAMS
from results.cams import write_cams
from results.glosses import FILE as GLOSSES
from results.glosses import rows, table
from results.parts import tables

if TYPE_CHECKING:
    from records.explanation import Explanation, GlossMaps


def write(folder: Path, asked: ClipRequest, clip: Clip, explanations: "Mapping[str, Explanation]", record: Sequence,
          workers: Executor, beside: Collection[str] = ()) -> Dict[str, float]:
    """Gives the seconds that each part took. beside: files of before that will lie in the folder too."""
    seconds: Dict[str, float] = {}
    parts, style = asked.write, asked.style
    if "frames" in parts or "video" in parts:
        with _timed(seconds, "render"):
            maps = {model: {name: layer.laid for name, layer in explanation.layers.items()}
                    for model, explanation in explanations.items()}
            render(folder, clip.frames, maps, record, style, workers, asked.every if "frames" in parts else 0,
                   "video" in parts)
    if "cams" in parts:
        with _timed(seconds, "cams"):
            write_cams(folder / CAMS, explanations)
    if "glosses" in parts:
        with _timed(seconds, "glosses"):
            _write_glosses(folder, style, clip, explanations, record, workers)
    if "parts" in parts:
        _write_parts(folder, record)
    if "report" in parts:
        from reports.report import write_report

        with _timed(seconds, "report"):
            write_report(folder, clip.frames, explanations, record, clip.keypoints, beside)
    return seconds


@contextmanager
def _timed(seconds: Dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - started


def strip_name(about: ExplainedGloss) -> str:
    side = f"_for-{about.side}" if about.side else ""
    return f"{about.number:02d}_{safe(about.gloss)}{side}.png"


def _write_parts(folder: Path, record: Sequence) -> None:
    for name, text in tables(record).items():
        (folder / name).write_text(text, encoding="utf-8")


def _write_glosses(folder: Path, style: Style, clip: Clip, explanations: "Mapping[str, Explanation]",
                   record: Sequence, workers: Executor) -> None:
    found = None if clip.keypoints is None else regions(clip.keypoints, APART)
    (folder / GLOSSES).write_text(table(rows(record, explanations, found)), encoding="utf-8")

    def draw(model: str, gloss: "GlossMaps") -> None:
        title = record.models[model].title + (", a guess" if record.models[model].guess else "")
        for inside, ground in (("glosses", DARK), ("glosses/light", LIGHT)):
            picture = gloss_strip(clip.frames, gloss.about, title, gloss.layers, style, ground)
            (folder / model / inside / strip_name(gloss.about)).write_bytes(png(picture))

    for model in explanations:
        (folder / model / "glosses" / "light").mkdir(parents=True)
    drawn = [workers.submit(draw, model, gloss)
             for model, explanation in explanations.items() for gloss in explanation.glosses]
    for each in drawn:
        each.result()

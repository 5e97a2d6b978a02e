"""What a sequence leaves behind, each part of it where it was asked for."""
import os
import time
from concurrent.futures import Executor
from contextlib import contextmanager
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING, Collection, Dict, Iterator, List, Mapping
from urllib.parse import quote

from datasets.clip import Clip
from drawing.gloss_strip import gloss_strip
from drawing.grounds import DARK, LIGHT
from drawing.overlay import png
from files.eaf import Media
from files.names import safe
from poses.regions import APART, regions
from records.explained import ExplainedGloss
from records.requests import ClipRequest
from records.sequence import Sequence
from records.style import Style
from render import render
from results.cams import FILE as CAMS
from results.cams import write_cams
from results.elan import write_elan
from results.glosses import FILE as GLOSSES
from results.glosses import rows, table
from results.parts import tables
from video.footage import RATE

VIDEO = "comparison.mp4"

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
    if "elan" in parts:
        with _timed(seconds, "elan"):
            write_elan(folder, record, explanations, _media(asked, record, parts, beside))
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


def _media(asked: ClipRequest, record: Sequence, parts: Collection[str], beside: Collection[str]) -> List[Media]:
    """What an annotation is of: the clip's own video, and the file that it was taken from where their times agree."""
    media = [Media(f"./{VIDEO}", f"./{VIDEO}")] if "video" in parts or VIDEO in beside else []
    if record.video is None or asked.videos is None or asked.videos.keep or record.fps != RATE:
        return media
    sources = [path for path in asked.videos.paths if path.name == record.video.file and path.is_file()]
    if len(sources) != 1:
        return media
    relative = quote(os.path.relpath(sources[0], asked.out / record.sequence))
    kind = guess_type(sources[0].name)[0] or "video/mp4"
    return [*media, Media(sources[0].as_uri(), relative, record.video.start, kind)]


def strip_name(about: ExplainedGloss) -> str:
    side = f"_for-{about.side}" if about.side else ""
    return f"{about.number:02d}_{safe(about.gloss)}{side}.png"


def _write_parts(folder: Path, record: Sequence) -> None:
    for name, text in tables(record).items():
        (folder / name).write_text(text, encoding="utf-8")


def _write_glosses(folder: Path, style: Style, clip: Clip, explanations: "Mapping[str, Explanation]",
                   record: Sequence, workers: Executor) -> None:
    labelled = None if clip.keypoints is None else regions(clip.keypoints, APART)
    (folder / GLOSSES).write_text(table(rows(record, explanations, labelled)), encoding="utf-8")

    def draw(model: str, gloss: "GlossMaps") -> None:
        title = record.models[model].title + (", a guess" if record.models[model].guess else "")
        clip_parts = record.models[model].parts
        parts = None if clip_parts is None else next(
            (gloss_parts for gloss_parts in clip_parts.glosses if gloss_parts.about.id == gloss.about.id), None)
        for inside, ground in (("glosses", DARK), ("glosses/light", LIGHT)):
            picture = gloss_strip(clip.frames, gloss.about, title, gloss.layers, style, ground, parts,
                                  clip_parts.asks if clip_parts else "")
            (folder / model / inside / strip_name(gloss.about)).write_bytes(png(picture))

    for model in explanations:
        (folder / model / "glosses" / "light").mkdir(parents=True)
    drawn = [workers.submit(draw, model, gloss)
             for model, explanation in explanations.items() for gloss in explanation.glosses]
    for job in drawn:
        job.result()

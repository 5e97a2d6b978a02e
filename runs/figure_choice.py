"""What a figure shows of one or more runs: which rows, which columns, and which frame in each cell."""
from dataclasses import dataclass, replace
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from drawing.figure_sheet import COLUMNS, Cell, Row, Sheet
from records.explanation import Explanation, LayerMap
from records.figure_request import PEAK, FigureRequest
from records.sequence import ModelRecord
from records.style import COLORMAPS, Style
from records.transcript import Missed, Span, index_of
from results.explained_run import ExplainedRun
from results.flags import UNSEEN, in_words
from runs import figure_frames
from runs.figure_source import Source, labels_of
from terminal.errors import UserError

TRUE, MISSED = "true-", "deleted"       # how a gloss of the truth is named; the verdict of one that was not read


@dataclass(frozen=True)
class Choice:
    sheet: Sheet
    sources: Sequence[Source]               # of its rows
    spans: Sequence[Sequence[Optional[Span]]]       # by row and column, the glosses shown; empty where it shows frames
    same_frames: bool
    by: str                                 # peak or middle; empty where the frames were named


def chosen(asked: FigureRequest, runs: Sequence[ExplainedRun]) -> Choice:
    _check(asked, runs)
    sources = _sources(asked, runs)
    glosses = asked.glosses or (None if asked.frames else _explained_glosses(sources))
    columns = asked.columns or COLUMNS[asked.width]
    if glosses:
        spans = _spans(glosses, sources)
        cells, titles = _gloss_cells(asked, sources, spans)
        by = asked.at or PEAK
    else:
        if asked.same_frames:
            raise UserError("--same-frames: columns that are frames are the same in all rows already; leave it out, or "
                            "give --glosses")
        spans, by = [], "" if asked.frames else asked.at or PEAK
        numbers = _frame_numbers(asked, sources, columns)
        cells = [[_cell(source.map, number, "") for number in numbers] for source in sources]
        titles = [f"frame\u00a0{number}, {number / runs[0].record.fps:.2f}\u00a0s" for number in numbers]
    rows = [Row(label, own, () if glosses else [(span.gloss, span.frames) for span in source.record.spans])
            for label, own, source in zip(labels_of(sources, asked.labels), cells, sources)]
    style = Style(colormap=asked.colormap or runs[0].record.settings["colormap"])
    return Choice(Sheet(rows, titles, _legend(rows), not glosses, asked.width, columns, asked.bicubic, style), sources,
                  spans, asked.same_frames, by)


def _check(asked: FigureRequest, runs: Sequence[ExplainedRun]) -> None:
    colormap = asked.colormap or runs[0].record.settings["colormap"]
    if colormap not in COLORMAPS:
        raise UserError(f"--colormap {colormap}: there are {', '.join(COLORMAPS)}")
    if asked.at and asked.frames:
        raise UserError(f"--at {asked.at}: --frames names the frames already; leave one of them out")
    first = _clip_of(runs[0])
    for number, run in enumerate(runs[1:], start=1):
        if run.folder in [before.folder for before in runs[:number]]:
            raise UserError(f"--with {run.folder}: given twice; name another run of the sequence")
        other = next((f"{name} is {now}, not {was}" for (name, was), (_, now) in zip(first, _clip_of(run))
                      if was != now), None)
        if other is not None:
            raise UserError(f"--with {run.folder}: not of the same clip: {other}")


def _clip_of(run: ExplainedRun) -> List[Tuple[str, Any]]:
    record, video = run.record, run.record.video
    facts = [("sequence", record.sequence), ("dataset", record.dataset), ("split", record.split),
             ("number of frames", record.frames), ("frames a second", record.fps)]
    return [*facts, ("video", video and video.file), ("start", video and video.start), ("crop", video and video.crop)]


def _sources(asked: FigureRequest, runs: Sequence[ExplainedRun]) -> List[Source]:
    there = list(dict.fromkeys(model for run in runs for model in run.cams))
    models = asked.models or there
    folders = ", ".join(str(run.folder) for run in runs)
    unknown = [model for model in models if model not in there]
    if unknown:
        raise UserError(f"--models {', '.join(unknown)}: not in {folders}, which has {', '.join(there)}")
    have = list(dict.fromkeys(name for run in runs for model in models if model in run.cams
                              for name in run.cams[model].layers))
    unknown = [name for name in asked.layers or () if name not in have]
    if unknown:
        raise UserError(f"--layers {', '.join(unknown)}: none of {', '.join(models)}; there are {', '.join(have)}")
    sources = [Source(run, model, layer) for run in runs for model in models if model in run.cams
             for layer in _layers(asked.layers, run.cams[model])]
    if not sources:
        raise UserError(f"{folders}: nothing was explained there; explain the clip again with main.py")
    return sources


def _layers(asked: Optional[Sequence[str]], cams: Explanation) -> List[str]:
    if asked:
        return [name for name in asked if name in cams.layers]
    spatial = [name for name, layer in cams.layers.items() if layer.spatial]
    return (spatial or list(cams.layers))[-1:]


def _explained_glosses(sources: Sequence[Source]) -> Optional[List[str]]:
    """All that the first row's model read, where any of it was explained on its own."""
    spans = sources[0].record.spans
    own = any(source.cams.glosses for source in sources)
    return [str(number) for number in range(1, len(spans) + 1)] if own and spans else None


def _spans(glosses: Sequence[str], sources: Sequence[Source]) -> List[List[Optional[Span]]]:
    wanted = [_named(text, sources[0].record) for text in glosses]
    return [[_same(span, source.record) for span in wanted] for source in sources]


def _named(text: str, record: ModelRecord) -> Span:
    """By its number in the reading, or by its place in the truth: there it may have been missed."""
    if text.startswith(TRUE):
        known = {missed.id: _missed(missed) for missed in record.deleted}
        known.update({span.truth: span for span in record.spans if span.truth is not None})
        if text not in known:
            ids = sorted(known, key=index_of)
            raise UserError(f"--glosses {text}: " + (
                f"expected {ids[0]} to {ids[-1]}, places in the truth" if ids else
                "the clip has no truth; name glosses by their number in the reading"))
        return known[text]
    if not record.spans:
        raise UserError(f"--glosses {text}: {record.title} read nothing; give --frames, or --models with one that did "
                        "first, or a gloss that was missed by its place in the truth (true-1)")
    return record.spans[_number("--glosses", text, 1, len(record.spans), f", glosses that {record.title} read, or "
                                "places in the truth (true-1)") - 1]


def _missed(missed: Missed) -> Span:
    return Span(missed.id, missed.gloss, (0, 0), missed.frames, 0.0, MISSED)


def _same(span: Span, record: ModelRecord) -> Optional[Span]:
    """What stands for the same true gloss, or that it was missed too; else what is signed at the same time."""
    true = span.id if span.verdict == MISSED else span.truth
    same = next((other for other in record.spans if other == span), None) or next(
        (other for other in record.spans if true is not None and other.truth == true), None) or next(
        (_missed(other) for other in record.deleted if span.verdict == MISSED and other.id == true), None)
    if same is not None:
        return same
    shared = [min(span.frames[1], other.frames[1]) - max(span.frames[0], other.frames[0]) for other in record.spans]
    return record.spans[int(np.argmax(shared))] if shared and max(shared) > 0 else None


def _gloss_cells(asked: FigureRequest, sources: Sequence[Source], spans: Sequence[Sequence[Optional[Span]]]
                 ) -> Tuple[List[List[Cell]], List[str]]:
    at, names = asked.at or PEAK, [span.gloss for span in spans[0] if span is not None]
    if asked.same_frames:
        common = [figure_frames.common(at, [(source.of_gloss(span).laid, span.frames)
                                            for source, span in zip(sources, column) if span])
                  for column in zip(*spans)]
        titles = [f"{name}, frame\u00a0{frame}" for name, frame in zip(names, common)]
        frames = [common] * len(sources)
    else:
        titles = names
        frames = [[figure_frames.of_gloss(at, source.of_gloss(span).laid, span.frames) if span else 0
                   for span in row] for source, row in zip(sources, spans)]
    return [[_gloss_cell(source, span, name, frame, not asked.same_frames)
             for span, name, frame in zip(row, names, own)]
            for source, row, own in zip(sources, spans, frames)], titles


def _gloss_cell(source: Source, span: Optional[Span], title: str, frame: int, tell: bool) -> Cell:
    """Its name again where the model read another gloss. tell: say the frame too."""
    if span is None:
        return Cell(None, frame, "not read")
    words = [*([] if span.gloss == title else [span.gloss]), *(["missed"] if span.verdict == MISSED else []),
             *([f"frame\u00a0{frame}"] if tell else [])]
    return replace(_cell(source.of_gloss(span), frame, ", ".join(words)), span=span.frames)


def _cell(layer: LayerMap, frame: int, note: str) -> Cell:
    unseen = None if layer.laid.sees(frame) else UNSEEN
    return Cell(layer.laid, frame, ", ".join(filter(None, (note, in_words(layer.flags), unseen))))


def _frame_numbers(asked: FigureRequest, sources: Sequence[Source], columns: int) -> List[int]:
    total = sources[0].run.record.frames
    if asked.frames:
        return [_number("--frames", text, 0, total - 1) for text in asked.frames]
    parts = min(columns, total)
    edges = [round(total * part / parts) for part in range(parts + 1)]
    maps = [source.map.laid for source in sources]
    return [figure_frames.strongest(asked.at or PEAK, maps, start, stop) for start, stop in zip(edges, edges[1:])]


def _number(flag: str, text: str, least: int, most: int, what: str = "") -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or not least <= int(text) <= most:
        raise UserError(f"{flag} {text}: expected numbers from {least} to {most}{what}")
    return int(text)


def _legend(rows: Sequence[Row]) -> str:
    kinds = {laid.per_frame and laid.spatial for row in rows for laid in (cell.laid for cell in row.cells)
             if laid is not None}
    over = "over the clip or in each frame (see the caption)" if len(kinds) > 1 else \
        "in each frame" if True in kinds else "over the clip"
    return f"from the lowest to the highest value of each map {over}"

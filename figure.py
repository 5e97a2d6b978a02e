#!/usr/bin/env python3
"""A figure for a paper from what main.py wrote: rows are models and layers, columns frames or glosses."""
import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from records.sequence import Sequence as Record
from records.sequence import read_sequence
from records.transcript import Span
from terminal.command_exit import ended
from terminal.command_line import VERSION, Listed, OneLineParser, data_flag
from terminal.errors import UserError

if TYPE_CHECKING:
    from drawing.figure import Cell, Row
    from records.explanation import Explanation, LayerMap

EXAMPLES = """examples:
  python main.py --seq SEQUENCE --models slowfast twostream --target each --write cams report
  python figure.py outputs/SEQUENCE --layers rgb_stream.layer4 conv2d.fast_path.layer4 --frames 26,42 --out figure.pdf
  python figure.py outputs/SEQUENCE --glosses 1,3 --width column --out figure.svg
"""


def parser() -> argparse.ArgumentParser:
    made = OneLineParser(prog="figure.py", description=__doc__, epilog=EXAMPLES,
                         formatter_class=argparse.RawDescriptionHelpFormatter)
    add = made.add_argument
    add("--version", action="version", version=f"figure.py {VERSION}")
    add("folder", metavar="FOLDER", help="of a sequence, with its cams.npz (main.py --write cams)")
    add("--models", action=Listed, metavar="MODEL", help="of those that were explained (default: all)")
    add("--layers", action=Listed, metavar="NAME", help="rows (default: each model's last with space)")
    what = made.add_mutually_exclusive_group()
    what.add_argument("--frames", action=Listed, metavar="N",
                      help="columns: these frames (default: four over the clip)")
    what.add_argument("--glosses", action=Listed, metavar="N",
                      help="columns: glosses by their number in the reading, from 1, at their middle frames")
    add("--out", metavar="FILE", default="figure.pdf", help=".pdf, .svg or .png (default: figure.pdf)")
    add("--width", choices=("column", "page"), default="page", help="3.3 or 6.9 inches (default: page)")
    add("--colormap", metavar="NAME", help="colours of the maps (default: those of the run)")
    data_flag(add)
    return made


def draw(given: argparse.Namespace) -> Path:
    from drawing.figure import FORMATS, write_figure
    from files.output import output_folder
    from files.workspace import expanded, find_input
    from records.style import COLORMAPS, Style
    from results.cams import FILE, read_cams

    folder, out = find_input(given.folder), expanded(given.out)
    if out.suffix.lower() not in FORMATS:
        raise UserError(f"--out {given.out}: expected a name that ends in {', '.join(FORMATS)}")
    cams = read_cams(folder / FILE)
    record = _record(folder)
    colormap = given.colormap or record.settings["colormap"]
    if colormap not in COLORMAPS:
        raise UserError(f"--colormap {colormap}: there are {', '.join(COLORMAPS)}")
    if any(layer.laid.extent.size[0] != record.frames for its in cams.values() for layer in its.layers.values()) or \
            not set(cams) <= set(record.models):
        raise UserError(f"{folder}: its cams.npz and preds.json are not of one run; write it again")
    rows, columns = _rows_and_columns(given, cams, record)
    frames = _frames(given, record, sorted({cell.frame for row in rows for cell in row.cells}))
    strongest = {"clip": "the clip's strongest value", "frame": "each frame's strongest value"}
    normalise = record.settings["normalise"]
    own = " in each gloss's map" if given.glosses and any(its.glosses for its in cams.values()) else ""
    output_folder(out.parent)
    write_figure(out, frames, rows, columns, given.width, Style(colormap=colormap), f"1: {strongest[normalise]}{own}")
    return out


def _record(folder: Path) -> Record:
    from files.reading import DAMAGED_JSON, read_json

    path = folder / "preds.json"
    try:
        tree = read_json(path)
    except DAMAGED_JSON as error:
        raise UserError(f"{folder}: no preds.json of a finished sequence ({error!r:.120}); give a folder that main.py "
                        "wrote") from None
    record = read_sequence(tree, str(path))
    if not _as_written(record):
        raise UserError(f"{path}: not as main.py writes it; write it again")
    return record


def _as_written(record: Record) -> bool:
    """Whether what a figure is drawn from can be so."""
    settings = record.settings
    spans = [span.frames for model in record.models.values() for span in model.spans]
    return (record.frames > 0 and 0 < record.fps < 1e6 and isinstance(settings.get("colormap"), str)
            and settings.get("normalise") in ("clip", "frame")
            and all(0 <= first < stop <= record.frames for first, stop in spans))


def _rows_and_columns(given: argparse.Namespace, cams: "Dict[str, Explanation]", record: Record
                      ) -> "Tuple[List[Row], List[str]]":
    from drawing.figure import Cell, Row

    models = given.models or list(cams)
    unknown = [model for model in models if model not in cams]
    if unknown:
        raise UserError(f"--models {', '.join(unknown)}: not in {given.folder}, which has {', '.join(cams)}")
    have = [name for model in models for name in cams[model].layers]
    unknown = [name for name in given.layers or () if name not in have]
    if unknown:
        raise UserError(f"--layers {', '.join(unknown)}: none of {', '.join(models)}; there are {', '.join(have)}")
    chosen = [(model, name) for model in models for name in _layers(given.layers, cams[model])]
    titles = {model: record.models[model].title for model in models}
    if given.glosses:
        spans = {model: record.models[model].spans for model in models}
        most = max((len(read) for read in spans.values()), default=0)
        numbers = [_number("--glosses", text, 1, most) for text in given.glosses]
        columns = [next(read[number - 1].gloss for read in spans.values() if len(read) >= number) for number in numbers]
        return [Row(titles[model], name, [_gloss_cell(cams[model], spans[model], number, name, title)
                                          for number, title in zip(numbers, columns)])
                for model, name in chosen], columns
    last = record.frames - 1
    numbers = ([_number("--frames", text, 0, last) for text in given.frames] if given.frames
               else [round(last * part / 5) for part in range(1, 5)])
    columns = [f"frame {number}\n{number / record.fps:.2f} s" for number in numbers]
    return [Row(titles[model], name, [Cell(cams[model].layers[name].laid, number) for number in numbers])
            for model, name in chosen], columns


def _gloss_cell(cams: "Explanation", spans: Sequence[Span], number: int, layer: str, title: str) -> "Cell":
    """A gloss at the middle frame of the model's own steps; its name again where the model read another."""
    from drawing.figure import Cell

    if number > len(spans):
        return Cell(None, 0, "no such gloss")
    span = spans[number - 1]
    frame = (sum(span.frames) - 1) // 2
    words = f"frame {frame}" if span.gloss == title else f"{span.gloss}, frame {frame}"
    return Cell(_of_gloss(cams, span.id, layer).laid, frame, words)


def _layers(asked: Optional[Sequence[str]], cams: "Explanation") -> List[str]:
    spatial = [name for name, layer in cams.layers.items() if layer.spatial]
    return [name for name in asked if name in cams.layers] if asked else spatial[-1:]


def _of_gloss(cams: "Explanation", span: str, layer: str) -> "LayerMap":
    """The map of what was read where it was explained on its own, else the clip's. span: its id."""
    own = next((gloss for gloss in cams.glosses if gloss.about.span == span and gloss.about.side != "true"
                and layer in gloss.layers), None)
    return cams.layers[layer] if own is None else own.layers[layer]


def _number(flag: str, text: str, least: int, most: int) -> int:
    if not text.isdigit() or not least <= int(text) <= most:
        raise UserError(f"{flag} {text}: expected numbers from {least} to {most}")
    return int(text)


def _frames(given: argparse.Namespace, record: Record, numbers: Sequence[int]) -> Dict[int, Any]:
    """The clip's own frames, from the dataset."""
    from datasets.corpora import find_corpus
    from files.workspace import Workspace, find_input

    if record.video:
        raise UserError(f"{given.folder} was made from a video: figures are drawn of a corpus's sequences only")
    data = given.data_root or str(find_input(given.folder).parent / record.data_root)
    corpus = find_corpus(data, record.dataset, Workspace())
    row, = corpus.rows(record.split, [record.sequence])
    paths = corpus.need_frames(row, record.split)
    if len(paths) != record.frames:
        raise UserError(f"{record.sequence} has {len(paths)} frames in {corpus.root}, but was explained with "
                        f"{record.frames}; name its dataset with --data-root")
    return dict(zip(numbers, corpus.decode([paths[number] for number in numbers])))


def main(arguments: Optional[Sequence[str]] = None) -> int:
    return ended("figure.py", lambda: _run(arguments), "the same command draws it anew")


def _run(arguments: Optional[Sequence[str]]) -> int:
    print(f"written: {draw(parser().parse_args(arguments))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

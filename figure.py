#!/usr/bin/env python3
"""A figure for a paper from what main.py wrote: rows are models and layers, columns frames or glosses."""
import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from terminal.command_exit import ended
from terminal.command_line import VERSION, Listed, OneLineParser, data_flag
from terminal.errors import UserError

if TYPE_CHECKING:
    from drawing.figure import Cell, Row
    from results.cams import Cams, Layer

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
                      help="columns: glosses by their place in the reading, from 1, at their middle frames")
    add("--out", metavar="FILE", default="figure.pdf", help=".pdf, .svg or .png (default: figure.pdf)")
    add("--width", choices=("column", "page"), default="page", help="3.3 or 6.9 inches (default: page)")
    add("--colormap", metavar="NAME", help="colours of the maps (default: those of the run)")
    data_flag(add)
    return made


def draw(given: argparse.Namespace) -> Path:
    from drawing.figure import FORMATS, write_figure
    from drawing.overlay import COLORMAPS, Style
    from files.output import output_folder
    from files.workspace import expanded, find_input
    from results.cams import FILE, read_cams

    folder, out = find_input(given.folder), expanded(given.out)
    if out.suffix.lower() not in FORMATS:
        raise UserError(f"--out {given.out}: expected a name that ends in {', '.join(FORMATS)}")
    cams = read_cams(folder / FILE)
    preds = _preds(folder)
    colormap = given.colormap or preds["settings"]["colormap"]
    if colormap not in COLORMAPS:
        raise UserError(f"--colormap {colormap}: there are {', '.join(COLORMAPS)}")
    if any(layer.laid.place.size[0] != preds["frames"] for its in cams.values() for layer in its.layers.values()) or \
            not set(cams) <= set(preds["models"]):
        raise UserError(f"{folder}: its cams.npz and preds.json are not of one run; write it again")
    rows, columns = _rows_and_columns(given, cams, preds)
    frames = _frames(given, preds, sorted({cell.frame for row in rows for cell in row.cells}))
    strongest = {"clip": "the clip's strongest place", "frame": "each frame's strongest place"}
    normalise = preds["settings"]["normalise"]
    own = " in each gloss's map" if given.glosses and any(its.glosses for its in cams.values()) else ""
    output_folder(out.parent)
    write_figure(out, frames, rows, columns, given.width, Style(colormap=colormap), f"1: {strongest[normalise]}{own}")
    return out


def _preds(folder: Path) -> Dict[str, Any]:
    from files.reading import DAMAGED_JSON, read_json

    try:
        found = read_json(folder / "preds.json")
        if not _as_written(found):
            raise ValueError("not as main.py writes it")
        return found
    except (*DAMAGED_JSON, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{folder}: no preds.json of a finished sequence ({error!r:.120}); give a folder that main.py "
                        "wrote") from None


def _as_written(preds: Dict[str, Any]) -> bool:
    """Whether it has what a figure is drawn from; an error of Python's own where it lacks some of it."""
    frames, fps = preds["frames"], preds["fps"]
    texts = [preds["sequence"], preds["split"], preds["dataset"], preds["data_root"], preds["settings"]["colormap"],
             *(model["title"] for model in preds["models"].values())]
    spans = [span for model in preds["models"].values() for span in model["spans"]]
    return (type(frames) is int and frames > 0 and isinstance(fps, (int, float)) and 0 < fps < 1e6
            and all(isinstance(text, str) for text in texts) and preds["settings"]["normalise"] in ("clip", "frame")
            and all(isinstance(span["gloss"], str) and type(span["start"]) is type(span["stop"]) is int
                    and 0 <= span["start"] < span["stop"] <= frames for span in spans))


def _rows_and_columns(given: argparse.Namespace, cams: "Dict[str, Cams]", preds: Dict[str, Any]
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
    titles = {model: preds["models"][model]["title"] for model in models}
    if given.glosses:
        spans = {model: preds["models"][model]["spans"] for model in models}
        most = max((len(its) for its in spans.values()), default=0)
        places = [_number("--glosses", text, 1, most) for text in given.glosses]
        columns = [next(its[place - 1]["gloss"] for its in spans.values() if len(its) >= place) for place in places]
        return [Row(titles[model], name, [_gloss_cell(cams[model], spans[model], place, name, title)
                                          for place, title in zip(places, columns)]) for model, name in chosen], columns
    last = int(preds["frames"]) - 1
    numbers = ([_number("--frames", text, 0, last) for text in given.frames] if given.frames
               else [round(last * part / 5) for part in range(1, 5)])
    columns = [f"frame {number}\n{number / preds['fps']:.2f} s" for number in numbers]
    return [Row(titles[model], name, [Cell(cams[model].layers[name].laid, number) for number in numbers])
            for model, name in chosen], columns


def _gloss_cell(cams: "Cams", spans: Sequence[Dict[str, Any]], place: int, layer: str, title: str) -> "Cell":
    """A gloss at the middle frame of the model's own steps; its name again where the model read another."""
    from drawing.figure import Cell

    if place > len(spans):
        return Cell(None, 0, "no such gloss")
    span = spans[place - 1]
    frame = (span["start"] + span["stop"] - 1) // 2
    words = f"frame {frame}" if span["gloss"] == title else f"{span['gloss']}, frame {frame}"
    return Cell(_of_gloss(cams, place, layer).laid, frame, words)


def _layers(asked: Optional[Sequence[str]], cams: "Cams") -> List[str]:
    spatial = [name for name, layer in cams.layers.items() if layer.spatial]
    return [name for name in asked if name in cams.layers] if asked else spatial[-1:]


def _of_gloss(cams: "Cams", place: int, layer: str) -> "Layer":
    """The gloss's own map where it was explained on its own, else the clip's."""
    own = next((gloss for gloss in cams.glosses if gloss.place == place and layer in gloss.layers), None)
    return cams.layers[layer] if own is None else own.layers[layer]


def _number(flag: str, text: str, least: int, most: int) -> int:
    if not text.isdigit() or not least <= int(text) <= most:
        raise UserError(f"{flag} {text}: expected numbers from {least} to {most}")
    return int(text)


def _frames(given: argparse.Namespace, preds: Dict[str, Any], numbers: Sequence[int]) -> Dict[int, Any]:
    """The clip's own frames, from the dataset."""
    from datasets.corpora import find_corpus
    from files.workspace import Workspace, find_input

    if "video" in preds:
        raise UserError(f"{given.folder} was made from a video: figures are drawn of a corpus's sequences only")
    data = given.data_root or str(find_input(given.folder).parent / preds["data_root"])
    corpus = find_corpus(data, preds["dataset"], Workspace())
    row, = corpus.rows(preds["split"], [preds["sequence"]])
    paths = corpus.need_frames(row, preds["split"])
    if len(paths) != preds["frames"]:
        raise UserError(f"{preds['sequence']} has {len(paths)} frames in {corpus.root}, but was explained with "
                        f"{preds['frames']}; name its dataset with --data-root")
    return dict(zip(numbers, corpus.decode([paths[number] for number in numbers])))


def main(arguments: Optional[Sequence[str]] = None) -> int:
    return ended("figure.py", lambda: _run(arguments), "the same command draws it anew")


def _run(arguments: Optional[Sequence[str]]) -> int:
    print(f"written: {draw(parser().parse_args(arguments))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

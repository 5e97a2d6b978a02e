#!/usr/bin/env python3
"""A figure for a paper from what main.py wrote: rows are models and layers, columns frames or glosses. With
--show parts: what each gloss was read from, of one clip, or of all clips of a run in groups.

Prints a LaTeX caption to copy.
"""
import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence, Tuple

from records.figure_request import AT, GROUPS, FigureRequest, PartsRequest
from terminal.command_exit import ended
from terminal.command_line import VERSION, Listed, OneLineParser, data_flag, refuse
from terminal.errors import UserError
from terminal.numbers import count

EXAMPLES = """examples:
  python main.py --seq SEQUENCE --models slowfast twostream --target each --write cams report
  python figure.py outputs/SEQUENCE --width column
  python figure.py outputs/SEQUENCE --glosses 1,3 --same-frames --bicubic --out figure.svg
  python figure.py outputs/SEQUENCE --layers rgb_stream.layer4 conv2d.fast_path.layer4 --frames 26,42
  python figure.py outputs --show parts --by verdict
  python figure.py outputs/SEQUENCE --with other/SEQUENCE --labels "trained by us" "as published"
"""
MOST = 24               # pictures beside one another
MAPS, PARTS = SHOW = ("maps", "parts")
OF_MAPS = ("others", "layers", "labels", "frames", "at", "same_frames", "columns", "bicubic", "colormap", "data_root",
           "video")


def parser() -> argparse.ArgumentParser:
    made = OneLineParser(prog="figure.py", description=__doc__, epilog=EXAMPLES,
                         formatter_class=argparse.RawDescriptionHelpFormatter)
    add = made.add_argument
    add("--version", action="version", version=f"figure.py {VERSION}")
    add("folder", metavar="FOLDER",
        help="of a sequence, with its cams.npz (main.py --write cams); for --show parts also of a run")
    add("--show", choices=SHOW, default=MAPS,
        help="maps, or a bar for each gloss of the parts that it was read from (main.py --write parts; default: maps)")
    add("--by", choices=GROUPS, help="with --show parts, of a run: what its glosses are grouped by (default: model)")
    add("--with", dest="others", nargs="+", default=[], metavar="FOLDER",
        help="other runs of the same clip, whose rows come below")
    add("--models", action=Listed, metavar="MODEL", help="of those that were explained (default: all)")
    add("--layers", action=Listed, metavar="NAME",
        help="rows (default: each model's last layer that is not time-only); a time-only layer becomes a strip over "
             "time")
    add("--labels", nargs="+", metavar="WORDS", help="of the rows (default: model and layer)")
    what = made.add_mutually_exclusive_group()
    what.add_argument("--frames", action=Listed, metavar="N", help="columns: these frames")
    what.add_argument("--glosses", action=Listed, metavar="N",
                      help="columns: glosses by their number in the first row's reading, from 1, or by their place in "
                           "the truth (true-3), missed ones too; other models show what they read in their place "
                           "(default: all, where glosses were explained on their own; else a frame of each of "
                           "--columns equal parts of the clip)")
    add("--at", choices=AT,
        help="the frame of each gloss or part: where its map is strongest, or the middle one (default: peak)")
    add("--same-frames", action="store_true", help="show a gloss at the same frame in all rows")
    add("--columns", type=count, metavar="N",
        help="pictures beside one another; more go on below (default: 4, or 6 for --width page)")
    add("--out", metavar="FILE", default="figure.pdf", help=".pdf, .svg or .png (default: figure.pdf)")
    add("--width", choices=("column", "page"), default="page", help="3.3 or 6.9 inches (default: page)")
    add("--bicubic", action="store_true",
        help="lay maps by cubics between the centres of cells, without creases (default: linearly)")
    add("--colormap", metavar="NAME", help="colours of the maps (default: those of the run)")
    data_flag(add)
    add("--video", metavar="FILE", help="the video that the clip was cut from (default: where it was)")
    return made


def draw(given: argparse.Namespace) -> Tuple[Path, str]:
    """The file, and its caption."""
    from drawing.figure import FORMATS, write_figure, write_stacks
    from files.output import output_folder
    from files.overwrite_guard import check_our_figure
    from files.workspace import expanded, find_folder
    from results.explained_run import read_run
    from runs.figure_caption import caption
    from runs.figure_choice import chosen
    from runs.figure_parts import parts_figure
    from runs.shown_frames import shown_frames

    out = expanded(given.out)
    if out.suffix.lower() not in FORMATS:
        raise UserError(f"--out {given.out}: expected a name that ends in {', '.join(FORMATS)}")
    check_our_figure(out)
    if given.show == PARTS:
        refuse(given, OF_MAPS, "of figures of maps, and not of --show parts")
        sheet, words = parts_figure(find_folder(given.folder),
                                    PartsRequest(given.models, given.glosses, given.by, given.width))
        output_folder(out.parent)
        write_stacks(out, sheet)
        return out, words
    refuse(given, ["by"], "of --show parts alone")
    if given.columns is not None and given.columns > MOST:
        raise UserError(f"--columns {given.columns}: expected a number from 1 to {MOST}")
    runs = [read_run(find_folder(folder)) for folder in (given.folder, *given.others)]
    choice = chosen(FigureRequest(given.models, given.layers, given.frames, given.glosses, given.at, given.same_frames,
                                  given.labels, given.columns, given.width, given.colormap, given.bicubic), runs)
    numbers = sorted({cell.frame for row in choice.sheet.rows for cell in row.cells})
    frames = shown_frames(runs[0], numbers, given.data_root, given.video)
    output_folder(out.parent)
    write_figure(out, frames, choice.sheet)
    return out, caption(choice)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    return ended("figure.py", lambda: _run(arguments), "the same command draws it again")


def _run(arguments: Optional[Sequence[str]]) -> int:
    out, words = draw(parser().parse_args(arguments))
    print(f"written: {out}\n\n{words}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

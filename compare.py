#!/usr/bin/env python3
"""Shows why two pictures look alike to a network that compares them: python compare.py --demo"""
import argparse
import shlex
import sys
from pathlib import Path
from typing import Optional, Sequence, Tuple

from files.workspace import Workspace, expanded
from records.hiding import ASKS, BLUR, LOOKS, MEAN, STILL, WAYS
from records.methods import OF_PICTURES
from records.networks import EMBEDDERS
from records.requests import PairRequest
from terminal.command_exit import ended
from terminal.command_line import VERSION, Listed, OneLineParser, device_flag, refuse
from terminal.errors import UserError
from terminal.numbers import count, seed

METHODS = (*OF_PICTURES, "all")
OF_ONE_PICTURE = (MEAN, BLUR)
TARGETS = ("what is explained; several, or all. cosine: what would make the two more alike, void where they are "
           "nearly the same; dot: what their likeness is made of; norm (arcface): the embedding's length; pred, "
           "pred:HEAD, class:ID (promptsg): an identity it was trained on (default: cosine for two, else norm or pred)")


def parser() -> argparse.ArgumentParser:
    made = OneLineParser(prog="compare.py", description=__doc__)
    add = made.add_argument
    add("--demo", action="store_true", help="drawn people, a small network that tells them apart, and what its maps "
                                            "are worth; needs no data and no weights")
    add("--model", choices=[network.name for network in EMBEDDERS], default="promptsg", help="(default: promptsg)")
    add("--weights", metavar="FILE", help="its checkpoint")
    add("--image", metavar="FILE", help="the picture to explain")
    add("--with", dest="against", metavar="PATH", help="another picture, a folder of them, or an embedding (.npy)")
    add("--top", type=count, metavar="N", help="how many of the most similar pictures: of a "
                                                    "folder (default: 10), or for each query (default: 1)")
    add("--market", metavar="FOLDER", help="Market-1501: its queries among its gallery, with mAP and CMC")
    add("--queries", type=count, metavar="N", help="only the first N (default: 50; of the demo 4)")
    add("--target", action=Listed, metavar="WHAT", help=TARGETS)
    add("--method", action=Listed, known=METHODS, metavar="NAME",
        help=f"how maps are made; one or more of {', '.join(METHODS)} (default: gradcam; of the demo hirescam too)")
    add("--layers", action=Listed, metavar="NAME", help="layers by name, or all (default: those right for the network)")
    add("--list-layers", action="store_true", help="print every layer that can be asked for, and stop")
    add("--points", metavar="POINTS", help="eyes, nose and corners of the mouth as x,y x,y x,y x,y x,y, or a CSV "
                                           "of file names and ten numbers: aligns faces (default: aligned crops)")
    add("--check", action="store_true", help="measure whether the maps can be believed")
    add("--shifts", type=count, default=100, metavar="N",
        help="how many shifted copies of each map --check compares with (default: 100)")
    add("--hide", choices=WAYS,
        help="what replaces what --check hides (default: blur). " + "; ".join(
            f"{way}: {LOOKS[way]}; {ASKS[way]}" for way in OF_ONE_PICTURE))
    add("--seed", type=seed, default=0, help="of the checks (default: 0)")
    device_flag(add)
    add("--out", metavar="FOLDER", help="where results go (default: the workspace's outputs/compare)")
    add("--overwrite", action="store_true", help="replace what was made with other settings")
    add("--version", action="version", version=f"compare.py {VERSION}")
    add("--quiet", action="store_true", help="print errors only")
    return made


def check_together(given: argparse.Namespace) -> None:
    """UserError for a flag that is of no use beside the others."""
    if given.demo:
        refuse(given, ("model", "weights", "image", "against", "market", "points"),
               "--demo uses its own pictures and network")
    if given.list_layers:
        refuse(given, [name for name in given.named if name not in ("list_layers", "demo", "model", "weights")],
               "--list-layers prints names and stops")
        return
    if given.market is not None:
        refuse(given, ("against",), "--market compares its queries with its gallery")
    elif not given.demo:
        refuse(given, ("queries",), "only with --market")
        if given.against is None or not expanded(given.against).is_dir():
            refuse(given, ("top",), "only with --market, or a folder in --with")
    if not given.check:
        refuse(given, ("shifts", "seed"), "only with --check")
        refuse(given, ("hide",), "no method of compare.py hides anything; it is for --check")
    if given.hide == STILL:
        raise UserError(f"--hide {STILL}: nothing moves in a single picture, so the still picture is the same; choose "
                        f"{' or '.join(OF_ONE_PICTURE)}")


def compare(given: argparse.Namespace) -> int:
    from pairs.demo import MODEL, WEIGHTS

    if given.list_layers:
        from pairs.comparison import layer_lines

        print("\n".join(layer_lines(MODEL, WEIGHTS) if given.demo
                        else layer_lines(given.model, _path(given.weights))))
        return 0
    asked = request(given)
    from files.output import output_folder
    from pairs.comparison import Comparison
    from pairs.demo import compare_people

    output_folder(asked.out)
    def say(line: str) -> None:
        if not given.quiet:
            print(line, flush=True)

    if given.demo:
        compare_people(asked, say, given.quiet)
        return 0
    return Comparison(asked, say).run()


def request(given: argparse.Namespace) -> PairRequest:
    if given.weights is None and not given.demo:
        raise UserError(f"--weights is missing: name the checkpoint of {given.model}; --demo needs none")
    from models.device import choose_device
    from pairs.demo import METHODS as DEMO_METHODS
    from pairs.demo import MODEL, QUERIES, WEIGHTS

    outputs = Workspace().demo_outputs / "compare-demo" if given.demo else Workspace().outputs / "compare"
    out = expanded(given.out).absolute() if given.out else outputs
    device, note = choose_device(given.device)
    if note and not given.quiet:
        print(note, file=sys.stderr)
    weights = WEIGHTS if given.demo else _path(given.weights)
    assert weights is not None
    asked = PairRequest(
        model=MODEL if given.demo else given.model, weights=weights, out=out, image=_path(given.image),
        against=_path(given.against), market=_path(given.market),
        queries=given.queries or (QUERIES if given.demo else PairRequest.queries), top=given.top,
        targets=_tuple(given.target),
        methods=_tuple(given.method) or (DEMO_METHODS if given.demo else PairRequest.methods),
        layers=_tuple(given.layers),
        points=given.points, checked=given.check, shifts=given.shifts, seed=given.seed,
        hide=given.hide or BLUR, device=device, overwrite=given.overwrite, command=given.command)
    if not given.demo:
        asked.check()
    return asked


def _path(text: Optional[str]) -> Optional[Path]:
    from files.workspace import find_input

    return None if text is None else find_input(text)


def _tuple(names: Optional[Sequence[str]]) -> Optional[Tuple[str, ...]]:
    return None if names is None else tuple(names)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    return ended("compare.py", lambda: _run(arguments), "the same command starts again")


def _run(arguments: Optional[Sequence[str]]) -> int:
    given = parser().parse_args(arguments)
    words = sys.argv if arguments is None else ["compare.py", *arguments]
    given.command = " ".join(map(shlex.quote, ["python", *words]))
    check_together(given)
    return compare(given)


if __name__ == "__main__":
    sys.exit(main())

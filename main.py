"""Shows what sign-language recognisers look at: heat maps over every frame, a side-by-side video, and the glosses."""
import argparse
import errno
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from datasets.corpora import CORPORA, find_corpus
from files.workspace import Workspace
from models.registry import MODELS
from terminal.command_line import OneLineParser
from terminal.errors import UserError

if TYPE_CHECKING:
    from datasets.layout import Corpus
    from runs.pipeline import Asked

SPLITS = ("train", "dev", "test")
METHODS = ("gradcam", "gradcam++", "hirescam", "layercam", "xgradcam", "eigencam")
FEW = 3             # sequences whose readings are printed
COLORMAPS = ("jet", "turbo", "viridis", "inferno", "magma", "plasma", "cividis", "hot", "parula")


def parser() -> argparse.ArgumentParser:
    made = OneLineParser(prog="main.py", description=__doc__)
    add = made.add_argument
    add("--demo", action="store_true",
        help="explain two clips of a drawn signer with two small recognisers; needs no dataset and no checkpoint")
    add("--seq", metavar="ID,ID", help="sequences to explain (default: all of the split)")
    add("--split", choices=SPLITS, default="dev", help="where to look them up (default: dev)")
    add("--models", nargs="+", choices=tuple(MODELS), default=["slowfast"], help="(default: slowfast)")
    for model in MODELS:
        add(f"--{model}-ckpt", metavar="FILE", help="its checkpoint (default: the workspace's)")
    add("--target", default="max", metavar="WHAT", help="what to explain: max, pred, from-gt or a gloss (default: max)")
    add("--target-from-gt", dest="target", action="store_const", const="from-gt",
        help="explain the true gloss of the middle frame; the same as --target from-gt")
    add("--method", choices=METHODS, default="gradcam", help="how maps are made (default: gradcam)")
    add("--weights", choices=("clip", "frame"), default="clip",
        help="gradients pooled over the clip or each frame (default: clip)")
    add("--normalise", choices=("clip", "frame"), default="clip",
        help="the hottest colour is the clip's largest value or each frame's (default: clip)")
    add("--layers", nargs="+", metavar="MODEL:NAME,NAME", default=[], help="other layers (default: each model's five)")
    add("--list-layers", action="store_true", help="print every layer that can be asked for, and stop")
    add("--device", help="any torch device (default: cuda:0, or cpu where there is no CUDA)")
    add("--precision", choices=("amp", "fp32"), help="(default: amp on CUDA, fp32 elsewhere)")
    add("--dataset", choices=tuple(CORPORA), help="which corpus it is (default: what is found at the data root)")
    add("--data-root", metavar="FOLDER", help="the dataset's folder (default: the workspace's)")
    add("--out", metavar="FOLDER", help="where results go (default: the workspace's outputs/)")
    add("--alpha", type=_share, default=0.5, help="weight of the heat map in an overlay, 0 to 1 (default: 0.5)")
    add("--colormap", choices=COLORMAPS, default="jet", help="colours of the maps (default: jet)")
    add("--fps", type=_rate, default=25.0, help="frames a second of the video (default: 25)")
    add("--save-cams", action="store_true", help="also write cams.npz: logits and every map as numbers")
    add("--no-report", dest="report", action="store_false", help="write no HTML report")
    add("--overwrite", action="store_true", help="redo finished sequences")
    add("--quiet", action="store_true", help="say nothing but errors")
    return made


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 1")
    return value


def _rate(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 240:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to 240")
    return value


def _as_demo(given: argparse.Namespace) -> None:
    """The same run as any other, on data and checkpoints of the demo's own."""
    from runs.demo import CHECKPOINTS, CLIPS, TARGET, demo_data

    given.models = list(CHECKPOINTS)
    given.target = TARGET if given.target == "max" else given.target
    for model, path in CHECKPOINTS.items():
        setattr(given, f"{model}_ckpt", str(path))
    out = Path(given.out).absolute() if given.out else Workspace().outputs / "demo"
    given.out = str(out)
    given.split, given.data_root = "dev", str(demo_data(out, CLIPS, not given.quiet))


def explain(given: argparse.Namespace) -> int:
    started = time.perf_counter()
    if given.demo:
        _as_demo(given)
    corpus = find_corpus(given.data_root, given.dataset, Workspace())
    asked = _asked(given, corpus)
    names = None if given.seq is None else [name.strip() for name in given.seq.split(",") if name.strip()]
    if names == []:
        raise UserError("--seq names no sequence; give one or more ids with commas between, or leave it out")

    from datasets.phoenix import PhoenixVideoTextDataset
    from results.folder import prepare_out
    from runs.pipeline import Pipeline
    from runs.sharing import share
    from terminal.progress import Progress

    dataset = PhoenixVideoTextDataset(corpus, given.split, names)
    prepare_out(asked.out)
    sharing = share()
    progress = Progress(len(dataset), given.quiet, bar=sharing.rank == 0)
    try:
        Pipeline(asked, dataset, sharing, progress).run()
        outcomes = sharing.gather(len(dataset))
    finally:
        progress.close()
    code = 0 if outcomes is None else _conclude(asked, outcomes, time.perf_counter() - started, given.quiet)
    return sharing.leave(code)


def _conclude(asked: "Asked", outcomes: List[Dict[str, Any]], seconds: float, quiet: bool) -> int:
    """Summary, index and exit code, once all is over."""
    from results.folder import finished, preds_lines
    from results.summary import summary_lines, write_summary

    if len(outcomes) > 1:
        write_summary(asked.out, outcomes, seconds)
        if asked.report:
            from reports.report import write_index

            write_index(asked.out)
    if not quiet:
        for outcome in outcomes if len(outcomes) <= FEW else ():
            preds = finished(asked.out, outcome["sequence"])
            if preds:
                print("\n".join(["", *preds_lines(preds)[:1 + len(preds["models"])]]))
        print("\n".join(["", *summary_lines(asked.out, outcomes, seconds)]))
        pages = asked.out / ("index.html" if len(outcomes) > 1 else f"{outcomes[0]['sequence']}/report.html")
        if pages.is_file():
            print(f"look at {pages}")
    failed = [outcome for outcome in outcomes if outcome["status"] == "failed"]
    if len(outcomes) == 1 and failed and failed[0]["users"]:
        return 2        # a mistake in what was asked; in a batch the others were done
    return 1 if failed else 0


def _asked(given: argparse.Namespace, corpus: "Corpus") -> "Asked":
    from drawing.overlay import Style
    from runs.loading import checkpoint_path
    from runs.pipeline import Asked

    workspace = Workspace()
    models = list(dict.fromkeys(given.models))
    return Asked(
        checkpoints={model: checkpoint_path(model, _checkpoint_given(given, model), workspace, corpus.name)
                     for model in models},
        layers=_layers(given.layers, models), target=given.target, method=given.method, weights=given.weights,
        normalise=given.normalise, device=given.device, precision=given.precision,
        style=Style(given.alpha, given.colormap, given.fps), save_cams=given.save_cams, report=given.report,
        out=Path(given.out).absolute() if given.out else workspace.outputs, overwrite=given.overwrite,
        command=given.command)


def _checkpoint_given(given: argparse.Namespace, model: str) -> Optional[str]:
    return getattr(given, f"{model}_ckpt")


def _layers(given: Sequence[str], models: Sequence[str]) -> Dict[str, Tuple[str, ...]]:
    """slowfast:NAME,NAME -> names by model"""
    layers = {}
    for text in given:
        model, colon, names = text.partition(":")
        if not colon or not names or model not in models:
            raise UserError(f"--layers {text}: expected MODEL:NAME,NAME with one of the models asked for "
                            f"({', '.join(models)}); --list-layers prints the names")
        layers[model] = tuple(dict.fromkeys(name for name in names.split(",") if name))
    return layers


def list_layers(given: argparse.Namespace) -> int:
    from runs.loading import checkpoint_path, layer_lines

    for model in dict.fromkeys(given.models):
        named = _checkpoint_given(given, model)
        try:
            path = checkpoint_path(model, named, Workspace())
        except UserError:
            if named is not None:
                raise
            path = None         # the names are those of the published network all the same
        print("\n".join(layer_lines(model, path)))
    return 0


def main(arguments: Optional[Sequence[str]] = None) -> int:
    given = parser().parse_args(arguments)
    words = sys.argv if arguments is None else ["main.py", *arguments]
    given.command = " ".join(map(shlex.quote, ["python", *words]))
    try:
        return list_layers(given) if given.list_layers else explain(given)
    except UserError as error:
        print(f"main.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("main.py: stopped; the same command goes on where it was", file=sys.stderr)
        return 130
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print("main.py: the disk is full: nothing half-written was kept as done. Make room and give the same command "
              "again", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

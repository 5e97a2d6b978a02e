"""Shows what sign-language recognisers look at: heat maps over every frame, a side-by-side video, and the glosses."""
import argparse
import shlex
import sys
import time
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from datasets.corpora import CORPORA, find_corpus
from files.workspace import CHECKPOINTS, Workspace, find_input
from models.registry import MODELS, NEED_KEYPOINTS
from runs.sharing import first_to_say
from runs.video_arguments import video_arguments, videos_asked
from terminal.command_exit import ended
from terminal.command_line import (
    VERSION,
    OneLineParser,
    data_flag,
    dataset_flag,
    device_flag,
    models_flag,
    seq_flag,
    split_flag,
    whole,
)
from terminal.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from datasets.layout import Corpus
    from runs.pipeline import Asked

METHODS = ("gradcam", "gradcam++", "hirescam", "layercam", "xgradcam", "eigencam", "attention", "gradient",
           "inputxgradient", "smoothgrad", "integrated", "occlusion", "rise")
PASSES = {"smoothgrad": 25, "integrated": 32, "occlusion": 400, "rise": 800}     # of methods that take many
ON_CLIP = ("occlusion", "rise")       # without gradients: differences of scores, which half precision would round away
PARTS = ("frames", "video", "report", "cams", "glosses")
FEW = 3             # sequences whose readings are printed
COLORMAPS = ("turbo", "viridis", "cividis", "inferno", "magma", "plasma", "hot", "parula", "jet")
BLENDS = ("value", "even")
EXAMPLES = """examples:
  python main.py --demo
      two clips of a drawn signer, two small recognisers: no dataset, no checkpoint
  python main.py --seq 01April_2010_Thursday_heute_default-8 --split train --models slowfast twostream --target-from-gt
      one clip, both models: what the true gloss of its middle was read from
  torchrun --nproc_per_node 8 main.py --split dev --models slowfast,twostream
      a whole split on eight GPUs, with an index of all clips; goes on where it was stopped
"""


def parser() -> argparse.ArgumentParser:
    made = OneLineParser(prog="main.py", description=__doc__, epilog=EXAMPLES,
                         formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--version", action="version", version=f"main.py {VERSION}")

    add = made.add_argument_group("what to explain").add_argument
    add("--demo", action="store_true", help="two clips of a drawn signer; needs no dataset and no checkpoint")
    seq_flag(add)
    split_flag(add)
    add("--target", default="max", metavar="WHAT",
        help="max: the largest logit of each step; pred: the glosses that are read, summed; each: every gloss read, on "
             "its own; errors: what is read less what is true, where they differ; from-gt: the true gloss nearest to "
             "the middle frame, the same for all models; or a gloss (default: max)")
    add("--target-from-gt", dest="target", action="store_const", const="from-gt", help="the same as --target from-gt")
    add("--list-glosses", action="store_true", help="print every gloss that can be a target, and stop")

    video_arguments(made.add_argument_group("videos of your own, in place of a corpus's sequences").add_argument)

    add = made.add_argument_group("how").add_argument
    add("--method", choices=METHODS, default="gradcam",
        help="how maps are made; those after attention are of the input where --layers names none, the last two need "
             "no gradient: they hide parts of the clip (default: gradcam)")
    add("--budget", type=whole(1), metavar="N",
        help="passes through the network for each model, of a long clip for each window, of integrated for each "
             "layer (default: "
             + ", ".join(f"{name} {number}" for name, number in PASSES.items()) + ")")
    add("--pool", choices=("clip", "frame"),
        help="a channel's gradients are averaged over the clip or over each frame. Over the clip, a gloss's map shows "
             "where its channels are active at any time (default: clip; of each, errors and a gloss: frame)")
    add("--normalise", choices=("clip", "frame"), default="clip",
        help="the hottest colour is the clip's largest value or each frame's (default: clip)")
    add("--layers", nargs="+", metavar="MODEL:NAME,NAME", default=[], help="other layers (default: each model's five)")
    add("--list-layers", action="store_true", help="print every layer that can be asked for, and stop")

    add = made.add_argument_group("which models").add_argument
    models_flag(add, tuple(MODELS))
    for model in MODELS:
        place = f"checkpoints/{CHECKPOINTS[model]}" if model in CHECKPOINTS else "none is published"
        add(f"--{model}-ckpt", metavar="FILE", help=f"(default: {place})")

    add = made.add_argument_group("where").add_argument
    device_flag(add)
    add("--precision", choices=("amp", "fp32"), help="(default: amp on CUDA, fp32 elsewhere and of occlusion and rise)")
    data_flag(add)
    dataset_flag(add, tuple(CORPORA))
    add("--out", metavar="FOLDER", help="where results go (default: the workspace's outputs/; of the demo, where there "
                                        "is no workspace, the repository's own)")

    add = made.add_argument_group("what is written").add_argument
    add("--blend", choices=BLENDS, default="value",
        help="a map hides the frame as far as it is large, or evenly, as grad-cam's pictures have it (default: value)")
    add("--alpha", type=_share, metavar="SHARE",
        help="weight of the heat map, 0 to 1, where it is largest (default: 0.85; of an even blend everywhere: 0.5)")
    add("--colormap", choices=COLORMAPS, default="turbo",
        help="colours of the maps; viridis and cividis for the colour-blind (default: turbo)")
    add("--scale", type=int, choices=(1, 2, 3, 4), default=1,
        help="pixels of a picture for each of the frame's (default: 1)")
    add("--fps", type=_rate, default=25.0, metavar="RATE", help="frames a second of the video (default: 25)")
    add("--write", nargs="+", metavar="WHAT", type=_parts,
        help=f"what to write, of {' '.join(PARTS)}; cams: logits and maps as numbers, glosses: a picture for each "
             "gloss and glosses.csv (default: frames video report, and glosses with --target each and errors)")
    add("--every", type=whole(1), default=1, metavar="N", help="PNGs of every N-th frame only (default: 1)")
    add("--beside", metavar="FOLDER",
        help="another run's output folder: also write beside.html, where its maps of a clip stand beside these")
    add("--overwrite", action="store_true", help="redo finished sequences")
    add("--quiet", action="store_true", help="say nothing but errors")
    return made


def _parts(text: str) -> List[str]:
    """Of --write: words with spaces or commas."""
    parts = [part for part in text.split(",") if part]
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is not one of {', '.join(PARTS)}")
    return parts


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
    from files.output import output_folder
    from runs.demo import CHECKPOINTS, CLIPS, TARGET, demo_data, demo_video

    given.models = list(CHECKPOINTS)
    given.target = TARGET if given.target == "max" else given.target
    for model, path in CHECKPOINTS.items():
        setattr(given, f"{model}_ckpt", str(path))
    out = output_folder(given.out or Workspace().demo_outputs / "demo")
    given.out = str(out)
    if given.video is None:
        given.split, given.data_root = "dev", str(demo_data(out, CLIPS, not given.quiet))
    elif not given.video:
        film, points, truth = demo_video(out)
        cut = given.longest is not None or given.stop is not None or given.start
        given.video, given.truth = [str(film)], given.truth or (None if cut else truth)
        if given.estimator is None:
            given.keypoints = given.keypoints or str(points)


def explain(given: argparse.Namespace) -> int:
    started = time.perf_counter()
    if given.demo:
        _as_demo(given)
    corpus = find_corpus(given.data_root, given.dataset, Workspace())
    asked = _asked(given, corpus)
    other = find_input(given.beside) if given.beside else None

    from datasets.phoenix import PhoenixVideoTextDataset
    from files.overwrite_guard import check_ours
    from results.folder import prepare_out
    from runs.pipeline import Pipeline, Sequences
    from runs.sharing import share
    from terminal.progress import Progress

    prepare_out(asked.out)
    sharing = share()
    dataset: Sequences
    if asked.videos is None:
        dataset = PhoenixVideoTextDataset(corpus, given.split, given.seq)
    else:
        needed = [model for model in asked.checkpoints if model in NEED_KEYPOINTS]
        dataset = asked.videos.dataset(corpus, asked.out, needed, not given.quiet)
    check_ours(_beside(asked, len(dataset)))
    progress = Progress(len(dataset), given.quiet, bar=sharing.rank == 0)
    try:
        Pipeline(asked, dataset, sharing, progress).run()
        outcomes = sharing.gather(len(dataset))
    finally:
        progress.close()
    code = 0 if outcomes is None else _conclude(asked, outcomes, time.perf_counter() - started, given.quiet)
    if outcomes is not None and other is not None and not _set_beside(asked.out, other, outcomes, given.quiet):
        code = code or 1
    return sharing.leave(code)


def _beside(asked: "Asked", count: int) -> "List[Path]":
    """What is written beside the folders of so many sequences."""
    batch = ["summary.json", "summary.csv", *(["glosses.csv"] if "glosses" in asked.write else [])]
    return [asked.out / name for name in [*(batch if count > 1 else []),
                                          *(["index.html"] if "report" in asked.write else [])]]


def _set_beside(out: "Path", other: "Path", outcomes: List[Dict[str, Any]], quiet: bool) -> bool:
    """Whether all could be; the run itself is over and stands in any case."""
    from reports.compare_with import write_beside

    for outcome in [each for each in outcomes if each["status"] != "failed"]:
        try:
            page = write_beside(out / outcome["sequence"], other / outcome["sequence"])
        except UserError as error:
            print(f"--beside: {error}", file=sys.stderr)
            return False
        if not quiet and len(outcomes) <= FEW:
            print(f"look at {page}")
    return True


def _conclude(asked: "Asked", outcomes: List[Dict[str, Any]], seconds: float, quiet: bool) -> int:
    """Summary, index and exit code, once all is over."""
    from results.folder import finished, preds_lines
    from results.glosses import write_merged
    from results.summary import summary_lines, write_summary

    if len(outcomes) > 1:
        write_summary(asked.out, outcomes, seconds)
        if "glosses" in asked.write:
            write_merged(asked.out, [outcome["sequence"] for outcome in outcomes])
    if "report" in asked.write and any(outcome["status"] != "failed" for outcome in outcomes):
        from reports.report import write_index

        left_out = write_index(asked.out)       # of a single clip too: its page leads to its neighbours in this folder
        for name in () if quiet else left_out:
            print(f"{name}: its record is not as it was written: left out of index.html", file=sys.stderr)
    failed = [outcome for outcome in outcomes if outcome["status"] == "failed"]
    if not quiet and (len(outcomes) > 1 or not failed):     # of a single clip that failed its line has told all
        for outcome in outcomes if len(outcomes) <= FEW else ():
            preds = finished(asked.out, outcome["sequence"])
            if preds:
                print("\n".join(["", *preds_lines(preds)[:1 + len(preds["models"])]]))
        print("\n".join(["", *summary_lines(asked.out, outcomes, seconds)]))
        pages = asked.out / ("index.html" if len(outcomes) > 1 else f"{outcomes[0]['sequence']}/report.html")
        if pages.is_file():
            print(f"look at {pages}")
    if len(outcomes) == 1 and failed and failed[0]["users"]:
        return 2        # a mistake in what was asked; in a batch the others were done
    return 1 if failed else 0


def _asked(given: argparse.Namespace, corpus: "Corpus") -> "Asked":
    from drawing.overlay import Style
    from files.workspace import expanded
    from runs.loading import checkpoint_path
    from runs.pipeline import Asked

    workspace = Workspace()
    models = given.models
    if given.budget is not None and given.method not in PASSES:
        raise UserError(f"--budget {given.budget}: {given.method} takes one pass; it is for {', '.join(PASSES)}")
    try:
        checkpoints = {model: checkpoint_path(model, _checkpoint_given(given, model), workspace, corpus.name)
                       for model in models}
    except UserError as error:
        none = not any(_checkpoint_given(given, model) for model in models)
        raise UserError(f"{error}; or look at the demo, which needs none: python main.py --demo" if none else
                        error) from None
    return Asked(
        checkpoints=checkpoints,
        layers=_layers(given.layers, models), target=given.target, method=given.method, weights=given.pool,
        normalise=given.normalise, device=given.device,
        precision=given.precision or ("fp32" if given.method in ON_CLIP else None),
        style=Style(given.alpha, given.colormap, given.fps, given.blend, given.scale),
        write=_written(given), every=given.every,
        out=expanded(given.out).absolute() if given.out else workspace.outputs, overwrite=given.overwrite,
        command=given.command, videos=videos_asked(given), budget=given.budget)


def _written(given: argparse.Namespace) -> Tuple[str, ...]:
    """What is asked to be written, in the order of PARTS."""
    if given.write is not None:
        asked = {part for parts in given.write for part in parts}
    else:
        asked = {"frames", "video", "report"} | ({"glosses"} if given.target in ("each", "errors") else set())
    return tuple(part for part in PARTS if part in asked)


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


def list_what(given: argparse.Namespace) -> int:
    """Layers, or glosses, of the models asked for."""
    from runs.loading import checkpoint_path, gloss_lines, layer_lines

    workspace = Workspace()
    for model in given.models:
        named = _checkpoint_given(given, model)
        try:
            path = checkpoint_path(model, named, workspace)
        except UserError:
            if named is not None:
                raise
            path = None         # the names are those of the published network all the same
        print("\n".join(layer_lines(model, path) if given.list_layers else
                        gloss_lines(model, path, find_corpus(given.data_root, given.dataset, workspace))))
    return 0


def main(arguments: Optional[Sequence[str]] = None) -> int:
    return ended("main.py", lambda: _run(arguments), "the same command goes on where it was", first_to_say)


def _run(arguments: Optional[Sequence[str]]) -> int:
    given = parser().parse_args(arguments)
    words = sys.argv if arguments is None else ["main.py", *arguments]
    given.command = " ".join(map(shlex.quote, ["python", *words]))
    return list_what(given) if given.list_layers or given.list_glosses else explain(given)


if __name__ == "__main__":
    sys.exit(main())

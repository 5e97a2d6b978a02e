"""Shows what sign-language recognisers look at: heat maps over every frame, a side-by-side video, and the glosses."""
import argparse
import shlex
import sys
from typing import TYPE_CHECKING, Dict, List, Optional, Sequence, Tuple, Union

from datasets.corpora import CORPORA, find_corpus
from files.workspace import Workspace, expanded, find_folder
from records.hiding import ASKS, LOOKS, POINTS, WAYS
from records.library import PREFIX, fed
from records.methods import HIDING, METHODS, PASSES
from records.networks import RECOGNISERS, other_methods
from records.parts import ALL
from records.parts import PARTS as PARTS_BY_COUNT
from records.question import Question, by_methods
from records.requests import PARTS, ClipRequest, default_parts
from records.style import ALPHAS, COLORMAPS, Style
from runs.demo import SPLIT as DEMO_SPLIT
from runs.demo import as_demo, with_demo_clips
from runs.model_arguments import check_checkpoints, checkpoint_given, checkpoints_asked, model_arguments
from runs.sharing import first_to_say
from runs.video_arguments import check_video_flags, video_arguments, videos_asked
from terminal.command_exit import ended
from terminal.command_line import (
    VERSION,
    Listed,
    OneLineParser,
    data_flag,
    dataset_flag,
    device_flag,
    refuse,
    seq_flag,
    split_flag,
)
from terminal.errors import UserError
from terminal.numbers import count, rate, share

if TYPE_CHECKING:
    from datasets.layout import Corpus

EXAMPLES = """examples:
  python main.py --demo
      two clips of a drawn signer, two small recognisers: no dataset, no checkpoint
  python main.py --seq 01April_2010_Thursday_heute_default-8 --split train --models slowfast twostream --target-from-gt
      one clip, two models: what the true gloss of its middle was read from
  torchrun --nproc_per_node 8 main.py --split dev --models slowfast,twostream
      a whole split on eight GPUs, with an index of all clips; continues where it stopped
"""


def parser() -> argparse.ArgumentParser:
    made = OneLineParser(prog="main.py", description=__doc__, epilog=EXAMPLES,
                         formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--version", action="version", version=f"main.py {VERSION}")

    group = made.add_argument_group("what to explain")
    add = group.add_argument
    add("--demo", action="store_true", help="two clips of a drawn signer; needs no dataset and no checkpoint")
    seq_flag(add)
    split_flag(add)
    of_two = group.add_mutually_exclusive_group().add_argument
    of_two("--target", default="max", metavar="WHAT",
        help="max: the largest logit of each step; pred: all predicted glosses together; each: each predicted gloss on "
             "its own, and each true one that was missed; rivals: each predicted one minus the classes nearest to it; "
             "errors: each wrong gloss, as predicted minus true; from-gt: the true gloss nearest to the middle frame, "
             "the same for all models; or a gloss by name (default: max; of the demo each)")
    of_two("--target-from-gt", dest="target", action="store_const", const="from-gt",
        help="the same as --target from-gt")
    add("--list-glosses", action="store_true", help="print every gloss that can be a target, and stop")

    video_arguments(made.add_argument_group("videos of your own, in place of a corpus's sequences").add_argument)

    add = made.add_argument_group("how").add_argument
    add("--method", action=Listed, metavar="NAME",
        help="how maps are made; several methods can be named for one run (default: gradcam for max and from-gt, "
             f"layercam for other targets; {other_methods()}, unless --layers names layers). Gradient and later "
             "methods explain the input by default; occlusion and rise need no gradient, they hide parts of the clip: "
             + "; ".join(f"{method.name}: {method.line} ({method.paper})" for method in METHODS)
             + f"; {PREFIX}NAME: a class of the installed grad-cam, fed from the same pass: "
             + (", ".join(fed()) or "none"))
    add("--budget", type=count, metavar="N",
        help="passes through the network for each model (of a long clip, for each window; for integrated, for each "
             "layer) (default: " + ", ".join(f"{name} {number}" for name, number in PASSES.items()) + ")")
    add("--parts", type=int, choices=tuple(PARTS_BY_COUNT), metavar="N",
        help="with --write parts: what each gloss was read from, distributed over " + "; or over ".join(
            f"{number} parts ({', '.join(names)}), in {2 ** number} forwards for all glosses"
            for number, names in PARTS_BY_COUNT.items()) + " (default: 6). Parts lie where the keypoints are; "
             "where parts overlap, the one in front counts")
    add("--hide", choices=WAYS,
        help="what replaces what is hidden, for " + ", ".join(HIDING) + " (default: mean) and parts (still). "
             + "; ".join(f"{way}: {LOOKS[way]}; {ASKS[way]}" for way in WAYS)
             + ". The answer depends on what the median picture keeps: a hand that rests where it later signs is still "
               "there when its signing is hidden")
    add("--hidden-keypoints", choices=POINTS,
        help="what becomes of the keypoints of what is hidden: gone, as if they were not found; or at rest, where each "
             "is most of the time (default: gone; rest for parts of mska, which missing keypoints disturb)")
    add("--pool", choices=("clip", "frame"),
        help="for methods that average a channel's gradients: over the whole clip, or over each frame. Pooled over the "
             "clip, a gloss's map shows where its channels are active at any time (default: clip; frame for each, "
             "rivals, errors and a gloss)")
    add("--check", action="store_true",
        help="check every map on its own clip: does hiding its highest tenth cost the score more than hiding 20 shifts "
             "of the same map? A map that knows nothing holds in at most 1 of 21 cases. Takes 21 readings for each "
             "map, and hides in another way than the method of the map")
    add("--normalise", choices=("clip", "frame"), default="clip",
        help="the hottest colour is the largest value of the clip, or of each frame (default: clip)")
    add("--layers", nargs="+", metavar="MODEL:NAME,NAME", default=[], help="other layers (default: each model's five)")
    add("--list-layers", action="store_true", help="print every layer that can be asked for, and stop")

    add = made.add_argument_group("which models").add_argument
    model_arguments(add)

    add = made.add_argument_group("where").add_argument
    device_flag(add)
    add("--precision", choices=("amp", "fp32"), help="(default: amp on CUDA; fp32 on CPU, and for occlusion and rise)")
    data_flag(add)
    dataset_flag(add, tuple(CORPORA))
    add("--out", metavar="FOLDER", help="where results go (default: the workspace's outputs/; of the demo, where there "
                                        "is no workspace, the repository's own)")

    add = made.add_argument_group("what is written").add_argument
    add("--blend", choices=tuple(ALPHAS), default="value",
        help="the larger a map's value, the more it hides the frame; or evenly, as in grad-cam's pictures (default: "
             "value)")
    add("--alpha", type=share, metavar="SHARE",
        help="weight of the heat map, 0 to 1, where it is largest (default: 0.85; of an even blend everywhere: 0.5)")
    add("--colormap", choices=COLORMAPS, default="turbo",
        help="colours of the maps; viridis and cividis for the colour-blind (default: turbo)")
    add("--scale", type=int, choices=(1, 2, 3, 4), default=1,
        help="pixels of a picture for each pixel of the frame (default: 1)")
    add("--fps", type=rate, default=25.0, metavar="RATE", help="frames a second of the video (default: 25)")
    add("--write", nargs="+", metavar="WHAT", type=_parts,
        help=f"what to write, of {' '.join(PARTS)}; cams: logits and maps as numbers, glosses: a picture for each "
             "gloss and glosses.csv, parts: from which parts and moments of the clip each gloss was read, elan: "
             "tiers for ELAN (.eaf) and subtitles (.vtt); what a finished sequence has stays, the rest is added "
             "(default: frames video report, and glosses with --target each and errors; of the demo parts too)")
    add("--every", type=count, default=1, metavar="N", help="PNGs of every N-th frame only (default: 1)")
    add("--beside", metavar="FOLDER",
        help="another run's output folder: also write beside.html, where its maps of a clip stand beside these")
    add("--overwrite", action="store_true", help="redo finished sequences")
    add("--quiet", action="store_true", help="print errors only")
    return made


def _parts(text: str) -> List[str]:
    """Of --write: words with spaces or commas."""
    parts = [part for part in text.split(",") if part]
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is not one of {', '.join(PARTS)}")
    return parts


def explain(given: argparse.Namespace) -> int:
    for each_question in by_methods(question(given), _methods(given)):
        _check(each_question)
    if given.demo:
        with_demo_clips(given)
    corpus = find_corpus(given.data_root, given.dataset, Workspace())
    asked = request(given, corpus)
    _check(asked)
    beside = find_folder(given.beside) if given.beside else None

    from runs.batch import run_batch

    return run_batch(asked, corpus, given.split, given.seq, beside, given.quiet)


def _check(asked: Union[Question, ClipRequest]) -> None:
    """What is wrong begins with the name of a field, which is that of a flag."""
    try:
        asked.check()
    except UserError as error:
        raise UserError(f"--{error}") from None


def question(given: argparse.Namespace) -> Question:
    methods = _methods(given)
    return Question(target=given.target, method=methods[0] if len(methods) == 1 else None, pool=given.pool,
                    normalise=given.normalise, precision=given.precision, budget=given.budget, hide=given.hide,
                    hidden_keypoints=given.hidden_keypoints, parts=_parts_asked(given))


def _methods(given: argparse.Namespace) -> Tuple[str, ...]:
    return tuple(dict.fromkeys(given.method or ()))


def request(given: argparse.Namespace, corpus: "Corpus") -> ClipRequest:
    workspace = Workspace()
    return ClipRequest(
        out=expanded(given.out).absolute() if given.out else workspace.outputs, device=given.device,
        style=Style(given.alpha, given.colormap, given.fps, given.blend, given.scale), overwrite=given.overwrite,
        command=given.command, checkpoints=checkpoints_asked(given, workspace, corpus.name), question=question(given),
        methods=_methods(given) if len(_methods(given)) > 1 else (), checked=given.check,
        layers=_layers(given.layers, given.models), write=_written(given), every=given.every,
        videos=videos_asked(given))


def _parts_asked(given: argparse.Namespace) -> Optional[int]:
    return given.parts or (ALL if "parts" in _written(given) else None)


def _written(given: argparse.Namespace) -> Tuple[str, ...]:
    """What is asked to be written, in the order of PARTS."""
    asked = default_parts(given.target) if given.write is None else {part for parts in given.write for part in parts}
    return tuple(part for part in PARTS if part in asked)


def _layers(given: Sequence[str], models: Sequence[str]) -> Dict[str, Tuple[str, ...]]:
    """slowfast:NAME,NAME -> names by model, which may come more than once"""
    layers: Dict[str, Tuple[str, ...]] = {}
    for text in given:
        model, _, names = text.partition(":")
        if not names.strip(",") or model not in models:
            raise UserError(f"--layers {text}: expected MODEL:NAME,NAME with one of the models asked for "
                            f"({', '.join(models)}); --list-layers prints the names")
        more = [name for name in names.split(",") if name]
        layers[model] = tuple(dict.fromkeys([*layers.get(model, ()), *more]))
    return layers


LISTED_OF = ("list_layers", "list_glosses", "demo", "models", "data_root", "dataset",
             *(f"{network.name}_ckpt" for network in RECOGNISERS))


def list_what(given: argparse.Namespace) -> int:
    """Layers, or glosses, of the models asked for."""
    from runs.loading import checkpoint_path, gloss_lines, layer_lines

    workspace = Workspace()
    corpus = find_corpus(given.data_root, given.dataset, workspace)
    for model in given.models:
        named = checkpoint_given(given, model)
        try:
            path = checkpoint_path(model, named, workspace, corpus.name)
        except UserError:
            if named is not None:
                raise
            path = None         # the names are those of the published network all the same
        print("\n".join(layer_lines(model, path) if given.list_layers else gloss_lines(model, path, corpus)))
    return 0


def check_together(given: argparse.Namespace) -> None:
    """UserError for a flag that is of no use beside the others."""
    if given.list_layers or given.list_glosses:
        listing = "--list-layers" if given.list_layers else "--list-glosses"
        refuse(given, [name for name in given.named if name not in LISTED_OF],
               f"{listing} prints names and stops, and uses only the flags that choose models")
        if given.list_layers and given.list_glosses:
            raise UserError("--list-layers and --list-glosses: give one of them")
    if given.demo:
        refuse(given, ("data_root", "dataset"), "--demo draws data of its own")
        if given.video is None and given.split != DEMO_SPLIT:
            raise UserError(f"--split {given.split}: --demo has the split {DEMO_SPLIT} only")
    check_checkpoints(given)
    check_video_flags(given)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    return ended("main.py", lambda: _run(arguments), "the same command continues where it stopped", first_to_say)


def _run(arguments: Optional[Sequence[str]]) -> int:
    given = parser().parse_args(arguments)
    words = sys.argv if arguments is None else ["main.py", *arguments]
    given.command = " ".join(map(shlex.quote, ["python", *words]))
    if given.demo:
        as_demo(given)
    check_together(given)
    return list_what(given) if given.list_layers or given.list_glosses else explain(given)


if __name__ == "__main__":
    sys.exit(main())

"""From what the user named to recognisers ready to explain: checkpoint, vocabulary, device."""
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional, Sequence

from datasets.corpora import CORPORA, corpus_class
from datasets.corpus import Row
from datasets.layout import Corpus
from files.reading import open_file
from files.workspace import Workspace, find_input
from records.networks import BY_NAME, published_file
from terminal.command_line import VERSION
from terminal.errors import UserError

if TYPE_CHECKING:   # torch is loaded when a model is
    from glosses.vocabulary import GlossVocabulary
    from models.recogniser import Recogniser

WHERE = "docs/checkpoints.md says where to get it"
SHOWN_FRAMES = 200      # the clip that --list-layers gives sizes for


def checkpoint_path(model: str, given: Optional[str], workspace: Workspace, dataset: str = "phoenix2014") -> Path:
    if given is not None:
        try:
            return find_input(given, workspace)
        except UserError as error:
            raise UserError(f"{model} checkpoint {error}; {WHERE}") from None
    name = published_file(model, dataset)
    if not name:
        raise UserError(f"no checkpoint of {model} on {dataset} is published; name one with --{model}-ckpt")
    path = workspace.checkpoints / name
    if not path.exists():
        raise UserError(f"no {model} checkpoint at {path}; {WHERE}, or name another with --{model}-ckpt")
    return path


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open_file(path) as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def load_recogniser(model: str, checkpoint: Path, device: str, corpus: Corpus) -> "Recogniser":
    from models.registry import build

    problem: Optional[UserError] = None
    vocabulary: Optional[GlossVocabulary] = None
    try:
        vocabulary = published_vocabulary(model, corpus)
    except UserError as error:
        problem = error         # no matter where the checkpoint holds its own
    recogniser = build(model, checkpoint, device, vocabulary)
    if BY_NAME[model].own_vocabulary:       # the names in a checkpoint do not say how words are looked up
        recogniser.vocabulary = corpus.cased(recogniser.vocabulary)
    if problem is not None and not len(recogniser.vocabulary):
        raise problem
    if vocabulary is not None:
        _check_same_corpus(recogniser, checkpoint, vocabulary, corpus)
    whole = recogniser.takes_whole_frames
    recogniser.shown(corpus.part_shown() if whole else None, corpus.framing(whole))
    return recogniser


def load_for_pairs(model: str, checkpoint: Path, device: str) -> "Recogniser":
    """One that knows the glosses of the drawn signer's minimal pairs."""
    from models.registry import build
    from signer.minimal_pairs import VOCABULARY

    recogniser = build(model, checkpoint, device)
    missing = [name for name in VOCABULARY.glosses if name not in recogniser.vocabulary]
    if missing:
        raise UserError(f"{checkpoint}: does not know {', '.join(missing[:3])}{', ...' if missing[3:] else ''}; "
                        "--pairs needs a checkpoint trained on `python -m signer.synthetic ROOT --vocabulary pairs`")
    return recogniser


def load_checked(checkpoints: Mapping[str, Path], device: str, corpus: Corpus, splits: Sequence[str],
                 rows: Optional[Mapping[str, Sequence[Row]]] = None) -> "Dict[str, Recogniser]":
    """Those that know what is signed in the splits; what else must be said goes to stderr. rows: of each split, where
    they are annotated by others than the corpus."""
    from glosses.known import check_known

    recognisers = {model: load_recogniser(model, path, device, corpus) for model, path in checkpoints.items()}
    truths = {split: [row.glosses for row in (rows[split] if rows else corpus.rows(split))] for split in splits}
    for model, recogniser in recognisers.items():
        lacking = [check_known(recogniser.vocabulary, truths[split], str(checkpoints[model]), split,
                               "a checkpoint of this corpus, or another --dataset") for split in splits]
        for note in (*recogniser.notes, *filter(None, lacking)):
            print(f"warning: {model}: {note}", file=sys.stderr)
    return recognisers


def published_vocabulary(model: str, corpus: Corpus) -> "GlossVocabulary":
    """The glosses that the authors' checkpoint was trained with, from the dataset's own files."""
    return corpus.file_vocabulary(model) if BY_NAME[model].own_vocabulary else corpus.vocabulary()


def _check_same_corpus(recogniser: "Recogniser", checkpoint: Path, vocabulary: "GlossVocabulary", corpus: Corpus
                       ) -> None:
    """A checkpoint is of another corpus if its class count is that corpus's, or if it knows none of the glosses."""
    classes, names = recogniser.architecture["classes"], len(vocabulary)
    other = next((name for name in CORPORA if name != corpus.name and corpus_class(name).classes == classes), "")
    own = [name for name in recogniser.vocabulary.names[1:] if name]
    strangers = recogniser.vocabulary is not vocabulary and own and not any(name in vocabulary for name in own)
    if classes != names and (other or strangers):
        raise UserError(f"{checkpoint}: has {classes} classes{f', as checkpoints of {other} have' if other else ''}; "
                        f"the vocabulary of the {corpus.name} at {corpus.root} has {names}; give a checkpoint that was "
                        "trained on this corpus, or another --dataset")


def vocabulary_digest(model: str, corpus: Corpus) -> str:
    """Tells one published vocabulary from another; a change of the dataset's files may be one of the readings."""
    try:
        words = published_vocabulary(model, corpus).words()
    except UserError:
        return "none"           # where it is needed, loading says so
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]


def layer_lines(model: str, checkpoint: Optional[Path]) -> List[str]:
    """Every layer of a model with its size, the ones explained by default marked."""
    from cams.joint import joint_layers
    from models.input_tap import INPUT
    from models.registry import build, create, published_architecture

    recogniser = build(model, checkpoint) if checkpoint else create(published_architecture(model))
    source = str(checkpoint) if checkpoint else "as published; no checkpoint was given or found"
    shapes = recogniser.layer_shapes(SHOWN_FRAMES)
    width = max(map(len, shapes))
    lines = [f"{model} ({source}); channels x steps x height x width for {SHOWN_FRAMES} frames, * by default:"]
    for name, shape in shapes.items():
        probe = recogniser.layers[name]
        size = " x ".join(map(str, shape)) + ("  joints" if probe.joints else "" if probe.spatial else "  time only")
        lines.append(f"{'*' if name in recogniser.default_layers else ' '} {name:{width}}  {size}")
    lines += [f"  {name:{width}}  joint map: product of the maps of {', '.join(names)}"
              for name, names in joint_layers(recogniser).items()]
    lines.append(f"  {INPUT:{width}}  the clip itself: the one layer of the methods that hide parts of it")
    return lines


def gloss_lines(model: str, checkpoint: Optional[Path], corpus: Corpus) -> List[str]:
    """Every gloss that a model knows: of its checkpoint, or where there is none as the dataset has them."""
    vocabulary = (load_recogniser(model, checkpoint, "cpu", corpus).vocabulary if checkpoint
                  else published_vocabulary(model, corpus))
    names = sorted(vocabulary.names)
    return [f"{model} ({checkpoint or 'as published; no checkpoint was given or found'}): {len(names)} glosses", *names]


def versions() -> Dict[str, str]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    versions = {"this program": VERSION, "python": platform.python_version()}
    for package in ("torch", "numpy", "opencv-python", "av", "pillow", "grad-cam", "flashlight-text"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed under this name"
    return versions

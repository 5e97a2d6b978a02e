"""From what the user named to recognisers ready to explain: checkpoint, vocabulary, device."""
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Optional

from datasets.layout import PhoenixFiles
from files.workspace import CHECKPOINTS, REPOSITORY, Workspace, find_input
from terminal.command_line import VERSION
from terminal.errors import UserError

if TYPE_CHECKING:   # torch is loaded when a model is
    from glosses.vocabulary import GlossVocabulary
    from models.recogniser import Recogniser

WHERE = "README.md, section Checkpoints, says where to get it"
SHOWN_FRAMES = 200      # the clip that --list-layers gives sizes for


def checkpoint_path(model: str, given: Optional[str], workspace: Workspace) -> Path:
    if given is not None:
        try:
            return find_input(given, workspace)
        except UserError as error:
            raise UserError(f"{model} checkpoint {error}; {WHERE}") from None
    if model not in CHECKPOINTS:
        raise UserError(f"no checkpoint of {model} is published; name one with --{model}-ckpt")
    path = workspace.checkpoints / CHECKPOINTS[model]
    if not path.exists():
        raise UserError(f"no {model} checkpoint at {path}; {WHERE}, or name another with --{model}-ckpt")
    return path


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def load_recogniser(model: str, checkpoint: Path, device: str, data: Path, workspace: Workspace) -> "Recogniser":
    from models.registry import build

    problem: Optional[UserError] = None
    vocabulary: Optional[GlossVocabulary] = None
    try:
        vocabulary = published_vocabulary(model, data, workspace)
    except UserError as error:
        problem = error         # no matter where the checkpoint holds its own
    recogniser = build(model, checkpoint, device, vocabulary)
    if problem is not None and not len(recogniser.vocabulary):
        raise problem
    return recogniser


def published_vocabulary(model: str, data: Path, workspace: Workspace) -> "GlossVocabulary":
    """The glosses that the authors' checkpoint was trained with, from the dataset's own files."""
    from datasets.corpus import from_corpora
    from glosses.vocabulary import load_gloss2ids, load_gloss_dict

    files = PhoenixFiles(data)
    if model == "twostream":
        return load_gloss2ids(files.gloss_ids)
    preprocessed = [root / "preprocess" / "phoenix2014" for root in (data, workspace.root, REPOSITORY)]
    for folder in (files.annotations, *preprocessed):
        if (folder / "gloss_dict.npy").is_file():
            return load_gloss_dict(folder / "gloss_dict.npy")
    return from_corpora(files.annotations)


def vocabulary_digest(model: str, data: Path, workspace: Workspace) -> str:
    """Tells one published vocabulary from another; a change of the dataset's files may be one of the readings."""
    try:
        words = published_vocabulary(model, data, workspace).words()
    except UserError:
        return "none"           # where it is needed, loading says so
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]


def layer_lines(model: str, checkpoint: Optional[Path]) -> List[str]:
    """Every layer of a model with its size, the ones explained by default marked."""
    from models.registry import build, create, published_architecture

    recogniser = build(model, checkpoint) if checkpoint else create(published_architecture(model))
    source = str(checkpoint) if checkpoint else "as published; no checkpoint was given or found"
    shapes = recogniser.layer_shapes(SHOWN_FRAMES)
    width = max(map(len, shapes))
    lines = [f"{model} ({source}); channels x steps x height x width for {SHOWN_FRAMES} frames, * by default:"]
    for name, shape in shapes.items():
        size = " x ".join(map(str, shape)) + ("" if recogniser.layers[name].spatial else "  time only")
        lines.append(f"{'*' if name in recogniser.default_layers else ' '} {name:{width}}  {size}")
    return lines


def gloss_lines(model: str, checkpoint: Optional[Path], data: Path, workspace: Workspace) -> List[str]:
    """Every gloss that a model knows: of its checkpoint, or where there is none as the dataset has them."""
    vocabulary = (load_recogniser(model, checkpoint, "cpu", data, workspace).vocabulary if checkpoint
                  else published_vocabulary(model, data, workspace))
    names = sorted(vocabulary.names)
    return [f"{model} ({checkpoint or 'as published; no checkpoint was given or found'}): {len(names)} glosses", *names]


def versions() -> Dict[str, str]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"this program": VERSION, "python": platform.python_version()}
    for package in ("torch", "numpy", "opencv-python", "av", "pillow", "grad-cam", "flashlight-text"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed under this name"
    return found

"""The recognisers by name. A further one is a file with its class, a file in configs/, and a line here."""
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple, Type

import yaml

from terminal.errors import UserError

if TYPE_CHECKING:   # a command lists the names before torch is loaded
    from glosses.vocabulary import GlossVocabulary
    from models.checkpoint import Checkpoint, StoredTensor
    from models.recogniser import Recogniser

MODELS = {
    "slowfast": "models.slowfast:SlowFastSign",
    "twostream": "models.twostream:TwoStreamSLR",
    "corrnet": "models.corrnet:CorrNet",        # before vac, whose keys it has too
    "vac": "models.vac:VAC",
    "mamba": "models.mamba:MambaSLR",
}
CONFIGS = Path(__file__).resolve().parent.parent / "configs"


def recogniser_class(name: str) -> "Type[Recogniser]":
    if name not in MODELS:
        raise UserError(f"no model is called {name!r}; there are: {', '.join(MODELS)}")
    module, title = MODELS[name].split(":")
    return getattr(import_module(module), title)


def published_architecture(name: str) -> Dict[str, Any]:
    recogniser_class(name)
    return yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())


def create(architecture: Dict[str, Any], vocabulary: "Optional[GlossVocabulary]" = None,
           source: str = "architecture") -> "Recogniser":
    """A recogniser with fresh weights, as training starts from."""
    from glosses.vocabulary import GlossVocabulary

    name = architecture.get("model")
    made = recogniser_class(str(name))
    known = set(published_architecture(str(name)))
    missing, unknown = sorted(known - set(architecture)), sorted(set(architecture) - known)
    if missing or unknown:
        faults = [f"{what} {', '.join(keys)}" for what, keys in (("lacks", missing), ("has unknown", unknown)) if keys]
        raise UserError(f"{source}: {' and '.join(faults)}; expected the keys of configs/{name}.yaml")
    return made(architecture, vocabulary or GlossVocabulary([]))


def build(name: str, checkpoint: Path, device: str = "cpu", vocabulary: "Optional[GlossVocabulary]" = None,
          fold: bool = True) -> "Recogniser":
    """The trained recogniser in a checkpoint, in evaluation, its parameters without gradient.

    What the checkpoint says wins: the architecture and vocabulary stored in it, its class count and pose channels.
    `fold` makes batch norms affine maps: the same function, faster and smaller, but no longer the published keys.
    """
    from models.checkpoint import Checkpoint, load_weights
    from models.folding import fold_batch_norm

    made = recogniser_class(name)
    with Checkpoint(Path(checkpoint)) as file:
        stored = file.weights()
        looks_like = next((model.title for model in map(recogniser_class, MODELS) if model.signature in stored), "")
        if looks_like and looks_like != made.title:
            raise UserError(f"{file.path}: not a {made.title} checkpoint; it looks like a {looks_like} checkpoint")
        architecture = _stored_architecture(file.content, file.path) or published_architecture(name)
        stored, note = _of_two(file, architecture, stored)
        recogniser = create(made.fit(architecture, stored), _stored_vocabulary(file.content, file.path) or vocabulary,
                            str(file.path))
        load_weights(recogniser.network, file, stored, made.title, looks_like, made.computed, recogniser.tied)
    recogniser.notes += note
    recogniser.loaded()
    names, classes = len(recogniser.vocabulary), recogniser.architecture["classes"]
    if names != classes:
        recogniser.notes += (f"the vocabulary has {names} names for {classes} classes: "
                             "a class without a name reads as # and its number",)
    if fold:
        fold_batch_norm(recogniser.network, recogniser.folds)
    return recogniser.eval().requires_grad_(False).to(device)


def _of_two(file: "Checkpoint", architecture: Dict[str, Any],
            stored: "Dict[str, StoredTensor]") -> "Tuple[Dict[str, StoredTensor], Tuple[str, ...]]":
    """The weights as they were trained, or averaged over training where a file has both, and which it is."""
    from models.checkpoint import AVERAGED

    averaged = bool(architecture.get("averaged"))
    if averaged:
        stored = file.weights((AVERAGED,))
    if AVERAGED not in file.content:
        return stored, ()
    return stored, (f"weights averaged over training ({AVERAGED})" if averaged else
                    f"weights as trained; the file has averaged ones too ({AVERAGED}): `averaged: true` takes them",)


def _stored_architecture(content: Any, path: Path) -> Optional[Dict[str, Any]]:
    architecture = content.get("architecture")
    if architecture is not None and not isinstance(architecture, dict):
        raise UserError(f"{path}: its architecture is a {type(architecture).__name__}, expected a dict")
    return architecture


def _stored_vocabulary(content: Any, path: Path) -> "Optional[GlossVocabulary]":
    from glosses.vocabulary import GlossVocabulary

    names = content.get("vocabulary")
    if names is None:
        return None
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise UserError(f"{path}: its vocabulary is not a list of glosses")
    return GlossVocabulary(names)

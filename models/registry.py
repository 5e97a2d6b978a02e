"""The networks by name, as records/networks.py lists them: their classes, and what is in their checkpoints."""
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Tuple, Type

import yaml

from models.architecture import check_values
from records import networks
from terminal.errors import UserError

if TYPE_CHECKING:   # a command lists the names before torch is loaded
    from glosses.vocabulary import GlossVocabulary
    from models.checkpoint import Checkpoint, StoredTensor
    from models.contract import Explainable
    from models.embedder import Embedder
    from models.recogniser import Recogniser

MODELS = {network.name: network.source for network in networks.RECOGNISERS}
EMBEDDERS = {network.name: network.source for network in networks.EMBEDDERS}
CONFIGS = Path(__file__).resolve().parent.parent / "configs"


def recogniser_class(name: str) -> "Type[Recogniser]":
    return _named(name, MODELS)


def embedder_class(name: str) -> "Type[Embedder]":
    return _named(name, EMBEDDERS)


def network_class(name: str) -> "Type[Explainable]":
    return _named(name, {**MODELS, **EMBEDDERS})


def _named(name: str, names: Mapping[str, str]) -> Any:
    if name not in names:
        raise UserError(f"no model is called {name!r}; there are: {', '.join(names)}")
    module, title = names[name].split(":")
    return getattr(import_module(module), title)


def published_architecture(name: str) -> Dict[str, Any]:
    if name != networks.RESTORER:
        network_class(name)
    return yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())


def create(architecture: Dict[str, Any], vocabulary: "Optional[GlossVocabulary]" = None,
           source: str = "architecture") -> "Recogniser":
    """A recogniser with fresh weights, as training starts from."""
    from glosses.vocabulary import GlossVocabulary

    made = recogniser_class(str(architecture.get("model")))
    check_keys(architecture, source)
    return made(architecture, vocabulary or GlossVocabulary([]))


def create_embedder(architecture: Dict[str, Any], source: str = "architecture") -> "Embedder":
    made = embedder_class(str(architecture.get("model")))
    check_keys(architecture, source)
    return made(architecture)


def check_keys(architecture: Mapping[str, Any], source: str) -> None:
    name = str(architecture["model"])
    published = published_architecture(name)
    missing, unknown = sorted(set(published) - set(architecture)), sorted(set(architecture) - set(published), key=str)
    if missing or unknown:
        faults = [f"{what} {', '.join(map(str, keys))}"
                  for what, keys in (("lacks", missing), ("has unknown", unknown)) if keys]
        raise UserError(f"{source}: {' and '.join(faults)}; expected the keys of configs/{name}.yaml")
    check_values(architecture, published, source)


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
        stored, looks_like = _weights(file, made)
        architecture = _stored_architecture(file.content, file.path) or published_architecture(name)
        stored, note = _of_two(file, architecture, stored)
        recogniser = create(made.fit(architecture, stored), _stored_vocabulary(file.content, file.path) or vocabulary,
                            str(file.path))
        load_weights(recogniser.network, file, stored, made.title, looks_like, made.computed, recogniser.tied)
    recogniser.notes += note
    recogniser.loaded()
    names, classes = len(recogniser.vocabulary), recogniser.architecture["classes"]
    if recogniser.vocabulary.blank >= classes:
        raise UserError(f"{checkpoint}: the vocabulary's blank is class {recogniser.vocabulary.blank} of {classes}; "
                        "give the vocabulary it was trained with")
    if names > classes:
        recogniser.vocabulary = recogniser.vocabulary.cut(classes)
        recogniser.notes += (f"the vocabulary has {names} names for {classes} classes: the names beyond them can't be "
                             "read",)
    elif names < classes:
        recogniser.notes += (f"the vocabulary has {names} names for {classes} classes: "
                             "a class without a name reads as # and its number",)
    if fold:
        fold_batch_norm(recogniser.network, recogniser.folds)
    return recogniser.eval().requires_grad_(False).to(device)


def build_embedder(name: str, checkpoint: Path, device: str = "cpu") -> "Embedder":
    """The trained embedder in a checkpoint, in evaluation, its parameters without gradient."""
    from models.checkpoint import Checkpoint, load_weights

    made = embedder_class(name)
    with Checkpoint(Path(checkpoint)) as file:
        stored, looks_like = _weights(file, made)
        architecture = _stored_architecture(file.content, file.path) or published_architecture(name)
        try:
            embedder = create_embedder(made.fit(architecture, stored), str(file.path))
            given = made.stored(stored)
            load_weights(embedder.network, file, given, made.title, looks_like, made.computed, made.tied)
            embedder.complete(tuple(key for key in embedder.network.state_dict() if key not in given))
        except UserError as error:
            raise UserError(str(error) if str(file.path) in str(error) else f"{file.path}: {error}") from None
    return embedder.eval().requires_grad_(False).to(device)


def _weights(file: "Checkpoint", made: "Type[Explainable]") -> Tuple[Dict[str, Any], str]:
    """A file's tensors, and the title of the network that they look like; another than the one asked for is refused."""
    stored = file.weights()
    from models.restorer import Restorer

    known: Tuple[Any, ...] = (*map(network_class, (*MODELS, *EMBEDDERS)), Restorer)
    looks_like = next((kind.title for kind in known if kind.signature in stored), "")
    if looks_like and looks_like != made.title:
        raise UserError(f"{file.path}: not a checkpoint of {made.title}; it looks like one of {looks_like}")
    return stored, looks_like


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

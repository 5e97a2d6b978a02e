"""The recognisers by name. A further one is a file with its class, a file in configs/, and a line here."""
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Optional, Type

import yaml

from errors import UserError

if TYPE_CHECKING:   # a command lists the names before torch is loaded
    from glosses.vocabulary import GlossVocabulary
    from models.recogniser import Recogniser

MODELS = {
    "slowfast": "models.slowfast:SlowFastSign",
    "twostream": "models.twostream:TwoStreamSLR",
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


def create(architecture: Dict[str, Any], vocabulary: "Optional[GlossVocabulary]" = None) -> "Recogniser":
    """A recogniser with fresh weights, as training starts from."""
    from glosses.vocabulary import GlossVocabulary

    return recogniser_class(architecture["model"])(architecture, vocabulary or GlossVocabulary([]))

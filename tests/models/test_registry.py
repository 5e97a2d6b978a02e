import subprocess
import sys

import pytest

from models.registry import MODELS, create, published_architecture, recogniser_class
from terminal.errors import UserError
from tests.kit import networks


def test_an_unknown_model_lists_the_known() -> None:
    with pytest.raises(UserError, match="'slowfats'; there are: slowfast, twostream"):
        recogniser_class("slowfats")


def test_names_are_listed_without_torch() -> None:
    code = "import sys; from models.registry import MODELS; print('torch' in sys.modules, *MODELS)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["False", *MODELS]


@pytest.mark.parametrize("name", ["slowfast", "twostream", "vac", "corrnet"])
def test_every_public_layer_is_there(name: str) -> None:
    made = networks.recogniser(name)
    assert set(made.default_layers) <= set(made.layers)
    modules = dict(made.network.named_modules())
    for probe in made.layers.values():
        assert modules[probe.path] is probe.module


def test_an_architecture_with_a_typo_is_refused() -> None:
    architecture = published_architecture("slowfast")
    architecture["widht"] = architecture.pop("width")
    with pytest.raises(UserError, match="lacks width and has unknown widht"):
        create(architecture)

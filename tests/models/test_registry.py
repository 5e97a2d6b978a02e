import subprocess
import sys
from typing import Any

import pytest

from models.architecture import LIMITS
from models.registry import EMBEDDERS, MODELS, create, published_architecture, recogniser_class
from terminal.errors import UserError
from tests.kit import networks


def test_an_unknown_model_lists_the_known() -> None:
    with pytest.raises(UserError, match="'slowfats'; there are: slowfast, twostream"):
        recogniser_class("slowfats")


def test_names_are_listed_without_torch() -> None:
    code = "import sys; from models.registry import MODELS; print('torch' in sys.modules, *MODELS)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["False", *MODELS]


@pytest.mark.parametrize("name", ["slowfast", "twostream", "vac", "corrnet", "corrnetplus", "sen", "tlp",
                                  "signgraph", "swin", "mska"])
def test_every_public_layer_is_there(name: str) -> None:
    made = networks.recogniser(name)
    assert set(made.default_layers) <= set(made.layers)
    modules = {**dict(made.named_modules()), **dict(made.network.named_modules())}     # the inputs' are outside it
    for probe in made.layers.values():
        assert modules[probe.path] is probe.module


def test_an_architecture_with_a_typo_is_refused() -> None:
    architecture = published_architecture("slowfast")
    architecture["widht"] = architecture.pop("width")
    with pytest.raises(UserError, match="lacks width and has unknown widht"):
        create(architecture)


@pytest.mark.parametrize("name, key, value", [
    ("slowfast", "width", 100_000), ("slowfast", "lstm_layers", 10 ** 7), ("slowfast", "window", 0),
    ("slowfast", "beam", 0), ("slowfast", "width", "64"), ("slowfast", "width", True), ("slowfast", "dropout", 1.5),
    ("slowfast", "std", 0), ("slowfast", "blocks", [3, 4, 23]), ("slowfast", "blocks", [3, 4, 10 ** 6, 3]),
    ("slowfast", "temporal_conv", ["K5", "P0"]), ("slowfast", "temporal_conv", "K5"),
    ("slowfast", "classes", float("nan")), ("twostream", "width", float("nan")), ("twostream", "longest", -1),
    ("twostream", "pose_frame", [0, 210]), ("twostream", "norm_momentum", None), ("vac", "depth", 10 ** 9)])
def test_a_senseless_value_is_named_before_anything_is_built(name: str, key: str, value: Any) -> None:
    with pytest.raises(UserError, match=f"here: {key} is .*; expected a value"):
        create({**published_architecture(name), key: value}, source="here")


@pytest.mark.parametrize("name", (*MODELS, *EMBEDDERS))
def test_every_number_of_a_published_architecture_has_limits(name: str) -> None:
    for key, value in published_architecture(name).items():
        assert key in LIMITS or isinstance(value, str) or key == "temporal_conv", key

"""A recipe: one YAML file, checked key by key, with dotted overrides from the command line."""
import dataclasses
import difflib
import os
import typing
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple, Type, TypeVar

import yaml

from files.reading import read_text
from models.registry import EMBEDDERS
from records.networks import RESTORER
from terminal.errors import UserError
from training.crops import CropProtocol
from training.curriculum import CurriculumConfig
from training.identities import IdentityProtocol
from training.protocols import find_protocol
from training.recipe import Config, DataConfig, ModelConfig, OptimizerConfig, ScheduleConfig, TrainerConfig
from training.within import check

T = TypeVar("T")
LARGEST = 1 << 20       # bytes of a recipe
DAMAGED_YAML = (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)


class PlainLoader(yaml.SafeLoader):
    """Without references to what was said before: they make little text into much."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("it refers to another part of itself with *; write that part out")
        return super().compose_node(parent, index)


def load_config(path: Path, overrides: Sequence[str] = ()) -> Tuple[Config, Dict[str, Any]]:
    """The recipe and its network's architecture. `overrides` alternate dotted keys and values."""
    tree = read_yaml(path)
    override(tree, overrides)
    known = {f.name for f in dataclasses.fields(Config)}
    check_keys(tree, known, path.name)
    model = build(ModelConfig, tree.get("model", {}), "model")
    architecture = read_yaml(_beside(path, model.architecture))
    protocol = _protocol(architecture)
    types: Dict[str, Type[Any]] = {
        "data": DataConfig, "augment": protocol.Augment, "loss": protocol.Loss, "optimizer": OptimizerConfig,
        "schedule": ScheduleConfig, "trainer": TrainerConfig}
    parts = {name: build(kind, tree.get(name) or {}, name) for name, kind in types.items()}
    parts["trainer"] = _with_engine(path, parts["trainer"], parts["data"], architecture)
    if parts["data"].features:
        _for_recognisers("data.features", architecture)
    if tree.get("curriculum") is not None:
        _for_recognisers("curriculum", architecture)
        parts["curriculum"] = build(CurriculumConfig, tree["curriculum"], "curriculum")
    return Config(model=model, **parts), architecture


def _protocol(architecture: Mapping[str, Any]) -> Type[Any]:
    name = architecture.get("model")
    if name == RESTORER:
        return CropProtocol
    return IdentityProtocol if name in EMBEDDERS else find_protocol(dict(architecture))


def _for_recognisers(key: str, architecture: Mapping[str, Any]) -> None:
    """UserError where another kind of network is trained."""
    if architecture.get("model") == RESTORER:
        raise UserError(f"{key}: is for recognisers; restorers are trained on crops, leave it out")
    if architecture.get("model") in EMBEDDERS:
        raise UserError(f"{key}: is for recognisers; embedders are trained on pictures, leave it out")


def read_yaml(path: Path) -> Dict[str, Any]:
    if os.path.exists(path) and not os.path.isfile(path):
        raise UserError(f"{path}: not a file; give one such as those of configs/")
    try:
        tree = yaml.load(read_text(path, largest=LARGEST), PlainLoader)
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); give a file such as those of configs/") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text (byte {error.start}); convert it to UTF-8") from None
    except DAMAGED_YAML as error:
        message = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{path}: not YAML ({message}); fix it") from None
    if not isinstance(tree, dict):
        raise UserError(f"{path}: expected keys and values; see configs/ for examples")
    return tree


def _beside(recipe: Path, name: str) -> Path:
    beside = recipe.parent / name
    return beside if os.path.isfile(beside) else Path(name)     # False for what can't be a path, too


def _with_engine(recipe: Path, trainer: TrainerConfig, data: DataConfig,
                 architecture: Mapping[str, Any]) -> TrainerConfig:
    if not trainer.deepspeed:
        return trainer
    _for_recognisers("trainer.deepspeed", architecture)
    if data.features:
        raise UserError("trainer.deepspeed: cannot be used with data.features, which leaves the backbone out; leave "
                        "one of them out")
    return dataclasses.replace(trainer, deepspeed=str(_beside(recipe, trainer.deepspeed)))


def override(tree: Dict[str, Any], pairs: Sequence[str]) -> None:
    """Set dotted keys in place. Unknown keys are found when the tree is checked."""
    if len(pairs) % 2:
        raise UserError(f"--override {pairs[-1]}: a key without a value; give `key value` pairs")
    for key, text in zip(pairs[::2], pairs[1::2]):
        *sections, leaf = key.split(".")
        into = tree
        for section in sections:
            into = into.setdefault(section, {})
            if not isinstance(into, dict):
                raise UserError(f"--override {key}: {section} is a value, not a section; drop what follows it")
        try:
            into[leaf] = yaml.load(text, PlainLoader)
        except DAMAGED_YAML:
            raise UserError(f"--override {key}: {text[:80]!r} is not a YAML value; give a number, a word or a "
                            "[list]") from None


def check_keys(tree: Mapping[str, Any], known: typing.Collection[str], where: str) -> None:
    for key in tree:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1, cutoff=0.0)
            raise UserError(f"{where}: unknown key {key}; did you mean {near[0]}? Known: {', '.join(sorted(known))}")


def build(kind: Type[T], tree: Any, where: str) -> T:
    """A section's dataclass from its part of the tree, every value checked against the field's type."""
    if not isinstance(tree, dict):
        raise UserError(f"{where}: expected keys and values, got {tree!r:.80}")
    hints = typing.get_type_hints(kind)
    fields = dataclasses.fields(kind)       # type: ignore[arg-type]
    check_keys(tree, {f.name for f in fields}, where)
    missing: List[str] = [f.name for f in fields if f.name not in tree and f.default is dataclasses.MISSING
                          and f.default_factory is dataclasses.MISSING]
    if missing:
        raise UserError(f"{where}: {missing[0]} is missing; add it to the recipe")
    values = {key: _value(value, hints[key], f"{where}.{key}") for key, value in tree.items()}
    for option in fields:
        if option.name in values:
            check(option, values[option.name], f"{where}.{option.name}")
    return kind(**values)


def _value(value: Any, hint: Any, where: str) -> Any:
    arguments = typing.get_args(hint)
    if type(None) in arguments:
        return None if value is None else _value(value, arguments[0], where)
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise UserError(f"{where}: expected a list, got {value!r:.80}")
        return tuple(_value(entry, arguments[0], where) for entry in value)
    if hint is float and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)             # YAML reads 1e-4 as text
        except (ValueError, OverflowError):
            pass                            # falls through to the error below
    elif isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise UserError(f"{where}: expected {'a number' if hint is float else hint.__name__}, got {value!r:.80}")

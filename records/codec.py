"""The one way from a record to JSON and back: field by field, by the types that its dataclass names."""
import dataclasses
import typing
from typing import Any, Dict, Mapping, Tuple, Type, TypeVar

from terminal.errors import UserError

T = TypeVar("T")
KEY = "json"        # metadata of a field whose key in JSON is no name in Python, such as `del`


def to_json(value: Any) -> Any:
    """Records, tuples and mappings as JSON has them. A field that still has its default is left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [(field, getattr(value, field.name)) for field in dataclasses.fields(value)]
        return {_key(field): to_json(content) for field, content in fields if not _is_default(field, content)}
    if isinstance(value, Mapping):
        return {str(key): to_json(content) for key, content in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(content) for content in value]
    return value


def from_json(kind: Type[T], tree: Any, where: str) -> T:
    """A record of this kind; UserError for a key that is missing or holds another type. Further keys are ignored."""
    return typing.cast(T, _read(kind, tree, where))


def _read(kind: Any, tree: Any, where: str) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return tree
    if origin is typing.Union:                                      # Optional[X]
        given = next(option for option in inner if option is not type(None))
        return None if tree is None else _read(given, tree, where)
    if dataclasses.is_dataclass(kind):
        return _read_record(kind, _of_type(tree, dict, where), where)
    if origin in (dict, Mapping, typing.get_origin(Mapping[str, int])):
        return {key: _read(inner[1], content, f"{where}.{key}") for key, content in _of_type(tree, dict, where).items()}
    if origin is tuple:
        return _read_tuple(inner, _of_type(tree, list, where), where)
    if kind is float and isinstance(tree, int) and not isinstance(tree, bool):
        return float(tree)
    return _of_type(tree, kind, where)


def _read_record(kind: Any, tree: Dict[str, Any], where: str) -> Any:
    types = typing.get_type_hints(kind)
    values = {}
    for field in dataclasses.fields(kind):
        key = _key(field)
        if key in tree:
            values[field.name] = _read(types[field.name], tree[key], f"{where}.{key}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise UserError(f"{where}: the key {key!r} is missing; expected what this program wrote")
    return kind(**values)


def _read_tuple(inner: Tuple[Any, ...], items: Any, where: str) -> Any:
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(_read(inner[0], item, f"{where}[{number}]") for number, item in enumerate(items))
    if len(items) != len(inner):
        raise UserError(f"{where}: {len(items)} values; expected {len(inner)}")
    return tuple(_read(kind, item, f"{where}[{number}]") for number, (kind, item) in enumerate(zip(inner, items)))


def _of_type(value: Any, kind: Any, where: str) -> Any:
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise UserError(f"{where}: {_short(value)}; expected {_name(kind)}")
    return value


def _is_default(field: "dataclasses.Field[Any]", value: Any) -> bool:
    if field.default is not dataclasses.MISSING:
        return bool(value == field.default)
    return field.default_factory is not dataclasses.MISSING and bool(value == field.default_factory())


def _key(field: "dataclasses.Field[Any]") -> str:
    return str(field.metadata.get(KEY, field.name))


def _name(kind: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", int: "a whole number", float: "a number",
             bool: "true or false"}
    return names.get(kind, str(kind))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."

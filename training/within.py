"""What the number in a field of a recipe may be."""
from dataclasses import Field, field
from typing import Any, Optional, Sequence

from terminal.errors import UserError


def within(default: Any, low: float, high: float, count: Optional[int] = None, ascending: bool = False,
           rest: Any = None) -> Any:
    """A field whose number, or each of whose `count` numbers, is from low to high.

    rest: the value with which an augmentation does nothing, where a curriculum may vary it.
    """
    return field(default=default, metadata={"within": (low, high), "count": count, "ascending": ascending,
                                            **({} if rest is None else {"rest": rest})})


def resting(default: Any, rest: Any) -> Any:
    """A field of any value, and the one with which it does nothing."""
    return field(default=default, metadata={"rest": rest})


def check(option: "Field[Any]", value: Any, where: str) -> None:
    """UserError where a number is none that the field may hold."""
    if "within" not in option.metadata or value is None:
        return
    (low, high), count = option.metadata["within"], option.metadata["count"]
    values: Sequence[Any] = value if isinstance(value, tuple) else (value,)
    ascending = option.metadata["ascending"]
    many = f"{count} numbers{' in ascending order' if ascending else ''}, each " if count else ""
    if not all(low <= number <= high for number in values) or count not in (None, len(values)) or \
            ascending and list(values) != sorted(values):
        raise UserError(f"{where}: expected {many}from {low:g} to {high:g}, got {_plain(value)}")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value

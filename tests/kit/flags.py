"""What a command asks of the rooms below it, caught before any work is done: to see which flags change it."""
import argparse
import dataclasses
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import pytest

from datasets.layout import Corpus
from terminal.command_line import Listed
from terminal.numbers import count

Caught = List[Tuple[str, Any]]


class Reached(BaseException):
    """The command has asked for all it was told to ask for."""


def catch(monkeypatch: pytest.MonkeyPatch, caught: Caught, name: str, gives: Any = None, stops: bool = False) -> None:
    """Puts in the place of "module:function" one that notes what it was called with. gives: what it returns, a function
    of the same arguments, or `through` for what it always returned."""
    module, function = name.split(":")
    real = getattr(import_module(module), function)

    def noted(*values: Any, **named: Any) -> Any:
        caught.append((function, plain([values, named])))
        for value in values:
            if getattr(value, "__name__", "") == "say":
                value("said")
        if stops:
            raise Reached
        return real(*values, **named) if gives is through else gives(*values, **named) if callable(gives) else gives

    monkeypatch.setattr(name.replace(":", "."), noted)


def through() -> None:
    """Stands for the real function."""


def plain(value: Any) -> Any:
    """Anything as what can be compared and printed; but for the command as it was typed."""
    if isinstance(value, Corpus):
        return [value.name, str(value.root)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
                if field.name != "command"}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items() if key != "command"}
    if isinstance(value, (list, tuple, range, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.shape
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value) \
        if isinstance(value, Path) else type(value).__name__


def flags_of(parser: argparse.ArgumentParser) -> List[argparse.Action]:
    """Every flag but those that only print and stop."""
    return [action for action in parser._actions if action.option_strings
            and action.default is not argparse.SUPPRESS]


def sample(action: argparse.Action, given: Mapping[str, Sequence[str]]) -> List[str]:
    """The flag with a value that is not its default. given: of those for which none can be guessed."""
    flag = action.option_strings[-1]
    if flag in given:
        return [flag, *given[flag]]
    if action.nargs == 0:
        return [flag]
    known: Optional[Sequence[Any]] = action.known if isinstance(action, Listed) else action.choices     # type: ignore
    if known:
        return [flag, next(str(choice) for choice in known if choice != action.default)]
    if action.type is count:
        return [flag, "7"]
    pytest.fail(f"{flag}: name a value that is not its default in VALUES")


def outcome(run: Callable[[Sequence[str]], int], arguments: Sequence[str], caught: Caught,
            capsys: pytest.CaptureFixture[str]) -> Tuple[Any, str, str]:
    """What was asked for, with the exit code where it came to that; what was printed; and what was said of mistakes."""
    caught.clear()
    code: Optional[int] = None
    try:
        code = run(arguments)
    except Reached:
        pass
    except SystemExit as error:
        code = int(str(error.code))
    printed = capsys.readouterr()
    return [*caught, code], printed.out, printed.err

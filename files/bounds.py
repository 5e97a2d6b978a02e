"""What reading a pickle may take: memory in proportion to its bytes, whatever these ask for."""
import os
import pickle
import pickletools
from typing import Any, BinaryIO, Callable, NoReturn

FACTOR, FLOOR = 16, 1 << 20     # bytes or entries made for each byte of the file, and what any file may make


class Bounds:
    def __init__(self, size: int) -> None:
        self.size = size
        self._left = FLOOR + FACTOR * size

    @classmethod
    def of(cls, file: BinaryIO) -> "Bounds":
        """Of what is left of a file, whose places in the memo are looked at first: the unpickler makes room for the
        largest, were it the only one."""
        start = file.tell()
        bounds = cls(file.seek(0, os.SEEK_END) - start)
        file.seek(start)
        for opcode, argument, _ in pickletools.genops(file):
            if opcode.name.endswith("PUT") and isinstance(argument, int) and argument > bounds.size:
                raise pickle.UnpicklingError(f"it numbers an object {argument} in {bounds.size} bytes")
        file.seek(start)
        return bounds

    def spend(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise pickle.UnpicklingError(f"it makes far more than its {self.size} bytes hold")


class Sealed:
    """A function as a pickle gets it: each call is counted, and nothing about it can be changed."""

    __slots__ = ("_function", "_bounds")
    _function: Callable[..., Any]
    _bounds: Bounds

    def __init__(self, function: Callable[..., Any], bounds: Bounds) -> None:
        object.__setattr__(self, "_function", function)
        object.__setattr__(self, "_bounds", bounds)

    def __call__(self, *arguments: Any) -> Any:
        self._bounds.spend(1 + sum(len(each) for each in arguments if hasattr(each, "__len__")))
        return self._function(*arguments)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise pickle.UnpicklingError(f"it changes {name} of a function")


def empty(kind: Callable[[], Any]) -> Callable[..., Any]:
    """A type that is only ever called without arguments, as defaultdicts do."""
    def make(*arguments: Any) -> Any:
        if arguments:
            raise pickle.UnpicklingError(f"it makes a {getattr(kind, '__name__', kind)} of something else")
        return kind()
    return make


def of_content(kind: Callable[..., Any]) -> Callable[..., Any]:
    """bytes or bytearray of what is there; a mere number would be a wish for so much memory."""
    def make(*arguments: Any) -> Any:
        if arguments and isinstance(arguments[0], int):
            raise pickle.UnpicklingError(f"it wants {arguments[0]} bytes of nothing")
        return kind(*arguments)
    return make

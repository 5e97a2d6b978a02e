"""What reading a pickle may take: memory and time in proportion to its bytes, whatever these ask for."""
import math
import pickle
from collections import deque
from typing import Any, Callable, Collection, Dict, List, NoReturn, Tuple

import numpy as np

FACTOR, FLOOR = 16, 1 << 20     # bytes or entries made for each byte of the file, and what any file may make
DEEPEST = 100                   # containers within each other
WIDEST_NUMBER = 512             # bits: more than any state of a generator of random numbers has
SMALL = 1 << 60                 # numbers below it are their own hash, so that they can't be made to collide
ARRAYS_OF_OBJECTS = 100         # NumPy takes these away by recursion


class Bounds:
    def __init__(self, size: int) -> None:
        self.size = size
        self._left = FLOOR + FACTOR * size
        self._objects = 0

    def spend(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise pickle.UnpicklingError(f"it makes far more than its {self.size} bytes hold")

    def spend_object_array(self) -> None:
        self._objects += 1
        if self._objects > ARRAYS_OF_OBJECTS:
            raise pickle.UnpicklingError(f"it has more than {ARRAYS_OF_OBJECTS} arrays of objects")


class Sealed:
    """A function as a pickle gets it: each call is counted, and nothing about it can be changed."""

    __slots__ = ("_function", "_bounds")
    _function: Callable[..., Any]
    _bounds: Bounds

    def __init__(self, function: Callable[..., Any], bounds: Bounds) -> None:
        object.__setattr__(self, "_function", function)
        object.__setattr__(self, "_bounds", bounds)

    def __call__(self, *arguments: Any) -> Any:
        self._bounds.spend(1 + sum(len(argument) for argument in arguments if hasattr(argument, "__len__")))
        return self._function(*arguments)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise pickle.UnpicklingError("it changes a function")


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
            raise pickle.UnpicklingError("it asks for bytes by a number, without their content")
        return kind(*arguments)
    return make


def of_members(kind: Callable[..., Any]) -> Callable[..., Any]:
    """A set of text and numbers."""
    return lambda items=(): kind([check_key(item) for item in items])


def of_pairs(kind: Callable[..., Any]) -> Callable[..., Any]:
    """A mapping from text and numbers."""
    def make(items: Any = ()) -> Any:
        pairs = items.items() if isinstance(items, dict) else items
        return kind([(check_key(key), value) for key, value in pairs])
    return make


def check_key(key: Any) -> Any:
    """The same, if it is text or a number: tuples of tuples may take for ever to hash, and so may keys that collide."""
    if isinstance(key, (str, bytes, bool, np.bool_, type(None))):
        return key
    if isinstance(key, (int, np.integer)) and -SMALL < int(key) < SMALL:
        return key
    if isinstance(key, (float, np.floating)) and not isinstance(key, np.longdouble) and not math.isnan(key):
        return key
    raise pickle.UnpicklingError(f"it has a {type(key).__name__} as a key; expected text and small numbers")


def check_tree(content: Any, bounds: Bounds) -> None:
    """UnpicklingError where whoever walks through all of it, or prints it, would not come to an end.

    Parts that are referred to often count each time.
    """
    sizes: Dict[int, Tuple[int, int]] = {}      # of what is done: entries in all, and how deep
    begun: Dict[int, bool] = {}
    waiting: List[Any] = [content]
    while waiting:
        value = waiting[-1]
        if id(value) in sizes:
            waiting.pop()
            continue
        children = _children(value)
        if id(value) not in begun:
            begun[id(value)] = True
            for child in children:
                if id(child) in begun and id(child) not in sizes:
                    raise pickle.UnpicklingError("it has a container that contains itself")
                if id(child) not in sizes and _is_container(child):
                    waiting.append(child)
                elif isinstance(child, int):
                    _check_number(child)
            continue
        waiting.pop()
        known = [sizes[id(child)] for child in children if _is_container(child)]
        count = 1 + len(children) + sum(size for size, _ in known)
        depth = 1 + max((depth for _, depth in known), default=0)
        if depth > DEEPEST:
            raise pickle.UnpicklingError(f"it has more than {DEEPEST} containers within each other")
        if count > FLOOR + FACTOR * bounds.size:
            raise pickle.UnpicklingError(f"it announces far more than its {bounds.size} bytes hold")
        sizes[id(value)] = count, depth
    if isinstance(content, int):
        _check_number(content)


def _check_number(value: int) -> None:
    if value.bit_length() > WIDEST_NUMBER:
        raise pickle.UnpicklingError(f"it has a number of {value.bit_length()} bits")


def _is_container(value: Any) -> bool:
    return isinstance(value, (dict, list, tuple, deque)) or isinstance(value, np.ndarray) and value.dtype.hasobject


def _children(value: Any) -> Collection[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, (list, tuple, deque)):
        return value
    return value.ravel().tolist() if isinstance(value, np.ndarray) and value.dtype.hasobject else ()

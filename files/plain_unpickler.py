"""An unpickler that takes no more than its file has. Pickle's own, in C, makes room for whatever is announced, and
hashes whatever is a key."""
import pickle
from collections import deque
from typing import Any, BinaryIO, Callable, Dict, List

from files.bounds import Bounds, check_key, check_tree

# The one written in C can't be looked after. What this one is made of has not changed from Python 3.8 to 3.13.
_InPython: Any = getattr(pickle, "_Unpickler")  # noqa: B009  (the type checker does not know its insides)


class _Counted:
    """A file that is never asked for more than is left of it."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def read(self, size: int) -> bytes:
        if not 0 <= size <= self._left:
            raise pickle.UnpicklingError(f"it announces {size} bytes and has {self._left}")
        data = self._file.read(size)
        self._left -= len(data)
        return data

    def readline(self) -> bytes:
        data = self._file.readline()
        self._left -= len(data)
        return data


class PlainUnpickler(_InPython):
    """`find_class` is for those who make one of it. bounds: of as many bytes as the file has left."""

    def __init__(self, file: BinaryIO, bounds: Bounds) -> None:
        super().__init__(_Counted(file, bounds.size))
        self.bounds = bounds

    def load(self) -> Any:
        content = super().load()
        check_tree(content, self.bounds)
        return content

    def take(self, items: List[Any]) -> None:
        """Into the list that is on top."""
        if not isinstance(self.stack[-1], (list, deque)):
            raise pickle.UnpicklingError("it adds items to something that is not a list")
        self.stack[-1].extend(items)

    def _set(self, items: List[Any]) -> None:
        """Keys and values by turns, into the dict that is on top."""
        if not isinstance(self.stack[-1], dict):
            raise pickle.UnpicklingError("it sets an entry of something that is not a dict")
        self.stack[-1].update({check_key(key): value for key, value in zip(items[::2], items[1::2])})

    def _set_one(self) -> None:
        value = self.stack.pop()
        self._set([self.stack.pop(), value])

    def _new_dict(self) -> None:
        items = self.pop_mark()
        self.append({})
        self._set(items)

    def _add(self) -> None:
        items = self.pop_mark()
        if not isinstance(self.stack[-1], set):
            raise pickle.UnpicklingError("it adds items to something that is not a set")
        self.stack[-1].update(map(check_key, items))

    def _frozen(self) -> None:
        self.append(frozenset(map(check_key, self.pop_mark())))

    def _bytearray(self) -> None:
        self.append(bytearray(self.read(int.from_bytes(self.read(8), "little"))))

    dispatch: Dict[int, Callable[..., None]] = {
        **_InPython.dispatch,
        pickle.APPEND[0]: lambda self: self.take([self.stack.pop()]),
        pickle.APPENDS[0]: lambda self: self.take(self.pop_mark()),
        pickle.SETITEM[0]: _set_one, pickle.SETITEMS[0]: lambda self: self._set(self.pop_mark()),
        pickle.DICT[0]: _new_dict, pickle.ADDITEMS[0]: _add, pickle.FROZENSET[0]: _frozen,
        pickle.BYTEARRAY8[0]: _bytearray,
    }

"""Copies of a network's input that are changed here and there, each written over once nobody has it any more.

When a program asks for a large new block of memory, the system clears it first, page by page. That takes longer than
filling it.
"""
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, Callable, List, Tuple
from weakref import ref

from torch import Tensor

from models.contract import Inputs

EXACT = 1e-6            # of the largest value of an input
MOST = 2                # copies that are kept: one is read while the other is prepared
Write = Callable[[Tuple[Tensor, ...]], None]


@dataclass(eq=False)
class Copy:
    tensors: Tuple[Tensor, ...]
    undo: Write = lambda tensors: None
    lent: List[Any] = field(default_factory=list)       # weak references to what was given out

    @property
    def free(self) -> bool:
        return all(lent() is None for lent in self.lent)


class KeptInputs:
    def __init__(self, usual: Inputs) -> None:
        """usual: in memory that has no gaps."""
        self.usual = usual
        self.copies: List[Copy] = []
        self.one_at_a_time = Lock()

    def changed(self, write: Write, undo: Write) -> Inputs:
        """The usual input after `write`; `undo` makes of that the usual one again."""
        with self.one_at_a_time:
            copy = next((copy for copy in self.copies if copy.free), None)
            if copy is None:
                copy = Copy(tuple(tensor.clone() for tensor in self.usual.tensors))
                self.copies += [copy] if len(self.copies) < MOST else []
            tensors = tuple(tensor.view_as(tensor) for tensor in copy.tensors)
            copy.lent = [ref(tensor) for tensor in tensors]
        copy.undo(copy.tensors)
        copy.undo = undo
        write(copy.tensors)
        return replace(self.usual, tensors=tensors)


def dense(inputs: Inputs) -> Inputs:
    """The same in memory that has no gaps and is no one else's."""
    return replace(inputs, tensors=tuple(tensor.clone() for tensor in inputs.tensors))


def alike(one: Inputs, other: Inputs) -> bool:
    return all(a.shape == b.shape and _alike(a, b) for a, b in zip(one.tensors, other.tensors))


def _alike(one: Tensor, other: Tensor) -> bool:
    """Step by step, as copies of all of it would be large."""
    least, most = one.aminmax()
    return all(bool((a - b).abs().max() <= EXACT * max(most, -least)) for a, b in zip(one.unbind(2), other.unbind(2)))

"""Copies of a network's input that are changed here and there, each written over once nobody has it any more.

When a program asks for a large new block of memory, the system clears it first, page by page. That takes longer than
filling it.
"""
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from typing import Any, Callable, List, Optional, Sequence, Tuple
from weakref import ref

from torch import Tensor

from models.contract import Inputs
from models.levels import Span

EXACT = 1e-6            # of the largest value of the usual input
MOST = 2                # copies that are kept: one is read while the other is prepared
Write = Callable[[Tuple[Tensor, ...]], None]


@dataclass(eq=False)
class Copy:
    tensors: Tuple[Tensor, ...]
    undo: Write = lambda tensors: None
    steps: Optional[Span] = None                        # no others differ from the usual ones; None: not known
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

    def changed(self, write: Write, undo: Write, steps: Optional[Span] = None) -> Inputs:
        """The usual input after `write`, which changes no more than these steps of [B, C, T, ...]; `undo` makes of that
        the usual one again."""
        with self.one_at_a_time:
            copy = next((copy for copy in self.copies if copy.free), None)
            if copy is None:
                copy = Copy(tuple(tensor.clone() for tensor in self.usual.tensors))
                self.copies += [copy] if len(self.copies) < MOST else []
            tensors = tuple(tensor.view_as(tensor) for tensor in copy.tensors)
            copy.lent = [ref(tensor) for tensor in tensors]
        copy.undo(copy.tensors)
        copy.undo, copy.steps = undo, steps
        write(copy.tensors)
        return replace(self.usual, tensors=tensors)

    def steps_of(self, tensors: Sequence[Tensor]) -> Span:
        """In which an input that was given out and is still in use may differ from the usual one; of others, all."""
        steps = next((copy.steps for copy in self.copies if all(map(_same_memory, tensors, copy.tensors))), None)
        return steps or (0, tensors[0].shape[2])

    @cached_property
    def rounding(self) -> List[float]:
        """Of each tensor."""
        return [EXACT * float(max(abs(value) for value in tensor.aminmax())) for tensor in self.usual.tensors]

    def alike(self, one: Inputs, other: Inputs) -> bool:
        """But for rounding."""
        return all(a.shape == b.shape and _apart(a, b) <= most
                   for a, b, most in zip(one.tensors, other.tensors, self.rounding))


def dense(inputs: Inputs) -> Inputs:
    """The same in memory that has no gaps and is no one else's."""
    return replace(inputs, tensors=tuple(tensor.clone() for tensor in inputs.tensors))


def _same_memory(one: Tensor, other: Tensor) -> bool:
    return one.data_ptr() == other.data_ptr() and one.shape == other.shape and one.stride() == other.stride()


def _apart(one: Tensor, other: Tensor) -> float:
    """Step by step, as a copy of all of it would be large."""
    return max(float((a - b).abs().max()) for a, b in zip(one.unbind(2), other.unbind(2)))

"""When memory runs out, and how much goes through a network at once before it does."""
from typing import Callable

import torch

AT_ONCE = 64            # frames on a CPU: more at once are no faster, and their copies take time
MOST = 64               # clips on a card
SHARE = 0.6             # of the memory that is free


def in_batches(size: "BatchSize", count: int, run: Callable[[int, int], None]) -> None:
    """run(first, stop) until all are done; where memory runs out, again with fewer. What run did not finish it must
    leave as if it had not begun."""
    first = 0
    while first < count:
        stop, failed = min(count, first + size.count), False
        try:
            run(first, stop)
        except RuntimeError as error:
            if stop - first == 1 or not out_of_memory(error):
                raise
            failed = True
        if failed:                      # out here the exception no longer holds what it had
            size.halve()
        else:
            size.read()
            first = stop


def out_of_memory(error: RuntimeError) -> bool:
    text = str(error).lower()
    return (isinstance(error, torch.cuda.OutOfMemoryError) or "out of memory" in text
            or "can't allocate memory" in text or "not enough memory" in text)


class BatchSize:
    """How many clips of so many frames are read at once. On a card the first is read alone, to see what it takes."""

    def __init__(self, device: torch.device, frames: int) -> None:
        self.device = device
        self.measured = device.type != "cuda"
        self.count = max(1, AT_ONCE // max(1, frames)) if self.measured else 1
        if not self.measured:
            torch.cuda.reset_peak_memory_stats(device)
            self.held = torch.cuda.memory_allocated(device)

    def read(self) -> None:
        """Called after each batch."""
        if self.measured:
            return
        taken = max(1, torch.cuda.max_memory_allocated(self.device) - self.held)
        free = torch.cuda.mem_get_info(self.device)[0]
        self.count = int(min(MOST, max(1, SHARE * free // taken)))
        self.measured = True

    def halve(self) -> bool:
        """After memory ran out; False where one alone is too much."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        smaller, self.measured = self.count // 2, True
        self.count = max(1, smaller)
        return smaller > 0

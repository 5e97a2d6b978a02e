"""On a CPU, several versions of a clip go through a small network at the same time, each in a thread with one core.
Layers that take less than a millisecond gain nothing from several cores: the threads wait for each other."""
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Callable, Iterator, TypeVar

import torch

from cams.memory import out_of_memory
from models.recogniser import Recogniser

SMALL = 2 ** 22         # parameters
Result = TypeVar("Result")


def lanes(recogniser: Recogniser) -> int:
    """How many versions are read at once; 1: one after the other."""
    if recogniser.device.type != "cpu" or not recogniser.side_by_side:
        return 1
    small = sum(parameter.numel() for parameter in recogniser.network.parameters()) <= SMALL
    return torch.get_num_threads() if small else 1


def side_by_side(lane_count: int, read: Callable[[int, int], Result], total: int, at_once: int) -> Iterator[Result]:
    """What `read` gives of each start and stop, in their order; no more where memory runs out."""
    spans = [(start, min(start + at_once, total)) for start in range(0, total, at_once)]
    with _one_core_each(lane_count) as pool:
        waiting = [pool.submit(read, *span) for span in spans[:2 * lane_count]]
        for number in range(len(spans)):
            try:
                result = waiting.pop(0).result()
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                break
            waiting += [pool.submit(read, *span) for span in spans[number + 2 * lane_count:][:1]]
            yield result
        for each in waiting:
            each.cancel()


@contextmanager
def _one_core_each(count: int) -> Iterator[ThreadPoolExecutor]:
    cores = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(count, initializer=partial(torch.set_num_threads, 1)) as pool:
            yield pool
    finally:
        torch.set_num_threads(cores)        # it is also what threads to come begin with

"""Signals that would end the process at once, as exceptions, and the moments in which they wait."""
import os
import signal
import threading
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional

OURS: Dict[int, Any] = {            # signal -> what it does where nobody changed that
    signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL,
}
_depth = 0                          # of `undisturbed`, in the main thread
_waiting: Optional[int] = None      # the signal that came meanwhile


class Stopped(KeyboardInterrupt):
    """By a signal, whose number is its argument."""


@contextmanager
def signals_raised() -> Iterator[None]:
    """Those that would end the process, as Stopped; those that are ignored (nohup) stay so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [number for number, usual in OURS.items() if signal.getsignal(number) == usual]
    for number in taken:
        signal.signal(number, _raise)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, OURS[number])


@contextmanager
def undisturbed() -> Iterator[None]:
    """A signal that comes meanwhile is raised at the end: for steps that leave something behind when cut in two."""
    global _depth, _waiting
    if threading.current_thread() is not threading.main_thread():      # signals are raised in that one alone
        yield
        return
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if _waiting is not None and _depth == 0:
            number, _waiting = _waiting, None
            raise Stopped(number)


def _raise(number: int, _frame: Any) -> None:
    global _waiting
    if _depth:
        _waiting = number
    else:
        raise Stopped(number)


def _as_born() -> None:
    """Processes that we fork die of a signal, as ever: who made them tells of it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is _raise:
            signal.signal(number, signal.SIG_DFL)


os.register_at_fork(after_in_child=_as_born)

"""Signals that would end the process at once, as exceptions, and the moments in which they wait.

The first one is raised and the work ends in good order. It may have to wait for a read that never comes back, of a
network disk that is gone, say: a second one ends the process whatever its threads wait for, with what was left behind
tidied up as far as can be.
"""
import os
import select
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import Any, Callable, Dict, Iterator, List, NoReturn, Optional

OURS: Dict[int, Any] = {            # signal -> what it does where nobody changed that
    signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL,
}
SAME_WISH = 1.0                     # seconds: torchrun hands Ctrl-C on, so that it comes twice
PATIENCE = 5.0                      # seconds of waiting after which we say what for
TIDYING = 5.0                       # seconds that tidying up may take before the end all the same
WAITING = "stopping as soon as the current reading and writing is done; a second signal stops at once\n"
_depth = 0                          # of `undisturbed`, in the main thread
_waiting: Optional[int] = None      # the signal that came meanwhile
_raised = False                     # whether one was raised: later ones must not cut off what tidies up
_tidy: Dict[int, Callable[[], None]] = {}


class Stopped(KeyboardInterrupt):
    """By a signal, whose number is its argument."""


@contextmanager
def signals_raised() -> Iterator[None]:
    """Those that would end the process, as Stopped; those that are ignored (nohup) stay so."""
    global _raised
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [number for number, usual in OURS.items() if signal.getsignal(number) == usual]
    _raised = False
    for number in taken:
        signal.signal(number, _raise)
    try:
        with _watched(taken):
            yield
    finally:
        for number in taken:
            signal.signal(number, OURS[number])


@contextmanager
def undisturbed() -> Iterator[None]:
    """A signal that comes meanwhile is raised at the end: for steps that leave something behind when cut in two."""
    global _depth, _waiting, _raised
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
            _raised = True
            raise Stopped(number)


def if_ended_at_once(tidy: Callable[[], None]) -> Callable[[], None]:
    """What is to be done before the end where the work can't; call what is returned when it need not be any more."""
    key = id(tidy)
    _tidy[key] = tidy       # held here, so that no other has its id
    return lambda: _tidy.pop(key, None) and None


def _raise(number: int, _frame: Any) -> None:
    global _waiting, _raised
    if _raised:
        return
    if _depth:
        _waiting = number
    else:
        _raised = True
        raise Stopped(number)


@contextmanager
def _watched(taken: List[int]) -> Iterator[None]:
    """Python's own handlers wait for the main thread, which may wait for ever; this thread does not."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader, taken), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writer)        # the thread ends, and closes the other end


def _watch(reader: int, taken: List[int]) -> None:
    first, warned = 0.0, False
    while True:
        ready = select.select([reader], [], [], PATIENCE if first and not warned else None)[0]
        if not ready:
            warned = True
            with suppress(OSError):
                os.write(2, WAITING.encode())
            continue
        came = os.read(reader, 64)
        if not came:
            os.close(reader)
            return
        ours = [number for number in came if number in taken]
        if ours and not first:
            first = time.monotonic()
        elif ours and time.monotonic() - first > SAME_WISH:
            _end(ours[-1])


def _end(number: int) -> NoReturn:
    tidying = threading.Thread(target=_tidy_up, daemon=True)
    tidying.start()
    tidying.join(TIDYING)
    with suppress(OSError):
        os.write(2, b"ended at once: what was being read or written was left\n")
    os._exit(128 + number)


def _tidy_up() -> None:
    if "multiprocessing" in sys.modules:
        import multiprocessing

        for child in multiprocessing.active_children():
            child.kill()
    for tidy in reversed(list(_tidy.values())):
        with suppress(Exception):       # the end comes in any case
            tidy()


def _as_born() -> None:
    """Processes that we fork die of a signal, as ever: who made them tells of it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is _raise:
            signal.signal(number, signal.SIG_DFL)
    with suppress(ValueError):          # not from the main thread, where there is nothing to undo
        signal.set_wakeup_fd(-1)        # the pipe is our parent's
    _tidy.clear()


os.register_at_fork(after_in_child=_as_born)

"""How every command ends: errors and signals as one line and an exit code, and output that nobody reads as no error."""
import codecs
import errno
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Union

from terminal.errors import UserError
from terminal.output import steady_output
from terminal.signals import Stopped, signals_raised

WORDS = "/proc/self/cmdline"
LONGEST = 4000      # letters of a line: what it quotes may have been made by others
FULL = (errno.ENOSPC, errno.EDQUOT)


def ended(name: str, work: Callable[[], int], advice: Union[str, Callable[[], str]],
          first_to_say: Callable[[], bool] = lambda: True) -> int:
    """The exit code of a command: what `work` gives, 2 for a user's mistake, 128 + n for signal n, else 1.

    advice: how to go on where it was stopped, or what tells it then. first_to_say: of several processes one need tell.
    """
    _in_utf8(name)

    def say(line: str) -> None:
        if first_to_say():
            print(f"{name}: {line}", file=sys.stderr)

    with steady_output(), signals_raised(), _threads_quiet_on_full_disks():
        try:
            return work()
        except UserError as error:
            say(_in_one_line(str(error)))
            return 2
        except KeyboardInterrupt as stop:
            say(f"stopped; {advice if isinstance(advice, str) else advice()}")
            return 128 + (stop.args[0] if isinstance(stop, Stopped) else signal.SIGINT)
        except OSError as error:
            if error.errno in FULL:
                say(f"the disk is full: no half-written result counts as done. Free some space; "
                    f"{advice if isinstance(advice, str) else advice()}")
            elif error.filename is not None:
                say(f"{error.filename}: {error.strerror}")
            else:
                raise
            return 1


def _in_utf8(name: str) -> None:
    """The program of this name anew in Python's UTF-8 mode, where it was started in ASCII: no umlaut of a gloss or a
    path would come through."""
    begun = sys.modules["__main__"]
    spec, file = getattr(begun, "__spec__", None), getattr(begun, "__file__", None) or ""
    if codecs.lookup(sys.getfilesystemencoding()).name == "ascii" and os.path.exists(WORDS) and \
            name in (os.path.basename(file), getattr(spec, "name", None)):
        with open(WORDS, "rb") as words:
            os.execve(sys.executable, words.read().split(b"\0")[:-1], {**os.environ, "PYTHONUTF8": "1"})


@contextmanager
def _threads_quiet_on_full_disks() -> Iterator[None]:
    """Who waits for the thread meets the same error and tells of it in a line."""
    before = threading.excepthook

    def hook(failure: Any) -> None:
        if not (isinstance(failure.exc_value, OSError) and failure.exc_value.errno in FULL):
            before(failure)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before


def _in_one_line(text: str) -> str:
    """From a loader's process an error comes with that process's traceback before it."""
    text = text.strip()
    if "Original Traceback" in text:
        text = text.splitlines()[-1].split("UserError: ", 1)[-1]
    return " ".join(text.splitlines())[:LONGEST]

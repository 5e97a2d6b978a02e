"""Standard output and error whose reader may go, and which may lack letters: neither is a reason to stop working."""
import io
import os
import re
import sys
from contextlib import contextmanager
from typing import Any, Iterator


@contextmanager
def steady_output() -> Iterator[None]:
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _steady(sys.stdout, 1), _steady(sys.stderr, 2)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


# What moves cursors and changes terminals, but for what bars are drawn with: line ends and one line up.
CONTROL = re.compile(r"\x1b(?!\[A)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")


class Steady:
    """A stream that goes on into nothing when it can no longer be written, and shows control characters as they are
    written in Python: texts come from files that others wrote."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            self._stream.write(CONTROL.sub(lambda match: ascii(match.group())[1:-1], text))
            return len(text)
        except (OSError, ValueError):       # nobody reads it, its disk is full, or it is closed
            self._drop()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._drop()

    def _drop(self) -> None:
        """What is still in the buffer is written when Python ends, and must then go somewhere."""
        try:
            number = self._stream.fileno()
        except (OSError, ValueError):       # no file, or closed
            self._stream = io.StringIO()
        else:
            _to_nothing(number)


def _steady(stream: Any, number: int) -> Any:
    if stream is None:                      # closed before we began: lest the next file opened be it
        _to_nothing(number)
        return Steady(io.StringIO())
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    return Steady(stream)


def _to_nothing(number: int) -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    if nothing != number:
        os.dup2(nothing, number)
        os.close(nothing)

"""Libraries in C that talk to standard error by themselves."""
import os
import re
import sys
import tempfile
from contextlib import contextmanager
from typing import Iterator, Pattern


@contextmanager
def hushed(noise: Pattern[bytes]) -> Iterator[None]:
    """What is written to standard error meanwhile, by anyone, comes afterwards, without the lines that are noise."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        real = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(real, 2)
            os.close(real)
            kept.seek(0)
            text = b"".join(line for line in kept if not re.match(noise, line))
            os.write(2, text)

import os
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A file to write beside `path`: it takes its place when the block ends, and goes when the block fails."""
    part = path.with_name(f".{uuid.uuid4().hex[:12]}.part")
    try:
        yield part
        os.replace(part, path)
    except BaseException:
        if part.exists():
            os.unlink(part)
        raise

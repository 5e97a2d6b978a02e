"""A file that one process holds. The system lets go of it when the process dies."""
import errno
import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional

from terminal.errors import UserError


def opened(path: Path) -> int:
    """A descriptor of the file, made where it is not there, and never where a link leads to."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UserError(f"{path}: a link, where the program keeps a file of its own; take it away") from None
        raise


def take(path: Path) -> Optional[int]:
    """A descriptor that holds the file, made where it is not there; None while somebody else holds it."""
    while True:
        lock = opened(path)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is(path, lock):
                return lock
        except BlockingIOError:
            os.close(lock)
            return None
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)      # its last owner took the file away between our opening and locking it


@contextmanager
def waited_for(path: Path) -> Iterator[int]:
    """As `take`, when nobody else holds it any more."""
    while True:
        lock = opened(path)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _is(path, lock):
                yield lock
                return
        finally:
            os.close(lock)


def let_go(path: Path, lock: int) -> None:
    path.unlink()
    os.close(lock)


def _is(path: Path, lock: int) -> bool:
    """Whether the file under that name is the one we hold."""
    return path.exists() and os.path.samestat(os.fstat(lock), path.stat())

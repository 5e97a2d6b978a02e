"""A file that one process holds. The system lets go of it when the process dies."""
import fcntl
import os
from pathlib import Path
from typing import Optional


def take(path: Path) -> Optional[int]:
    """A descriptor that holds the file, made where it is not there; None while somebody else holds it."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
                return lock
        except BlockingIOError:
            os.close(lock)
            return None
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)      # its last owner took the file away between our opening and locking it


def let_go(path: Path, lock: int) -> None:
    path.unlink()
    os.close(lock)

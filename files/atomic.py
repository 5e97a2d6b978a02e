"""Files and folders that appear whole or not at all. What a killed run leaves of them is swept up by a later one."""
import fcntl
import os
import re
import shutil
import time
import uuid
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Iterator, Set

from files.lock import waited_for
from terminal.signals import if_ended_at_once

PART = re.compile(r"\.[0-9a-f]{12}\.part(\.\w+)?")      # what a file is called before it takes its place
STALE = 600         # seconds since it was last written to after which a part is a killed run's
YOUNG = 60          # seconds in which a draft may not have been locked yet
_swept: Set[Path] = set()       # by this process


@contextmanager
def atomic_file(path: Path, again: bool = False) -> Iterator[Path]:
    """A file to write beside `path`, of the same suffix: it takes its place when the block ends, and goes when the
    block fails. again: of a file that a run writes over and over, one process at a time, under one hidden name: the
    next to write it takes away what a kill leaves.
    """
    if path.parent not in _swept:
        _swept.add(path.parent)
        sweep_parts(path.parent)
    with _one_at_a_time(path) if again else nullcontext():
        part = path.with_name(f".{path.name}.part{path.suffix}" if again else
                              f".{uuid.uuid4().hex[:12]}.part{path.suffix}")
        done = if_ended_at_once(lambda: part.unlink())
        try:
            yield part
            os.replace(part, path)
        except BaseException:
            if part.exists():
                os.unlink(part)
            raise
        finally:
            done()


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    lock = path.with_name(f".{path.name}.lock")
    done = if_ended_at_once(lambda: lock.unlink())
    try:
        with waited_for(lock):
            try:
                yield
            finally:
                lock.unlink()
    finally:
        done()


@contextmanager
def draft_folder(folder: Path) -> Iterator[Path]:
    """An empty folder beside `place` to be filled: it takes its place when the block ends, and goes when that fails."""
    sweep_drafts(folder)
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    lock = os.open(draft, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)        # until this process and those it forked are gone
    done = if_ended_at_once(lambda: shutil.rmtree(draft))
    try:
        yield draft
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(lock)
        done()


def sweep_parts(folder: Path) -> None:
    """Takes away parts that nobody has written to for long."""
    with suppress(OSError):         # another user's folder, or gone
        for entry in os.scandir(folder):
            if PART.fullmatch(entry.name) and entry.is_file(follow_symlinks=False) \
                    and time.time() - entry.stat(follow_symlinks=False).st_mtime > STALE:
                os.unlink(entry.path)


def sweep_drafts(folder: Path) -> None:
    """Takes away drafts of a place whose makers are gone."""
    ours = re.compile(rf"\.{re.escape(folder.name)}\.\d+")
    with suppress(OSError):         # another user's folder, or gone
        for entry in os.scandir(folder.parent):
            if ours.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False) \
                    and time.time() - entry.stat().st_mtime > YOUNG and _nobodys(entry.path):
                shutil.rmtree(entry.path)


def _nobodys(folder: str) -> bool:
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True

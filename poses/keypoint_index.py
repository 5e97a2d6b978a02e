"""An index beside keypoints.pkl, so that one sequence can be read without the other thousands."""
import atexit
import errno
import logging
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple, TypeVar

import numpy as np

from files.lock import take, waited_for
from poses.keypoint_pickle import POINTS, sequences
from terminal.errors import UserError
from terminal.signals import if_ended_at_once

VERSION = 1
PASSING, HELD = "keypoints-", ".held"
T = TypeVar("T")
LARGE = 100_000_000     # bytes of pickle from which on indexing takes long enough to say so
SCHEMA = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
CREATE TABLE source (size INTEGER, mtime_ns INTEGER, version INTEGER);
CREATE TABLE sequence (id INTEGER PRIMARY KEY, name TEXT, keypoints BLOB);
CREATE TABLE component (part TEXT, sequence INTEGER);
"""
log = logging.getLogger(__name__)
_temporary: Dict[Path, Path] = {}       # folders of indexes that could not be kept; gone at exit


def ask(pickle: Path, question: Callable[[Path], T]) -> T:
    """What a question to the pickle's index gives; a damaged index is made again, once."""
    index = index_of(pickle)
    try:
        return question(index)
    except (sqlite3.DatabaseError, ValueError) as error:
        log.warning("%s is damaged (%s): it is made again", index, error)
        index.unlink()
        return question(index_of(pickle))


def index_of(pickle: Path) -> Path:
    """The index that fits the pickle as it is now; made when there is none."""
    stamp = _stamp(pickle)
    beside = pickle.with_name(pickle.name + ".index")
    if _fits(beside, stamp):
        return beside
    try:
        return _build(pickle, beside)
    except OSError as error:
        reason = error.strerror
    if pickle not in _temporary:
        log.warning("%s can't be written (%s): indexing keypoints for this run only; make the folder writable, or "
                    "link keypoints.pkl into one that is", beside, reason)
        _temporary[pickle] = _passing_folder()
    passing = _temporary[pickle] / beside.name
    try:
        return passing if _fits(passing, stamp) else _build(pickle, passing)
    except OSError as error:
        raise UserError(f"{passing}: can't be written either ({error.strerror}); free some space, or set TMPDIR to a "
                        "disk that has some") from None


def _passing_folder() -> Path:
    """Ours until the process ends; those of processes that were killed are taken away."""
    for left in Path(tempfile.gettempdir()).glob(PASSING + "*"):
        with suppress(OSError):         # another user's, or gone
            if (left / HELD).is_file() and take(left / HELD) is not None:
                shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=PASSING))
    take(folder / HELD)
    atexit.register(shutil.rmtree, folder, True)         # whoever took it away before is welcome to
    if_ended_at_once(lambda: shutil.rmtree(folder, True))
    return folder


def read_sequence(index: Path, seq_id: str) -> Optional[np.ndarray]:
    """float32 [T, 133, 3] of the sequence whose name is the id or has it as a component; None where there is none."""
    with closing(_connect(index)) as db:
        entries: List[Tuple[int, str]] = db.execute(
            "SELECT DISTINCT id, name FROM component JOIN sequence ON id = sequence WHERE part = ?",
            (seq_id,)).fetchall()
        entries = [entry for entry in entries if entry[1] == seq_id] or entries
        if len(entries) > 1:
            names = f"{entries[0][1]} or {entries[1][1]}"
            raise UserError(f"{index.with_suffix('')}: '{seq_id}' could be {names}; expected "
                            "one entry per sequence; take the others out")
        if not entries:
            return None
        data, = db.execute("SELECT keypoints FROM sequence WHERE id = ?", entries[0][:1]).fetchone()
    return np.frombuffer(bytearray(data), np.float32).reshape(-1, POINTS, 3)


def count_sequences(index: Path) -> int:
    with closing(_connect(index)) as db:
        return int(db.execute("SELECT COUNT(*) FROM sequence").fetchone()[0])


def _stamp(pickle: Path) -> Tuple[int, int, int]:
    try:
        stat = pickle.stat()
    except OSError as error:
        raise UserError(f"{pickle}: can't be read ({error.strerror}); expected the dataset's keypoints; "
                        "put them there") from None
    return stat.st_size, stat.st_mtime_ns, VERSION


def _connect(index: Path) -> sqlite3.Connection:
    # A finished index never changes, so no locks are needed, and read-only folders do.
    return sqlite3.connect(f"{index.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _fits(index: Path, stamp: Tuple[int, int, int]) -> bool:
    if not index.is_file():
        return False
    try:
        with closing(_connect(index)) as db:
            return bool(db.execute("SELECT size, mtime_ns, version FROM source").fetchall() == [stamp])
    except sqlite3.Error:       # not an index, or of another layout: it is made anew
        return False


def _build(pickle: Path, index: Path) -> Path:
    part = index.with_name(f".{index.name}.part")
    with waited_for(part) as file:  # a killed run lets go of it, and it is overwritten
        stamp = _stamp(pickle)
        if _fits(index, stamp):         # another process was at it
            os.unlink(part)
            return index
        try:
            os.truncate(file, 0)
            if stamp[0] > LARGE:
                log.warning("%s: indexing %.1f GB, once", pickle, stamp[0] / 1e9)
            _fill(part, pickle, stamp)
            os.fsync(file)
            os.replace(part, index)
        except sqlite3.Error as error:
            os.unlink(part)
            raise OSError(errno.EIO, str(error)) from None
        except BaseException:
            os.unlink(part)
            raise
    return index


def _fill(part: Path, pickle: Path, stamp: Tuple[int, int, int]) -> None:
    with closing(sqlite3.connect(str(part))) as db:
        db.executescript(SCHEMA)
        for number, (name, keypoints) in enumerate(sequences(pickle, scratch=part.parent)):
            db.execute("INSERT INTO sequence VALUES (?, ?, ?)", (number, name, keypoints.tobytes()))
            components = {name, *name.replace("\\", "/").split("/")} - {""}
            db.executemany("INSERT INTO component VALUES (?, ?)", [(part, number) for part in components])
        db.execute("CREATE INDEX part_of ON component (part)")
        db.execute("INSERT INTO source VALUES (?, ?, ?)", stamp)
        db.commit()


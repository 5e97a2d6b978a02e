"""The folder of a sequence: it appears complete or not at all, and says what it was made with."""
import fcntl
import json
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Mapping, Optional, Type

from terminal.errors import UserError

PREDS = "preds.json"
LINES = {"slowfast": "SlowFast", "twostream": "TwoStream"}      # what a model's lines of preds.txt begin with
LOCK, PARTIAL, OLD = ".lock-", ".partial-", ".old-"


class SequenceFolder:
    """Made beside its place and renamed by `publish`. Leaving without that takes it away again.

    A lock, which the system lets go of when a process dies, tells a folder being written from one left behind.
    """

    def __init__(self, out: Path, name: str) -> None:
        self.final = out / name
        self.path = out / (PARTIAL + name)
        self._lock_path = out / (LOCK + name)
        self._lock: Optional[int] = None

    def __enter__(self) -> "SequenceFolder":
        self._lock = _locked(self._lock_path)
        if self._lock is None:
            raise UserError(f"{self.final.name}: another run is writing it to {self.final.parent}; "
                            "let it finish, or give another --out")
        _tidy(self.final)
        self.path.mkdir()
        return self

    def publish(self) -> None:
        """Puts the folder in its place. What was there before goes only when the new one stands."""
        old = self.final.with_name(OLD + self.final.name)
        if self.final.exists():
            self.final.rename(old)
        self.path.rename(self.final)
        shutil.rmtree(old, ignore_errors=True)

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        assert self._lock is not None
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock_path.unlink()
        os.close(self._lock)


def _locked(path: Path) -> Optional[int]:
    """A descriptor that holds the lock file; None while somebody else does."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
                return lock
        except BlockingIOError:
            os.close(lock)
            return None
        os.close(lock)      # its last owner took the file away between our opening and locking it


def _tidy(final: Path) -> None:
    """Takes away what a run that was killed left of a sequence; the lock must be ours."""
    old = final.with_name(OLD + final.name)
    if old.exists() and not final.exists():
        old.rename(final)
    shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(final.with_name(PARTIAL + final.name), ignore_errors=True)


def prepare_out(out: Path) -> None:
    """Makes the output folder and sweeps up after runs that were killed."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{out}: no output folder can be made there ({error.strerror}); give another --out") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise UserError(f"{out}: not writable; give another --out")
    for path in out.glob(LOCK + "*"):
        lock = _locked(path)
        if lock is not None:
            _tidy(out / path.name[len(LOCK):])
            path.unlink()
            os.close(lock)


def finished(out: Path, name: str) -> Optional[Dict[str, Any]]:
    """preds.json of a sequence that has been done, None if it has not."""
    try:
        return json.loads((out / name / PREDS).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None         # a damaged one is not believed, and the sequence done again


def write_preds(folder: Path, preds: Mapping[str, Any]) -> None:
    (folder / PREDS).write_text(json.dumps(preds, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / "preds.txt").write_text("\n".join(preds_lines(preds)) + "\n", encoding="utf-8")


def preds_lines(preds: Mapping[str, Any]) -> List[str]:
    """GT, each model's reading, then the WER of each."""
    models = {LINES.get(name, name): model for name, model in preds["models"].items()}
    truth = "(not annotated)" if preds["truth"] is None else " ".join(preds["truth"])
    lines = [f"GT: {truth}", *(f"{name}: {' '.join(model['glosses'])}".rstrip() for name, model in models.items())]
    return lines + [f"{name} {wer_line(model['wer'])}" for name, model in models.items() if model["wer"] is not None]


def wer_line(wer: Mapping[str, Any]) -> str:
    return (f"WER: {wer['wer']:.2f} % (sub {wer['sub']}, ins {wer['ins']}, del {wer['del']}, "
            f"of {wer['reference']} glosses)")

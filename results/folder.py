"""The folder of a sequence: it appears complete or not at all, and says what it was made with."""
import json
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Any, List, Mapping, Optional, Type

from files.atomic import sweep_parts
from files.lock import let_go, take
from files.output import output_folder
from records.networks import line_of
from records.parts import ClipParts
from records.sequence import Sequence, sequence_json
from records.transcript import WordErrors
from results.additions import carry_over
from results.manifest import PREDS, read_manifest, read_preds, write_manifest
from results.retire_output import retire
from terminal.signals import if_ended_at_once, undisturbed

LOCK, PARTIAL, OLD = ".lock-", ".partial-", ".old-"     # no id begins with a dot


class SequenceFolder:
    """Ours from `claim` to `release`. Inside `with` it is made beside its place, where `publish` puts it.

    A lock, which the system lets go of when a process dies, tells a folder being written from one left behind.
    """

    def __init__(self, out: Path, name: str, lock: int) -> None:
        self.final = out / name
        self.path = out / (PARTIAL + name)
        self._lock_path = out / (LOCK + name)
        self._lock: Optional[int] = lock
        self._done = if_ended_at_once(self._end)

    @classmethod
    def claim(cls, out: Path, name: str) -> "Optional[SequenceFolder]":
        """None while another run is at it."""
        lock = take(out / (LOCK + name))
        if lock is None:
            return None
        claimed = cls(out, name, lock)
        try:
            _tidy(claimed.final)
        except BaseException:
            claimed.release()
            raise
        return claimed

    def sign(self, settings: Mapping[str, Any]) -> None:
        """Says in the lock what is being made, for other runs."""
        if self._lock is not None:
            os.pwrite(self._lock, json.dumps(settings).encode(), 0)

    @property
    def held(self) -> bool:
        return self._lock is not None

    def release(self) -> None:
        with undisturbed():
            if self._lock is not None:
                lock, self._lock = self._lock, None
                self._done()
                let_go(self._lock_path, lock)

    def _end(self) -> None:
        """At once, whatever another thread of ours still writes."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock_path.unlink()

    def __enter__(self) -> "SequenceFolder":
        self.path.mkdir()
        return self

    def publish(self, settings: Mapping[str, Any], inputs: Mapping[str, Any], record: str = PREDS,
                adding: bool = False) -> None:
        """Puts the folder in its place. What was there before goes only when the new one stands; where that is added
        to, what was not made anew stays."""
        before = read_manifest(self.final) if adding else None
        if before is not None:
            carry_over(before.files, self.final, self.path)
        write_manifest(self.path, settings, inputs, record)
        old = self.final.with_name(OLD + self.final.name)
        if os.path.lexists(self.final):
            self.final.rename(old)
        self.path.rename(self.final)
        retire(old, self.final)

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self.release()


def _tidy(final: Path) -> None:
    """Takes away what a run that was killed left of a sequence; the lock must be ours."""
    old = final.with_name(OLD + final.name)
    if old.exists() and not final.exists():
        old.rename(final)
    retire(old, final)
    shutil.rmtree(final.with_name(PARTIAL + final.name), ignore_errors=True)


def prepare_out(out: Path) -> None:
    """Makes the output folder and sweeps up after runs that were killed."""
    output_folder(out)
    sweep_parts(out)
    for path in out.glob(LOCK + "*"):
        with undisturbed():
            left = SequenceFolder.claim(out, path.name[len(LOCK):])
            if left is not None:
                left.release()


def finished(out: Path, name: str) -> Optional[Sequence]:
    """The record of a sequence that has been done; None if it has not, or the record is not as it was written."""
    manifest = read_manifest(out / name)
    return read_preds(out / name, manifest) if manifest else None


def write_preds(folder: Path, record: Sequence) -> None:
    text = json.dumps(sequence_json(record), ensure_ascii=False, indent=1)
    (folder / PREDS).write_text(text + "\n", encoding="utf-8")
    (folder / "preds.txt").write_text("\n".join(preds_lines(record)) + "\n", encoding="utf-8")


def preds_lines(record: Sequence) -> List[str]:
    """GT, each model's reading, the WER of each, what its maps explain and what those are worth; then what must be said
    of a video."""
    models = {line_of(name): model for name, model in record.models.items()}
    truth = "(not annotated)" if record.truth is None else " ".join(record.truth)
    none = "nothing read" if record.video else ""
    lines = [f"GT: {truth}",
             *(f"{name}: {'guess: ' if model.guess else ''}{' '.join(model.glosses) or none}".rstrip()
               for name, model in models.items())]
    lines += [line for name, model in models.items() for line in wer_lines(name, model.wer, model.wer_authors)]
    lines += [f"{name} explained: {model.target}" for name, model in models.items()]
    for name, model in models.items():
        lines += [f"{name} {line}" for line in parts_lines(model.parts)]
    lines += [f"{name} {layer_name}: {said}" for name, model in models.items()
              for layer_name, layer in model.layers.items() for said in (
                  layer.made, layer.evidence, layer.check.words if layer.check else "") if said]
    return lines + list(record.video.lines if record.video else ())


def sentences(record: Sequence) -> List[str]:
    """What each gloss was read from, or why that is not known."""
    return [f"{line_of(name)}: {line}" for name, model in record.models.items() if model.parts
            for line in (*(gloss.sentence for gloss in model.parts.glosses if gloss.sentence),
                         *(model.parts.notes if not any(gloss.parts for gloss in model.parts.glosses) else ()))]


def parts_lines(parts: Optional[ClipParts]) -> List[str]:
    """What each gloss was read from, and that its parts add up."""
    if parts is None:
        return []
    lines = [f"parts: {note}" for note in parts.notes]
    for gloss in parts.glosses:
        if gloss.parts:
            total = sum(part.value or 0.0 for part in gloss.parts)
            lines.append(f"parts: {gloss.sentence}; together {total:.2f}, the score of the clip ({gloss.score:.2f}) "
                         f"minus that of the hidden clip ({gloss.hidden:.2f})")
    return lines + ([f"parts: {parts.asks}"] if parts.glosses else [])


def wer_lines(name: str, wer: Optional[WordErrors], authors: Optional[WordErrors]) -> List[str]:
    """By the common rule, and by the one of the network's authors where that is another."""
    if wer is None:
        return []
    if authors is None or authors.rule == wer.rule:
        return [f"{name} {wer_line(wer)}" + (", as its authors count" if authors else "")]
    return [f"{name} {wer_line(wer)}", f"{name} {wer_line(authors, ' as its authors count')}"]


def wer_line(wer: WordErrors, whose: str = "") -> str:
    return (f"WER{whose}: {wer.wer:.2f} % (sub {wer.substitutions}, ins {wer.insertions}, del {wer.deletions}, "
            f"of {wer.reference} gloss{'es' if wer.reference != 1 else ''}; {wer.rule})")

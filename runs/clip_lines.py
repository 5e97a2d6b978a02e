"""What is said of a sequence on the terminal."""
import os
import traceback
from typing import Collection, List

from records.sequence import ModelRecord, Sequence
from results.folder import preds_lines
from terminal.grey import grey


def finished_line(record: Sequence, added: Collection[str]) -> str:
    """added: to what was there of it."""
    scores = [f"{model.title} {_score(model)}" for model in record.models.values() if model.wer or model.guess]
    more = [f"{' and '.join(added)} added"] if added else []
    return ", ".join([f"{record.sequence}: {record.frames} frames", *more, *scores])


def read_lines(record: Sequence) -> List[str]:
    """What was read, guesses in grey; of a video also what must be said of it."""
    guesses = [False, *(model.guess for model in record.models.values())]
    lines = [grey(line) if guess else line for line, guess in zip(preds_lines(record), guesses)]
    return lines + list(record.video.lines if record.video else ())


def _score(model: ModelRecord) -> str:
    return ", ".join([*(["guesses"] if model.guess else []), *([f"{model.wer.wer:.1f} % WER"] if model.wer else [])])


def in_one_line(error: Exception) -> str:
    """What a crash leaves for whoever has to look into it."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    text = (str(error).strip() or "no message").splitlines()[0]
    return f"{type(error).__name__}: {text} ({os.path.basename(last.filename)}:{last.lineno})"

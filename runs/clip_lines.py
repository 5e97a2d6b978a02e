"""What is said of a sequence on the terminal."""
import os
import traceback
from typing import Collection

from records.sequence import Sequence


def finished_line(record: Sequence, added: Collection[str]) -> str:
    """added: to what was there of it."""
    scores = [f"{model.title} {model.wer.wer:.1f} % WER" for model in record.models.values() if model.wer]
    more = [f"{' and '.join(added)} added"] if added else []
    return ", ".join([f"{record.sequence}: {record.frames} frames", *more, *scores])


def in_one_line(error: Exception) -> str:
    """What a crash leaves for whoever has to look into it."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    text = (str(error).strip() or "no message").splitlines()[0]
    return f"{type(error).__name__}: {text} ({os.path.basename(last.filename)}:{last.lineno})"

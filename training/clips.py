"""The clips of a split that are trained on or read."""
from dataclasses import dataclass
from pathlib import Path
from typing import List, Tuple

from datasets.corpus import Row
from datasets.layout import Corpus
from terminal.errors import UserError


@dataclass(frozen=True)
class Entry:
    """One clip of a split."""

    row: Row
    split: str
    corpus: Corpus
    size: str                       # which of the corpus's frames

    @property
    def seq_id(self) -> str:
        return self.row.seq_id

    @property
    def glosses(self) -> Tuple[str, ...]:
        return self.row.glosses

    def files(self) -> List[Path]:
        return self.corpus.need_frames(self.row, self.split, self.size)


def list_clips(corpus: Corpus, split: str, size: str) -> List[Entry]:
    rows = corpus.training_rows(split)
    if not rows:
        raise UserError(f"the split '{split}' of {corpus.source(split)} has no clips; expected at least one")
    return [Entry(row, split, corpus, size) for row in rows]

"""Clips of any corpus with what is known of them: frame alignment and keypoints; of drawn ones, all that was drawn."""
from typing import List

from datasets.alignment import active_glosses, alignment_file
from datasets.layout import Corpus
from datasets.phoenix import PhoenixVideoTextDataset
from evidence.real import Filmed
from signer.evidence import read_evidence, read_exact_keypoints
from terminal.errors import UserError


def filmed_clips(corpus: Corpus, split: str, count: int) -> List[Filmed]:
    """The first so many of a split."""
    dataset = PhoenixVideoTextDataset(corpus, split)
    rows = dataset.rows[:count]
    active = active_glosses(corpus, split, rows)
    if active is None and not dataset.keypoints:
        raise UserError(f"{corpus.root} has neither {alignment_file(split)} nor {corpus.keypoints.name}: nothing is "
                        "known of its clips; put one of them there, or take the split train of PHOENIX-2014")
    films = []
    for index, row in enumerate(rows):
        drawn = corpus.root / "evidence" / f"{row.seq_id}.npz"
        there = drawn.is_file()
        films.append(Filmed(dataset.clip(index), active[row.seq_id] if active else None,
                            read_evidence(drawn) if there else None, read_exact_keypoints(drawn) if there else None))
    return films

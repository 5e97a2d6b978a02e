"""Drawn clips with what is known of them: the evidence is read from beside the corpus that signer.synthetic made."""
from typing import List, Tuple

from datasets.clip import Clip
from datasets.layout import Corpus
from datasets.phoenix import PhoenixVideoTextDataset
from signer.evidence import Evidence, read_evidence


def drawn_clips(corpus: Corpus, split: str, count: int) -> List[Tuple[Clip, Evidence]]:
    """The first so many clips of a split.

    Clips with a distractor are those of another data root, `runs.demo.demo_data(out, count, progress, kind)` for each
    kind of `signer.synthetic.DISTRACTORS`: they pair off with the clips that have none, one by one.
    """
    dataset = PhoenixVideoTextDataset(corpus, split)
    return [(dataset.clip(index), read_evidence(corpus.root / "evidence" / f"{dataset.rows[index].seq_id}.npz"))
            for index in range(min(count, len(dataset)))]

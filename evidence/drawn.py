"""Drawn clips with what is known of them: the evidence is read from beside the corpus that signer.synthetic made."""
from pathlib import Path
from typing import Callable, Dict, List, Tuple

from datasets.clip import Clip
from datasets.corpora import find_corpus
from datasets.layout import Corpus
from datasets.phoenix import PhoenixVideoTextDataset
from files.workspace import Workspace
from signer.evidence import Evidence, read_evidence
from signer.synthetic import DISTRACTORS

PLAIN = "the signer alone"
DISTRACTED = "something irrelevant moves too (rain, a hand that signs nothing, a second person in turn)"


def drawn_clips(corpus: Corpus, split: str, count: int) -> List[Tuple[Clip, Evidence]]:
    """The first so many clips of a split.

    Clips with a distractor are those of another data root, `runs.demo.demo_data(out, count, progress, kind)` for each
    kind of `signer.synthetic.DISTRACTORS`: they pair off with the clips that have none, one by one.
    """
    dataset = PhoenixVideoTextDataset(corpus, split)
    return [(dataset.clip(index), read_evidence(corpus.root / "evidence" / f"{dataset.rows[index].seq_id}.npz"))
            for index in range(min(count, len(dataset)))]


def distracted_clips(data: Callable[..., Path], split: str, count: int) -> Dict[str, List[Tuple[Clip, Evidence]]]:
    """The same clips with a distractor each, every kind of them in turn. data: from the kind to its data root."""
    drawn = [drawn_clips(find_corpus(str(data(distractor=kind)), None, Workspace()), split, count)
             for kind in DISTRACTORS]
    return {DISTRACTED: [drawn[number % len(drawn)][number] for number in range(count)]}

"""Logits picked out to be explained: which classes at which steps, and what they are in words."""
from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, List, Optional, Tuple

import numpy as np
from torch import Tensor

from glosses import ctc
from models.recogniser import Recogniser


@dataclass(frozen=True)
class Picks:
    """Logits by step and class, added up to one score, and what they are in words."""

    words: str
    steps: Tuple[int, ...]
    classes: Tuple[int, ...]
    against: Tuple[int, ...] = ()       # classes whose logits at the same steps are taken off
    about: Dict[str, Any] = field(default_factory=dict)     # of a gloss explained on its own: what is told of it

    def score(self, logits: Tensor, first: int = 0) -> Optional[Tensor]:
        """logits [T', V] are the steps from `first` on; None where none of the picked ones is among them."""
        here = [place for place, step in enumerate(self.steps) if first <= step < first + len(logits)]
        if not here:
            return None
        steps = [self.steps[place] - first for place in here]
        score = logits[steps, [self.classes[place] for place in here]].sum()
        return score - logits[steps, [self.against[place] for place in here]].sum() if self.against else score


def predicted_spans(recogniser: Recogniser, logits: Tensor) -> List[ctc.Span]:
    """What is decoded as the authors decode, each gloss at the steps where it is aligned."""
    return ctc.align(log_probs(logits), recogniser.decode_ids(logits), recogniser.vocabulary.blank)


def log_probs(logits: Tensor) -> np.ndarray:
    return logits.detach().cpu().double().log_softmax(1).numpy()


def over(spans: Iterable[ctc.Span], words: str) -> Picks:
    pairs = [(step, span.id) for span in spans for step in range(span.start, span.stop)]
    return Picks(words, tuple(step for step, _ in pairs), tuple(number for _, number in pairs))

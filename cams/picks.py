"""Logits picked out to be explained: which classes at which steps, and what they are in words."""
from dataclasses import dataclass
from typing import Iterable, List, Optional, Tuple

import numpy as np
from torch import Tensor

from glosses import ctc
from models.recogniser import Recogniser
from records.explained import ExplainedGloss
from records.question import Score
from terminal.errors import UserError


@dataclass(frozen=True)
class Picks:
    """Logits by step and class, added up to one score, and what they are in words."""

    words: str
    steps: Tuple[int, ...]
    classes: Tuple[int, ...]
    against: Tuple[int, ...] = ()       # classes whose logits at the same steps are taken off
    about: Optional[ExplainedGloss] = None      # of a gloss explained on its own

    def score(self, logits: Tensor, first: int = 0) -> Optional[Tensor]:
        """logits [T', V] are the steps from `first` on; None where none of the picked ones is among them."""
        here = [index for index, step in enumerate(self.steps) if first <= step < first + len(logits)]
        if not here:
            return None
        steps = [self.steps[index] - first for index in here]
        score = logits[steps, [self.classes[index] for index in here]].sum()
        return score - logits[steps, [self.against[index] for index in here]].sum() if self.against else score


class OwnScore(Picks):
    """A score of the user's own: any function from logits [T', V] to a number, asked of each window."""

    def __init__(self, score: Score) -> None:
        name = getattr(score, "__name__", type(score).__name__)
        super().__init__(f"a score of your own ({name})", (), ())
        object.__setattr__(self, "_own", score)

    def score(self, logits: Tensor, first: int = 0) -> Optional[Tensor]:
        value = self._own(logits)       # type: ignore[attr-defined]
        if not isinstance(value, Tensor) or value.dim() != 0:
            what = f"a tensor {list(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise UserError(f"{self.words}: gave {what}; expected a tensor without dimensions")
        return value


def predicted_spans(recogniser: Recogniser, logits: Tensor) -> List[ctc.Span]:
    """What is decoded as the authors decode, each gloss at the steps where it is aligned."""
    return ctc.align(log_probs(logits), recogniser.decode_ids(logits), recogniser.vocabulary.blank)


def log_probs(logits: Tensor) -> np.ndarray:
    return logits.detach().cpu().double().log_softmax(1).numpy()


def over(spans: Iterable[ctc.Span], words: str) -> Picks:
    pairs = [(step, span.id) for span in spans for step in range(span.start, span.stop)]
    return Picks(words, tuple(step for step, _ in pairs), tuple(number for _, number in pairs))

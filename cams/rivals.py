"""Glosses read, each against the classes nearest to it: what FinerCAM (Zhang et al. 2025) asks, of every step."""
from dataclasses import dataclass
from typing import List, Optional, Tuple

import torch
from torch import Tensor

from cams.per_gloss import ClipReading
from cams.picks import Picks
from datasets.clip import Clip
from models.recogniser import Recogniser
from records.transcript import read_id
from terminal.errors import UserError

COUNT = 3               # rivals of a step: as many as the library's FinerCAM has
LITTLE = 1e-9           # beside the rivals' probabilities, which may all be zero


@dataclass(frozen=True)
class AgainstRivals(Picks):
    """Of each step the logit less its rivals', these weighted by their probabilities (which have a gradient too)."""

    rivals: Tuple[Tuple[int, ...], ...] = ()        # of each step

    def score(self, logits: Tensor, first: int = 0) -> Optional[Tensor]:
        here = [index for index, step in enumerate(self.steps) if first <= step < first + len(logits)]
        if not here:
            return None
        rows = logits[[self.steps[index] - first for index in here]]                    # [steps, V]
        own = rows[torch.arange(len(here)), [self.classes[index] for index in here]]
        others = torch.tensor([self.rivals[index] for index in here], device=logits.device)
        weights = rows.softmax(1).gather(1, others)                                     # [steps, rivals]
        apart = own[:, None] - rows.gather(1, others)
        return ((weights * apart).sum(1) / (weights.sum(1) + LITTLE)).sum()


def against_rivals(recogniser: Recogniser, clip: Clip, logits: Tensor) -> List[Picks]:
    """Of every gloss that was read. A rival is a class whose logit is nearest to the gloss's own; never the blank."""
    reading = ClipReading(recogniser, clip, logits)
    blank = reading.vocabulary.blank
    if logits.shape[1] < 3:
        raise UserError(f"target rivals: {recogniser.name}'s vocabulary has one gloss alone; ask for each")
    judged = {edit.read: edit for edit in reading.edits}
    made: List[Picks] = []
    for index, (span, word) in enumerate(zip(reading.spans, reading.words)):
        apart = (logits[span.start:span.stop] - logits[span.start:span.stop, span.id:span.id + 1]).abs()
        apart[:, [span.id, blank]] = float("inf")
        nearest = apart.topk(min(COUNT, logits.shape[1] - 2), largest=False).indices.tolist()
        names = dict.fromkeys(reading.vocabulary.name(number) for row in nearest for number in row)
        words = (f"{word}, which was read, minus the {len(nearest[0])} classes nearest to it at each step "
                 f"({', '.join(names)}), weighted by their probabilities, summed")
        gloss = reading.gloss(span, word, read_id(index + 1), judged.get(index), words)
        steps = tuple(range(span.start, span.stop))
        made.append(AgainstRivals(words, steps, (span.id,) * len(steps), (), gloss, tuple(map(tuple, nearest))))
    return made

"""What is explained: which logits, at which steps, are added up to the score whose gradient the maps show."""
from dataclasses import dataclass
from typing import Callable, Iterable, List, Tuple

import numpy as np
from torch import Tensor

from datasets.clip import Clip
from glosses import ctc
from models.recogniser import Recogniser
from terminal.errors import UserError


@dataclass(frozen=True)
class Picks:
    """Logits by step and class, and what they are in words."""

    words: str
    steps: Tuple[int, ...]
    classes: Tuple[int, ...]

    def score(self, logits: Tensor, first: int = 0) -> Tensor:
        """The sum of the picked logits; logits [T', V] are the steps from `first` on."""
        here = [(step - first, number) for step, number in zip(self.steps, self.classes)
                if first <= step < first + len(logits)]
        steps, classes = [step for step, _ in here], [number for _, number in here]
        return logits[steps, classes].sum() if here else logits.sum() * 0


Target = Callable[[Tensor], Picks]      # from logits [T', V]


def target(name: str, recogniser: Recogniser, clip: Clip) -> Target:
    """`max`, `pred`, `from-gt` or a gloss. What can be wrong with it is said here, before any work."""
    if name == "max":
        return largest
    if name == "pred":
        return lambda logits: predicted(recogniser, logits)
    if name == "from-gt":
        truth = known_truth(recogniser, clip)
        return lambda logits: middle_truth(recogniser, clip, truth, logits)
    if name not in recogniser.vocabulary:
        raise UserError(f"target {name!r}: {recogniser.name}'s vocabulary has no such gloss; "
                        f"give max, pred, from-gt, or a gloss it knows{_alike(name, recogniser)}")
    return lambda logits: named(recogniser, name, logits)


def largest(logits: Tensor) -> Picks:
    classes = logits.argmax(1).tolist()
    return Picks("the largest logit of each step, summed", tuple(range(len(classes))), tuple(classes))


def predicted(recogniser: Recogniser, logits: Tensor) -> Picks:
    spans = predicted_spans(recogniser, logits)
    if not spans:
        raise UserError(f"target pred: {recogniser.name} reads no gloss in this clip; ask for max instead")
    words = recogniser.vocabulary.decode(span.id for span in spans)
    return over(spans, f"the predicted glosses {' '.join(words)}, each at its own steps, summed")


def named(recogniser: Recogniser, word: str, logits: Tensor) -> Picks:
    number = recogniser.vocabulary.id(word)
    assert number is not None
    spans = [span for span in predicted_spans(recogniser, logits) if span.id == number]
    if spans:
        return over(spans, f"{word} at its predicted steps {', '.join(map(_steps, spans))}, summed")
    everywhere = ctc.Span(number, 0, len(logits), 0.0)
    return over([everywhere], f"{word}, which is not predicted, at all {len(logits)} steps, summed")


def middle_truth(recogniser: Recogniser, clip: Clip, truth: List[int], logits: Tensor) -> Picks:
    """The true gloss that lies at the clip's middle frame, or else nearest to it, at the nearest of its steps."""
    try:
        spans = ctc.align(log_probs(logits), truth, recogniser.vocabulary.blank)
    except ValueError as error:
        raise UserError(f"target from-gt: clip {clip.seq_id}'s true glosses cannot be aligned: {error}") from error
    middle = len(clip) // 2
    step = min(middle // recogniser.frames_per_step, len(logits) - 1)
    place = min(range(len(spans)), key=lambda i: _distance(spans[i], step))
    span = spans[place]
    nearest = min(max(step, span.start), span.stop - 1)
    word = recogniser.vocabulary.name(span.id)
    if span.id == recogniser.vocabulary.unknown:
        raise UserError(f"target from-gt: the true gloss at the middle of clip {clip.seq_id} is not in "
                        f"{recogniser.name}'s vocabulary; ask for max or pred")
    where = "at" if nearest == step else "nearest to"
    return Picks(f"{word}, the true gloss {where} the middle frame {middle}: its logit at step {nearest}",
                 (nearest,), (span.id,))


def known_truth(recogniser: Recogniser, clip: Clip) -> List[int]:
    if not clip.glosses:
        raise UserError(f"target from-gt: clip {clip.seq_id} has no annotation; ask for max, pred or a gloss")
    missing = [word for word in clip.glosses if recogniser.vocabulary.id(word) is None]
    if missing:
        raise UserError(f"target from-gt: {recogniser.name}'s vocabulary lacks {', '.join(missing)} of clip "
                        f"{clip.seq_id}'s annotation; ask for max or pred")
    return recogniser.vocabulary.encode(clip.glosses)


def predicted_spans(recogniser: Recogniser, logits: Tensor) -> List[ctc.Span]:
    """What is decoded as the authors decode, each gloss at the steps where it is aligned."""
    return ctc.align(log_probs(logits), recogniser.decode_ids(logits), recogniser.vocabulary.blank)


def log_probs(logits: Tensor) -> np.ndarray:
    return logits.detach().double().log_softmax(1).cpu().numpy()


def over(spans: Iterable[ctc.Span], words: str) -> Picks:
    pairs = [(step, span.id) for span in spans for step in range(span.start, span.stop)]
    return Picks(words, tuple(step for step, _ in pairs), tuple(number for _, number in pairs))


def _distance(span: ctc.Span, step: int) -> int:
    return max(span.start - step, step - (span.stop - 1), 0)


def _steps(span: ctc.Span) -> str:
    return str(span.start) if span.stop - span.start == 1 else f"{span.start}-{span.stop - 1}"


def _alike(name: str, recogniser: Recogniser) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name.upper(), recogniser.vocabulary.names, 3)
    return f" (such as {', '.join(close)})" if close else ""

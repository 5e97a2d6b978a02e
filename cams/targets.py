"""What is explained: which logits, at which steps, are added up to the score whose gradient the maps show."""
from dataclasses import replace
from typing import Callable, List, Optional, Sequence, Union

from torch import Tensor

from cams import per_gloss
from cams.picks import OwnScore, Picks, log_probs, over, predicted_spans
from cams.rivals import against_rivals
from datasets.clip import Clip
from glosses import ctc
from models.recogniser import Recogniser
from records.question import TARGETS, Score
from terminal.errors import UserError

Target = Callable[[Tensor], Sequence[Picks]]        # from logits [T', V]: what is explained, each for itself


def target_of(name: Union[str, Score], recogniser: Recogniser, clip: Clip, true_gloss: Optional[int] = None) -> Target:
    """`max`, `pred`, `from-gt`, `each`, `rivals`, `errors`, a gloss, or a score. What can be wrong is said here, before
    any work.

    true_gloss: which of the true glosses `from-gt` takes, from 1; None: the one nearest to the middle frame.
    """
    if not isinstance(name, str):
        own = OwnScore(name)
        return lambda logits: [own]
    if name == "max":
        return lambda logits: [largest(logits)]
    if name == "pred":
        return lambda logits: [predicted(recogniser, logits)]
    if name == "each":
        return lambda logits: per_gloss.each(recogniser, clip, logits)
    if name == "rivals":
        return lambda logits: against_rivals(recogniser, clip, logits)
    if name == "errors":
        if not clip.glosses:
            raise UserError(f"target errors: clip {clip.seq_id} has no annotation; ask for each, max, pred or a gloss")
        return lambda logits: per_gloss.errors(recogniser, clip, logits)
    if name == "from-gt":
        truth = known_truth(recogniser, clip)
        return lambda logits: [middle_truth(recogniser, clip, truth, logits, true_gloss)]
    if name not in recogniser.vocabulary:
        raise UserError(f"target {name!r}: {recogniser.name}'s vocabulary has no such gloss; "
                        f"give {', '.join(TARGETS)}, or a gloss it knows{_alike(name, recogniser)}")
    return lambda logits: [named(recogniser, clip, name, logits)]


def largest(logits: Tensor) -> Picks:
    classes = logits.argmax(1).tolist()
    return Picks("the largest logit of each step, summed", tuple(range(len(classes))), tuple(classes))


def predicted(recogniser: Recogniser, logits: Tensor) -> Picks:
    spans = predicted_spans(recogniser, logits)
    if not spans:
        raise UserError(f"target pred: {recogniser.name} reads no gloss in this clip; ask for max instead")
    words = recogniser.vocabulary.decode(span.id for span in spans)
    return over(spans, f"the predicted glosses {' '.join(words)}, each at its own steps, summed")


def named(recogniser: Recogniser, clip: Clip, word: str, logits: Tensor) -> Picks:
    number = recogniser.vocabulary.id(word)
    assert number is not None
    spans = [span for span in predicted_spans(recogniser, logits) if span.id == number]
    where = f"at its predicted steps {', '.join(map(_steps, spans))}"
    if not spans:
        spans, where = [ctc.Span(number, 0, len(logits), 0.0)], f"which is not predicted, at all {len(logits)} steps"
    words = f"{word}{' ' if where.startswith('at') else ', '}{where}, summed"
    return replace(over(spans, words), about=per_gloss.named(recogniser, clip, logits, word, words))


def middle_truth(recogniser: Recogniser, clip: Clip, truth: List[int], logits: Tensor,
                 number: Optional[int] = None) -> Picks:
    """The true gloss of this number, or else the one that lies nearest to the clip's middle frame, at its own steps."""
    spans = truth_spans(recogniser, clip, truth, logits)
    if number is None:
        distances = middle_distances(recogniser, clip, truth, logits)
        number = distances.index(min(distances)) + 1
    span = spans[number - 1]
    if span.id == recogniser.vocabulary.unknown:
        raise UserError(f"target from-gt: the true gloss at the middle of clip {clip.seq_id} is not in "
                        f"{recogniser.name}'s vocabulary; ask for max or pred")
    word = recogniser.vocabulary.name(span.id)
    words = (f"{word}, the true gloss nearest to the middle frame {len(clip) // 2}, at its steps {_steps(span)}, "
             "summed")
    return replace(over([span], words), about=per_gloss.true(recogniser, clip, logits, number - 1, span, words))


def truth_spans(recogniser: Recogniser, clip: Clip, truth: List[int], logits: Tensor) -> List[ctc.Span]:
    try:
        return ctc.align(log_probs(logits), truth, recogniser.vocabulary.blank)
    except ValueError as error:
        raise UserError(f"target from-gt: clip {clip.seq_id}'s true glosses cannot be aligned: {error}") from error


def middle_distances(recogniser: Recogniser, clip: Clip, truth: List[int], logits: Tensor) -> List[int]:
    """How many frames each true gloss lies off the middle one; several recognisers' can be added up."""
    middle, step = len(clip) // 2, recogniser.frames_per_step
    return [max(span.start * step - middle, middle - (span.stop * step - 1), 0)
            for span in truth_spans(recogniser, clip, truth, logits)]


def known_truth(recogniser: Recogniser, clip: Clip) -> List[int]:
    if not clip.glosses:
        raise UserError(f"target from-gt: clip {clip.seq_id} has no annotation; ask for max, pred or a gloss")
    missing = [word for word in clip.glosses if recogniser.vocabulary.id(word) is None]
    if missing:
        raise UserError(f"target from-gt: {recogniser.name}'s vocabulary lacks {', '.join(missing)} of clip "
                        f"{clip.seq_id}'s annotation; ask for max or pred")
    return recogniser.vocabulary.encode(clip.glosses)


def _steps(span: ctc.Span) -> str:
    return str(span.start) if span.stop - span.start == 1 else f"{span.start}-{span.stop - 1}"


def _alike(name: str, recogniser: Recogniser) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name.upper(), recogniser.vocabulary.names, 3)
    return f" (such as {', '.join(close)})" if close else ""

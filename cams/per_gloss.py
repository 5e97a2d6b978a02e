"""Glosses explained each on its own, at its own steps: all that were read or missed, or those that differ from the
truth."""
import math
from dataclasses import replace
from typing import Dict, List, Optional, Sequence, Tuple

from torch import Tensor

from cams.picks import Picks, log_probs, predicted_spans
from datasets.clip import Clip
from glosses import ctc
from glosses.wer import Edit, edits
from models.recogniser import Recogniser
from records.explained import ExplainedGloss, explained_id
from records.transcript import read_id, true_id

READ, TRUE = "read", "true"         # the sides of a contrast
UNREAD = "unread-1"                 # id of a gloss that the user named but the model did not read


class ClipReading:
    """A clip as it was read, and the picks that are made of it."""

    def __init__(self, recogniser: Recogniser, clip: Clip, logits: Tensor) -> None:
        self.recogniser, self.clip, self.logits = recogniser, clip, logits
        self.vocabulary = recogniser.vocabulary
        self.spans = predicted_spans(recogniser, logits)
        self.words = self.vocabulary.decode(span.id for span in self.spans)
        self.edits = edits(clip.glosses, self.words, clip.clean) if clip.glosses else []

    def picks(self, span: ctc.Span, gloss: ExplainedGloss, against: Sequence[int] = ()) -> Picks:
        """The gloss's logits at its steps, less those of `against`, one class a step."""
        steps = tuple(range(span.start, span.stop))
        return Picks(gloss.words, steps, (span.id,) * len(steps), tuple(against), gloss)

    def gloss(self, span: ctc.Span, word: str, of: str, edit: Optional[Edit], words: str,
              side: Optional[str] = None) -> ExplainedGloss:
        """of: the id of what is explained in the transcript. Its number is given once all are known."""
        step, frames = self.recogniser.frames_per_step, len(self.clip)
        true = self.clip.glosses[edit.true] if edit and edit.true is not None else None
        # A gloss that cleaning empties is neither right nor wrong, and counts as right.
        verdict = None if not self.clip.glosses else edit.verdict if edit else "right"
        on_frames = min(span.start * step, frames - 1), min(span.stop * step, frames)
        return ExplainedGloss(explained_id(of, side), 0, of, word, verdict, true,
                              true_id(edit.true + 1) if edit and edit.true is not None else None, words,
                              (span.start, span.stop), on_frames, round(span.score, 6), side)


def each(recogniser: Recogniser, clip: Clip, logits: Tensor) -> List[Picks]:
    """Every gloss that was read: the sum of its logits. Then every true one that was missed, so that right can be
    compared with wrong."""
    reading = ClipReading(recogniser, clip, logits)
    judged = {edit.read: edit for edit in reading.edits}
    read = "which was read: the sum of its logits at the steps where it is read"
    picks = [reading.picks(span, reading.gloss(span, word, read_id(index + 1), judged.get(index), f"{word}, {read}"))
             for index, (span, word) in enumerate(zip(reading.spans, reading.words))]
    return picks + [_missed(reading, edit, span) for edit, span in _deletions(reading)]


def _deletions(reading: ClipReading) -> List[Tuple[Edit, ctc.Span]]:
    """The true glosses that were missed and have a class, with their steps where the truth is aligned."""
    missed = [edit for edit in reading.edits if edit.verdict == "deleted"]
    aligned = _aligned_truth(reading) if missed else {}
    return [(edit, aligned[edit.true]) for edit in missed if edit.true in aligned]


def _missed(reading: ClipReading, edit: Edit, span: ctc.Span) -> Picks:
    assert edit.true is not None
    word = reading.clip.glosses[edit.true]
    words = f"{word}, which was missed: the sum of its logits at the steps where the truth is aligned"
    return reading.picks(span, reading.gloss(span, word, true_id(edit.true + 1), edit, words))


def named(recogniser: Recogniser, clip: Clip, logits: Tensor, word: str, words: str) -> ExplainedGloss:
    """What there is to say of a gloss by name: all the times that it is read together, or that it is not read."""
    reading = ClipReading(recogniser, clip, logits)
    number = recogniser.vocabulary.id(word)
    assert number is not None
    places = [index for index, span in enumerate(reading.spans) if span.id == number]
    if not places:
        sure = float(log_probs(logits)[:, number].max())
        return replace(reading.gloss(ctc.Span(number, 0, len(logits), math.exp(sure)), word, UNREAD, None, words),
                       verdict=None)
    spans = [reading.spans[index] for index in places]
    whole = ctc.Span(number, spans[0].start, spans[-1].stop, sum(span.score for span in spans) / len(spans))
    edit = next((edit for edit in reading.edits if edit.read == places[0]), None)
    return reading.gloss(whole, word, read_id(places[0] + 1), edit, words)


def true(recogniser: Recogniser, clip: Clip, logits: Tensor, index: int, span: ctc.Span,
         words: str) -> ExplainedGloss:
    """What there is to say of a true gloss, by its place, where the truth is aligned."""
    reading = ClipReading(recogniser, clip, logits)
    edit = next((edit for edit in reading.edits if edit.true == index), None)
    return reading.gloss(span, clip.glosses[index], true_id(index + 1), edit, words)


def errors(recogniser: Recogniser, clip: Clip, logits: Tensor) -> List[Picks]:
    """Where reading and truth differ, as a contrast of two classes: for what was read, then for what was true."""
    reading = ClipReading(recogniser, clip, logits)
    missed = {edit.true: span for edit, span in _deletions(reading)}
    picks: List[Picks] = []
    for edit in reading.edits:
        if edit.verdict == "inserted":
            picks.append(_inserted(reading, edit))
        elif edit.verdict == "substituted":
            picks += _substituted(reading, edit)
        elif edit.verdict == "deleted" and edit.true in missed:
            picks += _deleted(reading, edit, missed[edit.true])
    return picks


def _aligned_truth(reading: ClipReading) -> Dict[Optional[int], ctc.Span]:
    """The true glosses that have a class, by their place. None where the clip is too short for all of them."""
    ids = {index: reading.vocabulary.id(word) for index, word in enumerate(reading.clip.glosses)
           if word in reading.vocabulary}
    try:
        aligned = ctc.align(log_probs(reading.logits), [number for number in ids.values() if number is not None],
                            reading.vocabulary.blank)
    except ValueError:
        return {}
    return dict(zip(ids, aligned))


def _inserted(reading: ClipReading, edit: Edit) -> Picks:
    assert edit.read is not None
    span, word = reading.spans[edit.read], reading.words[edit.read]
    words = f"{word} minus the blank, at the steps of what was read"
    gloss = reading.gloss(span, word, read_id(edit.read + 1), edit, words, READ)
    return reading.picks(span, gloss, (reading.vocabulary.blank,) * (span.stop - span.start))


def _substituted(reading: ClipReading, edit: Edit) -> List[Picks]:
    """Both at the steps of the gloss that was read. A true gloss without a class is held against the blank."""
    assert edit.read is not None and edit.true is not None
    span, word, true = reading.spans[edit.read], reading.words[edit.read], reading.clip.glosses[edit.true]
    of, count = read_id(edit.read + 1), span.stop - span.start
    number = reading.vocabulary.id(true) if true in reading.vocabulary else None
    where = "at the steps of what was read"
    if number is None:
        gloss = reading.gloss(span, word, of, edit, f"{word} minus the blank, as {true} has no class, {where}", READ)
        return [reading.picks(span, gloss, (reading.vocabulary.blank,) * count)]
    other = ctc.Span(number, span.start, span.stop, span.score)
    return [reading.picks(span, reading.gloss(span, word, of, edit, f"{word} minus the true {true}, {where}", READ),
                       (number,) * count),
            reading.picks(other, reading.gloss(other, word, of, edit, f"the true {true} minus {word}, {where}", TRUE),
                       (span.id,) * count)]


def _deleted(reading: ClipReading, edit: Edit, span: ctc.Span) -> List[Picks]:
    """Against the best other class of each step, where the truth aligned puts it."""
    assert edit.true is not None
    true, of = reading.clip.glosses[edit.true], true_id(edit.true + 1)
    others = reading.logits[span.start:span.stop].detach().clone()
    others[:, span.id] = -float("inf")
    best = tuple(others.argmax(1).tolist())
    blank = reading.vocabulary.blank
    names = ", ".join(dict.fromkeys("the blank" if number == blank else reading.vocabulary.name(number)
                                    for number in best))
    where = "where the truth is aligned"
    other = f"the best other class ({names})"
    against = reading.gloss(span, true, of, edit, f"{other} minus {true}, which was missed, {where}", READ)
    missed = reading.gloss(span, true, of, edit, f"{true}, which was missed, minus {other}, {where}", TRUE)
    steps = tuple(range(span.start, span.stop))
    return [Picks(against.words, steps, best, (span.id,) * len(steps), against), reading.picks(span, missed, best)]

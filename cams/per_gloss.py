"""Glosses explained each on its own, at its own steps: all that were read, or those that differ from the truth."""
from typing import Dict, List, Optional, Sequence

from torch import Tensor

from cams.picks import Picks, log_probs, predicted_spans
from datasets.clip import Clip
from glosses import ctc
from glosses.wer import Edit, edits
from models.recogniser import Recogniser
from records.explained import ExplainedGloss, explained_id
from records.transcript import read_id, true_id

READ, TRUE = "read", "true"         # the sides of a contrast


class Told:
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
    """Every gloss that was read: the sum of its logits."""
    told = Told(recogniser, clip, logits)
    judged = {edit.read: edit for edit in told.edits}
    return [told.picks(span, told.gloss(span, word, read_id(place + 1), judged.get(place),
                                        f"{word}, which was read: its logits at its own steps, summed"))
            for place, (span, word) in enumerate(zip(told.spans, told.words))]


def errors(recogniser: Recogniser, clip: Clip, logits: Tensor) -> List[Picks]:
    """Where reading and truth differ, as a contrast of two classes: for what was read, then for what was true."""
    told = Told(recogniser, clip, logits)
    true = _aligned_truth(told)
    found: List[Picks] = []
    for edit in told.edits:
        if edit.verdict == "inserted":
            found.append(_inserted(told, edit))
        elif edit.verdict == "substituted":
            found += _substituted(told, edit)
        elif edit.verdict == "deleted" and edit.true in true:
            found += _deleted(told, edit, true[edit.true])
    return found


def _aligned_truth(told: Told) -> Dict[Optional[int], ctc.Span]:
    """The true glosses that have a class, by their place. None where the clip is too short for all of them."""
    ids = {place: told.vocabulary.id(word) for place, word in enumerate(told.clip.glosses)
           if word in told.vocabulary}
    try:
        aligned = ctc.align(log_probs(told.logits), [number for number in ids.values() if number is not None],
                            told.vocabulary.blank)
    except ValueError:
        return {}
    return dict(zip(ids, aligned))


def _inserted(told: Told, edit: Edit) -> Picks:
    assert edit.read is not None
    span, word = told.spans[edit.read], told.words[edit.read]
    words = f"{word} less the blank, at the steps of what was read"
    gloss = told.gloss(span, word, read_id(edit.read + 1), edit, words, READ)
    return told.picks(span, gloss, (told.vocabulary.blank,) * (span.stop - span.start))


def _substituted(told: Told, edit: Edit) -> List[Picks]:
    """Both at the steps of the gloss that was read. A true gloss without a class is held against the blank."""
    assert edit.read is not None and edit.true is not None
    span, word, true = told.spans[edit.read], told.words[edit.read], told.clip.glosses[edit.true]
    of, count = read_id(edit.read + 1), span.stop - span.start
    number = told.vocabulary.id(true) if true in told.vocabulary else None
    where = "at the steps of what was read"
    if number is None:
        gloss = told.gloss(span, word, of, edit, f"{word} less the blank, as {true} has no class, {where}", READ)
        return [told.picks(span, gloss, (told.vocabulary.blank,) * count)]
    other = ctc.Span(number, span.start, span.stop, span.score)
    return [told.picks(span, told.gloss(span, word, of, edit, f"{word} less the true {true}, {where}", READ),
                       (number,) * count),
            told.picks(other, told.gloss(other, word, of, edit, f"the true {true} less {word}, {where}", TRUE),
                       (span.id,) * count)]


def _deleted(told: Told, edit: Edit, span: ctc.Span) -> List[Picks]:
    """Against the best other class of each step, where the truth aligned puts it."""
    assert edit.true is not None
    true, of = told.clip.glosses[edit.true], true_id(edit.true + 1)
    others = told.logits[span.start:span.stop].detach().clone()
    others[:, span.id] = -float("inf")
    best = tuple(others.argmax(1).tolist())
    blank = told.vocabulary.blank
    names = ", ".join(dict.fromkeys("the blank" if number == blank else told.vocabulary.name(number)
                                    for number in best))
    where = "where the truth is aligned"
    against = told.gloss(span, true, of, edit, f"the best other class ({names}) less {true}, which was missed, {where}",
                         READ)
    missed = told.gloss(span, true, of, edit, f"{true}, which was missed, less the best other class ({names}), {where}",
                        TRUE)
    steps = tuple(range(span.start, span.stop))
    return [Picks(against.words, steps, best, (span.id,) * len(steps), against), told.picks(span, missed, best)]

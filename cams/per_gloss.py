"""Glosses explained each on its own, at its own steps: all that were read, or those that differ from the truth."""
from typing import Any, Dict, List, Optional, Sequence

from torch import Tensor

from cams.picks import Picks, log_probs, predicted_spans
from datasets.clip import Clip
from glosses import ctc
from glosses.wer import Edit, edits
from models.recogniser import Recogniser


def each(recogniser: Recogniser, clip: Clip, logits: Tensor) -> List[Picks]:
    """Every gloss that was read: the sum of its logits."""
    spans = predicted_spans(recogniser, logits)
    words = recogniser.vocabulary.decode(span.id for span in spans)
    judged = {edit.read: edit for edit in edits(clip.glosses, words, clip.clean)} if clip.glosses else {}
    return [_alone(clip, span, word, judged.get(place)) for place, (span, word) in enumerate(zip(spans, words))]


def _alone(clip: Clip, span: ctc.Span, word: str, edit: Optional[Edit]) -> Picks:
    # A gloss that cleaning empties is neither right nor wrong, and counts as right.
    verdict = None if not clip.glosses else edit.verdict if edit else "right"
    true = clip.glosses[edit.true] if edit and edit.true is not None else None
    return _over(span, f"{word}, which was read: its logits at its own steps, summed",
                 {"gloss": word, "verdict": verdict, "true": true, "true_place": edit.true if edit else None})


def errors(recogniser: Recogniser, clip: Clip, logits: Tensor) -> List[Picks]:
    """Where reading and truth differ, as a contrast of two classes: for what was read, then for what was true."""
    read = predicted_spans(recogniser, logits)
    words = recogniser.vocabulary.decode(span.id for span in read)
    known = [place for place, word in enumerate(clip.glosses) if word in recogniser.vocabulary]
    ids = [recogniser.vocabulary.id(clip.glosses[place]) for place in known]
    try:
        aligned = ctc.align(log_probs(logits), [number for number in ids if number is not None],
                            recogniser.vocabulary.blank)
    except ValueError:
        aligned, known = [], []         # too short a clip for the truth: what was missed has no place in it
    true = dict(zip(known, aligned))
    found: List[Picks] = []
    for edit in edits(clip.glosses, words, clip.clean):
        if edit.verdict == "inserted" and edit.read is not None:
            found.append(_contrast(read[edit.read], words[edit.read], [recogniser.vocabulary.blank], "the blank",
                                   {"gloss": words[edit.read], "verdict": "inserted", "true": None}))
        elif edit.verdict == "substituted" and edit.read is not None and edit.true is not None:
            found += _swapped(recogniser, clip, read[edit.read], words[edit.read], edit.true)
        elif edit.verdict == "deleted" and edit.true in true:
            found += _missed(recogniser, clip.glosses[edit.true], true[edit.true], logits)
    return found


def _swapped(recogniser: Recogniser, clip: Clip, span: ctc.Span, word: str, place: int) -> List[Picks]:
    """Both at the steps of the gloss that was read. A true gloss without a class is held against the blank."""
    true = clip.glosses[place]
    about = {"gloss": word, "verdict": "substituted", "true": true}
    number = recogniser.vocabulary.id(true) if true in recogniser.vocabulary else None
    if number is None:
        return [_contrast(span, word, [recogniser.vocabulary.blank], f"the blank, as {true} has no class", about)]
    return [_contrast(span, word, [number], f"the true {true}", about),
            _contrast(ctc.Span(number, span.start, span.stop, span.score), f"the true {true}", [span.id], word,
                      {**about, "side": "true"})]


def _missed(recogniser: Recogniser, true: str, span: ctc.Span, logits: Tensor) -> List[Picks]:
    """Against the best other class of each step, where the truth aligned puts it."""
    others = logits[span.start:span.stop].detach().clone()
    others[:, span.id] = -float("inf")
    best = others.argmax(1).tolist()
    names = ", ".join(dict.fromkeys("the blank" if number == recogniser.vocabulary.blank
                                    else recogniser.vocabulary.name(number) for number in best))
    about = {"gloss": true, "verdict": "deleted", "true": true}
    steps = tuple(range(span.start, span.stop))
    told = _over(span, f"{true}, which was missed, less the best other class ({names}), where the truth is aligned",
                 {**about, "side": "true"})
    other = Picks(f"the best other class ({names}) less {true}, which was missed, where the truth is aligned",
                  steps, tuple(best), (span.id,) * len(steps), {**told.about, "side": "read"})
    return [other, Picks(told.words, steps, told.classes, tuple(best), told.about)]


def _contrast(span: ctc.Span, word: str, against: Sequence[int], other: str, about: Dict[str, Any]) -> Picks:
    made = _over(span, f"{word} less {other}, at the steps of what was read", {"side": "read", **about})
    return Picks(made.words, made.steps, made.classes, tuple(against) * len(made.steps), made.about)


def _over(span: ctc.Span, words: str, about: Dict[str, Any]) -> Picks:
    """about: gloss, verdict, true gloss; and its steps start..stop-1 and how sure it was."""
    steps = tuple(range(span.start, span.stop))
    told = {**about, "start": span.start, "stop": span.stop, "score": round(span.score, 6), "words": words}
    return Picks(words, steps, (span.id,) * len(steps), about=told)

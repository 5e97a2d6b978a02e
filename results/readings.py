"""What a network read in a clip, held against the truth: glosses, when, how sure, and which are wrong."""
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from glosses import ctc
from glosses.rules import Rule
from glosses.vocabulary import GlossVocabulary
from glosses.wer import WER, edits
from records.transcript import Missed, Range, Span, Transcript, WordErrors, read_id, true_id


def transcribe(logits: np.ndarray, ids: Sequence[int], vocabulary: GlossVocabulary, truth: Sequence[str], frames: int,
               frames_per_step: int, rule: Rule, authors: Optional[Rule]) -> Transcript:
    """logits [steps, V]; ids as decoded from them; truth: empty where there is none.

    rule: the one all networks are counted by, and glosses are compared by one by one; authors: that of the network's
    authors, None where they published nothing on this corpus.
    """
    log_probs = ctc.log_softmax(logits)
    on_frames = _frames(frames, frames_per_step)
    glosses = vocabulary.decode(ids)
    judged = edits(truth, glosses, rule.truth) if truth else []
    verdicts: Dict[Optional[int], Tuple[str, Optional[int]]] = {edit.read: (edit.verdict, edit.true) for edit in judged}
    spans = []
    for index, (span, gloss) in enumerate(zip(ctc.align(log_probs, ids, vocabulary.blank), glosses)):
        # A gloss that cleaning empties is neither right nor wrong, and counts as right.
        verdict, true = verdicts.get(index, ("right", None)) if truth else (None, None)
        spans.append(Span(read_id(index + 1), gloss, (span.start, span.stop), on_frames(span), round(span.score, 6),
                          verdict, None if true is None else true_id(true + 1)))
    truth_spans, notes = _truth_spans(log_probs, vocabulary, truth, on_frames)
    deleted = [_missed(truth, edit.true, [later.read for later in judged[number:]], spans, truth_spans)
               for number, edit in enumerate(judged) if edit.read is None and edit.true is not None]
    score, theirs = (word_errors(counted_by.count(truth, glosses), counted_by.name) if truth and counted_by else None
                     for counted_by in (rule, authors))
    return Transcript(tuple(glosses), tuple(spans), tuple(deleted), tuple(truth_spans), score, theirs, tuple(notes))


def word_errors(count: WER, rule: str) -> WordErrors:
    """rule: the name of the one they were counted by."""
    return WordErrors(round(count.percent, 4), count.substitutions, count.insertions, count.deletions, count.reference,
                      rule)


def _truth_spans(log_probs: np.ndarray, vocabulary: GlossVocabulary, truth: Sequence[str],
                 on_frames: Callable[[ctc.Span], Range]) -> Tuple[List[Span], List[str]]:
    """The true glosses where these logits best hold them; those that have no class cannot be placed."""
    known = [(index, word, vocabulary.id(word)) for index, word in enumerate(truth) if word in vocabulary]
    unknown = [word for word in truth if word not in vocabulary]
    notes = [f"true glosses without a class of their own: {' '.join(unknown)}"] if unknown else []
    try:
        aligned = ctc.align(log_probs, [number for _, _, number in known if number is not None], vocabulary.blank)
    except ValueError as error:
        return [], [*notes, f"the true glosses can't be aligned: {error}"]
    return [Span(true_id(index + 1), word, (span.start, span.stop), on_frames(span), round(span.score, 6), None)
            for span, (index, word, _) in zip(aligned, known)], notes


def _missed(truth: Sequence[str], index: int, later: Sequence[Optional[int]], spans: Sequence[Span],
            truth_spans: Sequence[Span]) -> Missed:
    """later: what was read from here on. Due where the truth is aligned, else in the gap that was left."""
    after = next((read for read in later if read is not None), len(spans))
    start = spans[after - 1].frames[1] if after > 0 else 0
    stop = spans[after].frames[0] if after < len(spans) else start + 1
    aligned = [span.frames for span in truth_spans if span.id == true_id(index + 1)]
    return Missed(true_id(index + 1), truth[index], after, aligned[0] if aligned else (start, max(start + 1, stop)))


def _frames(frames: int, frames_per_step: int) -> Callable[[ctc.Span], Range]:
    """Steps to frames of a clip."""
    return lambda span: (min(span.start * frames_per_step, frames - 1), min(span.stop * frames_per_step, frames))

"""What a model read in a clip, held against the truth: glosses, when, how sure, and which are wrong."""
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from glosses import ctc
from glosses.vocabulary import GlossVocabulary
from glosses.wer import Clean, clean, verdicts, wer

TITLES = {"slowfast": "SlowFastSign", "twostream": "TwoStream-SLR",      # as their authors write them
          "vac": "VAC", "corrnet": "CorrNet", "mamba": "Mamba-SLR", "mska": "MSKA-SLR"}


def read(model: str, logits: np.ndarray, ids: Sequence[int], vocabulary: GlossVocabulary, truth: Sequence[str],
         frames: int, frames_per_step: int, clean: Clean = clean) -> Dict[str, Any]:
    """A model's part of preds.json: logits [steps, V], ids as decoded from them, truth empty where there is none.

    clean: how the corpus's glosses are cleaned before they are compared."""
    log_probs = ctc.log_softmax(logits)
    glosses = list(vocabulary.decode(ids))
    judged = verdicts(truth, glosses, clean) if truth else None
    spans = [_on_frames(span, name, frames, frames_per_step)
             for span, name in zip(ctc.align(log_probs, ids, vocabulary.blank), glosses)]
    for place, span in enumerate(spans):
        span["verdict"] = judged.hypothesis[place] if judged else None
    truth_spans, notes = _truth_spans(log_probs, vocabulary, truth, frames, frames_per_step)
    score = wer([" ".join(truth)], [" ".join(glosses)], clean) if truth else None
    return {
        "title": TITLES.get(model, model),
        "glosses": glosses,
        "spans": spans,
        "deleted": [{"gloss": gloss, "position": place} for gloss, place in (judged.deleted if judged else ())],
        "truth_spans": truth_spans,
        "wer": score and {"wer": round(score.percent, 4), "sub": score.substitutions, "ins": score.insertions,
                          "del": score.deletions, "reference": score.reference},
        "notes": notes,
    }


def _truth_spans(log_probs: np.ndarray, vocabulary: GlossVocabulary, truth: Sequence[str], frames: int,
                 frames_per_step: int) -> Tuple[List[Dict[str, Any]], List[str]]:
    """The true glosses where this model's logits best hold them; those it has no class for can't be placed."""
    known = [(word, vocabulary.id(word)) for word in truth if word in vocabulary]
    unknown = [word for word in truth if word not in vocabulary]
    notes = [f"true glosses without a class of their own: {' '.join(unknown)}"] if unknown else []
    try:
        aligned = ctc.align(log_probs, [number for _, number in known if number is not None], vocabulary.blank)
    except ValueError as error:
        return [], [*notes, f"the true glosses can't be aligned: {error}"]
    return [_on_frames(span, word, frames, frames_per_step) for span, (word, _) in zip(aligned, known)], notes


def _on_frames(span: ctc.Span, gloss: str, frames: int, frames_per_step: int) -> Dict[str, Any]:
    """Steps to frames start..stop-1."""
    return {"gloss": gloss, "start": span.start * frames_per_step, "stop": min(span.stop * frames_per_step, frames),
            "score": round(span.score, 6)}

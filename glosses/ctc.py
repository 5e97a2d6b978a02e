"""Connectionist temporal classification: from log-probabilities [T, V], one row a step, to glosses and back in time."""
from dataclasses import dataclass
from itertools import groupby
from typing import List, Sequence

import numpy as np

from terminal.errors import UserError

CANDIDATES = 40     # classes tried at each step; both authors' decoders look no further


@dataclass(frozen=True)
class Span:
    """The steps start..stop-1 at which a gloss was read."""

    id: int
    start: int
    stop: int
    score: float    # mean probability of the gloss over its steps


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """[T, V] -> [T, V]"""
    shifted = np.asarray(logits, np.float64)
    shifted = shifted - shifted.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def collapse(path: Sequence[int], blank: int) -> List[int]:
    """One class a step -> glosses."""
    return [number for number, _ in groupby(path) if number != blank]


def greedy(log_probs: np.ndarray, blank: int = 0) -> List[int]:
    """The glosses of the likeliest path; neighbours stay apart when a blank parts them."""
    return collapse([int(number) for number in log_probs.argmax(axis=1)], blank)


def beam_search(log_probs: np.ndarray, width: int, blank: int = 0) -> List[int]:
    """The likeliest glosses by prefix beam search, equal neighbours merged as both models' authors do."""
    if len(log_probs) == 0:
        return []
    from flashlight.lib.text.decoder import CriterionType, LexiconFreeDecoder, LexiconFreeDecoderOptions, ZeroLM

    steps, classes = log_probs.shape
    emissions = np.ascontiguousarray(log_probs, np.float32)
    # No silence class: -1 never occurs. log_add sums the paths of a prefix instead of keeping the best.
    options = LexiconFreeDecoderOptions(beam_size=width, beam_size_token=min(CANDIDATES, classes), beam_threshold=1e9,
                                        lm_weight=0.0, sil_score=0.0, log_add=True, criterion_type=CriterionType.CTC)
    decoder = LexiconFreeDecoder(options, ZeroLM(), -1, blank, [])
    best = decoder.decode(emissions.ctypes.data, steps, classes)[0]
    path = [int(number) for number in best.tokens if number >= 0]
    return [number for number, _ in groupby(collapse(path, blank))]


def decode(log_probs: np.ndarray, width: int, blank: int = 0) -> List[int]:
    """Greedy for width 1, otherwise beam search; equal neighbours merged either way."""
    unknown = np.isnan(log_probs).any(axis=1)
    if unknown.any():
        raise UserError(f"the network's output is not a number at step {int(unknown.argmax())} of {len(log_probs)}: "
                        "nothing can be read; try --precision fp32, or another checkpoint")
    if width == 1:
        return [number for number, _ in groupby(greedy(log_probs, blank))]
    return beam_search(log_probs, width, blank)


def align(log_probs: np.ndarray, ids: Sequence[int], blank: int = 0) -> List[Span]:
    """Forced alignment: the likeliest path that reads as `ids`, as the steps of each gloss.

    Raises ValueError when there are too few steps to hold them.
    """
    needed = len(ids) + sum(left == right for left, right in zip(ids, ids[1:]))
    if needed > len(log_probs):
        raise ValueError(f"{len(ids)} glosses need {needed} steps, there are {len(log_probs)}")
    if not ids:
        return []
    states = _best_states(np.asarray(log_probs, np.float64), ids, blank)
    spans = []
    for position, number in enumerate(ids):
        steps = np.flatnonzero(states == 2 * position + 1)
        start, stop = int(steps[0]), int(steps[-1]) + 1
        spans.append(Span(int(number), start, stop, float(np.exp(log_probs[start:stop, number]).mean())))
    return spans


def _best_states(log_probs: np.ndarray, ids: Sequence[int], blank: int) -> np.ndarray:
    """Viterbi over blank, id, blank, id, ..., blank: the state at each step, [T]."""
    labels = np.full(2 * len(ids) + 1, blank)
    labels[1::2] = ids
    # A gloss may follow a gloss at once, unless they are the same.
    skips = np.zeros(len(labels), bool)
    skips[3::2] = labels[3::2] != labels[1:-2:2]
    emitted = log_probs[:, labels]                          # [T, S]
    score = np.full(len(labels), -np.inf)
    score[:2] = emitted[0, :2]
    came = np.zeros(emitted.shape, np.int64)                # how many states back
    for step in range(1, len(emitted)):
        one = np.concatenate([[-np.inf], score[:-1]])
        two = np.where(skips, np.concatenate([[-np.inf, -np.inf], score[:-2]]), -np.inf)
        came[step] = np.stack([score, one, two]).argmax(axis=0)
        score = np.maximum(np.maximum(score, one), two) + emitted[step]
    state = len(labels) - 1 if score[-1] > score[-2] else len(labels) - 2
    states = np.empty(len(emitted), np.int64)
    for step in range(len(emitted) - 1, -1, -1):
        states[step] = state
        state -= came[step, state]
    return states

"""How well embeddings find the same person again: mAP and CMC as person re-identification counts them."""
from dataclasses import dataclass
from typing import List, Sequence, Tuple

import numpy as np

RANKS = (1, 5, 10)


@dataclass(frozen=True)
class Retrieval:
    mean_precision: float           # mAP, 0..1
    cmc: Tuple[float, ...]          # share of queries with a match among the first RANKS
    queries: int                    # those that have a match at all; only they count


def similarities(queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """Cosines [Q, G] of embeddings [Q, D], [G, D]"""
    return _unit(queries) @ _unit(gallery).T


def _unit(embeddings: np.ndarray) -> np.ndarray:
    return embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)


def ranking(similar: np.ndarray, query: Tuple[int, int], gallery: Sequence[Tuple[int, int]]) -> np.ndarray:
    """Places in the gallery, most similar first, without those of the query's own person and camera."""
    order = np.argsort(-similar, kind="stable")
    return np.array([index for index in order if tuple(gallery[index]) != tuple(query)], int)


def retrieval(similar: np.ndarray, queries: Sequence[Tuple[int, int]], gallery: Sequence[Tuple[int, int]]) -> Retrieval:
    """similar [Q, G]; who and which camera, for each query and each gallery picture."""
    precisions: List[float] = []
    firsts: List[int] = []
    for row, query in zip(similar, queries):
        right = np.array([gallery[index][0] == query[0] for index in ranking(row, query, gallery)], bool)
        if not right.any():
            continue            # nobody could find them
        ranks = np.flatnonzero(right)
        precisions.append(float(np.mean((np.arange(len(ranks)) + 1) / (ranks + 1))))
        firsts.append(int(ranks[0]))
    if not firsts:
        return Retrieval(float("nan"), (float("nan"),) * len(RANKS), 0)
    return Retrieval(float(np.mean(precisions)),
                     tuple(float(np.mean([first < rank for first in firsts])) for rank in RANKS), len(firsts))

"""Shapley values (1953), exactly: what each of a few players gives to a score, over all orders in which they may come.

    value(p) = sum over coalitions S without p of |S|! (n - |S| - 1)! / n! * (score(S + p) - score(S))

A coalition is a number: its bit p is set where player p is in it.
"""
from math import factorial

import numpy as np


def players_of(scores: np.ndarray) -> int:
    return len(scores).bit_length() - 1


def shapley(scores: np.ndarray) -> np.ndarray:
    """float64 [2 ** n, ...], the score of each coalition -> [n, ...]. They add up to that of all less that of none."""
    count = players_of(scores)
    every = np.arange(len(scores))
    sizes = np.array([bin(coalition).count("1") for coalition in every])
    made = np.zeros((count, *scores.shape[1:]))
    for player in range(count):
        without = every[(every >> player) & 1 == 0]
        weights = np.array([factorial(size) * factorial(count - size - 1) / factorial(count)
                            for size in sizes[without]])
        made[player] = np.tensordot(weights, scores[without | 1 << player] - scores[without], axes=1)
    return made


def alone(scores: np.ndarray) -> np.ndarray:
    """What each player gives to none: [n, ...]."""
    return scores[1 << np.arange(players_of(scores))] - scores[0]


def without(scores: np.ndarray) -> np.ndarray:
    """What all lose without each player: [n, ...]."""
    everyone = len(scores) - 1
    return np.asarray(scores[everyone] - scores[everyone ^ 1 << np.arange(players_of(scores))])

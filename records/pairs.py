"""What is known of pictures once they were compared: scores.json."""
from dataclasses import dataclass, field
from typing import Any, Dict, Optional, Tuple, Union

from records.codec import KEY, to_json

FORMAT = 2


@dataclass(frozen=True)
class NetworkFile:
    name: str
    title: str
    file: str
    sha256: str


@dataclass(frozen=True)
class MapRecord:
    picture: str
    target: str
    words: str
    method: str
    layer: str
    score: Optional[float]      # of the target; None of a map that has none
    grid: Tuple[int, ...]       # of the layer's cells
    minimum: Optional[float]    # before ReLU
    maximum: Optional[float]
    flags: Tuple[str, ...]
    file: str


@dataclass(frozen=True)
class Check:
    """Whether a map can be believed: a figure and a rule."""

    name: str
    picture: str
    target: str
    method: str
    layer: str
    figures: Dict[str, float]
    passed: bool
    rule: str


@dataclass(frozen=True)
class PairScores:
    """Of one folder: a picture alone, or a pair."""

    title: str
    pictures: Tuple[str, ...]
    model: NetworkFile
    preprocessing: str
    scores: Dict[str, Dict[str, float]]         # by picture and target
    maps: Tuple[MapRecord, ...]
    notes: Tuple[str, ...]
    checks: Tuple[Check, ...]
    seed: int
    versions: Dict[str, str]
    command: str
    folder: str
    cosine: Optional[float] = None              # of a pair
    squared_distance: Optional[float] = None


@dataclass(frozen=True)
class Rate:
    """How many maps passed a check over all pairs, with the 95% interval that so few leave open."""

    check: str
    target: str
    method: str
    layer: str
    passed: int
    maps: int
    low: float
    high: float


@dataclass(frozen=True)
class MarketScores:
    """How well people are found again."""

    queries: int
    gallery: int
    mean_precision: Optional[float] = field(metadata={KEY: "mAP"})
    rank_1: Optional[float] = field(metadata={KEY: "rank 1"})
    rank_5: Optional[float] = field(metadata={KEY: "rank 5"})
    rank_10: Optional[float] = field(metadata={KEY: "rank 10"})
    model: NetworkFile
    command: str
    rates: Tuple[Rate, ...] = ()


def scores_json(scores: Union[PairScores, MarketScores]) -> Dict[str, Any]:
    return {"format": FORMAT, **to_json(scores)}

"""How long a whole split would take on so many cards, from what a clip costs a processor here and what a card is
supposed to do. An estimate: no card was used."""
from dataclasses import dataclass
from typing import Dict, List, Sequence

CLIPS, FRAMES = 1169, 140           # dev and test of PHOENIX-2014, and how long a clip is in the mean
CARDS = (1, 8)
CORES_A_CARD = 8
OPERATIONS = 20e12                  # a second in half precision: supposed, an eighth of what an A40 promises


@dataclass(frozen=True)
class Clip:
    """What one of FRAMES frames costs."""

    operations: float               # of both networks, forward and backward to their earliest layer
    decode: float                   # seconds of a core
    write: float                    # drawing, encoding and all that is written


def on_paper(clip: Clip) -> List[str]:
    lines = [f"on paper: {CLIPS} clips of {FRAMES} frames, full-size networks, a process and {CORES_A_CARD} cores for "
             f"each card, which is supposed to do {OPERATIONS / 1e12:.0f} TFLOP/s",
             f"a clip takes {clip.operations / 1e12:.1f} TFLOP, {clip.decode:.2f} s of a core to decode, at most "
             f"{clip.write:.2f} s of one to draw and write"]
    for cards in CARDS:
        taken = {"explain": clip.operations / OPERATIONS / cards, "decode": clip.decode / cards,    # a thread a process
                 "draw and write": clip.write / (cards * CORES_A_CARD)}
        slowest = max(taken, key=taken.__getitem__)
        lines.append(f"{cards} card(s): {3600 / taken[slowest]:.0f} clips an hour, {CLIPS * taken[slowest] / 60:.1f} "
                     f"minutes in all, as fast as {slowest}; " + waiting(taken, taken[slowest]))
    return lines


def waiting(busy: Dict[str, float], whole: float) -> str:
    return "waiting: " + ", ".join(f"{stage} {1 - seconds / whole:.0%}" for stage, seconds in busy.items())


def operations(names: Sequence[str]) -> float:
    """Of an explanation of FRAMES frames by each of these networks, from the shapes of tensors without values."""
    from benchmarks.card_memory import explaining_operations

    return sum(explaining_operations(name, FRAMES) for name in names)

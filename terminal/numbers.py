"""Numbers that flags take, each checked and refused in the same words everywhere."""
import argparse
import math
from typing import Callable

DIGITS = 9      # more are no count of anything


def count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > DIGITS or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number, 1 or more")
    return int(text)


def seed(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text[:DIGITS + 2]) >= 2 ** 31 or len(text) > DIGITS + 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from 0 to {2 ** 31 - 1}")
    return int(text)


def number(low: float, high: float) -> Callable[[str], float]:
    """A number between two, both included."""
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {low:g} to {high:g}")
        return value

    return read


share = number(0, 1)
rate = number(1, 240)           # frames a second
seconds = number(0, 1e6)        # eleven days

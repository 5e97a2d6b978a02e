"""What is wrong with a map, in words for the pictures of it."""
from typing import Optional, Sequence

WORDS = {
    "all-zero": "no map: zero everywhere",
    "constant": "no map: the same everywhere",
    "non-finite": "no map: no numbers",
    "saturated": "saturated map",
}
UNSEEN = "frame not seen"


def in_words(flags: Sequence[str]) -> Optional[str]:
    """None for a map without a flag."""
    return "; ".join(WORDS.get(flag, flag) for flag in flags) or None

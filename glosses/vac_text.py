"""How the code bases that come from VAC's clean what was read: gloss by gloss, and what is true not at all."""
import re
from itertools import groupby
from string import ascii_lowercase, ascii_uppercase

EMPTY = "[EMPTY]"       # where nothing is left: one gloss read wrong in place of one not read
_CUT = re.compile(r"__EMOTION__|__PU__|__LEFTHAND__")
_ROOM = re.compile(r"([A-Z][A-Z])RAUM")
_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)        # umlauts keep their case in sclite


def cleaned(text: str) -> str:
    left = [word for word in map(_word, text.split()) if word and "__EPENTHESIS__" not in word]
    return " ".join(left or [EMPTY])


def merged(text: str) -> str:
    return " ".join(word for word, _ in groupby(cleaned(text).split()))


def small(text: str) -> str:
    return text.translate(_SMALL)


def _word(word: str) -> str:
    for prefix in ("loc-", "cl-", "qu-", "poss-", "lh-"):
        word = word.replace(prefix, "")
    word = _CUT.sub("", word.replace("S0NNE", "SONNE").replace("HABEN2", "HABEN"))
    if word.endswith("ZEIGEN"):
        word += "-BILDSCHIRM"
    return _ROOM.sub(r"\1", word).replace("-PLUSPLUS", "")

"""How TwoStream-SLR's authors clean what is true and what was read, the whole sentence at once; MSKA-SLR's and
SignGraph's take it from them. Each step is part of the protocol, and so is their order."""
import re
from itertools import groupby
from typing import Sequence, Tuple

Step = Tuple["re.Pattern[str]", str]


def _steps(*rules: Tuple[str, str]) -> Tuple[Step, ...]:
    return tuple((re.compile(pattern), replacement) for pattern, replacement in rules)


def _follow(text: str, steps: Sequence[Step]) -> str:
    for pattern, replacement in steps:
        text = pattern.sub(replacement, text)
    return text


_MARKERS_2014 = _steps(
    (r"loc-", ""), (r"cl-", ""), (r"qu-", ""), (r"poss-", ""), (r"lh-", ""),
    (r"S0NNE", "SONNE"), (r"HABEN2", "HABEN"),
    (r"__EMOTION__", ""), (r"__PU__", ""), (r"__LEFTHAND__", ""),
    (r"__EPENTHESIS__", ""),            # the authors' own code stops there; the VAC family leaves it out
    (r"WIE AUSSEHEN", "WIE-AUSSEHEN"),
    (r"ZEIGEN( |$)", r"ZEIGEN-BILDSCHIRM\1"),
)
_LETTERS = (r"([ +][A-Z]) ([A-Z][ +])", r"\1+\2")
# Letters that spell a word. "S C H NEE" becomes "S C+H NEE" and not "S+C+H NEE": a match takes in its neighbours.
_SPELLING = _steps(
    (r"^([A-Z]) ([A-Z][+ ])", r"\1+\2"),
    (r"[ +]([A-Z]) ([A-Z]) ", r" \1+\2 "),
    _LETTERS, _LETTERS, _LETTERS,
    (r"([ +]SCH) ([A-Z][ +])", r"\1+\2"), (r"([ +]NN) ([A-Z][ +])", r"\1+\2"),
    (r"([ +][A-Z]) (NN[ +])", r"\1+\2"),
    (r"([ +][A-Z]) ([A-Z])$", r"\1+\2"),
)
_ENDINGS_2014 = _steps((r"([A-Z][A-Z])RAUM", r"\1"), (r"-PLUSPLUS", ""))
_TWICE = (r"(?<![\w-])([A-Z]+) \1(?![\w-])", r"\1")
_REPEATS = _steps((r" +", " "), _TWICE, _TWICE, _TWICE, _TWICE)

_MARKERS_2014T = _steps(
    (r"__LEFTHAND__", ""), (r"__EPENTHESIS__", ""), (r"__EMOTION__", ""),
    (r"(?<!\w)__[^_ ]*__(?!\w)", ""),
)
_PREFIXES_2014T = tuple(re.compile(rf"(?<!\w){prefix}-(?=\S*\w)") for prefix in ("loc", "cl"))
_PLUSPLUS_2014T = re.compile(r"(\S*\w\S*)-PLUSPLUS(?!\w)")     # greedy: the last one of its word
_ENDINGS_2014T = _steps((r"(?<!\w)([A-Z]+)RAUM(?!\w)", r"\1"), (r"WIE AUSSEHEN", "WIE-AUSSEHEN"))


def phoenix2014(text: str) -> str:
    text = _follow(text.strip(), _MARKERS_2014)
    return _merged(_follow(_follow(text, _SPELLING), _ENDINGS_2014))


def phoenix2014t(text: str) -> str:
    text = _follow(text.strip(), _MARKERS_2014T)
    text = " ".join(_word_2014t(word) for word in text.split(" "))
    return _merged(_follow(_follow(text, _ENDINGS_2014T), _SPELLING))


def phoenix2014t_capitals(text: str) -> str:
    """As their gloss tokenizer gives it: `loc-` is `LOC-` by then, and stays."""
    return phoenix2014t(text.upper())


def capitals(text: str) -> str:
    return " ".join(text.upper().split())


def _word_2014t(word: str) -> str:
    """The first prefix of each kind and the last -PLUSPLUS of a word go."""
    for prefix in _PREFIXES_2014T:
        word = prefix.sub("", word, count=1)
    return _PLUSPLUS_2014T.sub(r"\1", word, count=1)


def _merged(text: str) -> str:
    """Without the spaces that markers left behind, and so without the repeats that these parted."""
    return " ".join(word for word, _ in groupby(_follow(text, _REPEATS).split()))

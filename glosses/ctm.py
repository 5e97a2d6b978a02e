"""Readings and truths as files that sclite takes: `.ctm` and `.stm`, line by line as the published scripts write them.

The times are none: the published scripts number the glosses of a clip in hundredths of a second.
"""
from typing import Iterable, List, Sequence, Tuple

from glosses import vac_text

END = "1.79769e+308"        # of a clip, in seconds: the largest number there is, as in the published truths


def ctm_lines(readings: Iterable[Tuple[str, Sequence[str]]]) -> List[str]:
    """From (clip, glosses as they were read), in the order of names."""
    return [f"{name} 1 {number / 100:.2f} {(number + 1) / 100:.2f} {gloss}"
            for name, glosses in sorted(readings) for number, gloss in enumerate(glosses)]


def cleaned_ctm_lines(readings: Iterable[Tuple[str, Sequence[str]]]) -> List[str]:
    """As the published scripts clean it for sclite; a clip without a gloss has one that is wrong."""
    return ctm_lines((name, vac_text.cleaned(" ".join(glosses)).split()) for name, glosses in readings)


def stm_lines(truths: Iterable[Tuple[str, str, Sequence[str]]]) -> List[str]:
    """From (clip, signer, glosses as annotated), in the order of names."""
    return [f"{name} 1 {signer or 'unknown'} 0.0 {END} {' '.join(glosses)}" for name, signer, glosses in sorted(truths)]

"""What a gloss was read from, in one sentence."""
from typing import Callable, Sequence, Tuple

from records.explained import ExplainedGloss
from records.parts import Part

SMALL = 0.05            # of what all parts give, or of the largest part of a contrast: less is not worth a word
NOTHING = 0.05          # of a log-probability: a clip that has no more of a gloss than when all of it is hidden


def sentence(about: ExplainedGloss, parts: Sequence[Part], gained: float) -> str:
    """Empty without parts. gained: the score of the clip less that of the hidden clip."""
    known = sorted(((part.name, part.value) for part in parts if part.value is not None), key=lambda part: -part[1])
    if not known:
        return ""
    if about.side is not None:
        largest = max(abs(value) for _, value in known)
        return _said(_contrast(about), "has support from", known, largest, lambda value: f"{value:+.2f}")
    claim, verb = _claim(about)
    if gained < NOTHING:
        return (f"{claim} is no more likely than in the hidden clip ({gained:+.2f}): all parts together give no "
                "support for it")
    return _said(claim, verb, known, gained, lambda value: f"{value / gained:.0%}")


def _said(claim: str, verb: str, known: Sequence[Tuple[str, float]], scale: float,
          amount: Callable[[float], str]) -> str:
    named = [(name, value) for name, value in known if abs(value) >= SMALL * scale and abs(value) >= NOTHING / 10]
    of, against = ([f"{name} ({amount(value)})" for name, value in named if (value > 0) is speaks]
                   for speaks in (True, False))
    words = f"{claim} {verb} {', '.join(of)}" if of else f"{claim} has support from no part"
    return words + (f"; against it: {', '.join(reversed(against))}" if against else "")


def _claim(about: ExplainedGloss) -> Tuple[str, str]:
    if about.span.startswith("read"):
        return about.gloss, "was read from"
    what = "which is true" if about.span.startswith("true") else "which was not read"
    return f"{about.gloss}, {what},", "has support from"


def _contrast(about: ExplainedGloss) -> str:
    """What is held against what."""
    read = about.side == "read"
    if about.verdict == "deleted":
        return f"what was read rather than the missed {about.gloss}" if read else (
            f"{about.gloss}, which was missed, rather than what was read")
    if about.true_gloss is None:
        return f"{about.gloss} rather than nothing"
    return f"{about.gloss} rather than the true {about.true_gloss}" if read else (
        f"the true {about.true_gloss} rather than {about.gloss}")

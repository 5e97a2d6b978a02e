"""Whose count of errors is which: the same reading has other word error rates by other authors' rules.

A rule says what is done to the truth and to the reading before they are compared, and which of equally cheap edits
are taken. Its name stands beside every figure. `COMMON` is the one rule by which all networks are compared on a
corpus, `AUTHORS` the one by which each network's authors counted what they published.
"""
from dataclasses import dataclass
from typing import Dict, Iterable, Optional, Sequence, Tuple

from glosses import twostream_text, vac_text
from glosses.wer import PUBLISHED_COSTS, WER, Clean, as_it_is, count


@dataclass(frozen=True)
class Rule:
    name: str
    about: str                                  # one line for those who read a table
    truth: Clean                                # sentences as they are compared
    reading: Clean
    ties: str = "ID"                            # what is taken first of an insertion and a deletion as cheap
    costs: Tuple[int, int, int] = PUBLISHED_COSTS   # of a deletion, an insertion and a substitution

    def count(self, truth: Sequence[str], reading: Sequence[str]) -> WER:
        """One sentence, its glosses as annotated and as read."""
        return count(self.truth(" ".join(truth)).split(), self.reading(" ".join(reading)).split(), self.costs,
                     self.ties)

    def total(self, pairs: Iterable[Tuple[Sequence[str], Sequence[str]]]) -> WER:
        """Over sentences (truth, reading)."""
        return sum((self.count(truth, reading) for truth, reading in pairs), WER())


def _small_truth(text: str) -> str:
    return vac_text.small(as_it_is(text))


def _small_reading(text: str) -> str:
    return vac_text.small(vac_text.cleaned(text))


def _both(name: str, about: str, clean: Clean) -> Rule:
    return Rule(name, about, clean, clean)


TWOSTREAM_2014 = _both("TwoStream 2014", "truth and reading cleaned as PHOENIX-2014's, repeats merged in both",
                       twostream_text.phoenix2014)
TWOSTREAM_2014T = _both("TwoStream 2014T", "truth and reading in capitals and cleaned as PHOENIX-2014T's, repeats "
                        "merged in both", twostream_text.phoenix2014t_capitals)
TWOSTREAM_PLAIN = _both("TwoStream plain", "truth and reading in capitals, nothing cleaned, nothing merged",
                        twostream_text.capitals)
VAC_PYTHON = Rule("VAC python", "truth as annotated, reading cleaned gloss by gloss and its repeats merged",
                  as_it_is, vac_text.merged, ties="DI")
VAC_SCLITE = Rule("VAC sclite", "truth as annotated, reading cleaned gloss by gloss, no repeats merged, capitals or "
                  "not", _small_truth, _small_reading)
SIGNGRAPH_2014 = Rule("SignGraph 2014", "truth cleaned as PHOENIX-2014's, reading as it is",
                      twostream_text.phoenix2014, as_it_is)
SIGNGRAPH_2014T = Rule("SignGraph 2014T", "truth cleaned as PHOENIX-2014T's, reading as it is",
                       twostream_text.phoenix2014t, as_it_is)
PLAIN = _both("plain", "truth and reading as they are", as_it_is)
RAW = Rule("fewest edits", "truth and reading as they are, the fewest edits whatever their kind", as_it_is, as_it_is,
           costs=(1, 1, 1))
RULES = {rule.name: rule for rule in (TWOSTREAM_2014, TWOSTREAM_2014T, TWOSTREAM_PLAIN, VAC_PYTHON, VAC_SCLITE,
                                      SIGNGRAPH_2014, SIGNGRAPH_2014T, PLAIN, RAW)}

# TwoStream-SLR's: alone in cleaning both sides alike and in not minding capitals where vocabularies differ in them.
COMMON = {"phoenix2014": TWOSTREAM_2014, "phoenix2014-T": TWOSTREAM_2014T, "csl-daily": TWOSTREAM_PLAIN,
          "csl": TWOSTREAM_PLAIN}

_P14, _P14T, _CSL_DAILY = "phoenix2014", "phoenix2014-T", "csl-daily"
_TWOSTREAM = {corpus: COMMON[corpus] for corpus in (_P14, _P14T, _CSL_DAILY)}
_SCLITE = dict.fromkeys((_P14, _P14T, _CSL_DAILY), VAC_SCLITE)
_OF_NETWORK: Dict[str, Dict[str, Rule]] = {     # a corpus that is not named: its authors published no count on it
    "slowfast": dict.fromkeys((_P14, _P14T, _CSL_DAILY), VAC_PYTHON),
    "twostream": _TWOSTREAM,
    "mska": _TWOSTREAM,
    "vac": {_P14: VAC_SCLITE},                  # and SMKD, which is loaded under the same name
    "corrnet": _SCLITE,
    "corrnetplus": _SCLITE,
    "sen": _SCLITE,
    "tlp": {_P14: VAC_SCLITE, _P14T: VAC_SCLITE},
    "swin": {_P14: VAC_SCLITE},
    "signgraph": {_P14: SIGNGRAPH_2014, _P14T: SIGNGRAPH_2014T, _CSL_DAILY: PLAIN},
    "mamba": {_P14: RAW},
}
AUTHORS = {(network, corpus): rule for network, rules in _OF_NETWORK.items() for corpus, rule in rules.items()}


def authors_rule(network: str, corpus: str) -> Optional[Rule]:
    """None where the authors published nothing on this corpus, and there is nothing to compare with."""
    return AUTHORS.get((network, corpus))

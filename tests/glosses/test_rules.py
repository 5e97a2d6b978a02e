"""Each author's count of errors, against counts of the authors' own code on made-up pairs."""
import json
from typing import Any, Dict, List, Tuple

import pytest

from datasets.corpora import CORPORA
from glosses import vac_text
from glosses.rules import (
    COMMON,
    PLAIN,
    RAW,
    RULES,
    SIGNGRAPH_2014,
    SIGNGRAPH_2014T,
    TWOSTREAM_2014,
    TWOSTREAM_2014T,
    TWOSTREAM_PLAIN,
    VAC_PYTHON,
    VAC_SCLITE,
    Rule,
    authors_rule,
)
from glosses.wer import WER
from models.registry import MODELS
from tests.golden import GOLDENS

GOLDEN: Dict[str, Any] = json.loads((GOLDENS / "wer_counts_golden.json").read_text(encoding="utf-8"))
BY_CORPUS = {
    "phoenix2014": {"vac_python": VAC_PYTHON, "sclite": VAC_SCLITE, "twostream": TWOSTREAM_2014,
                    "signgraph": SIGNGRAPH_2014},
    "phoenix2014T": {"vac_python": VAC_PYTHON, "sclite": VAC_SCLITE, "twostream": TWOSTREAM_2014T,
                     "signgraph": SIGNGRAPH_2014T},
    "csl_daily": {"vac_python": VAC_PYTHON, "sclite": VAC_SCLITE, "twostream": TWOSTREAM_PLAIN, "signgraph": PLAIN},
}
BY_CORPUS["odd_phoenix2014"] = BY_CORPUS["phoenix2014"]
CASES = [(corpus, name) for corpus, rules in BY_CORPUS.items() for name in rules]


def pairs(corpus: str, name: str) -> List[Tuple[List[str], List[str], Dict[str, int]]]:
    """Those on which that code does not stop."""
    return [(pair["truth"].split(), pair["hypothesis"].split(), pair["counts"][name])
            for pair in GOLDEN[corpus]["pairs"] if pair["counts"][name] is not None]


def tallied(counts: WER) -> Dict[str, int]:
    return {"sub": counts.substitutions, "ins": counts.insertions, "del": counts.deletions, "N": counts.reference}


@pytest.mark.parametrize("corpus, name", CASES)
def test_every_pair_is_counted_as_its_authors_count_it(corpus: str, name: str) -> None:
    rule = BY_CORPUS[corpus][name]
    counted = pairs(corpus, name)
    assert len(counted) >= (1 if corpus.startswith("odd") else 33)
    for truth, reading, counts in counted:
        assert tallied(rule.count(truth, reading)) == counts, (truth, reading)


@pytest.mark.parametrize("corpus, name", [case for case in CASES if "totals" in GOLDEN[case[0]]])
def test_whole_lists_have_the_published_rate(corpus: str, name: str) -> None:
    total = BY_CORPUS[corpus][name].total((truth, reading) for truth, reading, _ in pairs(corpus, name))
    wanted = GOLDEN[corpus]["totals"][name]
    assert tallied(total) == {key: wanted[key] for key in ("sub", "ins", "del", "N")}
    assert total.errors == wanted["errors"]
    assert total.percent == pytest.approx(wanted["wer"], abs=1e-6)


@pytest.mark.parametrize("corpus", BY_CORPUS)
def test_what_is_compared_is_what_the_authors_compare(corpus: str) -> None:
    rules = BY_CORPUS[corpus]
    for pair in GOLDEN[corpus]["pairs"]:
        seen = pair["seen"]
        assert vac_text.cleaned(pair["hypothesis"]) == seen["vac_hypothesis"]
        if seen["twostream"] is not None:
            both = rules["twostream"].truth(pair["truth"]), rules["twostream"].reading(pair["hypothesis"])
            assert list(both) == seen["twostream"]
        if seen["signgraph_truth"] is not None:
            assert rules["signgraph"].truth(pair["truth"]) == seen["signgraph_truth"]


def test_the_fewest_edits_are_taken_whatever_their_kind() -> None:
    assert tallied(RAW.count(["loc-NORD", "__ON__", "REGEN"], ["NORD", "__ON__", "REGEN"])) == {
        "sub": 1, "ins": 0, "del": 0, "N": 3}
    two = RAW.total([(["A", "B"], ["B", "A"]), (["C"], [])])    # two substitutions, or an insertion and a deletion
    assert (two.errors, two.reference) == (3, 3)
    assert TWOSTREAM_2014.count(["AA", "BB", "CC", "DD", "EE"], ["DD", "EE", "XX", "YY", "ZZ"]).errors == 6
    assert RAW.count(["AA", "BB", "CC", "DD", "EE"], ["DD", "EE", "XX", "YY", "ZZ"]).errors == 5


def test_a_marker_that_stops_the_authors_code_is_left_out() -> None:
    assert TWOSTREAM_2014.count(["REGEN"], ["__EPENTHESIS__", "REGEN"]).errors == 0
    assert TWOSTREAM_2014.truth("REGEN __EPENTHESIS__ REGEN") == "REGEN"


def test_every_corpus_has_a_common_rule_and_every_network_its_authors() -> None:
    assert set(COMMON) == set(CORPORA)
    assert all(rule.truth is rule.reading for rule in COMMON.values())      # what verdicts on single glosses rest on
    for network in MODELS:
        assert isinstance(authors_rule(network, "phoenix2014"), Rule), network
    assert len(RULES) == 9


@pytest.mark.parametrize("network, corpus, rule", [
    ("slowfast", "phoenix2014", VAC_PYTHON), ("slowfast", "phoenix2014-T", VAC_PYTHON),
    ("slowfast", "csl-daily", VAC_PYTHON), ("corrnet", "phoenix2014-T", VAC_SCLITE),
    ("corrnet", "csl-daily", VAC_SCLITE),
    ("vac", "phoenix2014", VAC_SCLITE), ("vac", "phoenix2014-T", None), ("tlp", "csl-daily", None),
    ("twostream", "phoenix2014", TWOSTREAM_2014), ("twostream", "phoenix2014-T", TWOSTREAM_2014T),
    ("twostream", "csl-daily", TWOSTREAM_PLAIN), ("mska", "phoenix2014-T", TWOSTREAM_2014T),
    ("signgraph", "phoenix2014", SIGNGRAPH_2014), ("signgraph", "phoenix2014-T", SIGNGRAPH_2014T),
    ("signgraph", "csl-daily", PLAIN), ("mamba", "phoenix2014", RAW), ("mamba", "csl-daily", None),
    ("corrnet", "csl", None)])
def test_published_numbers_are_counted_by_their_authors_rule(network: str, corpus: str, rule: Any) -> None:
    assert authors_rule(network, corpus) is rule

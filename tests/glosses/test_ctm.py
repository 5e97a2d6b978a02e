import shutil
import subprocess
from pathlib import Path

import pytest

from glosses.ctm import cleaned_ctm_lines, ctm_lines, stm_lines
from glosses.rules import VAC_SCLITE

TRUTHS = {"b": "NORD WIND STARK", "a": "loc-REGEN KOMMEN", "c": "SONNE"}
READ = {"b": ["NORD", "loc-NORD", "WIND"], "a": ["REGEN", "__EMOTION__", "ZEIGEN"], "c": []}


def test_lines_are_numbered_from_nothing_and_cleaned_only_for_sclite() -> None:
    assert ctm_lines(READ.items()) == [
        "a 1 0.00 0.01 REGEN", "a 1 0.01 0.02 __EMOTION__", "a 1 0.02 0.03 ZEIGEN",
        "b 1 0.00 0.01 NORD", "b 1 0.01 0.02 loc-NORD", "b 1 0.02 0.03 WIND"]
    assert cleaned_ctm_lines(READ.items())[1:3] == ["a 1 0.01 0.02 ZEIGEN-BILDSCHIRM", "b 1 0.00 0.01 NORD"]
    assert cleaned_ctm_lines(READ.items())[-1] == "c 1 0.00 0.01 [EMPTY]"
    assert stm_lines([("a", "", ["REGEN"])]) == ["a 1 unknown 0.0 1.79769e+308 REGEN"]


@pytest.mark.skipif(shutil.which("sclite") is None, reason="needs NIST's sclite (Debian's package sctk)")
def test_sclite_counts_what_the_rule_counts(tmp_path: Path) -> None:
    (tmp_path / "read.ctm").write_text("\n".join(cleaned_ctm_lines(READ.items())) + "\n")
    (tmp_path / "true.stm").write_text("\n".join(stm_lines((name, "S1", text.split()) for name, text in TRUTHS.items()))
                                       + "\n")
    printed = subprocess.run(["sclite", "-h", "read.ctm", "ctm", "-r", "true.stm", "stm", "-f", "0", "-o", "rsum",
                              "stdout"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    total = next(line for line in printed.splitlines() if "Sum" in line).replace("|", " ").split()
    ours = VAC_SCLITE.total((TRUTHS[name].split(), READ[name]) for name in TRUTHS)
    assert [int(number) for number in total[1:8]] == [
        3, ours.reference, ours.reference - ours.substitutions - ours.deletions, ours.substitutions, ours.deletions,
        ours.insertions, ours.errors]

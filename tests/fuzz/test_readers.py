"""Whatever is read, in bounded time and memory it is a value or a UserError. Inputs that once were neither are kept."""
import os
import signal
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import pytest

from tests.fuzz import child, readers
from tests.fuzz.run import HEAVY, LIGHT, table, try_readers

HAS_TORCH = find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="these readers need torch")
KEPT = sorted((Path(__file__).parent / "kept").glob("*/*"))
MOST = 256 << 20        # bytes that a reader of small files may take
SLOW = 10 / (len(LIGHT) + len(HEAVY))      # seconds for each


def check(names: Tuple[str, ...], seconds: float, seed: int) -> None:
    rows = try_readers(names, seconds, seed)
    text = "\n".join(table(rows))
    assert [row["reader"] for row in rows] == list(names)
    assert all(row["inputs"] > 0 for row in rows), text
    assert not any(row["faults"] for row in rows), text
    assert all(row["memory"] < MOST for row in rows), text


def test_readers_without_torch() -> None:
    check(LIGHT, 0.1, 1)


@needs_torch
def test_readers_with_torch() -> None:
    check(HEAVY, 0.25, 1)


@pytest.mark.slow
@pytest.mark.parametrize("names", [LIGHT, HEAVY], ids=["without torch", "with torch"])
def test_readers_for_ten_seconds(names: Tuple[str, ...]) -> None:
    check(names, SLOW, 2)      # another seed: python -m benchmarks.fuzzing


@pytest.fixture(scope="module")
def known() -> Dict[str, readers.Reader]:
    return {**readers.light(), **(readers.heavy() if HAS_TORCH else {})}


@pytest.mark.parametrize("path", [path for path in KEPT if HAS_TORCH or path.parent.name not in HEAVY],
                         ids=lambda path: f"{path.parent.name}-{path.name}")
def test_an_input_that_once_failed_does_not(known: Dict[str, readers.Reader], tmp_path: Path, path: Path) -> None:
    before = signal.signal(signal.SIGALRM, child._too_long)
    try:
        reader = known[path.parent.name]
        assert child.fault_of(reader, tmp_path / reader.file, path.read_bytes()) is None
    finally:
        signal.signal(signal.SIGALRM, before)


def test_the_lists_have_every_reader(known: Dict[str, readers.Reader]) -> None:
    assert list(known) == [*LIGHT, *(HEAVY if HAS_TORCH else ())]
    assert all(path.parent.name in (*LIGHT, *HEAVY) for path in KEPT)




@pytest.mark.parametrize("read, words", [
    (lambda path: 1 / 0, "ZeroDivisionError"), (lambda path: time.sleep(5), "more time"),
    (lambda path: os.kill(os.getpid(), signal.SIGALRM), "more time")])
def test_a_reader_that_does_otherwise_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                   read: Callable[[Path], Any], words: str) -> None:
    from hypothesis import strategies

    monkeypatch.setattr(child, "LONGEST", 1)
    before = signal.signal(signal.SIGALRM, child._too_long)
    try:
        fault = child.fault_of(readers.Reader("a", read, strategies.binary), tmp_path / "a", b"")
        assert fault is not None and words in fault
    finally:
        signal.signal(signal.SIGALRM, before)

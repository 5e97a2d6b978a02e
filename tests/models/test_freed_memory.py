"""What the CPU's memory is kept for: pages that were freed are not cleared and taken again."""
import contextlib
import platform
import subprocess
import sys
from pathlib import Path
from typing import List, Optional

import pytest
import torch

from models import device, freed_memory
from terminal.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
BLOCK = 30 << 20           # bytes, the largest that are kept
PROGRAM = f"""
import resource
import numpy as np
from models.freed_memory import keep_freed_memory

def pages_taken():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.empty({BLOCK}, np.uint8).fill(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

KEPT
pages_taken()
print(pages_taken())
"""
glibc_alone = pytest.mark.skipif(freed_memory._of_glibc("mallopt") is None, reason="malloc is another than glibc's")


def pages_of_a_second_block(kept: bool) -> int:
    program = PROGRAM.replace("KEPT", "assert keep_freed_memory()" if kept else "")
    return int(subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


@glibc_alone
def test_a_block_that_was_freed_is_taken_again_without_the_system() -> None:
    assert pages_of_a_second_block(kept=True) < 10


@glibc_alone
def test_what_was_kept_is_given_back_when_asked() -> None:
    """A block is freed below one that is still held, where malloc by itself would keep it."""
    program = f"""
import numpy as np
from models.freed_memory import give_freed_memory_back, keep_freed_memory

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

keep_freed_memory()
blocks = [np.ones({BLOCK}, np.uint8) for _ in range(4)]
full = resident()
del blocks[:3]
kept = resident()
give_freed_memory_back()
print(full - kept, kept - resident())
"""
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    by_itself, given_back = map(int, run.stdout.split())
    assert by_itself < BLOCK and given_back > 2.9 * BLOCK


@glibc_alone
def test_without_that_every_page_is_taken_anew() -> None:
    """Else there would be nothing to keep. Pages may be huge ones."""
    assert pages_of_a_second_block(kept=False) >= BLOCK / (2 << 20)


@pytest.mark.parametrize("system, library", [("Linux", ""), ("Darwin", ""), ("Windows", "")])
def test_another_malloc_is_left_alone(monkeypatch: pytest.MonkeyPatch, system: str, library: str) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "libc_ver", lambda: (library, ""))
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", lambda name: pytest.fail("malloc was asked for"))
    assert not freed_memory.keep_freed_memory()
    freed_memory.give_freed_memory_back()


@pytest.mark.parametrize("asked, kept", [("cpu", True), (None, True), ("meta", False)])
def test_memory_is_kept_where_the_processor_is_chosen(monkeypatch: pytest.MonkeyPatch, asked: Optional[str],
                                                       kept: bool) -> None:
    calls: List[bool] = []
    monkeypatch.setattr(device, "keep_freed_memory", lambda: calls.append(True))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with contextlib.suppress(UserError):        # meta holds no numbers
        device.choose_device(asked)
    assert bool(calls) == kept

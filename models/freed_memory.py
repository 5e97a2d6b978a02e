"""What a network frees on the CPU is kept for its next layers, and given back between clips.

glibc hands freed memory back to the system, and the next layer asks for it again: the system clears its pages every
time. Blocks of more than 32 MB are still handed back. To keep them too would take twice the memory, as a block goes
into a gap only where it fits.
"""
import ctypes
import platform
from typing import Any, Callable, Optional

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3        # of malloc.h
NEVER, LARGEST = -1, 32 << 20                       # bytes; no larger one is taken


def keep_freed_memory() -> bool:
    """Whether from now on the process keeps what it frees, for itself. Nothing is changed where malloc is another than
    glibc's."""
    option = _of_glibc("mallopt")
    return option is not None and bool(option(M_MMAP_THRESHOLD, LARGEST)) and bool(option(M_TRIM_THRESHOLD, NEVER))


def give_freed_memory_back() -> None:
    """To the system, as far as whole pages are free."""
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _of_glibc(name: str) -> Optional[Callable[..., Any]]:
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return None
    function: Callable[..., Any] = getattr(ctypes.CDLL(None), name)
    return function

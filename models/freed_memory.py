"""What a network frees on the CPU is kept for its next layers.

glibc hands freed memory back to the system, and the next layer takes it anew: the system clears its pages every time.
Blocks of more than 32 MB are still handed back. To keep them too would take twice the memory, as a block goes into a
gap only where it fits.
"""
import ctypes
import platform
from typing import Any, Callable, Optional

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3        # of malloc.h
NEVER, LARGEST = -1, 32 << 20                       # bytes; no larger one is taken


def keep_freed_memory() -> bool:
    """Whether from now on the process keeps what it frees, for itself. Nothing is changed where malloc is another than
    glibc's."""
    option = _mallopt()
    return option is not None and bool(option(M_MMAP_THRESHOLD, LARGEST)) and bool(option(M_TRIM_THRESHOLD, NEVER))


def _mallopt() -> Optional[Callable[[int, int], Any]]:
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return None
    return ctypes.CDLL(None).mallopt

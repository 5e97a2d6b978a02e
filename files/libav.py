"""PyAV, with libav's messages kept out of Python.

By default every message comes to Python, from libav's own threads too, and waits there for the interpreter's lock. Who
closes a film holds that lock, and waits for those threads: both for ever.
"""
import av
import av.logging

QUIET = -8              # libav's AV_LOG_QUIET: errors come as exceptions

av.logging.restore_default_callback()
av.logging.set_libav_level(QUIET)

__all__ = ["av"]

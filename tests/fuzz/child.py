"""A process of its own that tries inputs on readers, with a limit on its memory: what it finds goes out as JSON.

    python -m tests.fuzz.child FOLDER SECONDS SEED READER ...
"""
import json
import random
import resource
import signal
import sys
import time
import traceback
import zlib
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

from hypothesis import HealthCheck, Phase, given, seed, settings

from terminal.errors import UserError
from tests.fuzz import readers
from tests.fuzz.inputs import changed
from tests.fuzz.readers import Reader

MEMORY = 1 << 30        # bytes more than it has before the first input
LONGEST = 10            # seconds for one input
VARIANTS = 4            # further inputs of each that Hypothesis makes
SHRINKING = 20          # seconds that may be spent on a smaller input that fails in the same way


class TooLong(BaseException):
    """An input took longer than any may."""


def fault_of(reader: Reader, path: Path, data: bytes) -> Optional[str]:
    """What is wrong about how the reader ended; None where it gave a value or a UserError."""
    path.write_bytes(data)
    signal.alarm(LONGEST)
    try:
        reader.read(path)
    except UserError as error:
        if "\n" in str(error).strip() or len(str(error)) > 2000:
            return "a UserError of many lines"
        cause: Optional[BaseException] = error
        while cause is not None:
            if isinstance(cause, MemoryError):
                return "more memory than it may have"
            cause = cause.__cause__ or cause.__context__
    except TooLong:
        return "more time than it may have"
    except BaseException as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {str(error)[:200]} ({Path(frame.filename).name}:{frame.lineno})"
    finally:
        signal.alarm(0)
    return None


def variants(data: bytes) -> Iterator[bytes]:
    """Cheap ones of what Hypothesis made, the same each time."""
    chance = random.Random(zlib.crc32(data))
    kinds = ("set", "insert", "cut", "end", "again")
    for _ in range(VARIANTS if data else 0):
        size = chance.choice((1, 2, 4))
        new = bytes(chance.choice((0, 1, 127, 128, 255, chance.randrange(256))) for _ in range(size))
        data = changed(data, (chance.choice(kinds), chance.random(), chance.random(), new))
        yield data


def tried(reader: Reader, folder: Path, seconds: float, number: int) -> Dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    result: Dict[str, Any] = {"inputs": 0, "faults": 0, "longest": 0.0, "memory": 0, "fault": "", "smallest": ""}
    smallest: Optional[bytes] = None
    until = 0.0
    before = _memory()

    @seed(number)
    @settings(max_examples=1_000_000, deadline=None, database=None, suppress_health_check=list(HealthCheck),
              phases=(Phase.generate, Phase.shrink))
    @given(reader.inputs())
    def one(data: bytes) -> None:
        nonlocal smallest, until
        until = until or time.monotonic() + seconds     # the first input may be long in coming
        if time.monotonic() > until + (SHRINKING if smallest is not None else 0):
            raise KeyboardInterrupt         # over
        for made in (data, *variants(data)):
            began = time.monotonic()
            fault = fault_of(reader, folder / reader.file, made)
            result["longest"] = max(result["longest"], time.monotonic() - began)
            result["inputs"] += 1
            if fault is not None:
                result["faults"] += 1
                if smallest is None or len(made) <= len(smallest):
                    smallest, result["fault"] = made, fault
                raise AssertionError(fault)

    try:
        one()
    except KeyboardInterrupt:
        pass
    except Exception as error:          # what Hypothesis makes of faults, which are told of already
        if smallest is None:
            result["fault"] = f"{type(error).__name__}: {error}"[:300]
            result["faults"] += 1
    result["memory"] = max(0, _memory() - before)
    result["smallest"] = (smallest or b"").hex()
    return result


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def limited() -> None:
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY,) * 2)


def _too_long(*_: Any) -> None:
    raise TooLong


def main() -> None:
    folder, seconds, number, names = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    known = readers.light()
    if any(name not in known for name in names):
        known.update(readers.heavy())
    signal.signal(signal.SIGALRM, _too_long)
    for name in names:
        fault_of(known[name], _made(folder / name) / known[name].file, b"")      # imports what it needs
    limited()
    for name in names:
        print(json.dumps({"reader": name, **tried(known[name], folder / name, seconds, number)}), flush=True)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main()

"""Runs main.py in children of its own, to be killed: imports are paid once, each run is a process like any other.

    python -m tests.kit.forked_runs SIGNAL SEED KILLS ARGUMENTS...

The first child runs undisturbed and its outputs are moved to <out>.whole. Then KILLS children get the signal, each
after a random time (one that is done by then is run again from what was there at first), and a last one is left to
finish. Prints the exit codes of the killed and of the last.
"""
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import List

import cam_runner  # noqa: F401
import main
import models.slowfast  # noqa: F401
import reports.report  # noqa: F401
import runs.pipeline  # noqa: F401


def start(arguments: List[str]) -> int:
    child = os.fork()
    if child == 0:
        # Whoever is started with & from a script is born deaf to it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os._exit(main.main(arguments))
    return child


def end(child: int) -> int:
    """Exit code, or minus the signal that ended it."""
    _, status = os.waitpid(child, 0)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def run(kind: signal.Signals, seed: int, kills: int, arguments: List[str]) -> List[int]:
    out = Path(arguments[arguments.index("--out") + 1])
    at_first = out.with_name(out.name + ".at-first")
    if out.exists():
        shutil.copytree(out, at_first)
    begun = time.perf_counter()
    assert end(start(arguments)) == 0
    takes = time.perf_counter() - begun
    out.rename(out.with_name(out.name + ".whole"))
    _restore(out, at_first)
    moments = random.Random(seed)
    codes: List[int] = []
    for _ in range(10 * kills):
        if len(codes) == kills:
            return [*codes, end(start(arguments))]
        child = start(arguments)
        time.sleep(moments.uniform(0.05, 0.9) * takes)
        os.kill(child, kind)
        code = end(child)
        if code:
            codes.append(code)
        else:
            shutil.rmtree(out)
            _restore(out, at_first)
    raise TimeoutError(f"{kind.name} ended {len(codes)} of {10 * kills} runs; expected {kills}")


def _restore(out: Path, at_first: Path) -> None:
    if at_first.exists():
        shutil.copytree(at_first, out)


if __name__ == "__main__":
    print(*run(signal.Signals[sys.argv[1]], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))

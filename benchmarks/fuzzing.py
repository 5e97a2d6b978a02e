"""Every reader of foreign bytes against inputs that somebody could have made: what came of them, into
benchmarks/results/fuzzing.txt.

    python -m benchmarks.fuzzing [SECONDS] [SEED]   seconds for each reader (default: 12), and what chance begins with

Inputs are good files damaged anywhere, and whole ones of another content (tests/fuzz/inputs.py). A fault is an
exception that is no UserError, more than a gigabyte, or more than ten seconds; its smallest input is printed, to be
kept in tests/fuzz/kept/READER/. Memory is what the process grew by, over all inputs of a reader.
"""
import platform
import sys
import time
from pathlib import Path

from files.atomic import atomic_file
from tests.fuzz.run import HEAVY, LIGHT, table, try_readers

RESULTS = Path(__file__).parent / "results" / "fuzzing.txt"


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 12
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    rows = [*try_readers(LIGHT, seconds, seed), *try_readers(HEAVY, seconds, seed)]
    lines = [f"{sum(row['inputs'] for row in rows):,} inputs, {seconds:g} s for each reader, seed {seed}, Python "
             f"{platform.python_version()}", "", *table(rows)]
    with atomic_file(RESULTS) as draft:
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return 1 if any(row["faults"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())

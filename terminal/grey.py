"""Lines in grey, for what is less certain than the rest; where the output is no terminal they are as they were."""
import os
import sys


def grey(line: str) -> str:
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb":
        return line
    return f"\x1b[90m{line}\x1b[0m"

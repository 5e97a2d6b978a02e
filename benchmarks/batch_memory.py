"""Whether a batch stays as large as it began: memory, open files, threads and temporary files of one run of main.py
over many short clips of different lengths, all outputs but parts. Linux alone: what a process holds is read from /proc.
"""
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List

from records.requests import PARTS
from runs.demo import CHECKPOINTS, MODELS

SHORTEST, LONGEST = 6, 16       # frames of a clip
WRITTEN = tuple(part for part in PARTS if part != "parts")      # which take 64 readings of each clip
ROWS = 10
POLL = 0.05                     # seconds


@dataclass(frozen=True)
class Held:
    """What the process held while some clips were done: the most of each."""

    clips: int                  # finished by then
    resident: float             # MB, the peak
    files: int                  # open
    threads: int
    temporary: int              # files

    def line(self) -> str:
        return f"{self.clips:>7}{self.resident:>10.0f}{self.files:>12}{self.threads:>9}{self.temporary:>17}"


HEAD = f"{'clips':>7}{'peak MB':>10}{'open files':>12}{'threads':>9}{'temporary files':>17}"


def lengths(clips: int) -> Dict[str, int]:
    """Frames of each clip by name, in an order that repeats only after all lengths."""
    return {f"drawn-{number:03d}": SHORTEST + 7 * number % (LONGEST - SHORTEST + 1) for number in range(clips)}


def measure(program: Path, data: Path, clips: int, tell: Callable[[str], None]) -> List[Held]:
    """A row for each tenth of the run. tell hears each as it is there."""
    with tempfile.TemporaryDirectory() as scratch:
        out, temporary = Path(scratch) / "out", Path(scratch) / "tmp"
        temporary.mkdir()
        flags = [word for model in MODELS for word in (f"--{model}-ckpt", str(CHECKPOINTS[model]))]
        command = [sys.executable, "main.py", "--data-root", str(data), "--split", "dev", "--models", *MODELS, *flags,
                   "--target", "each", "--write", *WRITTEN, "--device", "cpu", "--quiet", "--out", str(out)]
        with subprocess.Popen(command, cwd=program, env={**os.environ, "TMPDIR": str(temporary)}) as run:
            rows = _watch(run, out, temporary, clips, tell)
        if run.returncode:
            raise SystemExit(f"{' '.join(command)}: ended with {run.returncode}")
    return rows


def _watch(run: "subprocess.Popen[bytes]", out: Path, temporary: Path, clips: int,
           tell: Callable[[str], None]) -> List[Held]:
    rows: List[Held] = []
    process, now = Path(f"/proc/{run.pid}"), Held(0, 0, 0, 0, 0)
    while run.poll() is None:
        now = _more(now, process, out, temporary)
        if now.clips >= (len(rows) + 1) * clips / ROWS:
            rows.append(now)
            tell(now.line())
            now = Held(now.clips, 0, 0, 0, 0)
            (process / "clear_refs").write_text("5")        # resets the peak
        time.sleep(POLL)
    return rows


def _more(before: Held, process: Path, out: Path, temporary: Path) -> Held:
    try:
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        files = len(list((process / "fd").iterdir()))
        peak, threads = int(status["VmHWM"].split()[0]) / 1024, int(status["Threads"])
    except (OSError, KeyError):     # it has just ended
        return before
    finished = sum(1 for _ in out.glob("[!.]*/preds.json")) if out.is_dir() else 0
    there = sum(len(names) for _, _, names in os.walk(temporary))
    return Held(max(before.clips, finished), max(before.resident, peak), max(before.files, files),
                max(before.threads, threads), max(before.temporary, there))

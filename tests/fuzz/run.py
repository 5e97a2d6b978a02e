"""Child processes that try inputs on all readers, and what they told."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Sequence

from files.workspace import REPOSITORY

LIGHT = ("pickle", "npy of anything", "npy", "npz", "cams.npz", "keypoints.pkl", "keypoints.npz", ".pose",
         "keypoints.json", "keypoints folder", "eaf", "gloss2ids.pkl", "gloss_dict.npy", "corpus", "info.npy",
         "csl-daily", "alignment", "points", "verdict", "range", "preds.json", "neighbour", "manifest", "parts.csv",
         "glosses.csv", "picture", "picture folder", "frame", "video")
HEAVY = ("checkpoint", "recipe", "deepspeed", "features", "feature index", "heat maps")
STARTING = 120          # seconds that a child may take on top of what it is given


def try_readers(names: Sequence[str], seconds: float, seed: int) -> List[Dict[str, Any]]:
    """A row for each reader. A child that dies, or does not end, is a fault of the reader it was at, with its input."""
    rows: List[Dict[str, Any]] = []
    left = list(names)
    while left:
        with tempfile.TemporaryDirectory() as folder:
            words = [sys.executable, "-m", "tests.fuzz.child", folder, str(seconds), str(seed), *left]
            try:
                done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True,
                                      timeout=STARTING + 3 * seconds * len(left),
                                      env={**os.environ, "OMP_NUM_THREADS": "1"})
                out, ended = done.stdout, f"the process ended with {done.returncode}: {done.stderr[-300:]}"
            except subprocess.TimeoutExpired as error:
                out, ended = (error.stdout or b"").decode(), "the process did not end"
            results = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
            rows += results
            left = left[len(results):]
            if left:
                at = left.pop(0)
                rows.append({"reader": at, "inputs": 0, "faults": 1, "longest": 0.0, "memory": 0, "fault": ended,
                             "smallest": _last(Path(folder) / at).hex()})
    return rows


def _last(folder: Path) -> bytes:
    files = [path for path in folder.glob("*") if path.is_file()] if folder.is_dir() else []
    return files[0].read_bytes() if files else b""


def table(rows: Sequence[Dict[str, Any]]) -> List[str]:
    lines = [f"{'reader':<18}{'inputs':>9}{'faults':>8}{'memory':>11}{'longest':>11}"]
    for row in rows:
        lines.append(f"{row['reader']:<18}{row['inputs']:>9,}{row['faults']:>8}{row['memory'] / 2 ** 20:>8.0f} MB"
                     f"{row['longest']:>9.2f} s")
    return [*lines, *(f"{row['reader']}: {row['fault']}; smallest input {row['smallest'][:2000]}" for row in rows
                      if row["faults"])]

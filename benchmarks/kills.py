"""Commands are killed (-9) again and again at random moments, and must end with what an undisturbed run leaves.

    python benchmarks/kills.py [--rounds 10] [--seed 1] [--only explain torchrun cache train compare keypoints]

Small networks on noise, some minutes in all. Every round is a process of its own; a run that ends before its moment
has come begins anew from nothing. What tells the time (seconds, logs) is left out of the comparison.
"""
import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List, Tuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.kit.commands import tiny_case  # noqa: E402
from tests.kit.footage import write_video  # noqa: E402
from tests.kit.people import tiny_market, weights  # noqa: E402
from tests.kit.training import write_data, write_recipe  # noqa: E402

NAMES = ("explain", "torchrun", "cache", "train", "compare", "keypoints")
TIMED = ("seconds", "peak_memory", "record", "files")       # keys of preds.json, manifest.json and summary.json
LEFT_OUT = ("train.log", "summary.csv", "index.html")
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]


@dataclass(frozen=True)
class Case:
    command: Callable[[Path], List[str]]        # what to run for an output folder
    again: Callable[[Path], List[str]]          # and what to give once it was killed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="kills of each command")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=NAMES)
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, case in cases(Path(folder)).items():
            if options.only and name not in options.only:
                continue
            started = time.perf_counter()
            kills, differing = rounds(case, Path(folder) / name, options.rounds, random.Random(options.seed))
            failed += bool(differing)
            print(f"{name:9} {kills} kills, {'DIFFERENT: ' + ', '.join(differing) if differing else 'identical'}, "
                  f"{time.perf_counter() - started:.0f} s", flush=True)
    return 1 if failed else 0


def cases(folder: Path) -> Dict[str, Case]:
    tiny = tiny_case(folder / "tiny")
    data, recipe = write_data(folder / "training"), write_recipe(folder)

    def explain(out: Path) -> List[str]:
        return ["main.py", "--data-root", str(tiny.data), "--slowfast-ckpt", str(tiny.checkpoints["slowfast"]),
                "--split", "test", "--device", "cpu", "--quiet", "--out", str(out)]

    def cache(out: Path) -> List[str]:
        return ["cache_pose_heatmaps.py", "--data-root", str(tiny.data), "--split", "test", "--device", "cpu", "--out",
                str(out)]

    def train(out: Path) -> List[str]:
        return ["train.py", "-c", str(recipe), "--data-root", str(data), "--device", "cpu", "--out", str(out),
                "--override", "trainer.epochs", "4", "data.workers", "0", "trainer.cam_every", "0"]

    def resumed(out: Path) -> List[str]:
        return [*train(out), *(["--resume"] if (out / "last.pt").exists() else [])]

    def torchrun(out: Path) -> List[str]:
        return [*TORCHRUN, *explain(out)]

    market, weights_file = tiny_market(folder / "market"), weights(folder)
    films = [write_video(folder / f"film-{number}.mp4", 60, size=(210, 260)) for number in range(3)]

    def compare(out: Path) -> List[str]:
        return ["compare.py", "--model", "arcface", "--weights", str(weights_file), "--market", str(market),
                "--top", "3", "--device", "cpu", "--out", str(out)]

    def keypoints(out: Path) -> List[str]:
        return ["-m", "tests.kit.standing", *map(str, films), "--out", str(out / "keypoints.pkl"), "--overwrite"]

    return {"compare": Case(compare, compare), "keypoints": Case(keypoints, keypoints),
            "explain": Case(explain, explain), "torchrun": Case(torchrun, torchrun), "cache": Case(cache, cache),
            "train": Case(train, resumed)}


def rounds(case: Case, folder: Path, wanted: int, moments: random.Random) -> Tuple[int, List[str]]:
    """How many runs were killed, and the files in which the last run differs from an undisturbed one."""
    whole, out = folder / "whole", folder / "out"
    folder.mkdir()
    begun = time.perf_counter()
    finish(case.command(out))
    takes = time.perf_counter() - begun
    out.rename(whole)           # in one place both, as a page tells the command
    kills = 0
    for _ in range(10 * wanted):
        if kills == wanted:
            break
        running = start(case.again(out))
        try:
            running.wait(moments.uniform(0.1, 1.0) * takes)
            shutil.rmtree(out, ignore_errors=True)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            kills += 1
    made_old(out)
    finish(case.again(out))
    expected, left = digests(whole), digests(out)
    return kills, sorted(name for name in {*expected, *left} if expected.get(name) != left.get(name))


def made_old(folder: Path) -> None:
    """As a run of another day finds what is hidden: what is young could be somebody's who is still at it."""
    for path in folder.rglob(".*"):
        before = path.stat()
        os.utime(path, (before.st_atime - 3600, before.st_mtime - 3600))


def start(words: List[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, *words], cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})


def finish(words: List[str]) -> None:
    code = start(words).wait()
    if code:
        raise SystemExit(f"{' '.join(words)}: left with {code}")


def digests(folder: Path) -> Dict[str, str]:
    """A digest of every file, hidden ones too."""
    digest = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and path.name not in LEFT_OUT and not name.startswith("tensorboard"):
            data = path.read_bytes()
            if path.suffix == ".json":
                data = json.dumps(_timeless(json.loads(data))).encode()
            digest[name] = hashlib.sha256(data).hexdigest()
    return digest


def _timeless(value: object) -> object:
    if isinstance(value, dict):
        return {key: _timeless(item) for key, item in value.items() if key not in (*TIMED, "counts", "status")}
    return [_timeless(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())

"""How fast the dataset is read, beside what is wanted of it. Writes about 3 GB to a temporary folder."""
import argparse
import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Optional

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

READ = r"""
import pathlib, re, sys, time
from poses.whole_body import KeypointStore
started = time.perf_counter()
KeypointStore(pathlib.Path(sys.argv[1])).read("seq_7", int(sys.argv[2]))
seconds = time.perf_counter() - started
peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/self/status").read_text())
print(seconds, int(peak.group(1)) / 1024)
"""


def line(what: str, measured: str, wanted: str = "") -> None:
    print(f"{what:<58}{measured:>22}   {wanted}", flush=True)


def best(work: Callable[[], object], times: int = 3) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def keypoints(folder: Path, sequences: int, frames: int) -> None:
    path = folder / "keypoints.pkl"
    array = np.random.default_rng(0).random((frames, 133, 3)).astype(np.float32)
    with open(path, "wb") as file:      # views are pickled one by one, and need no memory of their own
        pickle.dump({f"fullFrame-210x260px/train/seq_{number}/1": array.view() for number in range(sequences)}, file,
                    protocol=4)
    size = f"{path.stat().st_size / 1e9:.2f} GB"
    for what, wanted in ((f"keypoints.pkl of {sequences} sequences, {size}: first read", "once"),
                         ("keypoints of one sequence: every later read", "< 0.2 s, < 200 MB")):
        run = subprocess.run([sys.executable, "-c", READ, str(path), str(frames)], cwd=ROOT, check=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        seconds, memory = map(float, run.stdout.split())
        line(what, f"{seconds:.3f} s, {memory:.0f} MB", wanted)


def frames(folder: Path, count: int) -> None:
    import cv2

    from datasets.frames import decode_frames

    rng = np.random.default_rng(0)
    paths = [folder / f"{number:06d}.png" for number in range(count)]
    for path in paths:      # soft as a camera's picture, so that it packs about as well
        soft = cv2.resize(rng.integers(0, 256, (32, 32, 3), np.uint8), (256, 256), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(path), cv2.add(soft, rng.integers(0, 6, soft.shape, np.uint8)))
    line(f"{count} frames of 256x256, one after another with cv2.imread",
         f"{best(lambda: [cv2.imread(str(path)) for path in paths]):.3f} s")
    line(f"{count} frames of 256x256, as the dataset decodes them", f"{best(lambda: decode_frames(paths)):.3f} s")


def heatmaps(count: int, device: str) -> None:
    import torch

    from datasets.heatmaps import render

    points = np.random.default_rng(0).random((count, 133, 3)) * [210, 260, 1]

    def work() -> None:
        render(points, device)
        if device.startswith("cuda"):
            torch.cuda.synchronize()

    line(f"{count} frames of heat maps on {device}", f"{best(work):.3f} s", "< 0.5 s on two cores")


def main(arguments: Optional[list] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=5672, help="sequences in keypoints.pkl (default: 5672)")
    parser.add_argument("--frames", type=int, default=200, help="frames of a clip (default: 200)")
    parser.add_argument("--device", default="cpu", help="where heat maps are made (default: cpu)")
    given = parser.parse_args(arguments)
    line(f"on {len(os.sched_getaffinity(0))} cores, Python {sys.version.split()[0]}", "measured", "wanted")
    with tempfile.TemporaryDirectory() as folder:
        keypoints(Path(folder), given.sequences, frames=170)
        frames(Path(folder), given.frames)
    heatmaps(given.frames, given.device)


if __name__ == "__main__":
    main()

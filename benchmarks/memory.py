"""Memory of main.py on drawn clips, both of the demo's recognisers: the peak of clips of 200 to 2,000 frames.

    python benchmarks/memory.py [--program FOLDER] [--frames 200 400]     FOLDER: another state of this repository
    python benchmarks/memory.py --batch 200 [--keep]    of one run over so many short clips, does it grow?
    python benchmarks/memory.py --card [--models vac] [--keep]      of full-size networks on a card, estimated without
"""
import argparse
import os
import pickle
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import batch_memory  # noqa: E402
from datasets.frames import find_frames  # noqa: E402
from poses.keypoint_pickle import sequences  # noqa: E402
from runs.demo import CHECKPOINTS, MODELS, demo_data  # noqa: E402

FRAMES = (200, 400, 800, 2000)
CARD_FRAMES = 200
WANTED = (14, 18)           # GB: of one clip on an A40, of three on an A100
KINDS = {"256x256px": 256 * 256 * 3, "210x260px": 210 * 260 * 3}       # bytes of a frame, once decoded


def corpus(folder: Path, wanted: Mapping[str, int]) -> Path:
    """One drawn clip to and fro, as long as wanted (frames by name); its files are linked."""
    drawn = demo_data(folder, 1, False)
    root = folder / "long"
    manual = root / "annotations" / "manual"
    manual.mkdir(parents=True)
    head, row = (drawn / "annotations/manual/dev.corpus.csv").read_text(encoding="utf-8").splitlines()[:2]
    name, pattern, *rest = row.split("|")
    keypoints: Dict[str, np.ndarray] = {}
    points = dict(sequences(drawn / "keypoints" / "keypoints.pkl"))[name]
    lines: List[str] = [head]
    for made, count in wanted.items():
        order = np.tile(np.r_[np.arange(len(points)), np.arange(len(points))[::-1]], count // len(points) + 1)[:count]
        for kind in KINDS:
            files = find_frames(drawn / f"features/fullFrame-{kind}/dev", pattern)
            folder = root / f"features/fullFrame-{kind}/dev" / made / "1"
            folder.mkdir(parents=True)
            for number, frame in enumerate(order):
                (folder / f"{number:06d}.png").symlink_to(files[frame].resolve())
        keypoints[made] = points[order]
        lines.append("|".join([made, f"{made}/1/*.png", *rest]))
    (manual / "dev.corpus.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (manual / "gloss2ids.pkl").write_bytes((drawn / "annotations/manual/gloss2ids.pkl").read_bytes())
    (root / "keypoints").mkdir()
    with open(root / "keypoints" / "keypoints.pkl", "wb") as file:
        pickle.dump(keypoints, file, protocol=4)
    return root


def peak(program: Path, data: Path, out: Path, count: int) -> float:
    """MB of the whole process."""
    flags = [word for model in MODELS for word in (f"--{model}-ckpt", str(CHECKPOINTS[model]))]
    command = [sys.executable, "main.py", "--data-root", str(data), "--split", "dev", "--seq", f"drawn-{count}",
               "--models", *MODELS, *flags, "--device", "cpu", "--quiet", "--out", str(out)]
    run = subprocess.Popen(command, cwd=program)
    _, status, used = os.wait4(run.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: ended with {status}")
    return used.ru_maxrss / 1024


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--program", type=Path, default=ROOT, help="the repository's state to measure (default: this)")
    made.add_argument("--frames", type=int, nargs="+", default=FRAMES, help="of each clip (default: %(default)s)")
    made.add_argument("--batch", type=int, metavar="CLIPS", help="one run over so many short clips instead")
    made.add_argument("--card", action="store_true", help="estimate a card's memory instead (needs torch 2)")
    made.add_argument("--models", nargs="+", help="with --card: these networks alone")
    made.add_argument("--keep", action="store_true", help="also write that table to benchmarks/results/")
    given = made.parse_args()
    if given.keep and not (given.batch or given.card):
        made.error("--keep: goes with --batch or --card")
    if given.models and not given.card:
        made.error("--models: goes with --card")
    if given.card:
        card(given.models, given.keep)
        return
    with tempfile.TemporaryDirectory() as folder:
        if given.batch:
            batch(given.program, Path(folder), given.batch, given.keep)
        else:
            long_clips(given.program, Path(folder), given.frames)


def long_clips(program: Path, folder: Path, counts: Sequence[int]) -> None:
    frame = sum(KINDS.values()) / 2 ** 20
    print(f"{'frames':>8}{'peak MB':>10}{'MB a frame beyond the frames':>31}")
    data = corpus(folder, {f"drawn-{count}": count for count in counts})
    first = 0.0
    for count in counts:
        found = peak(program, data, folder / "out", count)
        first = first or found
        more = count - counts[0]
        grown = f"{(found - first) / more - frame:.2f}" if more else "-"
        print(f"{count:>8}{found:>10.0f}{grown:>31}", flush=True)


def batch(program: Path, folder: Path, clips: int, keep: bool) -> None:
    title = (f"one run over {clips} drawn clips of {batch_memory.SHORTEST} to {batch_memory.LONGEST} frames, "
             f"{' and '.join(MODELS)} of the demo, all outputs but parts; Python {platform.python_version()}, "
             f"torch {version('torch')}, {len(os.sched_getaffinity(0))} cores")
    print(f"{title}\n{batch_memory.HEAD}", flush=True)
    rows = batch_memory.measure(program, corpus(folder, batch_memory.lengths(clips)), clips, say)
    if keep:
        text = "\n".join([title, batch_memory.HEAD, *(row.line() for row in rows)])
        (ROOT / "benchmarks/results/memory_batch.txt").write_text(f"{text}\n", encoding="utf-8")


def card(models: Optional[Sequence[str]], keep: bool) -> None:
    from benchmarks import card_memory
    from benchmarks.cam import NETWORKS

    lines: List[str] = []

    def tell(line: str) -> None:
        lines.append(line)
        say(line)

    tell(f"an estimate, in GB, of {CARD_FRAMES} frames in half precision; no card was used; torch {version('torch')}")
    for line in card_memory.HEAD:
        tell(line)
    found = card_memory.rows(models or [*NETWORKS, "mamba"], CARD_FRAMES, tell)
    if set(MODELS) <= set(found):
        both = card_memory.together({name: found[name] for name in MODELS})
        tell(f"one run with {' and '.join(MODELS)}: {both / 1e9:.2f} at most; wanted {' and '.join(map(str, WANTED))}")
    if keep:
        (ROOT / "benchmarks/results/memory_card_estimate.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()

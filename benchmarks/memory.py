"""Peak memory of main.py on drawn clips of 200 to 2,000 frames, both of the demo's recognisers.

    python benchmarks/memory.py [--program FOLDER] [--frames 200 400]     FOLDER: another state of this repository
"""
import argparse
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Sequence

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from datasets.frames import find_frames  # noqa: E402
from poses.keypoint_pickle import sequences  # noqa: E402
from runs.demo import CHECKPOINTS, MODELS, demo_data  # noqa: E402

FRAMES = (200, 400, 800, 2000)
KINDS = {"256x256px": 256 * 256 * 3, "210x260px": 210 * 260 * 3}       # bytes of a frame, once decoded


def corpus(folder: Path, counts: Sequence[int]) -> Path:
    """One drawn clip to and fro, as long as it is wanted; its files are linked."""
    drawn = demo_data(folder, 1, False)
    root = folder / "long"
    manual = root / "annotations" / "manual"
    manual.mkdir(parents=True)
    head, row = (drawn / "annotations/manual/dev.corpus.csv").read_text(encoding="utf-8").splitlines()[:2]
    name, pattern, *rest = row.split("|")
    keypoints: Dict[str, np.ndarray] = {}
    points = dict(sequences(drawn / "keypoints" / "keypoints.pkl"))[name]
    lines: List[str] = [head]
    for count in counts:
        made = f"drawn-{count}"
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
    given = made.parse_args()
    frame = sum(KINDS.values()) / 2 ** 20
    print(f"{'frames':>8}{'peak MB':>10}{'MB a frame beyond the frames':>31}")
    with tempfile.TemporaryDirectory() as folder:
        data = corpus(Path(folder), given.frames)
        first = 0.0
        for count in given.frames:
            found = peak(given.program, data, Path(folder) / "out", count)
            first = first or found
            more = count - given.frames[0]
            grown = f"{(found - first) / more - frame:.2f}" if more else "-"
            print(f"{count:>8}{found:>10.0f}{grown:>31}", flush=True)


if __name__ == "__main__":
    main()

"""An epoch of training from stored features against one with the backbone, side by side on full-size networks.

    python benchmarks/features.py                 VAC and SlowFastSign, 4 clips of 60 frames
    python benchmarks/features.py --keep          also write the table to benchmarks/results/
Clips are noise of PHOENIX's size; weights are drawn. Rows: the published training; the same with the backbone as it
is, in evaluation mode; from features. What the features take to make, once, and on disk, is printed beside.
"""
import argparse
import logging
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.cam import keep, machine  # noqa: E402

WHOLE, FROZEN, STORED = "a  whole network", "b  backbone as it is", "c  from features"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["vac", "slowfast"])
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--keep", action="store_true", help="also write the table to benchmarks/results/")
    options = parser.parse_args()
    import torch

    logging.getLogger("training").setLevel(logging.ERROR)
    lines = [f"{machine(torch.device(options.device))}, torch {torch.__version__}, Python {platform.python_version()}",
             f"{options.clips} clips of {options.frames} frames, 256 x 256; a step of 2 clips",
             f"{'model':11} {'what':22} {'s an epoch':>10} {'cpu s':>8} {'times faster':>12}"]
    print("\n".join(lines), flush=True)
    for model in options.models:
        with tempfile.TemporaryDirectory() as folder:
            for line in measured(model, Path(folder), options.clips, options.frames, options.device):
                lines.append(line)
                print(line, flush=True)
    if options.keep:
        keep(lines, torch.device(options.device), "features")


def measured(model: str, folder: Path, clips: int, frames: int, device: str) -> List[str]:
    import torch

    from datasets.corpora import open_corpus
    from models.registry import CONFIGS
    from training.config import load_config
    from training.distributed import Process
    from training.run import extract, start

    data, process = write_clips(folder / "data", clips, frames), Process(torch.device(device))

    def recipe(*more: str) -> Tuple[Any, Dict[str, Any]]:
        return load_config(CONFIGS / f"train_{model}.yaml", ["data.workers", "0", "data.batch_size", "2",
                                                             "trainer.cam_every", "0", *more])

    def trainer(name: str, *more: str) -> Any:
        return start(*recipe(*more), open_corpus(data), folder / name, process, False)

    for name in ("a", "b", "c"):
        (folder / name).mkdir()
    began = time.perf_counter()
    extract(*recipe(), open_corpus(data), folder / "store", process, 1, "float32")
    making = time.perf_counter() - began
    size = sum(path.stat().st_size for path in (folder / "store" / "train").glob("*.bin"))
    seconds: Dict[str, Tuple[float, float]] = {}
    frozen = trainer("b")
    backbone = frozen.recogniser.network.conv2d.requires_grad_(False)
    backbone.train = lambda mode=True: torch.nn.Module.train(backbone, False)
    stored = trainer("c", "data.features", str(folder / "store"))
    for what, made in ((WHOLE, trainer("a")), (FROZEN, frozen), (STORED, stored)):
        with made.protocol.running():
            if what == STORED:
                made._train_epoch()         # the first touches the files
            began, before = time.perf_counter(), time.process_time()
            made._train_epoch()
            seconds[what] = time.perf_counter() - began, time.process_time() - before
    return [*(f"{model:11} {what:22} {wall:10.2f} {used:8.2f} {seconds[WHOLE][1] / used:12.1f}"
              for what, (wall, used) in seconds.items()),
            f"{model:11} features of both splits made in {making:.1f} s; {size / clips / frames / 1e3:.1f} kB a frame"]


def write_clips(root: Path, clips: int, frames: int) -> Path:
    """PHOENIX-shaped, of noise."""
    import cv2
    import numpy as np

    random, manual = np.random.RandomState(0), root / "annotations" / "manual"
    manual.mkdir(parents=True)
    every = " ".join(f"G{number}" for number in range(1290))        # as many classes as PHOENIX-2014 has
    for split, count in (("train", clips), ("dev", 1), ("test", 1)):
        rows = ["id|folder|signer|annotation"]
        for number in range(count):
            name = f"{split}-{number}"
            rows.append(f"{name}|{name}/1/*.png|Signer|{every if split == 'test' else 'G1 G2 G3 G4'}")
            folder = root / "features/fullFrame-256x256px" / split / name / "1"
            folder.mkdir(parents=True)
            for frame in range(frames):
                cv2.imwrite(str(folder / f"{frame:04d}.png"), random.randint(0, 256, (256, 256, 3), np.uint8))
        (manual / f"{split}.corpus.csv").write_text("\n".join(rows) + "\n")
    return root


if __name__ == "__main__":
    main()

"""A whole run of main.py, start to finish, over the time of its bare forwards and backwards; full-size networks.

    python benchmarks/pipeline.py                              one clip of 200 frames, both models, on the CPU
    python benchmarks/pipeline.py --device cuda:0 --clips 3    on a GPU, from a cold start
The run is a process of its own: imports and reading checkpoints count. Clips are of the drawn signer, repeated to the
length asked for; weights are drawn from the published key lists and saved in the published format. On a machine with
other work, look at the processor seconds, with OMP_NUM_THREADS=1.
"""
import argparse
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

Seconds = Tuple[float, float]       # by the clock, and of the processor
STATE = {"slowfast": "model_state_dict", "twostream": "model_state"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--clips", type=int, default=1)
    parser.add_argument("--models", nargs="+", default=["slowfast", "twostream"])
    parser.add_argument("--workspace", type=Path, help="made there if it is not, and kept (default: a temporary one)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = options.workspace or Path(scratch)
        data = workspace(root, options.clips, options.frames)
        checkpoints = {model: checkpoint(root / "checkpoints", model) for model in options.models}
        out = Path(scratch) / "outputs"
        whole = run(data, checkpoints, out, options.device)
        told = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.glob("*/preds.json"))]
        bare = {model: bare_seconds(model, path, data, options.device) for model, path in checkpoints.items()}
    report(whole, told, bare, options)


def workspace(root: Path, clips: int, frames: int) -> Path:
    """Clips of the drawn signer in split dev, each of as many frames as asked for."""
    from signer.synthetic import make_workspace

    made = make_workspace(root / f"drawn-{clips}", sizes={"train": 1, "dev": clips, "test": 1})
    data = root / f"data-{clips}x{frames}"
    if data.exists():
        return data
    shutil.copytree(made, data)
    for folder in data.glob("features/*/dev/*/1"):
        there = sorted(folder.iterdir())
        for number in range(len(there), frames):
            shutil.copy(there[number % len(there)], folder / f"{there[0].name[:-4]}-{number:06d}.png")
        for path in there[frames:]:
            path.unlink()
    path = data / "keypoints" / "keypoints.pkl"
    points = pickle.loads(path.read_bytes())
    lengths = {folder.parent.name for folder in data.glob("features/fullFrame-256x256px/dev/*/1")}
    order = {name: [number % len(points[name]) for number in range(frames)] for name in lengths}
    path.write_bytes(pickle.dumps({name: array[order[name]] if name in order else array
                                   for name, array in points.items()}))
    return data


def checkpoint(folder: Path, model: str) -> Path:
    import torch

    from records.networks import published_file
    from tests.golden import published

    path = folder / published_file(model)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        torch.save({"epoch": 0, STATE[model]: published.state(model)}, path)
    return path


def run(data: Path, checkpoints: Dict[str, Path], out: Path, device: str) -> Seconds:
    flags = [word for model, path in checkpoints.items() for word in (f"--{model}-ckpt", str(path))]
    command = [sys.executable, str(ROOT / "main.py"), "--data-root", str(data), "--out", str(out), "--device", device,
               "--models", *checkpoints, *flags]
    started, busy = time.perf_counter(), processor_seconds()
    subprocess.run(command, check=True)
    return time.perf_counter() - started, processor_seconds() - busy


def processor_seconds() -> float:
    """Of this process and those it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def bare_seconds(model: str, path: Path, data: Path, device: str) -> Seconds:
    """One forward and one backward to the earliest target layer, after one that warms up."""
    import torch

    from benchmarks.cam import EARLIEST, bare
    from datasets.corpora import open_corpus
    from datasets.phoenix import PhoenixVideoTextDataset
    from runs.loading import load_recogniser

    recogniser = load_recogniser(model, path, device, open_corpus(data))
    clip = PhoenixVideoTextDataset(data, "dev").clip(0)
    precision = "amp" if device.startswith("cuda") else "fp32"
    earliest = [recogniser.default_layers[index] for index in EARLIEST[model]]
    bare(recogniser, recogniser.prepare(clip.window(0, 32)), earliest, precision)
    inputs = recogniser.prepare(clip)
    if device.startswith("cuda"):
        bare(recogniser, inputs, earliest, precision)
        torch.cuda.synchronize(device)
    started, busy = time.perf_counter(), processor_seconds()
    bare(recogniser, inputs, earliest, precision)
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    return time.perf_counter() - started, processor_seconds() - busy


def report(whole: Seconds, told: List[Dict[str, Any]], bare: Dict[str, Seconds], options: argparse.Namespace) -> None:
    stages: Dict[str, float] = {}
    for preds in told:
        for stage, seconds in preds["seconds"].items():
            stages[stage] = stages.get(stage, 0.0) + seconds
    networks = [options.clips * sum(each[kind] for each in bare.values()) for kind in (0, 1)]
    print(f"{options.clips} clip(s) of {options.frames} frames, {', '.join(options.models)}, on {options.device}, "
          f"{len(os.sched_getaffinity(0))} cores")
    print("stages, which overlap: " + ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stages.items()))
    for model in options.models:
        print(f"explained by {model}, clip after clip: "
              + " ".join(f"{preds['seconds'][f'explain {model}']:.2f}" for preds in told) + " s")
    print("bare, a clip: " + ", ".join(f"{model} {seconds:.2f} s" for model, (seconds, _) in bare.items()))
    for kind, title in enumerate(("wall clock", "processor ")):
        print(f"{title}  whole run {whole[kind]:6.1f} s, bare forwards and backwards {networks[kind]:6.1f} s: "
              f"{whole[kind] / networks[kind]:.2f} times")
    print(f"{3600 * options.clips / whole[0]:.0f} clips an hour; "
          f"peak memory {max(preds['peak_memory'] for preds in told) / 2 ** 30:.2f} GB")


if __name__ == "__main__":
    main()

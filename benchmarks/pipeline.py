"""A whole run of main.py, start to finish, over the time of its bare forwards and backwards; full-size networks.

    python benchmarks/pipeline.py                              one clip of 200 frames, both models, on the CPU
    python benchmarks/pipeline.py --device cuda:0 --clips 3    on a GPU, from a cold start
    python benchmarks/pipeline.py --small --clips 6 --frames 56 --processes 1 2 [--keep]
                            the demo's networks: what waits for what, and a whole split on paper (needs torch 2)
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
    parser.add_argument("--small", action="store_true", help="the demo's networks, and a whole split on paper")
    parser.add_argument("--processes", type=int, nargs="+", default=[1], help="with --small: a run of so many each")
    parser.add_argument("--keep", action="store_true", help="with --small: also write it to benchmarks/results/")
    parser.add_argument("--workspace", type=Path, help="made there if it is not, and kept (default: a temporary one)")
    options = parser.parse_args()
    if not options.small and (options.keep or options.processes != [1]):
        parser.error("--processes and --keep: go with --small")
    if options.small:
        small(options)
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = options.workspace or Path(scratch)
        data = workspace(root, options.clips, options.frames)
        checkpoints = {model: checkpoint(root / "checkpoints", model) for model in options.models}
        out = Path(scratch) / "outputs"
        whole = run(data, checkpoints, out, options.device)
        records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.glob("*/preds.json"))]
        bare = {model: bare_seconds(model, path, data, options.device) for model, path in checkpoints.items()}
    report(whole, records, bare, options)


def small(options: argparse.Namespace) -> None:
    from benchmarks import split_on_paper
    from runs.demo import CHECKPOINTS

    lines = [f"{options.clips} clips of {options.frames} frames, {', '.join(options.models)} of the demo, on "
             f"{options.device}, {len(os.sched_getaffinity(0))} cores"]
    print(lines[0], flush=True)
    checkpoints = {model: CHECKPOINTS[model] for model in options.models}
    with tempfile.TemporaryDirectory() as scratch:
        data = workspace(options.workspace or Path(scratch), options.clips, options.frames)
        for processes in options.processes:
            out = Path(scratch) / f"outputs-{processes}"
            wall, busy = run(data, checkpoints, out, options.device, processes)
            records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.glob("*/preds.json"))]
            taken = stages(records)
            shares = {stage: seconds / processes for stage, seconds in taken.items()}
            lines.append(f"{processes} process(es): {3600 * options.clips / wall:.0f} clips an hour, {wall:.1f} s, "
                         f"{busy:.1f} s of the processor; {split_on_paper.waiting(shares, wall)}")
            print(lines[-1], flush=True)
            if processes == 1:
                longer = split_on_paper.FRAMES / options.frames / options.clips
                paper = taken["decode"] * longer, taken["draw and write"] * longer * len(os.sched_getaffinity(0))
    if 1 in options.processes:
        clip = split_on_paper.Clip(split_on_paper.operations(options.models), *paper)
        lines += split_on_paper.on_paper(clip)
        print("\n".join(lines[-2 - len(split_on_paper.CARDS):]))
    if options.keep:
        (ROOT / "benchmarks/results/split.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def stages(records: List[Dict[str, Any]]) -> Dict[str, float]:
    """Seconds of what goes on side by side: in one thread each."""
    taken = {"decode": 0.0, "explain": 0.0, "draw and write": 0.0}
    for preds in records:
        for stage, seconds in preds["seconds"].items():
            name = "decode" if stage == "decode" else "explain" if stage.startswith("explain") else "draw and write"
            taken[name] += seconds if stage != "total" else 0.0
    return taken


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


def run(data: Path, checkpoints: Dict[str, Path], out: Path, device: str, processes: int = 1) -> Seconds:
    flags = [word for model, path in checkpoints.items() for word in (f"--{model}-ckpt", str(path))]
    together = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    command = [sys.executable, *(together if processes > 1 else []), str(ROOT / "main.py"), "--data-root", str(data),
               "--out", str(out), "--device", device, "--models", *checkpoints, *flags]
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


def report(whole: Seconds, records: List[Dict[str, Any]], bare: Dict[str, Seconds],
           options: argparse.Namespace) -> None:
    stages: Dict[str, float] = {}
    for preds in records:
        for stage, seconds in preds["seconds"].items():
            stages[stage] = stages.get(stage, 0.0) + seconds
    networks = [options.clips * sum(model_seconds[kind] for model_seconds in bare.values()) for kind in (0, 1)]
    print(f"{options.clips} clip(s) of {options.frames} frames, {', '.join(options.models)}, on {options.device}, "
          f"{len(os.sched_getaffinity(0))} cores")
    print("stages, which overlap: " + ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stages.items()))
    for model in options.models:
        print(f"explained by {model}, clip after clip: "
              + " ".join(f"{preds['seconds'][f'explain {model}']:.2f}" for preds in records) + " s")
    print("bare, a clip: " + ", ".join(f"{model} {seconds:.2f} s" for model, (seconds, _) in bare.items()))
    for kind, title in enumerate(("wall clock", "processor ")):
        print(f"{title}  whole run {whole[kind]:6.1f} s, bare forwards and backwards {networks[kind]:6.1f} s: "
              f"{whole[kind] / networks[kind]:.2f} times")
    print(f"{3600 * options.clips / whole[0]:.0f} clips an hour; "
          f"peak memory {max(preds['peak_memory'] for preds in records) / 2 ** 30:.2f} GB")


if __name__ == "__main__":
    main()

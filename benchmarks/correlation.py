"""CorrNet's correlation blocks: affinities of a few frames at a time, recomputed in the backward, against all at once.

    python benchmarks/correlation.py              T = 200 frames on the CPU, forward and backward of the whole network
    python benchmarks/correlation.py --device cuda:0
"closed form" is what the network does: the backward written out, the affinities made again in room that is used
again. "checkpointed" is autograd's own backward of the same chunks; "all at once" is how the published code writes the
block: two affinity tensors of every frame, kept. The floor is the operations of forward and backward over the rate this
machine multiplies matrices at. Peaks are of a process for each.
"""
import argparse
import platform
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

WAYS = ("closed form", "checkpointed", "all at once")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3, help="runs of each, in turns; the fastest counts")
    parser.add_argument("--keep", action="store_true", help="also write the table to benchmarks/results/")
    parser.add_argument("--lone", choices=WAYS, help=argparse.SUPPRESS)     # once: prints its peak memory
    options = parser.parse_args()
    import torch

    from benchmarks.cam import keep, machine, measured
    from benchmarks.models import matrix_rate

    device = torch.device(options.device)
    runs, operations = contenders(options.frames, device)
    if options.lone:
        print(measured({options.lone: runs[options.lone]}, 1, device)[options.lone][2])
        return
    rate = matrix_rate(device)
    figures = measured(runs, options.repeats, device)
    rate = max(rate, matrix_rate(device))
    floor = operations / rate
    lines = [f"{machine(device)}, torch {torch.__version__}, Python {platform.python_version()}",
             f"CorrNet, {options.frames} frames, forward and backward to conv2d.layer2: {operations / 1e9:.0f} GFLOP, "
             f"floor {floor:.2f} s at {rate / 1e9:.0f} GFLOP/s",
             f"{'correlation':14} {'s':>8} {'cpu s':>8} {'x floor':>8} {'x closed':>9} {'peak GB':>8}"]
    for way, (seconds, busy, peak) in figures.items():
        peak = peak if device.type == "cuda" else lone_peak(options.frames, way)
        lines.append(f"{way:14} {seconds:8.2f} {busy:8.2f} {seconds / floor:8.2f} "
                     f"{seconds / figures[WAYS[0]][0]:9.2f} {peak:8.2f}")
    print("\n".join(lines))
    if options.keep:
        keep(lines, device, "correlation")


def lone_peak(frames: int, way: str) -> float:
    """In a process of its own: what malloc keeps of one run would count for the next."""
    command = [sys.executable, __file__, "--frames", str(frames), "--lone", way]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)


def contenders(frames: int, device: Any) -> Any:
    """{way: forward and backward}, and the operations these take."""
    from benchmarks.cam import bare
    from benchmarks.flops import count
    from models.correlation import Correlation
    from tests.golden import published

    recogniser = published.recogniser("corrnet", folded=True).to(device)
    inputs = recogniser.prepare(published.clip("corrnet", frames))
    pass_ = partial(bare, recogniser, inputs, ["conv2d.layer2"], "fp32")
    blocks = [module for module in recogniser.modules() if isinstance(module, Correlation)]
    written: Dict[str, Any] = {WAYS[0]: Correlation.correlated, WAYS[1]: checkpointed, WAYS[2]: all_at_once}

    def run(way: str) -> None:
        for block in blocks:
            block.correlated = partial(written[way], block)     # type: ignore[method-assign]
        pass_()

    short = recogniser.prepare(published.clip("corrnet", 28))       # counted on few frames: operations go with them
    few = count(recogniser.network, partial(bare, recogniser, short, ["conv2d.layer2"], "fp32"), backward=True)
    scale = inputs.tensors[0].shape[2] / short.tensors[0].shape[2]
    runs: Dict[str, Callable[[], Any]] = {way: partial(run, way) for way in WAYS}
    return runs, few * scale


def neighbours(x: Any) -> Any:
    """[B, C, T, H, W] -> (each frame's next, each frame's last), the outermost repeated"""
    import torch

    return torch.cat((x[:, :, 1:], x[:, :, -1:]), 2), torch.cat((x[:, :, :1], x[:, :, :-1]), 2)


def all_at_once(block: Any, x: Any, seen: Any) -> Any:
    import torch

    total = 0
    for other, weight in zip(neighbours(seen), block.weights2):
        affinity = torch.einsum("bcthw,bctij->bthwij", x, other)
        total = total + weight * torch.einsum("bctij,bthwij->bcthw", other, affinity.sigmoid() - 0.5)
    return total


def checkpointed(block: Any, x: Any, seen: Any) -> Any:
    import torch
    from torch.utils.checkpoint import checkpoint

    from models.correlation import frames_at_once

    def chunk(mine: Any, *others: Any) -> Any:
        """[C, t, P] each"""
        total = 0
        for other, weight in zip(others, block.weights2):
            affinity = torch.einsum("ctp,ctq->tpq", mine, other)
            total = total + weight * torch.einsum("ctq,tpq->ctp", other, affinity.sigmoid() - 0.5)
        return total

    flat = [tensor[0].flatten(2) for tensor in (x, *neighbours(seen))]
    step = frames_at_once(x.permute(0, 2, 3, 4, 1).flatten(2, 3))
    parts = [checkpoint(chunk, *(tensor[:, start:start + step] for tensor in flat), use_reentrant=False)
             for start in range(0, x.shape[2], step)]
    return torch.cat(parts, dim=1).view(x.shape)


if __name__ == "__main__":
    main()

"""How long a forward of the full-size networks takes, and what it could not take less than.

    python benchmarks/models.py                   T = 40 and 200 frames on the CPU
    python benchmarks/models.py --device cuda:0   the same on a GPU, in mixed precision too
The floor is the operations of the convolutions, linear layers and LSTMs over the rate this machine multiplies
matrices at. "plain" is the same network computed as it is written down: 3-D kernels, channels first, norms apart.
On a machine with other work, look at processor seconds with OMP_NUM_THREADS=1.
"""
import argparse
import platform
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.cam import NETWORKS  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--frames", type=int, nargs="+", default=[40, 200])
    parser.add_argument("--models", nargs="+", default=NETWORKS)
    parser.add_argument("--repeats", type=int, default=3, help="runs of each, in turns; the fastest counts")
    parser.add_argument("--keep", action="store_true", help="also write the table to benchmarks/results/")
    options = parser.parse_args()
    import torch

    from benchmarks.cam import keep, machine, measured

    device = torch.device(options.device)
    rate = 0.0
    lines = [f"{machine(device)}, torch {torch.__version__}, Python {platform.python_version()}",
             f"{'model':11} {'T':>4} {'what':24} {'GFLOP':>7} {'floor s':>8} {'s':>8} {'cpu s':>8} {'x floor':>7} "
             f"{'peak GB':>8}"]
    print("\n".join(lines), flush=True)
    for name in options.models:
        for frames in options.frames:
            runs, operations = contenders(name, frames, device)
            figures = measured(runs, options.repeats, device)
            rate = max(rate, matrix_rate(device))       # the best seen: other work can only lower it
            floor = operations / rate
            for what, (seconds, busy, peak) in figures.items():
                lines.append(f"{name:11} {frames:4} {what:24} {operations / 1e9:7.0f} {floor:8.3f} {seconds:8.3f} "
                             f"{busy:8.3f} {seconds / floor:7.2f} {peak:8.2f}")
                print(lines[-1], flush=True)
    lines.append(f"matrices at {rate / 1e9:.0f} GFLOP/s")
    print(lines[-1])
    if options.keep:
        keep(lines, device, "models")


def contenders(name: str, frames: int, device: Any) -> Any:
    """{what: a forward}, and the operations it takes."""
    from benchmarks.flops import count
    from tests.golden import published

    folded, apart = (published.recogniser(name, fold).to(device) for fold in (True, False))
    inputs = folded.prepare(published.clip(name, frames))
    runs: Dict[str, Callable[[], Any]] = {
        "ours": partial(forward, folded, inputs), "norms apart": partial(forward, apart, inputs),
        "plain": partial(plainly, apart, inputs)}
    if device.type == "cuda":
        runs["ours, mixed precision"] = partial(forward, folded, inputs, mixed=True)
        runs["plain, mixed precision"] = partial(plainly, apart, inputs, mixed=True)
    return runs, count(folded.network, runs["ours"])


def forward(recogniser: Any, inputs: Any, mixed: bool = False) -> Any:
    import torch

    from models.float32 import full_float32

    device = inputs.tensors[0].device.type
    with torch.no_grad(), full_float32(), torch.autocast(device, dtype=torch.float16 if mixed else None, enabled=mixed):
        return recogniser(inputs)


def plainly(recogniser: Any, inputs: Any, mixed: bool = False) -> Any:
    with as_written_down():
        return forward(recogniser, inputs, mixed)


@contextmanager
def as_written_down() -> Iterator[None]:
    import torch.nn.functional as F
    from torch import nn

    from models import convolution, frame_resnet, s3d, slowfast_backbone, twostream

    kept: List[Any] = [*((kind, "forward") for kind in (convolution.Conv3d, convolution.OverBackground,
                                                        convolution.MaxPool3d, convolution.FrameConv)),
                       *((module, "channels_last") for module in (slowfast_backbone, s3d, twostream, frame_resnet))]
    before = [getattr(owner, name) for owner, name in kept]
    plain: List[Any] = [nn.Conv3d.forward, nn.Conv3d.forward, lambda self, x: F.max_pool3d(x, *self.sizes),
                        _frame_by_frame, *[lambda x: x.contiguous()] * 4]
    for (owner, name), value in zip(kept, plain):
        setattr(owner, name, value)
    try:
        yield
    finally:
        for (owner, name), value in zip(kept, before):
            setattr(owner, name, value)


def _frame_by_frame(conv: Any, clips: Any) -> Any:
    """A 2-D convolution as frames are given to one: a batch of pictures, channels first."""
    import torch.nn.functional as F

    frames = clips.transpose(1, 2).flatten(0, 1).contiguous()
    return F.conv2d(frames, conv.weight, conv.bias, conv.stride, conv.padding).unflatten(
        0, (len(clips), -1)).transpose(1, 2)


def matrix_rate(device: Any, size: int = 2048) -> float:
    """Operations a second of a large product in float32, by whichever of torch's two ways is the faster."""
    import torch
    import torch.nn.functional as F

    left, right = (torch.randn(size, size, device=device) for _ in range(2))
    image = torch.randn(1, size, 32, size // 32, device=device).contiguous(memory_format=torch.channels_last)
    best = float("inf")
    for _ in range(8):
        for product in (partial(torch.mm, left, right), partial(F.conv2d, image, right[:, :, None, None])):
            start = time.perf_counter()
            product().flatten()[0].item()
            best = min(best, time.perf_counter() - start)
    return 2 * size ** 3 / best


if __name__ == "__main__":
    main()

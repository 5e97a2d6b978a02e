"""What Mamba-SLR's scan and the whole network cost, against the floor of their matrix products and a scan of steps.

    python benchmarks/mamba.py                T = 40 and 200 frames
    python benchmarks/mamba.py --keep         also write the table to benchmarks/results/, of one part under its name
    python benchmarks/mamba.py --parts network --frames 200       the peak of memory that maps of 200 frames take
The floor is the operations of linear layers, convolutions and the scan's own products over the rate this machine
multiplies matrices at. "step by step" is the same scan as a loop over time. Everything is counted in processor seconds
of all threads, so that other work on the machine tells less; the rate is taken in the same run.
"""
import argparse
import platform
import resource
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SCANS = {       # sequences, steps, heads, channels, groups, states of a layer of the published network for T frames
    "scan, space": lambda frames: (frames, 197, 16, 64, 4, 16),
    "scan, time": lambda frames: (197, frames, 16, 64, 2, 32)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, nargs="+", default=[40, 200])
    parser.add_argument("--parts", nargs="+", default=["scan", "network"], choices=("scan", "network"))
    parser.add_argument("--repeats", type=int, default=2, help="runs of each; the fastest counts")
    parser.add_argument("--keep", action="store_true", help="also write the table to benchmarks/results/")
    options = parser.parse_args()
    import torch

    from benchmarks.cam import keep, machine
    from models.freed_memory import keep_freed_memory

    keep_freed_memory()         # as the commands do
    lines = [f"{machine(torch.device('cpu'))}, torch {torch.__version__}, Python {platform.python_version()}",
             f"{'T':>4} {'what':14} {'how':24} {'GFLOP':>7} {'floor cpu s':>12} {'cpu s':>8} {'x floor':>8}"]
    print("\n".join(lines), flush=True)
    rate = 0.0
    for frames in options.frames:
        for part in options.parts:
            rows = scans(frames) if part == "scan" else network(frames)
            for (what, how), (operations, run) in rows.items():
                rate = max(rate, matrix_rate())
                seconds = min(busy(run) for _ in range(options.repeats))
                floor = operations / rate
                lines.append(f"{frames:4} {what:14} {how:24} {operations / 1e9:7.1f} {floor:12.2f} {seconds:8.2f} "
                             f"{seconds / floor:8.2f}")
                print(lines[-1], flush=True)
    lines.append(f"matrices at {rate / 1e9:.0f} GFLOP a processor second")
    lines.append(f"peak memory of all this {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
    print("\n".join(lines[-2:]))
    if options.keep:
        keep(lines, torch.device("cpu"), "_".join(["mamba", *(options.parts if len(options.parts) == 1 else [])]))


Row = Tuple[float, Callable[[], Any]]       # operations, and what does them


def scans(frames: int) -> Dict[Tuple[str, str], Row]:
    from models.state_space import scan

    rows: Dict[Tuple[str, str], Row] = {}
    for what, shape in SCANS.items():
        given = arguments(*shape(frames))
        operations = products(*shape(frames))
        for how, way in (("chunked", scan), ("step by step", recurrence)):
            rows[what, f"{how}, forward"] = operations, forward_of(way, given)
            rows[what, f"{how}, and backward"] = 3 * operations, backward_of(way, given)
    return rows


def arguments(sequences: int, steps: int, heads: int, channels: int, groups: int, states: int) -> List[Any]:
    import torch

    torch.manual_seed(0)
    return [torch.randn(sequences, steps, heads, channels), 0.1 * torch.rand(sequences, steps, heads),
            -torch.empty(heads).uniform_(1, 16), torch.randn(sequences, steps, groups, states),
            torch.randn(sequences, steps, groups, states), torch.ones(heads)]


def products(sequences: int, steps: int, heads: int, channels: int, groups: int, states: int) -> float:
    """Multiplications and additions of the scan's matrix products, in the chunks it takes."""
    from models.state_space import cut_for

    chunks, size = cut_for(steps, states, channels)
    scores = groups * size * size * states
    within = heads * size * size * channels
    across = 2 * heads * size * states * channels if chunks > 1 else 0
    return 2.0 * sequences * chunks * (scores + within + across)


def recurrence(x: Any, dt: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    import torch

    each = x.shape[2] // b.shape[2]
    b, c = b.repeat_interleave(each, 2), c.repeat_interleave(each, 2)
    state = x.new_zeros(*x[:, 0].shape, b.shape[3])
    outputs = []
    for step in range(x.shape[1]):
        kept = (dt[:, step] * a).exp()[..., None, None]
        state = kept * state + (dt[:, step, :, None] * x[:, step])[..., None] * b[:, step, :, None]
        outputs.append((state @ c[:, step, :, :, None])[..., 0] + d[:, None] * x[:, step])
    return torch.stack(outputs, 1)


def forward_of(way: Callable[..., Any], given: List[Any]) -> Callable[[], Any]:
    import torch

    def run() -> Any:
        with torch.no_grad():
            return way(*given)
    return run


def backward_of(way: Callable[..., Any], given: List[Any]) -> Callable[[], Any]:
    def run() -> None:
        leaves = [each.detach().requires_grad_() for each in given]
        way(*leaves).sum().backward()
    return run


def network(frames: int) -> Dict[Tuple[str, str], Row]:
    """The whole network, and its explanation of five layers, whose blocks are computed again in the backward."""
    from cam_runner import explain
    from tests.golden import published

    model = published.recogniser("mamba")
    clip = published.clip("mamba", frames)
    inputs = model.prepare(clip)
    stem, blocks = operations_of(frames)
    return {("network", "forward"): (stem + blocks, forward_of(model, [inputs])),
            ("network", "five maps"): (stem + 3 * blocks, lambda: explain(model, clip, window=frames))}


def operations_of(frames: int) -> Tuple[float, float]:
    """Of the stem and of the blocks, by the shapes of the published weights."""
    from tests.golden import published

    stem = blocks = 0.0
    for key, (shape, _) in published.keys("mamba").items():
        size = 2.0 * frames
        for length in shape:
            size *= length
        if key.startswith("patch_embed.") and len(shape) > 1:
            places = {"stem": 56, "stage1": 56, "downsample1": 28, "stage2": 28, "downsample2": 14}[key.split(".")[1]]
            stem += size * places ** 2
        elif len(shape) > 1 and key.endswith("weight") and key.startswith("layers."):
            blocks += size * (196 if "conv2d" in key else 197)
    each_space, each_time = (products(*shape(frames)) for shape in SCANS.values())
    attention = 2.0 * frames * 2 * 197 * 197 * 512
    return stem, blocks + 11 * each_space + 12 * each_time + attention


def busy(run: Callable[[], Any]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def matrix_rate(size: int = 1536) -> float:
    """Operations a processor second of a large product in float32."""
    import torch

    left, right = torch.randn(size, size), torch.randn(size, size)
    return 2.0 * size ** 3 / min(busy(lambda: left @ right) for _ in range(5))


if __name__ == "__main__":
    main()

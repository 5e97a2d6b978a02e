"""What an explanation costs: bare arithmetic, this engine, and the two libraries, side by side on full-size networks.

    python benchmarks/cam.py                      T = 40 with everything, T = 200 bare against ours
    python benchmarks/cam.py --device cuda:0      the same on a GPU, in mixed precision too
    python benchmarks/cam.py --glosses            T = 200: ten glosses, each on its own, against one map
Weights are drawn from the published key lists. On a machine with other work, look at processor seconds with
OMP_NUM_THREADS=1.
"""
import argparse
import os
import platform
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from records.explained import ExplainedGloss  # noqa: E402
from records.question import Question  # noqa: E402

BARE, OURS = "a  bare forward and backward", "b  ours, five layers"
ONE_MAP = "a  one map, five layers"
OF_FRAMES = ("vac", "corrnet", "corrnetplus", "sen", "tlp", "signgraph", "swin")
NETWORKS = ["slowfast", "twostream", *OF_FRAMES, "mska"]
SPATIAL = {"slowfast": 3, "twostream": 4, **dict.fromkeys(OF_FRAMES, 3), "mska": 5}    # layers with space of the five
# Which of the five have none of the others below them.
EARLIEST = {"slowfast": (0, 1), "twostream": (0, 1), **dict.fromkeys(OF_FRAMES, (0,)), "mska": (0, 2, 3, 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--frames", type=int, nargs="+", default=[40, 200])
    parser.add_argument("--models", nargs="+", default=NETWORKS)
    parser.add_argument("--repeats", type=int, default=3, help="runs of each, in turns; the fastest counts")
    parser.add_argument("--libraries", type=int, nargs="*", default=[40], help="lengths at which the libraries run too")
    parser.add_argument("--precision", nargs="+", default=None, help="fp32, amp, fp16, bf16")
    parser.add_argument("--glosses", action="store_true", help="one map against ten glosses")
    parser.add_argument("--rows", default="abcd", help="with --glosses: which (default: abcd; d takes ten minutes)")
    parser.add_argument("--keep", action="store_true", help="also write the table to benchmarks/results/")
    parser.add_argument("--lone", help=argparse.SUPPRESS)    # one contender, once: prints its peak memory
    options = parser.parse_args()
    import torch

    device = torch.device(options.device)
    precisions = options.precision or (["fp32", "amp"] if device.type == "cuda" else ["fp32"])
    if options.lone:
        runs = (glosses(options.models[0], options.frames[0], device, precisions[0], options.lone) if options.glosses
                else contenders(options.models[0], options.frames[0], device, precisions[0], True, options.lone))
        print(measured(runs, 1, device)[options.lone][2])
        return
    lines = [f"{machine(device)}, torch {torch.__version__}, Python {platform.python_version()}",
             f"{'model':11} {'T':>4} {'precision':9} {'what':34} {'s':>8} {'cpu s':>8} {'x first':>7} {'peak GB':>8}"]
    print("\n".join(lines), flush=True)
    first = ONE_MAP if options.glosses else BARE
    for name in options.models:
        for frames in options.frames if not options.glosses else options.frames[-1:]:
            for precision in precisions:
                runs = (glosses(name, frames, device, precision) if options.glosses
                        else contenders(name, frames, device, precision, frames in options.libraries))
                runs = {what: run for what, run in runs.items() if not options.glosses or what[0] in options.rows}
                rows = measured(runs, options.repeats, device)
                for what, (seconds, busy, peak) in rows.items():
                    if device.type == "cpu":
                        peak = lone_peak(name, frames, precision, what, options.glosses)
                    lines.append(f"{name:11} {frames:4} {precision:9} {what:34} {seconds:8.3f} {busy:8.3f} "
                                 f"{seconds / rows[first][0]:7.2f} {peak:8.2f}")
                    print(lines[-1], flush=True)
                if precision != "fp32" and not options.glosses:
                    lines.append(f"{'':25}maps and fp32's: {likeness(name, frames, device, precision)}")
                    print(lines[-1], flush=True)
    if options.keep:
        keep(lines, device, "cam_glosses" if options.glosses else "cam")


def keep(lines: List[str], device: Any, what: str = "cam") -> None:
    import torch

    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    title = torch.cuda.get_device_name(device).replace(" ", "_") if device.type == "cuda" else "cpu"
    (results / f"{what}_{title}_torch{torch.__version__.split('+')[0]}.txt").write_text("\n".join(lines) + "\n")


def machine(device: Any) -> str:
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads of {os.cpu_count()}"


def lone_peak(name: str, frames: int, precision: str, what: str, of_glosses: bool = False) -> float:
    """In a process of its own: what malloc keeps of one run would count for the next."""
    command = [sys.executable, __file__, "--models", name, "--frames", str(frames), "--precision", precision,
               "--lone", what, *(["--glosses"] if of_glosses else [])]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)


def contenders(name: str, frames: int, device: Any, precision: str, libraries: bool,
               only: str = "") -> Dict[str, Callable[[], Any]]:
    from cam_runner import explain
    from tests.golden import published

    recogniser = published.recogniser(name, folded=True).to(device)
    clip = published.clip(name, frames)
    layers, spatial = list(recogniser.default_layers), list(recogniser.default_layers)[:SPATIAL[name]]
    runs: Dict[str, Callable[[], Any]] = {
        OURS: partial(explain, recogniser, clip, Question(precision=precision, layers=tuple(layers)))}
    if libraries and precision == "fp32":
        runs["b' ours, the same layers"] = partial(explain, recogniser, clip, Question(layers=tuple(spatial),
                                                                                          precision=precision))
    if only in runs:
        return {only: runs[only]}
    inputs = recogniser.prepare(clip)       # ours does that itself
    runs[BARE] = partial(bare, recogniser, inputs, [layers[index] for index in EARLIEST[name]], precision)
    if libraries and precision == "fp32":
        runs[f"c  grad-cam, {len(spatial)} layers, a call each"] = partial(each, grad_cam, recogniser, inputs, spatial)
        runs[f"d  Captum, {len(spatial)} layers, a call each"] = partial(each, captum, recogniser, inputs, spatial)
    return {what: runs[what] for what in sorted(runs) if only in ("", what)}


def glosses(name: str, frames: int, device: Any, precision: str, only: str = "") -> Dict[str, Callable[[], Any]]:
    """Ten glosses stand at ten equal stretches of the clip: networks of drawn weights read no sentence."""
    from cam_runner import explain
    from cams import per_gloss
    from cams.picks import Picks
    from tests.golden import published

    def ten(recogniser: Any, clip: Any, logits: Any) -> List[Picks]:
        classes = logits.argmax(1).tolist()
        spans = [range(len(classes) * index // 10, len(classes) * (index + 1) // 10) for index in range(10)]
        about = ExplainedGloss("", 0, "", "", None, None, None, "", (0, 1), (0, 1), 0.0)
        return [Picks("", tuple(span), tuple(classes[step] for step in span), about=about) for span in spans]

    per_gloss.each = ten
    recogniser, clip = published.recogniser(name, folded=True).to(device), published.clip(name, frames)
    deepest = recogniser.gloss_layers
    runs: Dict[str, Callable[[], Any]] = {
        ONE_MAP: partial(explain, recogniser, clip, Question(precision=precision)),
        "b  one map, the deepest layers": partial(explain, recogniser, clip,
                                                     Question(layers=deepest, precision=precision)),
        "c  ten glosses, the deepest layers": partial(explain, recogniser, clip,
                                                       Question(target="each", precision=precision)),
        "d  ten glosses, five layers": partial(explain, recogniser, clip, Question(
            target="each", layers=recogniser.default_layers, precision=precision))}
    return {what: runs[what] for what in runs if only in ("", what)}


def likeness(name: str, frames: int, device: Any, precision: str) -> str:
    import numpy as np

    from cam_runner import explain
    from tests.golden import published

    recogniser, clip = published.recogniser(name, folded=True).to(device), published.clip(name, frames)
    ours, exact = (explain(recogniser, clip, Question(precision=each)) for each in (precision, "fp32"))
    found = {layer: np.corrcoef(ours.layers[layer].raw.ravel(), exact.layers[layer].raw.ravel())[0, 1]
             for layer in exact.layers}
    worst = min(found, key=found.__getitem__)
    return f"correlation at least {found[worst]:.5f} ({worst}); {ours.precision} {' '.join(ours.notes)}"


def bare(recogniser: Any, inputs: Any, earliest: List[str], precision: str) -> None:
    """One forward, one backward to the outputs of the earliest target layers, and nothing else."""
    import torch

    from cams.precision import Precision

    leaves: List[torch.Tensor] = []

    def cut(module: Any, arguments: Any, output: torch.Tensor) -> torch.Tensor:
        leaves.append(output.detach().requires_grad_(True))
        return leaves[-1]

    handles = [recogniser.layers[name].module.register_forward_hook(cut) for name in earliest]
    numbers = Precision(precision, inputs.tensors[0].device)
    with rnn_without_cudnn(recogniser):
        with torch.autocast(inputs.tensors[0].device.type, dtype=numbers.dtype, enabled=numbers.dtype is not None):
            logits = recogniser(inputs)
        torch.autograd.grad(logits.float().max(2).values.sum() * numbers.scale, leaves)
    for handle in handles:
        handle.remove()


@contextmanager
def rnn_without_cudnn(recogniser: Any) -> Iterator[None]:
    """cuDNN has no backward in evaluation mode."""
    import torch

    from cams.recurrent import recorded

    rnns = [module for module in recogniser.modules() if isinstance(module, torch.nn.RNNBase)]
    for rnn in rnns:
        rnn.forward = partial(recorded, rnn.forward)  # type: ignore[method-assign]
    yield
    for rnn in rnns:
        del rnn.forward


class OneInput:
    """Libraries want a module that takes one tensor: further inputs ride along."""

    def __new__(cls, recogniser: Any, inputs: Any) -> Any:
        from dataclasses import replace

        import torch

        class Wrapped(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.inner = recogniser

            def forward(self, first: torch.Tensor) -> torch.Tensor:
                return self.inner(replace(inputs, tensors=(first, *inputs.tensors[1:]))).max(2).values.sum(1)

        return Wrapped()


def each(library: Callable[..., Any], recogniser: Any, inputs: Any, layers: List[str]) -> Dict[str, Any]:
    """Parameters want gradients while it runs, as they do in a network fresh from its file."""
    recogniser.requires_grad_(True)
    try:
        with rnn_without_cudnn(recogniser):
            return {name: library(OneInput(recogniser, inputs), recogniser.layers[name].module, inputs.tensors[0])
                    for name in layers}
    finally:
        recogniser.requires_grad_(False)
        recogniser.zero_grad(set_to_none=True)


def grad_cam(model: Any, layer: Any, tensor: Any) -> Any:
    """As the library's forward does it, without its resize, which fails on maps of a clip."""
    import numpy as np
    from pytorch_grad_cam import GradCAM

    with GradCAM(model, [layer]) as cam:
        score = cam.activations_and_grads(tensor)
        model.zero_grad()
        score.sum().backward(retain_graph=True)
        activation, gradient = (kept[0].cpu().data.numpy() for kept in (cam.activations_and_grads.activations,
                                                                        cam.activations_and_grads.gradients))
        return np.maximum(cam.get_cam_image(tensor, layer, None, activation, gradient, False), 0)


def captum(model: Any, layer: Any, tensor: Any) -> Any:
    from captum.attr import LayerGradCam

    return LayerGradCam(model, layer).attribute(tensor, relu_attributions=True).detach().cpu().numpy()


def measured(runs: Dict[str, Callable[[], Any]], repeats: int, device: Any) -> Dict[str, Tuple[float, float, float]]:
    """(seconds, processor seconds, peak GB) of each; the runs take turns, and the first turn only warms up."""
    times: Dict[str, List[Tuple[float, float]]] = {what: [] for what in runs}
    peaks: Dict[str, float] = {}
    for turn in range(repeats + 1 if repeats > 1 else 1):
        for what, run in runs.items():
            reset_peak(device)
            wait(device)
            start, busy = time.perf_counter(), time.process_time()
            kept: Optional[Any] = run()
            wait(device)
            if turn or repeats == 1:
                times[what].append((time.perf_counter() - start, time.process_time() - busy))
            peaks[what] = peak_gigabytes(device)
            print(f"{what}: {time.perf_counter() - start:.2f} s", file=sys.stderr, flush=True)
            del kept
    return {what: (min(wall for wall, _ in found), min(busy for _, busy in found), peaks[what])
            for what, found in times.items()}


def wait(device: Any) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)


def reset_peak(device: Any) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        Path("/proc/self/clear_refs").write_text("5")       # Linux: the peak of resident memory starts anew


def peak_gigabytes(device: Any) -> float:
    import torch

    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024 / 1e9


if __name__ == "__main__":
    main()

"""Everything that only a machine with a CUDA card can tell, in one command: `make gpu`, or

    python -m benchmarks.gpu [--device cuda:0] [--only tests clip list maps long training]
First the tests marked `gpu`, then networks at full size with drawn weights: one clip of 200 frames, three and twenty
clips as a user runs them, an explanation beside bare arithmetic and the libraries, and steps of training. What was
printed is also written to benchmarks/results/gpu_<card>.txt. Some tens of minutes; needs about 20 GB on the card.
"""
import argparse
import platform
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Callable, Dict, List

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.cam import NETWORKS  # noqa: E402

TRAINED = 10        # steps an epoch


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--only", nargs="+", choices=list(STEPS), default=list(STEPS), help="(default: all of them)")
    parser.add_argument("--train", nargs=2, metavar=("DATA", "AMP"), help=argparse.SUPPRESS)     # one such run, here
    options = parser.parse_args()
    if options.train:
        return train(options.device, *options.train)
    import torch

    device = torch.device(options.device)
    if device.type != "cuda" or not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count():
        print(f"benchmarks/gpu.py: there is no {options.device} here; nothing was run", file=sys.stderr)
        return 2
    card = torch.cuda.get_device_properties(device)
    lines = [f"{card.name}, {card.total_memory / 2 ** 30:.0f} GB, CUDA {torch.version.cuda}, "
             f"torch {torch.__version__}, Python {platform.python_version()}"]
    print(lines[0], flush=True)
    failed = []
    with tempfile.TemporaryDirectory() as workspace:
        for step in options.only:
            for title, command in STEPS[step](options.device, Path(workspace)).items():
                code = run(title, command, lines)
                failed += [title] if code else []
    lines += [f"failed: {', '.join(failed)}"] if failed else []
    path = ROOT / "benchmarks" / "results" / f"gpu_{card.name.replace(' ', '_')}.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"\nin {path}" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def run(title: str, command: List[str], lines: List[str]) -> int:
    """Each is a process of its own, so that its peak of memory is its own and a crash costs nothing but its lines."""
    print(f"\n{title}", flush=True)
    lines += ["", title]
    with subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    if process.returncode:
        lines.append(f"ended with {process.returncode}")
    return process.returncode


def tests(device: str, workspace: Path) -> Dict[str, List[str]]:
    return {"tests marked gpu": ["-m", "pytest", "-m", "gpu", "-ra"]}


def whole_runs(device: str, workspace: Path, wanted: Dict[int, str]) -> Dict[str, List[str]]:
    """The same workspace for all: checkpoints are drawn once."""
    return {f"main.py, {clips} clip(s) of 200 frames, both models, amp{wish}":
            ["benchmarks/pipeline.py", "--device", device, "--clips", str(clips), "--workspace", str(workspace)]
            for clips, wish in wanted.items()}


def maps(device: str, workspace: Path) -> Dict[str, List[str]]:
    cam = ["benchmarks/cam.py", "--device", device, "--models", *NETWORKS]
    return {"an explanation beside one bare forward and backward, and the libraries; fp32 and amp":
            [*cam, "--frames", "40", "200", "--libraries", "40", "200"],
            "ten glosses on their own against one map": [*cam, "--glosses"],
            "forwards alone, beside the operations they take":
            ["benchmarks/models.py", "--device", device, "--models", *NETWORKS]}


def training(device: str, workspace: Path) -> Dict[str, List[str]]:
    from benchmarks.pipeline import workspace as drawn

    data = str(drawn(workspace, 2 * TRAINED, 200))
    return {f"train.py, SlowFastSign, {TRAINED} steps an epoch of two clips of 200 frames, amp {amp}":
            ["benchmarks/gpu.py", "--device", device, "--train", data, amp] for amp in ("true", "false")}


def train(device: str, data: str, amp: str) -> int:
    """Some epochs as train.py does them; the first is cold."""
    from train import main as trained

    with tempfile.TemporaryDirectory() as out:
        code = trained(["--config", str(ROOT / "configs/train_slowfast.yaml"), "--data-root", data, "--out", out,
                        "--device", device, "--override", "data.train", "dev", "data.dev", "dev", "trainer.epochs", "3",
                        "trainer.eval_every", "3", "trainer.amp", amp])
        if code:
            return code
        log = (Path(out) / "train.log").read_text(encoding="utf-8")
    print("\n".join(line for line in log.splitlines() if " loss" in line))
    if device.startswith("cuda"):
        import torch

        print(f"peak memory {torch.cuda.max_memory_allocated(device) / 1e9:.2f} GB")
    return 0


STEPS: Dict[str, Callable[[str, Path], Dict[str, List[str]]]] = {
    "tests": tests,
    "clip": partial(whole_runs, wanted={1: " (wanted on an A40: under 60 s and 14 GB)"}),
    "list": partial(whole_runs, wanted={3: " (wanted on an A100: under 180 s and 18 GB)"}),
    "maps": maps,
    "long": partial(whole_runs, wanted={20: ""}),
    "training": training,
}


if __name__ == "__main__":
    sys.exit(main())

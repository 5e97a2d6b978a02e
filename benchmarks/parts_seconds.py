"""What the parts of the demo's two clips cost: every coalition of them hidden, and every stretch of the clip.

    python benchmarks/parts_seconds.py              the demo's networks
    python benchmarks/parts_seconds.py --keep       also write the table to benchmarks/results/parts_seconds.txt
"as it was" makes a new input for every forward, allocates memory in blocks of any size, does not reuse the unhidden
clip, and runs one forward after the other on all cores. Each way runs in turn, in one process; the run with the least
processor time counts. Peak: of the process, in GB.
"""
import argparse
import resource
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, List, NamedTuple, Sequence
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from cams import changed_places, kept_inputs, side_by_side, usual  # noqa: E402
from cams.parts import explain_parts  # noqa: E402
from cams.per_gloss import each  # noqa: E402
from datasets.clip import Clip  # noqa: E402
from datasets.corpora import find_corpus  # noqa: E402
from datasets.phoenix import PhoenixVideoTextDataset  # noqa: E402
from files.workspace import Workspace  # noqa: E402
from models import convolution  # noqa: E402
from models.freed_memory import give_freed_memory_back, keep_freed_memory  # noqa: E402
from models.reading import longest_window, read  # noqa: E402
from models.recogniser import Recogniser  # noqa: E402
from records.hiding import STILL, Hiding  # noqa: E402
from records.networks import hidden_points_of  # noqa: E402
from records.parts import ALL  # noqa: E402
from runs.demo import CHECKPOINTS, CLIPS, demo_data  # noqa: E402
from runs.loading import load_recogniser  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "parts_seconds.txt"
AS_IT_WAS = ((kept_inputs, "MOST", 0), (convolution, "AT_ONCE", 2 ** 60), (usual, "SHARE", -1.0),
             (changed_places, "SHARE", -1.0), (side_by_side, "SMALL", 0))


class Cost(NamedTuple):
    wall: float
    user: float
    system: float
    peak: float
    forwards: int

    @property
    def words(self) -> str:
        return f"{self.wall:>8.1f}{self.user:>7.1f}{self.system:>8.1f}{self.peak:>6.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=list(CHECKPOINTS), default=list(CHECKPOINTS))
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    keep_freed_memory()         # as the commands do
    heads = [f"{way:<29}" for way in ("as it was", "now")]
    lines = [f"{'':<20}" + "  ".join(heads).rstrip(),
             f"{'network':<12}{'forwards':>8}" + "  ".join(["    wall   user  system  peak"] * 2)]
    print("\n".join(lines), flush=True)
    sums: List[List[Cost]] = [[], []]
    with tempfile.TemporaryDirectory() as folder:
        corpus = find_corpus(str(demo_data(Path(folder), CLIPS, False)), None, Workspace())
        dataset = PhoenixVideoTextDataset(corpus, "dev")
        clips = [dataset.clip(index) for index in range(CLIPS)]
        for name in given.models:
            model = load_recogniser(name, CHECKPOINTS[name], "cpu", corpus)
            before, after = measured(model, clips, given.repeats)
            for costs, cost in zip(sums, (before, after)):
                costs.append(cost)
            lines.append(f"{name:<12}{after.forwards:>8}{before.words}  {after.words}")
            print(lines[-1], flush=True)
    both = [Cost(sum(cost.wall for cost in costs), sum(cost.user for cost in costs), sum(cost.system for cost in costs),
                 max(cost.peak for cost in costs), sum(cost.forwards for cost in costs)) for costs in sums]
    lines += [f"{'all':<12}{both[1].forwards:>8}{both[0].words}  {both[1].words}",
              f"seconds of {CLIPS} clips of {' and '.join(str(len(clip)) for clip in clips)} frames, cpu, "
              f"{torch.get_num_threads()} threads"]
    print("\n".join(lines[-2:]), flush=True)
    if given.keep:
        RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def measured(model: Recogniser, clips: Sequence[Clip], repeats: int) -> List[Cost]:
    """As it was, and now."""
    found: List[List[Cost]] = [[], []]
    for _ in range(repeats):
        for costs, changes in zip(found, (AS_IT_WAS, ())):
            with ExitStack() as stack:
                for module, name, value in changes:
                    stack.enter_context(mock.patch.object(module, name, value))
                costs.append(_cost(model, clips))
    return [min(costs, key=lambda cost: cost.user + cost.system) for costs in found]


def _cost(model: Recogniser, clips: Sequence[Clip]) -> Cost:
    give_freed_memory_back()
    Path("/proc/self/clear_refs").write_text("5")       # the peak counts from here
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.time()
    forwards = sum(_parts(model, clip) for clip in clips)
    after = resource.getrusage(resource.RUSAGE_SELF)
    return Cost(time.time() - started, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime, _peak(),
                forwards)


def _parts(model: Recogniser, clip: Clip) -> int:
    """How many forwards."""
    picks: Any = each(model, clip, read(model, clip))
    hiding = Hiding(STILL, hidden_points_of(model.name))
    return explain_parts(model, clip, picks, ALL, hiding, longest_window(model), lambda *_: None).readings


def _peak() -> float:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1e6


if __name__ == "__main__":
    main()

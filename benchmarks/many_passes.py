"""What hiding parts of a clip costs: read one by one, as it was, against read together, prepared ahead, and only as far
as they differ from the clip.

    python benchmarks/many_passes.py                  the demo's networks, T = 24 and 56 frames, 32 versions of a clip
    python benchmarks/many_passes.py --keep           also write the table to benchmarks/results/
    python benchmarks/many_passes.py --device cuda    on a card, where more go through at once
    python benchmarks/many_passes.py --blocks         a block of occlusion hidden, instead of a fifth of every frame
    python benchmarks/many_passes.py --published vac slowfast --frames 40 --versions 16     full size, blocks
Both ways read the same versions in turn, and the faster of each way's runs counts. "apart" is the largest difference of
a score over its size. The clock's seconds are what a user waits; the processor's tell less of other work. Of
occlusion's blocks those about the end of the first stretch of time are read.
"""
import argparse
import sys
import time
from functools import partial
from pathlib import Path
from typing import Callable, List, NamedTuple, Tuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from cams.multi_pass import steps_and_side  # noqa: E402
from cams.occlusion import RATIO, Block, Occlusion  # noqa: E402
from cams.one_pass import one_pass  # noqa: E402
from cams.rereading import Version, reread  # noqa: E402
from cams.usual import Usual  # noqa: E402
from datasets.clip import Clip  # noqa: E402
from datasets.hiding import hidden, stand_in  # noqa: E402
from models.freed_memory import keep_freed_memory  # noqa: E402
from models.recogniser import Recogniser  # noqa: E402
from models.registry import build  # noqa: E402
from records.hiding import MEAN, Hiding  # noqa: E402
from runs.demo import CHECKPOINTS  # noqa: E402
from tests.golden import published, recipe  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "many_passes.txt"
CLOCKS: Tuple[Callable[[], float], ...] = (time.process_time, time.perf_counter)


class Cost(NamedTuple):
    """Of all versions, in seconds of one clock."""

    alone: float
    together: float

    def columns(self) -> str:
        return f"{self.alone:>12.2f}{self.together:>10.2f}{self.alone / self.together:>7.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, nargs="+", default=[24, 56])
    parser.add_argument("--versions", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--published", nargs="+", metavar="NETWORK", help="these at full size instead of the demo's")
    parser.add_argument("--blocks", action="store_true")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    if given.device == "cpu":
        keep_freed_memory()     # as the commands do
    threads = torch.get_num_threads()
    heads = f"{'one by one':>12}{'together':>10}{'times':>7}" * len(CLOCKS)
    lines = [f"{given.versions} versions of a clip, {given.device}, {threads} threads",
             " " * 19 + f"{'seconds of the processor':>29}{'seconds of the clock':>29}",
             f"{'network':<12}{'frames':>7}{heads}{'apart':>10}"]
    print("\n".join(lines), flush=True)
    for name in given.published or CHECKPOINTS:
        model = (published.recogniser(name, folded=True).to(given.device) if given.published
                 else build(name, CHECKPOINTS[name], given.device))
        for frames in given.frames:
            clip = Clip("noise", "dev", recipe.frames(frames, 256, 256, 0), keypoints=recipe.keypoints(frames, 0))
            versions = (blocks_of(model, clip, given.versions) if given.published or given.blocks
                        else versions_of(clip, given.versions))
            costs, apart = measured(model, clip, versions, given.repeats)
            lines.append(f"{name:<12}{frames:>7}{''.join(cost.columns() for cost in costs)}{apart:>10.1e}")
            print(lines[-1], flush=True)
    if given.keep:
        kind = "_published" if given.published else "_blocks" if given.blocks else ""
        RESULT.with_name(f"many_passes{kind}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def versions_of(clip: Clip, count: int) -> List[Version]:
    instead, random = stand_in(clip, Hiding(MEAN)), np.random.default_rng(0)
    return [partial(_hidden, clip, instead, tuple(random.integers(0, 200, 2))) for _ in range(count)]


def blocks_of(model: Recogniser, clip: Clip, count: int) -> List[Version]:
    instead, frames = stand_in(clip, Hiding(MEAN)), len(clip)
    steps, side = steps_and_side(Occlusion.budget, frames, RATIO)
    cuts = np.linspace(0, frames, steps + 1).round().astype(int)
    first = max(0, side ** 2 - count // 2)
    parts = list(np.ndindex(steps, side, side))[first:first + count]
    blocks = [Block(cuts[step], cuts[step + 1], row, column, side, model.viewport, frames)
              for step, row, column in parts]
    return [partial(hidden, clip, block.cover, instead) for block in blocks]


def _hidden(clip: Clip, instead: Clip, corner: Tuple[int, int]) -> Clip:
    """A fifth of each frame's height and width."""
    def cover(height: int, width: int) -> np.ndarray:
        made = np.zeros((len(clip), height, width), bool)
        top, left = corner[0] * height // 256, corner[1] * width // 256
        made[:, top:top + height // 5, left:left + width // 5] = True
        return made

    return hidden(clip, cover, instead)


def measured(model: Recogniser, clip: Clip, versions: List[Version], repeats: int) -> Tuple[List[Cost], float]:
    """What it costs by each of CLOCKS, and how far the scores lie apart."""
    ways: List[Callable[[], np.ndarray]] = [
        lambda: np.array([score(alone(model, version())) for version in versions]),
        lambda: reread(model, versions, len(clip), len(clip), score, lambda *_: None,
                       usual=Usual(model, clip))]
    best, found = np.full((len(CLOCKS), len(ways)), np.inf), [np.zeros(0)] * len(ways)
    for _ in range(repeats):
        for number, way in enumerate(ways):
            started = [clock() for clock in CLOCKS]
            found[number] = way()
            spent = [clock() - since for clock, since in zip(CLOCKS, started)]
            best[:, number] = np.minimum(best[:, number], spent)
    return [Cost(*row) for row in best.tolist()], float((abs(found[0] - found[1]) / abs(found[0])).max())


def alone(model: Recogniser, clip: Clip) -> torch.Tensor:
    with torch.no_grad():
        return one_pass(model, model.prepare(clip), {}, torch.Tensor.sum, lambda *_: None, False).cpu()


def score(logits: torch.Tensor) -> np.ndarray:
    return np.array([float(logits.double().max(1).values.sum())])


if __name__ == "__main__":
    main()

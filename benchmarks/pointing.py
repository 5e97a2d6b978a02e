"""Do maps point at the signing more often than motion does where something irrelevant moves too?

    python benchmarks/pointing.py [--clips 24] [--models slowfast twostream] [--keep]

Integrated gradients from the still clip alone, and times LayerCAM's joint map of the same stream; each as it is and
smoothed by so many pixels (the spread of a Gaussian), and motion smoothed by as much, as a single highest pixel is a
matter of luck. Points: per cent of frames; less motion: with 95% intervals over clips drawn in pairs. All smoothings
shown, as choosing the best of them after the fact would favour the maps.
"""
import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Tuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from cam_runner import explain  # noqa: E402
from datasets.clip import Clip  # noqa: E402
from datasets.corpora import find_corpus  # noqa: E402
from evidence.drawn import distracted_clips  # noqa: E402
from evidence.metrics import smoothed  # noqa: E402
from evidence.rivals import motion  # noqa: E402
from evidence.tally import Tally, mass_ratio, pointing  # noqa: E402
from files.workspace import Workspace  # noqa: E402
from models.recogniser import Recogniser  # noqa: E402
from records.question import Question  # noqa: E402
from results.interval import Interval, of_sums  # noqa: E402
from runs.demo import CHECKPOINTS, MODELS, demo_data  # noqa: E402
from runs.loading import load_recogniser  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "pointing.txt"
STREAM = {"slowfast": ("input", "conv2d.fast_path.joint"), "twostream": ("rgb_stream.input", "rgb_stream.joint")}
SPREADS = (0, 2, 4, 8)      # pixels
PASSES = 8
MOTION = "motion"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--models", nargs="+", choices=list(STREAM), default=list(MODELS))
    parser.add_argument("--keep", action="store_true", help=f"also write it to benchmarks/results/{RESULT.name}")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make = partial(demo_data, Path(folder), given.clips, False)
        corpus = find_corpus(str(make()), None, Workspace())
        (kind, clips), = distracted_clips(make, "dev", given.clips).items()
        lines = [f"{len(clips)} clips, {kind}; target pred, {PASSES} passes",
                 f"{'':12}{'map':40}{'smoothed':>9}  {'points':>7}{'less motion':>18}  {'mass':>6}{'less motion':>22}"]
        print("\n".join(lines), flush=True)
        for name in given.models:
            recogniser = load_recogniser(name, CHECKPOINTS[name], "cpu", corpus)
            sums: Dict[Tuple[str, int], List[np.ndarray]] = {}
            for clip, evidence in clips:
                box = recogniser.viewport.box(*clip.frames.shape[1:3])
                for what, maps in shown(recogniser, clip):
                    for spread in SPREADS:
                        tally = Tally()
                        tally.add(smoothed(maps, spread), evidence.region, box)
                        sums.setdefault((what, spread), []).append(tally.sums)
            for (what, spread), rows in sums.items():
                lines.append(line(name, what, spread, np.stack(rows), np.stack(sums[MOTION, spread])))
                print(lines[-1], flush=True)
    if given.keep:
        RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def shown(recogniser: Recogniser, clip: Clip) -> Iterator[Tuple[str, np.ndarray]]:
    """By name, float [T, H, W]."""
    layer, joint = STREAM[recogniser.name]
    still = explain(recogniser, clip, Question(target="pred", method="integrated", hide="still", budget=PASSES,
                                               layers=(layer,))).layers[layer].map.astype(np.float32)
    product = explain(recogniser, clip, Question(target="pred", method="layercam",
                                                 layers=(joint,))).layers[joint].map.astype(np.float32)
    yield "integrated, still", still
    yield "integrated, still, times the joint map", still * product
    yield MOTION, motion(clip.frames)


def line(model: str, what: str, spread: int, own: np.ndarray, rival: np.ndarray) -> str:
    """own, rival: the sums of a tally, [clips, 7]"""
    points, mass = (f"{100 * pointing(own.sum(0)):.0f}%", f"{mass_ratio(own.sum(0)):.2f}")
    if what == MOTION:
        return f"{model:12}{what:40}{spread:>7}px  {points:>7}{'':18}  {mass:>6}"
    first, second = ahead(own, rival, pointing), ahead(own, rival, mass_ratio)
    return (f"{model:12}{what:40}{spread:>7}px  {points:>7}"
            f"{f'{100 * first.value:.0f} [{100 * first.low:.0f}, {100 * first.high:.0f}]':>18}"
            f"  {mass:>6}{f'{second.value:.2f} [{second.low:.2f}, {second.high:.2f}]':>22}")


def ahead(own: np.ndarray, rival: np.ndarray, figure: Callable[[np.ndarray], np.ndarray]) -> Interval:
    width = own.shape[1]
    return of_sums(np.concatenate([own, rival], 1), lambda both: figure(both[..., :width]) - figure(both[..., width:]))


if __name__ == "__main__":
    main()

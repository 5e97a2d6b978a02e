"""Where maps lie against plain motion, on drawn clips: the first table of `evaluate.py --evidence`, of a few methods.

    python benchmarks/places.py [--clips 12] [--models slowfast twostream] [--methods layercam integrated ...]

Clips of the signer alone, and the same in which something irrelevant moves too. After each table, by how much each map
is above motion, with 95% intervals over clips drawn in pairs. The whole study takes hours; this takes minutes.
"""
import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from datasets.corpora import find_corpus  # noqa: E402
from evidence import places  # noqa: E402
from evidence.drawn import PLAIN, distracted_clips, drawn_clips  # noqa: E402
from evidence.table import where  # noqa: E402
from files.workspace import Workspace  # noqa: E402
from runs.demo import CHECKPOINTS, MODELS, demo_data  # noqa: E402
from runs.loading import load_recogniser  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--models", nargs="+", choices=list(CHECKPOINTS), default=list(MODELS))
    parser.add_argument("--methods", nargs="+", default=["gradcam", "layercam", "integrated", places.STILL])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make = partial(demo_data, Path(folder), options.clips, False)
        corpus = find_corpus(str(make()), None, Workspace())
        recognisers = {name: load_recogniser(name, CHECKPOINTS[name], "cpu", corpus) for name in options.models}
        kinds = {PLAIN: drawn_clips(corpus, "dev", options.clips), **distracted_clips(make, "dev", options.clips)}
        for kind, clips in kinds.items():
            counted = places.Places()
            for clip, evidence in clips:
                for name, recogniser in recognisers.items():
                    places.add(counted, name, recogniser, clip, evidence, lambda *_: None, options.methods)
            for name, recogniser in recognisers.items():
                places.compare_with_means(counted, name, recogniser, [evidence.region for _, evidence in clips])
            print(f"{kind}, {len(clips)} clips")
            for name in recognisers:
                print("\n".join(["", *where(counted, name)]), flush=True)
            print()


if __name__ == "__main__":
    main()

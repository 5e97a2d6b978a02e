"""Which score of a gloss gives the better maps: its logit, its log-probability, or the logit less its rivals'?

    python benchmarks/scores.py [--clips 12] [--models slowfast twostream] [--keep]

Every gloss read right on drawn clips is explained by all three scores. Judged by how well a map's shares over the parts
follow what the parts are worth (parts are worth log-probability), and by whether the map lies in the gloss's own frames
and on its articulators (1 is chance). Beside the last two: by how much each is above the logit on the same clips.
"""
import argparse
import sys
import tempfile
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import numpy as np
from torch import Tensor

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cam_runner import explain  # noqa: E402
from datasets.clip import Clip  # noqa: E402
from datasets.corpora import find_corpus  # noqa: E402
from evidence.drawn import drawn_clips  # noqa: E402
from evidence.gloss_maps import SIDE, Own  # noqa: E402
from evidence.parted import LEAST, follows  # noqa: E402
from files.workspace import Workspace  # noqa: E402
from models.recogniser import Recogniser  # noqa: E402
from poses.parts import part_labels  # noqa: E402
from records.explanation import Explanation, LayerMap  # noqa: E402
from records.parts import ALL  # noqa: E402
from records.question import Question  # noqa: E402
from records.transcript import index_of  # noqa: E402
from results.interval import of_mean  # noqa: E402
from results.shares import mass  # noqa: E402
from runs.demo import CHECKPOINTS, MODELS, demo_data  # noqa: E402
from runs.loading import load_recogniser  # noqa: E402
from signer.evidence import Evidence  # noqa: E402

METHODS = ("gradcam", "layercam")
POOL = {"gradcam": "frame"}             # as it is where single glosses are explained
SCORES = ("logit", "log-probability", "less rivals")
MEASURES = ("follows the parts", "in time", "on articulators")
Row = Tuple[str, str, str]              # layer, method, score
Values = Dict[Row, List[Dict[str, float]]]      # an entry for each clip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--models", nargs="+", choices=list(CHECKPOINTS), default=list(MODELS))
    parser.add_argument("--keep", action="store_true", help="also write the table to benchmarks/results/")
    options = parser.parse_args()
    lines: List[str] = []
    with tempfile.TemporaryDirectory() as folder:
        corpus = find_corpus(str(demo_data(Path(folder), options.clips, False)), None, Workspace())
        clips = drawn_clips(corpus, "dev", options.clips)
        for name in options.models:
            recogniser = load_recogniser(name, CHECKPOINTS[name], "cpu", corpus)
            values: Values = defaultdict(list)
            glosses = sum(add(values, recogniser, clip, evidence) for clip, evidence in clips)
            lines += table(f"{name}, {options.clips} clips, {glosses} glosses", values)
            print("\n".join(lines[-len(values) - 3:]), flush=True)
    if options.keep:
        (ROOT / "benchmarks/results/scores.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def add(values: Values, recogniser: Recogniser, clip: Clip, evidence: Evidence) -> int:
    """Adds a clip; how many of its glosses are read right and have parts worth sharing out."""
    layers = tuple(dict.fromkeys((*recogniser.default_layers, *recogniser.gloss_layers)))
    first = explain(recogniser, clip, Question(target="each", method=METHODS[0], layers=layers, parts=ALL,
                                            pool=POOL[METHODS[0]]))
    assert first.parts is not None and clip.keypoints is not None
    worth = {gloss.about.id: gloss for gloss in first.parts.glosses if gloss.score - gloss.hidden >= LEAST}
    labels, _ = part_labels(clip.keypoints, clip.frames, ALL)
    of_clip: Dict[Row, Dict[str, List[float]]] = defaultdict(lambda: defaultdict(list))
    used = set()
    for method in METHODS:
        for score, gloss, index, maps in _explained(recogniser, clip, first, method, layers):
            if gloss not in worth:
                continue
            used.add(gloss)
            for layer, made in maps.items():
                if made.spatial:
                    own = Own()
                    own.add(made.laid, evidence, index)
                    shares = mass(made.laid.coarse(SIDE), labels, len(first.parts.names)).sum(0)
                    row = of_clip[layer, method, score]
                    row["follows the parts"].append(follows(worth[gloss], shares))
                    row["in time"] += own.time
                    row["on articulators"] += own.area
    for key, lists in of_clip.items():
        values[key].append({name: float(np.nanmean(lists[name])) if lists[name] else float("nan") for name in MEASURES})
    return len(used)


def _explained(recogniser: Recogniser, clip: Clip, first: Explanation, method: str,
               layers: Tuple[str, ...]) -> Iterator[Tuple[str, str, int, Dict[str, LayerMap]]]:
    """Score, the gloss's id, where it stands in the truth, and its maps."""
    asked = {"logit": "each", "less rivals": "rivals"}
    for name, target in asked.items():
        made = first if target == "each" and method == METHODS[0] else explain(
            recogniser, clip, Question(target=target, method=method, layers=layers, pool=POOL.get(method)))
        for gloss in made.glosses:
            if gloss.about.verdict == "right" and gloss.about.truth is not None:
                yield name, gloss.about.id, index_of(gloss.about.truth), dict(gloss.layers)
    for gloss in first.glosses:
        if gloss.about.verdict != "right" or gloss.about.truth is None:
            continue
        number = recogniser.vocabulary.id(gloss.about.gloss)
        assert number is not None
        score = partial(log_probability, steps=gloss.about.steps, number=number)
        made = explain(recogniser, clip, Question(target=score, method=method, layers=layers, pool=POOL.get(method)))
        yield "log-probability", gloss.about.id, index_of(gloss.about.truth), dict(made.layers)


def log_probability(logits: Tensor, steps: Tuple[int, int], number: int) -> Tensor:
    return logits.log_softmax(1)[steps[0]:steps[1], number].sum()


def table(title: str, values: Values) -> List[str]:
    out = ["", f"{title:<62}" + "".join(f"{name:<44}" for name in MEASURES),
           f"{'layer':<34}{'method':<12}{'score':<16}" + f"{'mean [95%]':<21}{'above the logit':<23}" * len(MEASURES)]
    for layer, method, score in sorted(values, key=lambda row: (row[0], row[1], SCORES.index(row[2]))):
        cells = ""
        for name in MEASURES:
            own = [clip[name] for clip in values[layer, method, score]]
            base = [clip[name] for clip in values[layer, method, "logit"]]
            cells += f"{_bracketed(own):<21}"
            cells += f"{'' if score == 'logit' else _bracketed([a - b for a, b in zip(own, base)]):<23}"
        out.append(f"{layer:<34}{method:<12}{score:<16}{cells}".rstrip())
    return out


def _bracketed(values: List[float]) -> str:
    interval = of_mean(values)
    return f"{interval.value:5.2f} [{interval.low:5.2f},{interval.high:5.2f}]"


if __name__ == "__main__":
    main()

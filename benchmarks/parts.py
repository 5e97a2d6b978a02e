"""What the demo's networks read glosses from: the parts' Shapley values over drawn clips.

    python benchmarks/parts.py                      24 clips, the demo's networks
    python benchmarks/parts.py --keep               also write the table to benchmarks/results/parts.txt
    python benchmarks/parts.py --hidden-keypoints gone rest     hidden keypoints both ways
Of each part its share, and what the score gains with it alone and loses without it, each over what all parts give: sums
over glosses, with 95% intervals over clips (bootstrap). Before it, where the parts lie in frames in which the estimator
lost a hand, against the keypoints that the signer was drawn with; SlowFastSign, which reads none, is asked with both.
"""
import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Callable, List, Optional, Sequence, Tuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from cam_runner import explain  # noqa: E402
from datasets.clip import Clip  # noqa: E402
from datasets.corpora import find_corpus  # noqa: E402
from datasets.phoenix import PhoenixVideoTextDataset  # noqa: E402
from files.arrays import load_npz  # noqa: E402
from files.workspace import Workspace  # noqa: E402
from models.recogniser import Recogniser  # noqa: E402
from poses.parts import FOUND, MARGIN, MOVED, lost, part_labels  # noqa: E402
from poses.regions import FRONT, regions  # noqa: E402
from records.hiding import POINTS  # noqa: E402
from records.parts import ALL, BODY, LEFT, PARTS, REST, RIGHT, GlossParts  # noqa: E402
from records.question import Question  # noqa: E402
from results.interval import Interval  # noqa: E402
from results.part_groups import share_of  # noqa: E402
from runs.demo import CHECKPOINTS, demo_data  # noqa: E402
from runs.loading import load_recogniser  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "parts.txt"
NAMES = PARTS[ALL]
LEAST = 0.5             # of a log-probability that a gloss gains from all parts, or they have nothing to share out
Labels = Callable[[Clip, np.ndarray], np.ndarray]       # keypoints [T, 133, 3] -> labels [T, 64, 64]
FIGURES = ("share", "alone", "without")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--models", nargs="+", choices=list(CHECKPOINTS), default=list(CHECKPOINTS))
    parser.add_argument("--hidden-keypoints", nargs="+", choices=POINTS, default=[None])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    lines: List[str] = []
    with tempfile.TemporaryDirectory() as folder:
        corpus = find_corpus(str(demo_data(Path(folder), given.clips, False)), None, Workspace())
        dataset = PhoenixVideoTextDataset(corpus, "dev")
        clips = [dataset.clip(index) for index in range(given.clips)]
        exact = [load_npz(corpus.root / "evidence" / f"{clip.seq_id}.npz")["keypoints"] for clip in clips]
        tell(lines, [*_rule(clips, exact), ""])
        for name in given.models:
            model = load_recogniser(name, CHECKPOINTS[name], given.device, corpus)
            for points in given.hidden_keypoints:
                tell(lines, _table(name, model, clips, points))
            if name == "slowfast":          # it is fed no keypoints: only where the parts lie differs
                drawn = [replace(clip, keypoints=own) for clip, own in zip(clips, exact)]
                tell(lines, _table(f"{name}, parts by the keypoints drawn", model, drawn, None))
    if given.keep:
        RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def tell(into: List[str], lines: Sequence[str]) -> None:
    into += lines
    print("\n".join(lines), flush=True)


def _table(title: str, model: Recogniser, clips: Sequence[Clip], points: Optional[str]) -> List[str]:
    rows, glosses, asks = [], 0, ""
    for clip in clips:
        clip_parts = explain(model, clip, Question(target="each", parts=ALL, hidden_keypoints=points)).parts
        assert clip_parts is not None
        known = [gloss for gloss in clip_parts.glosses if gloss.about.span.startswith("read") and gloss.parts
                 and gloss.score - gloss.hidden >= LEAST]
        glosses, asks = glosses + len(known), clip_parts.asks or asks
        if known:
            rows.append(np.sum([_of(gloss) for gloss in known], axis=0))
    sums = np.stack(rows)                                           # [clips, 3 figures x parts, and what all give]
    out = [f"{title}: {glosses} glosses of {len(rows)} clips; {asks}",
           f"{'':<18}" + "".join(f"{name:<22}" for name in FIGURES).rstrip()]
    for index, part in enumerate(NAMES):
        cells = [_cell(share_of(sums[:, [index + number * len(NAMES), -1]], 0)) for number in range(len(FIGURES))]
        out.append(f"{part:<18}" + "".join(f"{cell:<22}" for cell in cells).rstrip())
    return [*out, ""]


def _of(gloss: GlossParts) -> np.ndarray:
    """Nothing of a part that is not in the picture."""
    figures = [[getattr(part, name) or 0.0 for part in gloss.parts] for name in ("value", "alone", "without")]
    return np.array([*sum(figures, []), gloss.score - gloss.hidden])


def _cell(interval: Interval) -> str:
    return f"{interval.value:.0%} ({interval.low:.0%} to {interval.high:.0%})"


def _rule(clips: Sequence[Clip], exact: Sequence[np.ndarray]) -> List[str]:
    """Where the cells of a hand go that was drawn, in frames in which the estimator lost it."""
    out = [f"frames in which a hand was lost (mean confidence of its points below {FOUND}; moving is a change by "
           f"{MOVED}", f"of 255; margin {MARGIN}): of the cells that the drawn hand covers, the share of each part; "
           f"{len(clips)} clips", f"{'':<34}{'frames':>8}{'that hand':>11}{BODY:>17}{REST:>17}{'other parts':>13}"]
    for title, chosen in (("found", False), ("lost", True)):
        for rule, labels_of in (("as it is", part_labels_of), ("by the keypoints alone", plain_labels_of)):
            frames, shares = _shares(clips, exact, chosen, labels_of)
            out.append(f"{title}, {rule:<28}".ljust(34) + f"{frames:>8}{shares[0]:>11.0%}{shares[1]:>17.0%}"
                       f"{shares[2]:>17.0%}{1 - shares.sum():>13.0%}")
    return out


def part_labels_of(clip: Clip, keypoints: np.ndarray) -> np.ndarray:
    return part_labels(keypoints, clip.frames, ALL)[0]


def plain_labels_of(clip: Clip, keypoints: np.ndarray) -> np.ndarray:
    """As if nothing were known of lost hands: a hand lies where its points are, however unsure."""
    sure = keypoints.copy()
    sure[..., 2] = 1.0
    return part_labels(sure, clip.frames, ALL)[0]


def _shares(clips: Sequence[Clip], exact: Sequence[np.ndarray], chosen: bool, labels_of: Labels
            ) -> Tuple[int, np.ndarray]:
    frames, cells = 0, np.zeros(4)
    for clip, own in zip(clips, exact):
        assert clip.keypoints is not None
        labels, drawn = labels_of(clip, clip.keypoints), regions(own, FRONT, 0.0)[0]
        gone = lost(clip.keypoints)
        for side, name in enumerate((LEFT, RIGHT)):
            for frame in np.flatnonzero(gone[:, side] == chosen):
                hand = drawn[frame] == FRONT.index(name)
                inside = labels[frame][hand]
                frames += 1
                cells += [(inside == NAMES.index(part)).sum() for part in (name, BODY, REST)] + [hand.sum()]
    return frames, cells[:3] / max(cells[3], 1)


if __name__ == "__main__":
    main()

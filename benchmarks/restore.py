"""Do restored hands and faces come nearer to what was there, and do networks read better by them?

    python benchmarks/restore.py --prior FILE [--damage blur:3] [--clips 48] [--folder FOLDER] [--keep]

New clips of the drawn signer are damaged whole, and their hands and faces are restored as restore.py does. Told of
pixels that are wholly restored: how near they come to the sharp ones (PSNR; the strength of edges as a share of the
sharp, and its correlation with it), and by how much they differ from what was measured once they are damaged again.
Then the word error rate of the demo's networks that see pixels: on sharp clips, damaged ones, those whose hands and
faces were brought to agree with the data without any prior, and restored ones. Intervals are over clips. Nobody looks
for keypoints in drawings, so how far these are off is not told.

--folder keeps what was measured of each clip, so that a run that was stopped goes on.
"""
import argparse
import json
import sys
import tempfile
import time
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from datasets.clip import Clip  # noqa: E402
from datasets.corpora import find_corpus  # noqa: E402
from datasets.layout import Corpus  # noqa: E402
from datasets.phoenix import PhoenixVideoTextDataset  # noqa: E402
from files.atomic import atomic_file  # noqa: E402
from files.workspace import Workspace  # noqa: E402
from models.recogniser import Recogniser  # noqa: E402
from models.restorer import Restorer  # noqa: E402
from models.restorers import build_restorer  # noqa: E402
from records.damage import Damage, read_damage  # noqa: E402
from records.restoring import NOISE, STEPS  # noqa: E402
from restoration.clip import damaged_frames, restored, without_prior  # noqa: E402
from restoration.sampling import Draw  # noqa: E402
from restoration.scores import disagreement, nearness  # noqa: E402
from results.interval import Interval, of_mean, of_sums  # noqa: E402
from runs.demo import CHECKPOINTS, KEYPOINTS, SEED  # noqa: E402
from runs.loading import load_recogniser, sha256  # noqa: E402
from signer.synthetic import make_workspace  # noqa: E402
from training.evaluation import read_batch  # noqa: E402

NETWORKS = ("slowfast", "twostream")        # MSKA-SLR's sees keypoints alone
STATES = ("damaged", "without a prior", "restored")
SHARP = "sharp"
Row = Dict[str, Any]                        # of a clip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prior", type=Path, required=True)
    parser.add_argument("--damage", nargs="+", default=["blur:3"])
    parser.add_argument("--clips", type=int, default=48)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", action="store_true", help="also write the table to benchmarks/results/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = options.folder or Path(passing)
        root = make_workspace(folder / "drawn", {"test": options.clips}, SEED, {"test": 12},
                              ("256x256px",), keypoints=KEYPOINTS)
        corpus = find_corpus(str(root), None, Workspace())
        networks = {name: load_recogniser(name, CHECKPOINTS[name], "cpu", corpus) for name in NETWORKS}
        restorer = build_restorer(options.prior)
        size = sum(parameter.numel() for parameter in restorer.parameters()) / 1e6
        lines = [f"{options.clips} clips of signers that neither the prior nor the networks have seen; prior "
                 f"{options.prior.name} ({sha256(options.prior)[:12]}, {size:.2f} million parameters), {STEPS} steps"]
        for text in options.damage:
            rows = measured(read_damage(text), corpus, networks, restorer, folder)
            lines += ["", *table(read_damage(text), rows)]
            print("\n".join(lines[-len(STATES) * 3 - 4:]), flush=True)
    if options.keep:
        with atomic_file(ROOT / "benchmarks/results/restore.txt") as draft:
            draft.write_text("\n".join(lines) + "\n", encoding="utf-8")


def measured(damage: Damage, corpus: Corpus, networks: Dict[str, Recogniser], restorer: Restorer,
             folder: Path) -> List[Row]:
    kept, rows = folder / f"{str(damage).replace(':', '-')}.json", []
    if kept.is_file():
        rows = json.loads(kept.read_text())
    clips = PhoenixVideoTextDataset(corpus, "test")
    for index in range(len(rows), len(clips)):
        clip = clips.clip(index, False)
        rows.append(of_clip(clip, damage, corpus, networks, restorer))
        print(f"{damage}: {index + 1} of {len(clips)}", file=sys.stderr, flush=True)
        with atomic_file(kept) as draft:
            draft.write_text(json.dumps(rows))
    return rows


def of_clip(clip: Clip, damage: Damage, corpus: Corpus, networks: Dict[str, Recogniser], restorer: Restorer) -> Row:
    data = damaged_frames(clip.frames, damage)
    started = time.perf_counter()
    made = restored(restorer, clip, data, damage, NOISE, Draw(STEPS))
    seconds = time.perf_counter() - started
    frames = dict(zip(STATES, (data, without_prior(clip, data, damage, NOISE, restorer.side), made.frames)))
    where = made.share >= 1
    row: Row = {"frames": len(clip), "crops": len(made.places), "seconds": seconds, "near": {}, "off": {}, "errors": {}}
    for state, pictures in frames.items():
        row["near"][state] = astuple(nearness(pictures, clip.frames, where))
        row["off"][state] = disagreement(pictures, data, made.share, damage)
    for name, network in networks.items():
        for state, pictures in {SHARP: clip.frames, **frames}.items():
            row["errors"][f"{name} {state}"] = errors(network, replace(clip, frames=pictures), corpus)
    return row


@torch.no_grad()
def errors(network: Recogniser, clip: Clip, corpus: Corpus) -> List[int]:
    """How many, and of how many glosses."""
    (reading,), = read_batch(network, [clip], [None], {})
    counted = corpus.rule.count(clip.glosses, reading.hypothesis)
    return [counted.errors, counted.reference]


def table(damage: Damage, rows: Sequence[Row]) -> List[str]:
    lines = [f"{damage}: {sum(row['crops'] for row in rows)} crops of {sum(row['frames'] for row in rows)} frames, "
             f"{np.mean([row['seconds'] for row in rows]):.1f} s a clip on one thread",
             f"{'':<20}{'PSNR, dB':>22}{'edges, share':>22}{'edges, correlation':>22}{'off the data':>16}"]
    for state in STATES:
        near = [of_mean([row["near"][state][place] for row in rows]) for place in range(3)]
        off = float(np.mean([row["off"][state] for row in rows]))
        lines.append(f"{state:<20}{told(near[0], 1):>22}{told(near[1], 2):>22}{told(near[2], 3):>22}{off:>16.2f}")
    lines.append(f"{'WER, %':<20}" + "".join(f"{name:>26}" for name in NETWORKS))
    for state in (SHARP, *STATES):
        lines.append(f"{state:<20}" + "".join(f"{told(rate(rows, f'{name} {state}'), 1):>26}" for name in NETWORKS))
    for state in STATES[:2]:
        lines.append(f"{'restored less ' + state:<32}"[:36] + "".join(
            f"{told(rate(rows, f'{name} restored', f'{name} {state}'), 1):>{14 if number == 0 else 26}}"
            for number, name in enumerate(NETWORKS)))
    return lines


def rate(rows: Sequence[Row], state: str, less: Optional[str] = None) -> Interval:
    """Word error rate in per cent; less: that of another state of the same clips is taken off."""
    counts = np.array([[row["errors"][state][0] - (row["errors"][less][0] if less else 0), row["errors"][state][1]]
                       for row in rows], float)
    return of_sums(counts, lambda sums: 100 * sums[..., 0] / sums[..., 1])


def told(interval: Interval, digits: int) -> str:
    return f"{interval.value:.{digits}f} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"


if __name__ == "__main__":
    main()

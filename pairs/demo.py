"""The demo of compare.py: drawn people, a small ArcFace that was trained on others, and what is known of its maps."""
from dataclasses import replace
from pathlib import Path
from typing import Callable

from tqdm import tqdm

from files.atomic import atomic_file
from files.workspace import REPOSITORY
from pairs import drawn_evidence
from pairs.comparison import Comparison
from records.requests import PairRequest
from signer.people import make_people

MODEL, WEIGHTS = "arcface", REPOSITORY / "demo" / "arcface.pt"
PEOPLE, PICTURES, SEED = 24, 6, 2026        # others than it was trained on
QUERIES, TOP = 4, 2
STUDIED = 20
TARGETS, METHODS = ("dot", "cosine"), ("gradcam", "hirescam")
LAYERS = ("layer2", "layer3", "layer4")


def compare_people(asked: PairRequest, say: Callable[[str], None], quiet: bool = False) -> None:
    """A run as any other on a folder shaped as Market-1501, then the maps against the pixels that were drawn."""
    root = drawn_people(asked.out)
    given = replace(asked, market=root, image=None, against=None, top=asked.top or TOP,
                    targets=asked.targets or TARGETS, layers=asked.layers or LAYERS[1:])
    comparison = Comparison(given, say)
    comparison.run()
    say(f"now its maps of {STUDIED} drawn people, against what is known of them")
    people = tqdm(range(STUDIED), unit="person", leave=False, disable=True if quiet else None)
    known = drawn_evidence.study(comparison.embedder, people, SEED, LAYERS)
    table = drawn_evidence.lines(known)
    with atomic_file(asked.out / "known.txt") as draft:
        draft.write_text("\n".join(table) + "\n", encoding="utf-8")
    say("\n".join(["", *table]))


def drawn_people(out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    return make_people(out / "people", {"train": 1, "test": PEOPLE}, PICTURES, SEED)

"""A handful of drawn people in Market-1501's folders, and a small network's file to compare them with."""
from functools import lru_cache
from pathlib import Path
from typing import List

import cv2
import torch

from signer.people import person, portrait
from tests.kit import networks


@lru_cache(maxsize=None)
def shown(number: int, shot: int) -> bytes:
    picture = cv2.resize(portrait(person(5, number), 5, 10 * number + shot).picture, (64, 80))
    return cv2.imencode(".png", picture[..., ::-1])[1].tobytes()


def tiny_market(root: Path, people: int = 3, shots: int = 3) -> Path:
    """People 1.. for training and the same again as queries and gallery; a junk box and a distractor among them."""
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        (root / folder).mkdir(parents=True)
    for number in range(1, people + 1):
        for shot in range(shots):
            name = f"{number:04d}_c{shot + 1}s1_{shot:06d}_00.png"
            (root / "bounding_box_train" / name).write_bytes(shown(number, shot))
            (root / ("query" if shot == 0 else "bounding_box_test") / name).write_bytes(shown(number, shot))
    (root / "bounding_box_test" / "-1_c1s1_000401_03.png").write_bytes(shown(1, 0))
    (root / "bounding_box_test" / "0000_c1s1_000151_01.png").write_bytes(shown(9, 0))
    (root / "bounding_box_test" / "Thumbs.db").write_bytes(b"")
    return root


def weights(folder: Path, name: str = "arcface") -> Path:
    made = networks.embedder(name)
    torch.save({"state_dict_backbone": made.network.state_dict(), "architecture": made.architecture},
               folder / f"{name}.pt")
    return folder / f"{name}.pt"


def pictures(root: Path) -> List[Path]:
    return sorted((root / "query").iterdir())

"""Market-1501 on disk: pictures whose names say who is on them and which camera took them."""
import re
from dataclasses import dataclass
from pathlib import Path
from typing import List

from terminal.errors import UserError

FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
NAME = re.compile(r"(-1|\d{4})_c(\d)s\d+_\d+_\d+\.(?:jpg|jpeg|png)", re.IGNORECASE)
JUNK, BACKGROUND = -1, 0        # boxes that show nobody rightly; and distractors, which stay in the gallery


@dataclass(frozen=True)
class Shot:
    """One picture of one person."""

    path: Path
    identity: int
    camera: int


def market(root: Path, part: str) -> List[Shot]:
    """train, query or gallery, in the order of their names, junk left out."""
    folder = root / FOLDERS[part]
    if not folder.is_dir():
        raise UserError(f"{root}: not a Market-1501 folder: looked for {', '.join(FOLDERS.values())} in it, and "
                        f"{FOLDERS[part]} is missing; give the folder that holds them")
    shots = []
    for path in sorted(folder.iterdir()):
        name = NAME.fullmatch(path.name)
        if name and int(name[1]) != JUNK:
            shots.append(Shot(path, int(name[1]), int(name[2])))
    if not shots:
        raise UserError(f"{folder}: holds no pictures named as Market-1501's are (such as 0002_c1s1_000451_03.jpg)")
    return shots


def identities(root: Path) -> List[int]:
    """Class k of a network trained there is the k-th of these."""
    return sorted({shot.identity for shot in market(root, "train")})

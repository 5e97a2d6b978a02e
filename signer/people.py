"""Drawn people for networks that compare pictures: who somebody is lies in hair, skin, glasses, beard and clothes;
pose, place, light and background change from picture to picture."""

import argparse
import json
import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Mapping, Optional, Sequence

import cv2
import numpy as np
from tqdm import tqdm

from files.atomic import draft_folder
from files.reading import read_text
from signer.body import embody
from signer.drawing import HEIGHT, LARGER, WIDTH, Painter
from signer.look import Look, cast
from signer.motion import perform, sentence
from signer.studio import WeatherSymbol, wall
from terminal.errors import UserError

FOLDERS = ("bounding_box_train", "query", "bounding_box_test")
CAMERAS = 6
DRAWING = 1                                   # counted up when the same seed no longer draws the same pictures
MARK = "people.json"                          # written last: the pictures are all there


@dataclass(frozen=True)
class Portrait:
    """One picture of a person, and which of its pixels are the person."""

    picture: np.ndarray                       # uint8 RGB [260, 210, 3]
    person: np.ndarray                        # bool [260, 210]


def person(seed: int, number: int) -> Look:
    return cast(np.random.default_rng([seed, 3, number]))


def portrait(look: Look, seed: int, number: int) -> Portrait:
    """Picture `number` of this seed: the same pose, place, light and background whoever stands there."""
    rng = np.random.default_rng([seed, 4, number])
    placed = replace(look, shoulders=(105 + rng.uniform(-12, 12), 122 + rng.uniform(-8, 10)), dominant=-1)
    motion = perform(sentence(rng), placed.habits, rng)
    t = int(rng.integers(len(motion)))
    body = embody(motion, placed, rng)
    canvas = wall(rng, WIDTH * LARGER, HEIGHT * LARGER).copy()
    WeatherSymbol(rng, LARGER).draw(canvas, t)
    empty = canvas.copy()
    _painter(_still(placed)).draw(canvas, body, t)
    drawn = cv2.resize((canvas != empty).any(2).astype(np.uint8) * 255, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    small = cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return Portrait(_lit(small, rng), drawn >= 128)


def _lit(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Brighter or darker, warmer or colder, and brighter on one side."""
    gain, warmth, tilt = rng.uniform(.75, 1.2), rng.uniform(-.06, .06), rng.uniform(-.2, .2)
    across = 1 + tilt * np.linspace(-1, 1, picture.shape[1])[None, :, None]
    tone = gain * np.array([1 + warmth, 1., 1 - warmth])
    return np.clip(picture * tone * across, 0, 255).astype(np.uint8)


def _still(look: Look) -> Look:
    """Sprites don't depend on where somebody stands."""
    return replace(look, shoulders=(0., 0.))


@lru_cache(maxsize=4)
def _painter(look: Look) -> Painter:
    return Painter(look)


def differing(one: Portrait, other: Portrait, least: int = 12) -> np.ndarray:
    """bool [260, 210]: where two portraits of one number differ, which is what differs between the two people."""
    apart = np.abs(one.picture.astype(int) - other.picture.astype(int)).max(2)
    return apart >= least

def make_people(root: Path, people: Mapping[str, int], pictures: int, seed: int, progress: bool = False) -> Path:
    """A folder shaped as Market-1501: people for training, and others of whom one picture is looked for among the rest.

    Made once: what was made with the same numbers is kept.
    """
    mark = json.dumps({"people": dict(people), "pictures": pictures, "seed": seed, "drawing": DRAWING}) + "\n"
    if (root / MARK).is_file() and read_text(root / MARK) == mark:
        return root
    if root.exists() and not (root / MARK).is_file():
        raise UserError(f"{root} exists and was not made by the synthetic signer; give another folder")
    with draft_folder(root) as draft:
        for folder in FOLDERS:
            (draft / folder).mkdir(parents=True)
        jobs = [(number, number <= people["train"]) for number in range(1, sum(people.values()) + 1)]
        for number, trains in tqdm(jobs, disable=None if progress else True, unit="person"):
            look = person(seed, number)
            for shot in range(pictures):
                folder = FOLDERS[0] if trains else FOLDERS[1] if shot == 0 else FOLDERS[2]
                drawn = portrait(look, seed, number * pictures + shot).picture
                name = f"{number:04d}_c{shot % CAMERAS + 1}s1_{shot:06d}_00.jpg"
                # cv2.imwrite has no word for a full disk.
                _, data = cv2.imencode(".jpg", drawn[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
                (draft / folder / name).write_bytes(data.tobytes())
        (draft / MARK).write_text(mark, "utf-8")
    return root


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m signer.people", description="Draw people in the folders of "
                                     "Market-1501.", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("root", type=Path, help="folder to make")
    parser.add_argument("--train", type=int, default=400, metavar="N", help="people to train on")
    parser.add_argument("--test", type=int, default=40, metavar="N", help="people to find again")
    parser.add_argument("--pictures", type=int, default=14, metavar="N", help="of each")
    parser.add_argument("--seed", type=int, default=0, help="the same numbers draw the same people")
    given = parser.parse_args(arguments)
    try:
        print(make_people(given.root, {"train": given.train, "test": given.test}, given.pictures, given.seed, True))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

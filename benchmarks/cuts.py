"""Camera cuts in films spliced of the drawn signer, and in whole takes: how many are found, how many are invented."""
from typing import List, Tuple

import numpy as np

from tests.kit.takes import SIZE, Take, shown, take
from video.boxes import boxes
from video.framing import BODY, STANDING
from video.shots import shots

LENGTH = 48             # frames of a shot
KINDS = (("near", "far"), ("near", "beside"), ("far", "near"), ("beside", "far"))


def spliced(number: int) -> Take:
    """Two people, one after the other, at two places or distances."""
    before, after = KINDS[number % len(KINDS)]
    (first, points), (second, others) = take(2 * number, before, LENGTH), take(2 * number + 1, after, LENGTH)
    return [*first, *second], np.concatenate([points, others])


def off(film: Take) -> float:
    """How far the body lies at most, in pixels of the 210x260 frames of each shot, from where the corpus has it."""
    pictures, points = film
    pieces = boxes(points, SIZE, shown(pictures), "film").pieces
    parts = [piece.crop.points(points[piece.first:piece.stop])[:, BODY, :2] for piece in pieces]
    return max(float(np.abs(np.median(part, axis=0) - STANDING).max()) for part in parts)


def cuts(clips: int) -> None:
    hits, away = 0, []
    for number in range(clips):
        pictures, points = film = spliced(number)
        hits += shots(points, SIZE, shown(pictures)) == [0, LENGTH, len(pictures)]
        away.append(off(film))
    invented, frames = _invented(clips)
    print(f"{clips} films spliced of two takes of the drawn signer: {hits} cuts found, at the frame; in the boxes the "
          f"body lies {np.median(away):.0f} pixels of a 210x260 frame from where the corpus has it in the middle, at "
          f"most {max(away):.0f}")
    print(f"{clips} whole takes, {frames} frames: {invented} cuts invented")


def _invented(clips: int) -> Tuple[int, int]:
    counts: List[Tuple[int, int]] = []
    for number in range(clips):
        pictures, points = take(100 + number, ("near", "far", "beside")[number % 3], 4 * LENGTH)
        counts.append((len(shots(points, SIZE, shown(pictures))) - 2, len(pictures)))
    return sum(count for count, _ in counts), sum(frames for _, frames in counts)

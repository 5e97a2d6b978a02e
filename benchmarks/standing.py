"""Where the signers of a corpus stand in its 210x260 frames, by its keypoints or by those that an estimator finds."""
from pathlib import Path
from typing import Iterator, List, Optional

import cv2
import numpy as np

from datasets.corpora import find_corpus
from datasets.frames import decode_frames
from datasets.layout import TALL, Corpus
from estimation.estimator import INSTALL, estimator, preferred
from files.workspace import Workspace
from poses.keypoint_pickle import sequences
from poses.people import foremost
from poses.whole_body import FRAME_HEIGHT, FRAME_WIDTH
from terminal.errors import UserError
from video.framing import BODY, CONFIDENT

SOME = 200              # sequences of a corpus that are enough to see where its signers stand
FRAMES = 8              # and of each as many frames, evenly spread: a signer stays where he or she stands


def corpus_people(root: str, dataset: Optional[str], name: Optional[str], some: int = SOME) -> Iterator[np.ndarray]:
    """[T, 133, 3] of each of up to `some` sequences, in pixels of the 210x260 frame.

    name: the estimator that looks at the frames; for None the corpus's own keypoints are taken where it has them.
    """
    files = find_corpus(root, dataset, Workspace())
    if name is None and files.keypoints.is_file():
        yield from (points for _, (_, points) in zip(range(some), sequences(files.keypoints)))
        return
    name = name or preferred()
    if name is None:
        raise UserError(f"{files.keypoints}: no such file, and no estimator to find keypoints with; "
                        f"{INSTALL['mediapipe']}")
    search = estimator(name)
    for paths in some_frames(files, some):
        everybody = [people for people in search(map(_tall, decode_frames(paths))) if people is not None]
        poses = [points for points in map(foremost, everybody) if points is not None]
        if poses:
            yield np.stack(poses)


def some_frames(files: Corpus, some: int) -> Iterator[List[Path]]:
    """Of up to `some` sequences of all splits, evenly spread, a few frames each; the 210x260 ones where they are."""
    rows = [(row, split) for split in files.splits() for row in files.rows(split)]
    for index in np.unique(np.linspace(0, len(rows) - 1, some).round().astype(int)):
        row, split = rows[index]
        paths = files.frames(row, split, TALL) or files.need_frames(row, split)
        yield [paths[number] for number in np.unique(np.linspace(0, len(paths) - 1, FRAMES).round().astype(int))]


def _tall(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, (FRAME_WIDTH, FRAME_HEIGHT))


def standing(points: np.ndarray) -> Optional[np.ndarray]:
    """[T, 133, 3] -> [5, 2]: the medians of the body's points over the frames in which they are sure; None where one
    never is.
    """
    body = points[:, list(BODY)]
    sure = body[..., 2] >= CONFIDENT
    if not sure.any(axis=0).all():
        return None
    return np.array([np.median(body[sure[:, point], point, :2], axis=0) for point in range(len(BODY))])

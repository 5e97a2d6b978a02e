"""A dataset of a few small noise frames, for tests that only ask how it is read."""
import pickle
from pathlib import Path
from typing import Any, Dict, Optional, Sequence, Tuple

import cv2
import numpy as np

HEADER = "id|folder|signer|annotation\n"
Sequence_ = Tuple[str, str, int]     # id, annotation, frames
DEV: Sequence[Sequence_] = (("01April_default-1", "WETTER  HEUTE", 6), ("01April_default-10", "", 5),
                            ("02Mai heute_default-3", "KÜHL IX REGEN", 4))
TRAIN: Sequence[Sequence_] = (("03Juni_default-0", "REGEN WETTER", 3),)
GLOSSES = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "HEUTE": 4, "KÜHL": 5, "REGEN": 6, "WETTER": 7}


def frame(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def keypoints(seq_id: str, frames: int) -> np.ndarray:
    rng = np.random.default_rng(len(seq_id))
    return (rng.random((frames, 133, 3)) * [210, 260, 1]).astype(np.float32)


def write_split(root: Path, split: str, rows: Sequence[Sequence_], side: int) -> None:
    manual = root / "annotations/manual"
    manual.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{name}|{name}/1/*.png|Signer01|{text}\n" for name, text, _ in rows)
    (manual / f"{split}.corpus.csv").write_text(HEADER + lines, encoding="utf-8")
    for kind, height, width in (("256x256", side, side), ("210x260", 260, 210)):
        for name, _, count in rows:
            folder = root / f"features/fullFrame-{kind}px/{split}/{name}/1"
            folder.mkdir(parents=True)
            for index in range(count):
                image = frame(index, height, width)
                cv2.imwrite(str(folder / f"{name}.avi_pid0_fn{index:06d}-0.png"), image[..., ::-1])


def tiny_workspace(root: Path, side: int = 32, pickled: Optional[Any] = None) -> Path:
    """Writes the dataset and returns its root. `pickled` is what keypoints.pkl holds."""
    write_split(root, "dev", DEV, side)
    write_split(root, "train", TRAIN, side)
    arrays: Dict[str, np.ndarray] = {name: keypoints(name, count) for name, _, count in (*DEV, *TRAIN)}
    (root / "keypoints").mkdir()
    with open(root / "keypoints/keypoints.pkl", "wb") as file:
        pickle.dump(arrays if pickled is None else pickled, file)
    with open(root / "annotations/manual/gloss2ids.pkl", "wb") as file:
        pickle.dump(GLOSSES, file)
    return root

"""A data set of a few small clips, and recipes of networks small enough to train on it in seconds."""
from pathlib import Path
from typing import Any, Dict, List, Tuple

import cv2
import numpy as np
import torch
import yaml

from datasets.corpora import open_corpus
from datasets.corpus import Row
from datasets.layout import SQUARE
from datasets.phoenix2014 import Phoenix2014
from models.registry import CONFIGS
from training.clips import Entry
from training.config import load_config
from training.distributed import Process
from training.run import start
from training.trainer import Trainer

GLOSSES = ("ABEND", "REGEN", "WIND")
ARCHITECTURES: Dict[str, Dict[str, Any]] = {
    "slowfast": {"alpha": 4, "beta_inv": 2, "width": 4, "blocks": [1, 1, 1, 1], "temporal_blocks": [1, 1, 1, 1],
                 "frame": 32, "crop": 28, "size": 28, "hidden": 16, "lstm_layers": 1, "lstm_dropout": 0.0},
    "twostream": {"size": 32, "pose_size": 16, "width": 0.0625, "lateral_kernel": [3, 3, 3], "hidden": 16,
                  "feedforward": 16},
    **{name: {"frame": 32, "crop": 28, "size": 28, "width": 16, "hidden": 16, "lstm_layers": 1, "lstm_dropout": 0.0}
       for name in ("vac", "smkd", "corrnet", "corrnetplus", "sen", "tlp", "signgraph")},
    "swin": {"frame": 32, "crop": 28, "size": 28, "width": 8, "depths": [1, 1, 2, 2], "heads": [1, 2, 2, 4],
             "features": 12, "branch": 3, "hidden": 16, "lstm_layers": 1, "lstm_dropout": 0.0},
    "mamba": {"stem": [4, 4, 8], "frame": 32, "crop": 28, "size": 28, "depth": 2, "head": 2, "spatial_state": 4,
              "temporal_state": 4, "attention_blocks": [1], "attention_heads": 2},
    "mska": {"channels": [4, 4, 6, 6, 8, 8, 8, 8], "heads": 2, "hidden": 16, "feedforward": 16, "longest": 64,
             "window": 64},
}


def write_data(root: Path, clips: int = 6, frames: int = 33) -> Path:
    """PHOENIX-shaped: corpora, frames of both sizes, keypoints, gloss2ids."""
    random = np.random.RandomState(0)
    manual = root / "annotations" / "manual"
    manual.mkdir(parents=True)
    keypoints = {}
    for split, count in (("train", clips), ("dev", 2), ("test", 2)):
        rows = ["id|folder|signer|annotation"]
        for number in range(count):
            name = f"{split}-{number}"
            rows.append(f"{name}|{name}/1/*.png|Signer{number}|{' '.join(random.choice(GLOSSES, 2, replace=False))}")
            keypoints[name] = random.uniform(0, 200, (frames, 133, 3)).astype(np.float32)
            for size, shape in (("256x256px", (32, 32, 3)), ("210x260px", (26, 21, 3))):
                folder = root / "features" / f"fullFrame-{size}" / split / name / "1"
                folder.mkdir(parents=True)
                for frame in range(frames):
                    cv2.imwrite(str(folder / f"{frame:04d}.png"), random.randint(0, 256, shape, np.uint8))
        (manual / f"{split}.corpus.csv").write_text("\n".join(rows) + "\n")
    (root / "keypoints").mkdir()
    _pickle(root / "keypoints" / "keypoints.pkl", keypoints)
    _pickle(manual / "gloss2ids.pkl", {"<s>": 0, "<unk>": 1, **{gloss: 2 + i for i, gloss in enumerate(GLOSSES)}})
    return root


def _pickle(path: Path, value: Any) -> None:
    import pickle

    path.write_bytes(pickle.dumps(value, protocol=4))


def write_recipe(folder: Path, model: str = "slowfast") -> Path:
    published = yaml.safe_load((CONFIGS / f"{model}.yaml").read_text())
    (folder / "tiny.yaml").write_text(yaml.safe_dump({**published, **ARCHITECTURES[model]}))
    recipe = yaml.safe_load((CONFIGS / f"train_{model}.yaml").read_text())
    recipe["model"]["architecture"] = "tiny.yaml"
    recipe["data"].update(batch_size=2, workers=0)
    recipe["trainer"] = {"epochs": 2, "beam": 1, "cam_every": 0}
    path = folder / f"{model}.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


def entry(name: str, glosses: Tuple[str, ...] = (), root: Path = Path("/nowhere")) -> Entry:
    """A clip for those who do not look for its frames."""
    return Entry(Row(name, f"{name}/1/*.png", "Signer0", glosses), "dev", Phoenix2014(root), SQUARE)


def make_trainer(data: Path, out: Path, recipe: Path, overrides: Tuple[str, ...] = (), resume: bool = False) -> Trainer:
    config, architecture = load_config(recipe, overrides)
    out.mkdir(parents=True, exist_ok=True)
    return start(config, architecture, open_corpus(data), out, Process(torch.device("cpu")), resume)


def differing(left: Any, right: Any, where: str = "") -> List[str]:
    """Where two checkpoints are not equal to the bit."""
    if isinstance(left, torch.Tensor):
        return [] if torch.equal(left, right) else [where]
    if isinstance(left, dict):
        pairs = [(f"{where}/{key}", left.get(key), right.get(key)) for key in {**left, **right}]
        return [path for name, one, other in pairs for path in differing(one, other, name)]
    if isinstance(left, (list, tuple)):
        return [path for number, pair in enumerate(zip(left, right)) for path in differing(*pair, f"{where}/{number}")]
    return [] if left == right or left != left and right != right else [where]

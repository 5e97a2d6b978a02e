"""A few clips of the drawn signer, and a restorer small enough to train on them in seconds."""
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List

import torch
import yaml

from models.restorer import Restorer
from models.restorers import create_restorer
from signer.synthetic import make_workspace

SMALL: Dict[str, Any] = {"model": "restorer", "size": 32, "patch": 2, "widths": [8, 8, 8], "blocks": [1, 1, 1],
                         "embedding": 16}


KEPT: List["tempfile.TemporaryDirectory[str]"] = []     # they go with the process


@lru_cache(maxsize=None)
def drawn_clips() -> Path:
    """A data root with a clip for each split that is read, not to be written to."""
    KEPT.append(tempfile.TemporaryDirectory())
    return make_workspace(KEPT[-1].name, {"train": 1, "dev": 1}, seed=3, signers={"train": 1, "dev": 1},
                          frame_sizes=("256x256px",), workers=1)


def restorer(**changes: Any) -> Restorer:
    torch.manual_seed(0)
    made = create_restorer({**SMALL, **changes})
    for parameter in made.parameters():         # what begins at 0 lets something through
        if not parameter.any():
            torch.nn.init.normal_(parameter, 0, 0.02)
    return made.eval().requires_grad_(False)


def checkpoint(folder: Path, **changes: Any) -> Path:
    made = restorer(**changes)
    torch.save({"model_state_dict": made.network.state_dict(), "architecture": made.architecture},
               folder / "restorer.pt")
    return folder / "restorer.pt"


def recipe(folder: Path, **parts: Dict[str, Any]) -> Path:
    (folder / "small.yaml").write_text(yaml.safe_dump(SMALL))
    told: Dict[str, Dict[str, Any]] = {
        "model": {"architecture": "small.yaml"}, "data": {"batch_size": 8, "workers": 0},
        "augment": {"every": 8, "shift": 2}, "optimizer": {"name": "adamw", "lr": 2e-3},
        "schedule": {"name": "step", "milestones": [1]}, "trainer": {"epochs": 2, "clip": 1.0, "ema": 0.9}}
    (folder / "recipe.yaml").write_text(yaml.safe_dump({key: {**value, **parts.get(key, {})}
                                                        for key, value in told.items()}))
    return folder / "recipe.yaml"

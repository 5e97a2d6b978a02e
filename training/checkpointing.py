"""Checkpoints in the published formats, with what is needed to build and to resume the network beside the weights."""
import io
import os
import random
from pathlib import Path
from typing import Any, Dict, List, Mapping

import numpy as np
import torch

from files.atomic import atomic_file
from files.overwrite_guard import check_ours
from glosses.vocabulary import GlossVocabulary
from models.checkpoint import Checkpoint
from terminal.errors import UserError

LAST, BEST = "last.pt", "best.pt"


def save(path: Path, content: Mapping[str, Any]) -> None:
    """Whole or not at all: a run killed while it saves, or on a full disk, leaves the checkpoint before."""
    data = io.BytesIO()         # torch.save has no word for a full disk, and older versions end the process there
    torch.save(dict(content), data)
    with atomic_file(path) as part, open(part, "wb") as file:
        file.write(data.getbuffer())
        file.flush()
        os.fsync(file.fileno())


def check_free(out: Path, resume: bool) -> None:
    """A folder with a run in it is not trained into by accident, nor one with files of that name."""
    if resume:
        return
    if (out / LAST).exists():
        raise UserError(f"{out / LAST} exists: this folder holds a run; go on with --resume, or give another --out")
    if (out / BEST).exists():           # of a run that was killed within its first epoch, or the user's
        try:
            load(out / BEST)
        except UserError:
            raise UserError(f"{out / BEST} is there and is no checkpoint of train.py; move it away, or give another "
                            "--out") from None
    check_ours([out / "config.yaml", *out.glob("*.hypotheses.txt")])


def load(path: Path) -> Dict[str, Any]:
    """Tensors and plain values only; nothing in the file is run."""
    if not path.exists():
        raise UserError(f"{path}: no such checkpoint; train without --resume first, or name its folder with --out")
    with Checkpoint(path) as file:
        content = file.everything()
    if not isinstance(content, dict) or "architecture" not in content or "training" not in content:
        raise UserError(f"{path}: not a checkpoint to resume from: it lacks the architecture or the state of training")
    return content


def check_same_network(path: Path, content: Mapping[str, Any], architecture: Mapping[str, Any],
                       vocabulary: GlossVocabulary) -> None:
    stored = content["architecture"]
    differing = sorted(key for key in {*stored, *architecture} if stored.get(key) != architecture.get(key))
    if differing:
        key = differing[0]
        raise UserError(f"{path}: of another architecture: {key} is {stored.get(key)} there and "
                        f"{architecture.get(key)} in the recipe; resume with the recipe it was trained with")
    check_same_glosses(path, content["vocabulary"], vocabulary)


def check_same_glosses(path: Path, stored: List[str], vocabulary: GlossVocabulary) -> None:
    if list(stored) != list(vocabulary.names):
        raise UserError(f"{path}: trained on another vocabulary ({len(stored)} classes, the data has {len(vocabulary)})"
                        "; give its own with model.vocabulary, or the data set it was trained on")


def rng_state() -> Dict[str, Any]:
    """As the published checkpoints have it, in plain values."""
    numpy_state = np.random.get_state(legacy=True)
    return {"torch": torch.get_rng_state(), "python": random.getstate(),
            "numpy": (str(numpy_state[0]), [int(word) for word in numpy_state[1]],  # type: ignore[index]
                      *(float(value) for value in numpy_state[2:]))}                # type: ignore[index]

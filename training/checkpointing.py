"""Checkpoints in the published formats, with what is needed to build and to resume the network beside the weights."""
import io
import os
import random
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping

import numpy as np
import torch

from files.atomic import atomic_file
from files.overwrite_guard import check_ours
from glosses.vocabulary import GlossVocabulary
from models.checkpoint import Checkpoint
from models.registry import published_architecture
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
        raise UserError(f"{out / LAST} exists: this folder holds a run; continue it with --resume, or give "
                        "another --out")
    if (out / BEST).exists():           # of a run that was killed within its first epoch, or the user's
        try:
            load(out / BEST)
        except UserError:
            raise UserError(f"{out / BEST} exists, but is not a checkpoint of train.py; move it away, or give another "
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


@contextmanager
def resuming(path: Path) -> Iterator[None]:
    """Whatever a state of training that is not as it was saved leads to, in one line."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError, ArithmeticError) as error:
        message = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{path}: holds no training state that this recipe can continue from ({message}); give the "
                        "checkpoint that train.py wrote, or start the training again") from None


def check_progress(epoch: Any, *numbers: Any) -> None:
    """ValueError where these can't be how far a training has come."""
    if type(epoch) is not int or epoch < 0:
        raise ValueError("its epoch is not a whole number from 0 up")
    if not all(isinstance(number, (int, float)) for number in numbers):
        raise ValueError("its steps and its best epoch are not numbers")


def load_state(whole: Any, state: Any) -> None:
    """Into an optimiser, a schedule or a scaler; ValueError where values are not of the kind that it has itself."""
    _check_alike(whole.state_dict(), state, "")
    whole.load_state_dict(state)
    if isinstance(whole, torch.optim.Optimizer):
        for parameter, own in whole.state.items():
            for name, value in own.items():
                fits = value.shape in ((), (1,), parameter.shape) if isinstance(value, torch.Tensor) else \
                    isinstance(value, (int, float, type(None)))
                if not fits:
                    raise ValueError(f"{name} of the optimiser does not fit its parameter")


def _check_alike(own: Any, stored: Any, where: str) -> None:
    """Keys that only one of them has are of another release of PyTorch."""
    if isinstance(own, dict):
        alike = isinstance(stored, dict)
        for key in own if alike else ():
            if key in stored and key != "params":
                _check_alike(own[key], stored[key], f"{where}.{key}" if where else str(key))
    elif isinstance(own, (list, tuple)):
        alike = isinstance(stored, (list, tuple)) and len(own) == len(stored)
        for mine, other in zip(own, stored) if alike else ():
            _check_alike(mine, other, where)
    elif isinstance(own, (int, float)):
        alike = isinstance(stored, (int, float))
    else:
        alike = own is None or isinstance(stored, type(own))
    if not alike:
        raise ValueError(f"{where or 'a state'} is a {type(stored).__name__}, expected {type(own).__name__}")


def check_same_network(path: Path, content: Mapping[str, Any], architecture: Mapping[str, Any],
                       vocabulary: GlossVocabulary) -> None:
    stored = content["architecture"]
    if not isinstance(stored, dict) or not all(isinstance(key, str) for key in stored):
        raise UserError(f"{path}: its architecture is not valid; give the checkpoint that train.py wrote")
    # What an older file does not name yet is as published.
    stored = {**published_architecture(str(architecture["model"])), **stored}
    differing = sorted(key for key in {*stored, *architecture} if stored.get(key) != architecture.get(key))
    if differing:
        key = differing[0]
        raise UserError(f"{path}: of another architecture: {key} is {stored.get(key)!s:.80} there and "
                        f"{architecture.get(key)!s:.80} in the recipe; resume with the recipe it was trained with")
    check_same_glosses(path, content["vocabulary"], vocabulary)


def check_same_glosses(path: Path, stored: List[str], vocabulary: GlossVocabulary) -> None:
    if not isinstance(stored, (list, tuple)) or not all(isinstance(name, str) for name in stored):
        raise UserError(f"{path}: its vocabulary is not a list of glosses; give the checkpoint that train.py wrote")
    if list(stored) != list(vocabulary.names):
        raise UserError(f"{path}: trained on another vocabulary ({len(stored)} classes, the data has {len(vocabulary)})"
                        "; give its own with model.vocabulary, or the data set it was trained on")


def rng_state() -> Dict[str, Any]:
    """As the published checkpoints have it, in plain values."""
    numpy_state = np.random.get_state(legacy=True)
    return {"torch": torch.get_rng_state(), "python": random.getstate(),
            "numpy": (str(numpy_state[0]), [int(word) for word in numpy_state[1]],  # type: ignore[index]
                      *(float(value) for value in numpy_state[2:]))}                # type: ignore[index]

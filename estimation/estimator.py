"""Who finds the 133 points in pictures: one interface, chosen by name."""
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, Optional, Protocol

import numpy as np

from estimation import holistic, rtmlib_models
from terminal.errors import UserError


class Estimator(Protocol):
    name: str       # with its version: what keypoints were found with
    several: bool   # whether it finds everybody in a picture, else one person alone

    def __call__(self, pictures: Iterable[np.ndarray]) -> Iterator[Optional[np.ndarray]]:
        """Of each picture, uint8 [H, W, 3] RGB, people's points in its pixels, [people, 133, 3]; None: nobody.

        Confidence 0 marks what was not found. The pictures are one video's, in order.
        """


ESTIMATORS: Dict[str, Callable[[], Estimator]] = {
    holistic.NAME: holistic.Holistic, rtmlib_models.NAME: rtmlib_models.Rtmlib,
    **{f"{rtmlib_models.NAME}-{mode}": partial(rtmlib_models.Rtmlib, mode) for mode in rtmlib_models.MODES}}
INSTALL = {holistic.NAME: "pip install --no-deps -r requirements-video.txt", rtmlib_models.NAME:
           "pip install --no-deps rtmlib onnxruntime"}


def is_model(name: str) -> bool:
    """Whether an estimator is named by a file of its weights."""
    return name.lower().endswith(".onnx")


def package(name: str) -> str:
    """That an estimator comes with."""
    return rtmlib_models.NAME if is_model(name) else name.split("-")[0]


def installed(name: str) -> bool:
    return find_spec(package(name)) is not None


def preferred() -> Optional[str]:
    """The estimator to take where none is named: the first that is installed."""
    return next((name for name in ESTIMATORS if installed(name)), None)


def estimator(name: str) -> Estimator:
    """One of ESTIMATORS, or the path of a file for rtmlib."""
    file = Path(name) if is_model(name) else None
    if file is not None and not file.is_file():
        raise UserError(f"--estimator {file}: no such file; give {rtmlib_models.MODEL}")
    shown = package(name) if file else name
    if not installed(name):
        raise UserError(f"{shown} is not installed; {INSTALL[package(name)]}, or give --keypoints FILE")
    try:
        return rtmlib_models.Rtmlib(file=file) if file else ESTIMATORS[name]()
    except ImportError as error:
        raise UserError(f"{shown} is installed but does not load ({error}); {INSTALL[package(name)]}, or give "
                        "--keypoints FILE") from None

"""Who finds the 133 points in pictures: one interface, chosen by name."""
from functools import partial
from importlib.util import find_spec
from typing import Callable, Dict, Iterable, Iterator, Optional, Protocol

import numpy as np

from estimation import holistic, rtmlib_models
from terminal.errors import UserError


class Estimator(Protocol):
    name: str       # with its version: what keypoints were found with

    def __call__(self, pictures: Iterable[np.ndarray]) -> Iterator[Optional[np.ndarray]]:
        """Of each picture, uint8 [H, W, 3] RGB, the signer's points in its pixels, [133, 3]; None where nobody is.

        Confidence 0 marks what was not found. The pictures are one video's, in order.
        """


ESTIMATORS: Dict[str, Callable[[], Estimator]] = {
    holistic.NAME: holistic.Holistic, rtmlib_models.NAME: rtmlib_models.Rtmlib,
    **{f"{rtmlib_models.NAME}-{mode}": partial(rtmlib_models.Rtmlib, mode) for mode in rtmlib_models.MODES}}
INSTALL = {holistic.NAME: "pip install --no-deps -r requirements-video.txt", rtmlib_models.NAME:
           "pip install --no-deps rtmlib onnxruntime"}


def package(name: str) -> str:
    """That an estimator comes with."""
    return name.split("-")[0]


def installed(name: str) -> bool:
    return find_spec(package(name)) is not None


def preferred() -> Optional[str]:
    """The estimator to take where none is named: the first that is installed."""
    return next((name for name in ESTIMATORS if installed(name)), None)


def estimator(name: str) -> Estimator:
    if not installed(name):
        raise UserError(f"{name} is not installed; {INSTALL[package(name)]}, or give --keypoints FILE")
    try:
        return ESTIMATORS[name]()
    except ImportError as error:
        raise UserError(f"{name} is installed but does not load ({error}); {INSTALL[package(name)]}, or give "
                        "--keypoints FILE") from None

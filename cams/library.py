"""Methods of the installed grad-cam, fed with the activation and the gradient of the one pass."""
import tracemalloc
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from cams.methods import Method
from records.library import PREFIX
from terminal.errors import UserError

SEED = 0                # of what is random in a method: the same map each time
TRIED = 512             # positions that a method's memory is measured with
MOST = 12_000           # positions of one map, for a method that holds a number for each pair of them: 0.6 GB


@lru_cache(maxsize=None)
def library_method(name: str) -> Method:
    """name: as in records.library.fed(). UserError where the class does not do what its source promised."""
    import pytorch_grad_cam

    layer = nn.Conv2d(1, 1, 1)
    cam = getattr(pytorch_grad_cam, name)(layer, [layer])
    cam.activations_and_grads.release()
    try:
        squares = _measured(cam) > TRIED ** 2 * np.dtype(np.float32).itemsize
    except Exception as error:
        raise UserError(f"method {PREFIX}{name}: it cannot be fed with an activation and a gradient alone "
                        f"({type(error).__name__}: {error}); choose another method") from None
    return Method(partial(_map, cam, PREFIX + name, squares), bool(cam.uses_gradients))


def _map(cam: Any, name: str, squares: bool, activation: Tensor, gradient: Tensor, per_frame: bool) -> Tensor:
    """[C, T, P] -> [T, P]: as one picture of T x P, or as T pictures of P x 1."""
    if not torch.isfinite(activation).all() or not torch.isfinite(gradient).all():
        return torch.full_like(activation[0], float("nan"))
    values, slopes = (_pictures(tensor, per_frame) for tensor in (activation, gradient))
    positions = values[0, 0].size
    if squares and positions > MOST:
        raise UserError(f"method {name}: it compares {positions} cells of a layer with each other, more than {MOST}; "
                        f"{'choose deeper layers' if per_frame else 'ask for --pool frame, or deeper layers'}")
    made = image(cam, values, slopes if cam.uses_gradients else None)       # [pictures, ...]
    return torch.from_numpy(np.asarray(made, np.float32)).to(activation.device).view(activation.shape[1:])


def _pictures(values: Tensor, per_frame: bool) -> np.ndarray:
    """A copy: the library writes into what it is given."""
    pictures = values.transpose(0, 1)[..., None] if per_frame else values[None]
    return pictures.detach().cpu().numpy().copy()


def image(cam: Any, values: np.ndarray, slopes: Any) -> np.ndarray:
    """[N, C, h, w] of pictures -> [N, h, w]"""
    with _seeded(), np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(cam.get_cam_image(None, cam.target_layers[0], None, values, slopes, False))


@contextmanager
def _seeded() -> Iterator[None]:
    """The library draws from NumPy's one generator, which is as it was afterwards."""
    state = np.random.get_state()
    np.random.seed(SEED)
    try:
        yield
    finally:
        np.random.set_state(state)


def _measured(cam: Any) -> int:
    """Bytes that a small map takes at most while it is made."""
    random = np.random.default_rng(0)
    values, slopes = (random.random((1, 3, TRIED // 8, 8), np.float32) for _ in range(2))
    image(cam, values.copy(), slopes.copy())          # what it loads on first use is no map's
    tracemalloc.start()
    try:
        image(cam, values, slopes)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

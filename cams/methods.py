"""CAM methods: an activation and its gradient in, one map out, on the device they are on.

Each follows the class of the same name in `pytorch_grad_cam`, so that maps can be compared with published ones. That
library pools over height and width alone in several classes; here the sums run over every position that shares a
weight: all of time and space (`per_frame=False`, its 3-D meaning), or the space of one step (`per_frame=True`).
Everything is [C, T, P]: channels, steps, and positions in a step (H' * W', or 1 for a layer that knows only when).
Maps are returned before ReLU.
"""
from dataclasses import dataclass
from typing import Callable, Dict, Optional, Tuple

import numpy as np
import torch
from torch import Tensor

NEAR_ZERO = 1e-3        # a sum this much smaller than its parts has lost three digits
SHARE = 0.01            # of the weights, that may rest on such sums
AT_ONCE = 2 ** 20       # products made before they are added up: more do not stay near the processor


@dataclass(frozen=True)
class Method:
    map: Callable[[Tensor, Tensor, bool], Tensor]   # activation [C, T, P], gradient [C, T, P], per_frame -> [T, P]
    gradients: bool = True                          # False: the activation alone is enough
    attends: str = ""                               # attention or graph: the map is the layer's own


def signed_map(method: Method, activation: Tensor, gradient: Optional[Tensor], per_frame: bool) -> Tensor:
    """A layer's own shape, [C, T', H', W'] or [C, T'], to its map [T', H', W'] or [T'], before ReLU."""
    values = activation.flatten(2) if activation.dim() > 2 else activation[..., None]
    slope = values if gradient is None else gradient.reshape(values.shape)
    return method.map(values, slope, per_frame).view(activation.shape[1:])


def pooled(per_frame: bool) -> Tuple[int, ...]:
    """The dimensions of [C, T, P] whose positions share one weight."""
    return (2,) if per_frame else (1, 2)


def weighted(weights: Tensor, activation: Tensor) -> Tensor:
    """sum over c of w_c A_c: weights [C] or [C, T], activation [C, T, P] -> [T, P]. Makes no copy of the activation."""
    if weights.dim() == 1:
        return (weights @ activation.flatten(1)).view(activation.shape[1:])
    return torch.einsum("ct,ctp->tp", weights, activation)


def added(activation: Tensor, gradient: Tensor, of: Callable[[Tensor], Tensor] = lambda slope: slope) -> Tensor:
    """sum over c of `of`(g_c) A_c at each position, [T, P]; `of` is of each value alone.

    A spatial mean has one gradient for all positions of a step, held once (stride 0): those are weights. Else some
    steps at a time, and in the activation's own order in memory: gradients often have another.
    """
    if gradient.stride(2) == 0:
        return weighted(of(gradient[:, :, 0]), activation)
    steps = max(1, AT_ONCE * activation.shape[1] // activation.numel())
    return torch.cat([(part * of(slope)).sum(0)
                      for part, slope in zip(activation.split(steps, 1), gradient.split(steps, 1))])


def gradcam(activation: Tensor, gradient: Tensor, per_frame: bool) -> Tensor:
    """w_c = mean of dS/dA_c (Selvaraju et al. 2017, eq. 1)."""
    return weighted(gradient.mean(pooled(per_frame)), activation)


def gradcam_plus_plus(activation: Tensor, gradient: Tensor, per_frame: bool) -> Tensor:
    """w_c = sum of alpha * relu(g), alpha = g^2 / (2 g^2 + sum(A_c) g^3 + 1e-6), 0 where g is 0.

    Chattopadhyay et al. 2018, eq. 19, written for exp(S); the library (and so this) puts the gradient of S itself for
    it, and its 1e-6 is not small beside g^2 where gradients are below 1e-3: alpha then shrinks with them.
    """
    squared = gradient.square()
    total = activation.sum(pooled(per_frame), keepdim=True)
    alpha = squared / (2 * squared + total * squared * gradient + 1e-6)
    alpha = torch.where(gradient != 0, alpha, torch.zeros_like(alpha))
    return weighted((gradient.relu() * alpha).sum(pooled(per_frame)), activation)


def unsteady(activation: Tensor, gradient: Tensor) -> bool:
    """Whether Grad-CAM++'s map of a layer is decided by rounding: its alpha supposes activations that are not negative;
    where they have both signs what it divides by passes through zero."""
    squared = gradient.square()
    first, second = 2 * squared, activation.flatten(1).sum(1).view(-1, *[1] * (gradient.dim() - 1)) * squared * gradient
    weight = gradient.relu() * squared / (first + second + 1e-6).abs()
    close = (first + second + 1e-6).abs() < NEAR_ZERO * (first + second.abs() + 1e-6)
    return bool(weight[close].sum() > SHARE * weight.sum())


def xgradcam(activation: Tensor, gradient: Tensor, per_frame: bool) -> Tensor:
    """w_c = sum of g A_c / sum(A_c) (Fu et al. 2020, eq. 8); the library adds 1e-7 below, which they don't."""
    total = activation.sum(pooled(per_frame))
    return weighted((gradient * activation).sum(pooled(per_frame)) / (total + 1e-7), activation)


def hirescam(activation: Tensor, gradient: Tensor, per_frame: bool) -> Tensor:
    """sum over c of g A_c at each position (Draelos and Carin 2020). Nothing is pooled."""
    return added(activation, gradient)


def layercam(activation: Tensor, gradient: Tensor, per_frame: bool) -> Tensor:
    """sum over c of relu(g) A_c at each position (Jiang et al. 2021). Nothing is pooled."""
    return added(activation, gradient, torch.relu)


def eigencam(activation: Tensor, gradient: Tensor, per_frame: bool) -> Tensor:
    """Projection of the centred activation on its first principal direction; no gradient, no target.

    Muhammad and Yeasin 2020 do not centre; the library does. A direction has no sign of its own: as in the library it
    is the one that NumPy's SVD of [positions, C] happens to give. Tall matrices go through QR first, which is what
    LAPACK does with them, so that the positions x positions matrix of the library is never made.
    """
    points = activation.flatten(1).t()                                  # [T * P, C]
    points = points - points.mean(0)
    if not torch.isfinite(points).all():
        return torch.full_like(activation[0], float("nan"))
    rows, columns = points.shape
    small = torch.linalg.qr(points, mode="r")[1] if rows >= 11 * columns // 6 else points
    directions = np.linalg.svd(small.cpu().numpy(), full_matrices=False)[2]
    return (points @ torch.from_numpy(directions[0]).to(points.device)).view(activation.shape[1:])


METHODS: Dict[str, Method] = {
    "gradcam": Method(gradcam),
    "gradcam++": Method(gradcam_plus_plus),
    "hirescam": Method(hirescam),
    "layercam": Method(layercam),
    "xgradcam": Method(xgradcam),
    "eigencam": Method(eigencam, gradients=False),
}
NAMED: Dict[str, Method] = {**METHODS, "attention": Method(lambda attention, *_: attention[0], False, "attention")}

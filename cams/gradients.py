"""How much a score moves with each place, whichever way: the size of its gradient (Simonyan et al. 2013)."""
from torch import Tensor


def gradient_size(activation: Tensor, gradient: Tensor, per_frame: bool) -> Tensor:
    """sum over c of |g| at each position, [C, T, P] -> [T, P]; the activation has no part in it."""
    return gradient.abs().sum(0)

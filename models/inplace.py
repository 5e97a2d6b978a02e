"""In place where that is cheap. A convolution computed in fewer dimensions comes back as a view, and autograd records
a change of a view as a copy of its whole base, forth in the forward and back in the backward."""
import torch.nn.functional as F
from torch import Tensor


def relu_(x: Tensor) -> Tensor:
    return F.relu(x) if _recorded_view(x) else F.relu_(x)


def add_(x: Tensor, other: Tensor) -> Tensor:
    return x + other if _recorded_view(x) else x.add_(other)


def _recorded_view(x: Tensor) -> bool:
    return x.requires_grad and x._is_view()

from contextlib import contextmanager
from typing import Iterator

import torch


@contextmanager
def full_float32() -> Iterator[None]:
    """Ampere's convolutions round float32 to 10 bits of mantissa unless told not to."""
    convolution, matrix = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    try:
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = convolution, matrix

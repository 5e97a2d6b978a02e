"""What NumPy holds, onto the device, without waiting for a card to have taken it."""
import numpy as np
import torch
from torch import Tensor


def upload(values: np.ndarray, device: torch.device) -> Tensor:
    """A card fetches by itself from memory that is pinned; what it has not yet fetched is not given to others."""
    tensor = torch.from_numpy(values)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)

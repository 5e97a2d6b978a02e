"""What a frame's network starts from: weights of ImageNet, as torchvision publishes them."""
from pathlib import Path
from typing import Any, Dict

import torch

from terminal.errors import UserError


def torchvision_weights(path: Path, classifier: str) -> Dict[str, Any]:
    """A file's tensors without those of its classifier, whose keys start so."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:      # torch gives up on damaged files in many ways
        raise UserError(f"{path}: can't be read as weights ({str(error).splitlines()[0][:120]}); "
                        "give a torchvision state dict") from None
    return {key: value for key, value in state.items() if not key.startswith(classifier)}

"""What a frame's network starts from: weights of ImageNet, as torchvision publishes them."""
from pathlib import Path
from typing import Any, Dict

from models.checkpoint import Checkpoint


def torchvision_weights(path: Path, classifier: str) -> Dict[str, Any]:
    """A file's tensors without those of its classifier, whose keys start so."""
    with Checkpoint(path) as file:
        return {key: file.read(stored).clone() for key, stored in file.weights().items()
                if not key.startswith(classifier)}

"""Restorers from an architecture or a checkpoint."""
from pathlib import Path
from typing import Any, Dict

from models.checkpoint import AVERAGED, WEIGHTS, Checkpoint, load_weights
from models.registry import CONFIGS, check_keys
from models.restorer import Restorer
from terminal.errors import UserError


def create_restorer(architecture: Dict[str, Any], source: str = "architecture") -> Restorer:
    """With fresh weights, as training starts from."""
    if architecture.get("model") != Restorer.name:
        raise UserError(f"{source}: it says model: {str(architecture.get('model'))[:40]}, expected {Restorer.name}; "
                        f"give one such as {CONFIGS.name}/{Restorer.name}.yaml")
    check_keys(architecture, source)
    return Restorer(architecture)


def build_restorer(checkpoint: Path, device: str = "cpu") -> Restorer:
    """The trained one in a checkpoint, in evaluation; of averaged weights, where it has them."""
    with Checkpoint(Path(checkpoint)) as file:
        stored = file.weights((AVERAGED, *WEIGHTS))
        architecture = file.content.get("architecture")
        if Restorer.signature not in stored or not isinstance(architecture, dict):
            raise UserError(f"{file.path}: not a checkpoint of {Restorer.title}; give one that train.py made of a "
                            "recipe such as configs/train_restorer.yaml")
        restorer = create_restorer(architecture, str(file.path))
        load_weights(restorer.network, file, stored, restorer.title)
    return restorer.eval().requires_grad_(False).to(device)

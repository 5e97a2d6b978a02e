"""Which of Mamba-SLR's parameters learn slower, and which are not pulled towards zero."""
from typing import Any, Dict, List, Tuple

from torch import nn


def layer_decayed(network: nn.Module, depth: int, weight_decay: float, decay: float) -> List[Dict[str, Any]]:
    """The stem and the class token learn at decay ** (depth + 1) of the rate, what block i has of space and MLP at
    decay ** (depth - i), all else, the temporal layers included, at the whole rate."""
    groups: Dict[Tuple[float, float], Dict[str, Any]] = {}
    for name, parameter in network.named_parameters():
        shrunk = 0.0 if parameter.dim() == 1 or name.endswith(".bias") or name == "cls_token" else weight_decay
        scale = decay ** _layers_above(name, depth)
        group = groups.setdefault((scale, shrunk), {"params": [], "scale": scale, "weight_decay": shrunk})
        group["params"].append(parameter)
    return list(groups.values())


def _layers_above(name: str, depth: int) -> int:
    parts = name.split(".")
    if name == "cls_token" or parts[0] == "patch_embed":
        return depth + 1
    if parts[0] == "layers" and parts[2].startswith(("spatial_", "mlp")):
        return depth - int(parts[1])
    return 0

"""Small recognisers and clips for tests."""
from typing import Any, Dict, Optional

import numpy as np
import torch
import yaml

from datasets.clip import Clip
from models import registry
from models.embedder import Embedder
from models.recogniser import Recogniser
from models.registry import CONFIGS, create, create_embedder
from tests.golden import recipe

SMALLER: Dict[str, Dict[str, Any]] = {
    "slowfast": {"width": 8}, "twostream": {"width": 0.05, "size": 64, "pose_size": 32},
    **{name: {"size": 64, "width": 16, "hidden": 32}
       for name in ("vac", "smkd", "corrnet", "corrnetplus", "tlp", "signgraph")},
    "sen": {"size": 64, "width": 16, "hidden": 24},         # with 32 a map happens to be zero all over
    "swin": {"size": 64, "hidden": 32, "width": 12, "depths": [1, 2, 2, 2], "heads": [1, 2, 3, 4], "features": 20,
             "branch": 5, "recompute": 4},
    "mamba": {"stem": [8, 8, 16], "size": 64, "depth": 3, "head": 4, "attention_blocks": [1]},
    "mska": {"channels": [8, 8, 12, 12, 16, 16, 16, 16], "heads": 2, "hidden": 16, "feedforward": 32},
}


def architecture(name: str, **changes: Any) -> Dict[str, Any]:
    demo = CONFIGS / f"demo_{name}.yaml"
    made = yaml.safe_load((demo if demo.exists() else CONFIGS / f"{name}.yaml").read_text())
    made.update({**SMALLER[name], "classes": 7, **changes})
    return made


def published_architecture(name: str, **changes: Any) -> Dict[str, Any]:
    return {**registry.published_architecture(name), **changes}


def recogniser(name: str, **changes: Any) -> Recogniser:
    """With weights and running statistics that let something through, in evaluation."""
    torch.manual_seed(0)
    made = create(architecture(name, **changes))
    for key, value in made.network.state_dict().items():
        if key.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif key.endswith("running_mean"):
            value.normal_(0, 0.1)
        elif key.endswith(("weight_s", "weight_f", "c_bn.weight", "alpha")):
            value.fill_(0.5)
        elif key.endswith("down_conv2.weight"):     # or every affinity is saturated
            value.mul_(0.02)
        elif key.startswith("conv1d.temporal_conv") and not value.any() and key.endswith("weight"):
            value.normal_(0, 0.3)                   # of lift pools, which begin without
    return made.eval().requires_grad_(False)


def clip(frames: int, keypoints: Optional[bool] = True) -> Clip:
    return Clip("small", "dev", recipe.frames(frames, 256, 256, 0),
                keypoints=recipe.keypoints(frames, 0) if keypoints else None)


def logits(made: Recogniser, given: Clip) -> np.ndarray:
    with torch.no_grad():
        return made(made.prepare(given))[0].numpy()


SMALL_EMBEDDERS: Dict[str, Dict[str, Any]] = {
    "arcface": {"widths": [4, 6, 8, 10], "blocks": [1, 1, 1, 1], "embedding": 12},
    "promptsg": {"identities": 9, "high": 64, "wide": 32, "image_width": 24, "image_depth": 3, "image_heads": 3,
                 "shared": 16, "words": 60, "text_depth": 2, "text_heads": 2, "mim_heads": 2},
}


def embedder(name: str, **changes: Any) -> Embedder:
    """With weights and running statistics that let something through, in evaluation."""
    torch.manual_seed(0)
    made = create_embedder({**published_architecture(name), **SMALL_EMBEDDERS[name], **changes})
    for key, value in made.network.state_dict().items():
        if key.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif key.endswith(("running_mean", "bias")):
            value.normal_(0, 0.1)
    return made.eval().requires_grad_(False)


def picture(high: int, wide: int, seed: int = 0) -> Clip:
    return Clip(f"small-{seed}", "", recipe.images(1, high, wide, seed))

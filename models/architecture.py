"""What the values of an architecture may be, looked at before anything is built with them."""
import re
from typing import Any, Dict, Mapping, Tuple

from terminal.errors import UserError

WIDEST = 8 * 1024
LIMITS: Dict[str, Tuple[float, float]] = {      # of a number, or of each in a list
    "classes": (1, 100_000), "beam": (1, 1000), "window": (4, 100_000), "longest": (4, 100_000),
    "frame": (8, 4096), "crop": (8, 4096), "size": (8, 4096), "pose_size": (8, 4096), "pose_frame": (8, 4096),
    "pose_channels": (2, 133), "mean": (-1000, 1000), "std": (1e-6, 1000), "sigma": (0.01, 1000),
    "alpha": (1, 32), "beta_inv": (1, 64), "width": (1 / 64, 128), "blocks": (1, 64), "temporal_blocks": (0, 64),
    "strides": (1, 4), "stem_kernel": (1, 15), "slow_kernels": (1, 15), "fast_kernels": (1, 15),
    "fusion_kernel": (1, 15), "lateral_kernel": (1, 15), "dropout": (0, 1), "lstm_dropout": (0, 1),
    "norm_momentum": (0, 1), "hidden": (1, WIDEST), "feedforward": (1, WIDEST), "lstm_layers": (1, 16),
    "depths": (1, 64), "heads": (1, 64), "attention_window": (1, 64), "features": (0, WIDEST), "branch": (1, 2048),
    "lift_taps": (1, 15), "neighbours": (1, 64),
    "depth": (1, 64), "averaged": (0, 1), "stored_orders": (0, 1),
    "stem": (1, WIDEST), "stem_stride": (1, 8), "stem_blocks": (0, 16), "expand": (1, 8), "head": (1, 1024),
    "spatial_state": (1, 1024), "temporal_state": (1, 1024), "temporal_kernel": (1, 15), "attention_blocks": (0, 64),
    "attention_heads": (1, 64), "mlp": (1, 16), "drop_path": (0, 1), "recompute": (0, 100_000), "skip_blank": (0, 1),
    "identities": (1, 100_000), "high": (8, 1024), "wide": (8, 1024), "patch": (2, 64), "stride": (1, 64),
    "image_width": (8, 2048), "image_depth": (1, 48), "image_heads": (1, 64), "shared": (8, 2048),
    "words": (8, 100_000), "context": (8, 1024), "text_depth": (1, 48), "text_heads": (1, 64), "mim_heads": (1, 64),
    "mim_depth": (1, 16), "widths": (1, 2048), "embedding": (1, WIDEST),
    "banner": (0, 4096), "channels": (2, WIDEST), "taps": (1, 15), "fuse_body": (0, 1),
}


ANY = (-100_000, 100_000)                       # of what is not named above
ANY_LENGTH = (("mamba", "attention_blocks"), ("corrnet", "blocks"))     # places: there may be fewer, or none
STEP = re.compile(r"[KP]([1-9]|1[0-5])")        # of a temporal convolution: a kernel or a pool, and how many steps


def check_values(architecture: Mapping[str, Any], published: Mapping[str, Any], source: str) -> None:
    """UserError where a value is of another kind than the published one, or out of bounds."""
    for key, example in published.items():
        value = architecture[key]
        if not isinstance(example, list):
            fits = _fits(key, value, example)
        elif key == "temporal_conv":
            fits = isinstance(value, (list, tuple)) and 1 <= len(value) <= 16 and all(
                isinstance(item, str) and STEP.fullmatch(item) for item in value)
        else:
            fits = isinstance(value, (list, tuple)) and \
                ((published["model"], key) in ANY_LENGTH or len(value) == len(example)) and \
                all(_fits(key, item, example[0]) for item in value)
        if not fits:
            raise UserError(f"{source}: {key} is {ascii(value)[:60]}; expected {_expected(key, example)}")


def _fits(key: str, value: Any, example: Any) -> bool:
    if isinstance(example, bool) or not isinstance(example, (int, float)):
        return isinstance(value, type(example))
    kinds = (int,) if isinstance(example, int) else (int, float)
    low, high = LIMITS.get(key, ANY)
    return isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high


def _expected(key: str, example: Any) -> str:
    bounds = "from {:g} to {:g}, ".format(*LIMITS[key]) if key in LIMITS else ""
    return f"a value {bounds}such as {example}"

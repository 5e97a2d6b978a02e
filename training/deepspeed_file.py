"""DeepSpeed's own file of settings, held against the recipe: what it leaves open the recipe says, and where both say
something they must agree."""
import json
import math
from pathlib import Path
from typing import Any, Dict, Mapping, Sequence

from torch.optim import Adam, AdamW, Optimizer

from files.reading import read_text
from terminal.errors import UserError
from training.recipe import TrainerConfig

LARGEST = 1 << 20       # bytes
OPEN = "auto"           # as Hugging Face's files leave a value to the program
ZERO = {"stage", "allgather_bucket_size", "allgather_partitions", "contiguous_gradients", "overlap_comm",
        "reduce_bucket_size", "reduce_scatter", "round_robin_gradients"}
KNOWN: Dict[str, Any] = {
    "train_batch_size": None, "train_micro_batch_size_per_gpu": None, "gradient_accumulation_steps": None,
    "gradient_clipping": None, "steps_per_print": None, "wall_clock_breakdown": None,
    "bf16": {"enabled"}, "fp16": {"enabled"}, "torch_autocast": {"enabled", "dtype"}, "zero_optimization": ZERO,
    "optimizer": {"type", "params"}}
OPTIMIZER = {"lr", "betas", "eps", "weight_decay", "adam_w_mode", "torch_adam", "bias_correction"}


def read_settings(path: Path, config: TrainerConfig, batch_size: int, world: int,
                  optimizer: Optimizer) -> Dict[str, Any]:
    """All that DeepSpeed is told."""
    tree = _read(path)
    _check_keys(tree, KNOWN, path, "")
    for name, known in KNOWN.items():
        if known is not None and name in tree:
            if not isinstance(tree[name], dict):
                raise UserError(f"{path}: {name}: expected keys and values, got {tree[name]!r:.80}")
            _check_keys(tree[name], known, path, f"{name}.")
    stage = tree.get("zero_optimization", {}).get("stage")
    if stage != 1 or isinstance(stage, bool):
        raise UserError(f"{path}: zero_optimization.stage: expected 1, got {stage!r:.80}; for training without ZeRO "
                        "leave trainer.deepspeed out and use torchrun")
    _check_precision(path, tree, config)
    _check_optimizer(path, tree.pop("optimizer", {}), optimizer)
    recipe = {"train_micro_batch_size_per_gpu": (batch_size, "data.batch_size"),
              "gradient_accumulation_steps": (config.accumulate, "trainer.accumulate"),
              "gradient_clipping": (config.clip, "trainer.clip"),
              "train_batch_size": (batch_size * config.accumulate * world,
                                   f"data.batch_size x trainer.accumulate x {world} processes")}
    for name, (value, source) in recipe.items():
        _agree(path, name, tree.get(name, OPEN), value, source)
        tree[name] = value
    if config.bad_losses != 1:
        raise UserError(f"trainer.bad_losses: {config.bad_losses} with trainer.deepspeed; its engine can't drop a step "
                        "whose loss is infinite, so set it to 1")
    return tree


def _read(path: Path) -> Dict[str, Any]:
    try:
        tree = json.loads(read_text(path, largest=LARGEST))
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); give a file such as configs/deepspeed_mamba.json "
                        "as trainer.deepspeed") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not JSON ({' '.join(str(error).split())[:120]}); fix it") from None
    if not isinstance(tree, dict):
        raise UserError(f"{path}: expected keys and values, as in configs/deepspeed_mamba.json")
    return tree


def _check_keys(tree: Mapping[str, Any], known: Any, path: Path, where: str) -> None:
    for key in tree:
        if key not in known:
            raise UserError(f"{path}: {where}{ascii(key)[1:-1]:.80}: not a key that train.py can honour; known: "
                            f"{', '.join(sorted(known))}")


def _check_precision(path: Path, tree: Mapping[str, Any], config: TrainerConfig) -> None:
    on = {}
    for name in ("bf16", "fp16", "torch_autocast"):
        on[name] = tree.get(name, {}).get("enabled", False)
        if not isinstance(on[name], bool):
            raise UserError(f"{path}: {name}.enabled: expected true or false, got {on[name]!r:.80}")
    if on["fp16"]:
        raise UserError(f"{path}: fp16: not supported; use bf16 or torch_autocast, and trainer.amp_type bf16")
    if on["bf16"] and on["torch_autocast"]:
        raise UserError(f"{path}: bf16 and torch_autocast: two precisions; enable one of them")
    if on["torch_autocast"] and tree["torch_autocast"].get("dtype", "bfloat16") not in ("bfloat16", "bf16"):
        raise UserError(f"{path}: torch_autocast.dtype: expected bfloat16, got {tree['torch_autocast']['dtype']!r:.80}")
    theirs = "bf16" if on["bf16"] or on["torch_autocast"] else "float32"
    ours = config.amp_type if config.amp else "float32"
    if theirs != ours:
        raise UserError(f"{path}: trains in {theirs}, the recipe in {ours}; change the file, or trainer.amp and "
                        "trainer.amp_type")


def _check_optimizer(path: Path, section: Mapping[str, Any], optimizer: Optimizer) -> None:
    """The recipe's optimiser is used; the file may repeat it."""
    if not section:
        return
    params, kind = section.get("params", {}), str(section.get("type", "")).lower()
    if not isinstance(params, dict):
        raise UserError(f"{path}: optimizer.params: expected keys and values, got {params!r:.80}")
    _check_keys(params, OPTIMIZER, path, "optimizer.params.")
    decoupled = kind == "adamw" or params.get("adam_w_mode", True)
    expected = AdamW if decoupled else Adam
    if kind not in ("adam", "adamw") or type(optimizer) is not expected or not params.get("bias_correction", True):
        shown = ascii(str(section.get("type")))[1:-1]
        raise UserError(f"{path}: optimizer: {shown:.40} is not the {type(optimizer).__name__} of the "
                        "recipe (DeepSpeed's Adam is AdamW where adam_w_mode is not false); leave the section out")
    for name in ("lr", "betas", "eps", "weight_decay"):
        _agree(path, f"optimizer.params.{name}", params.get(name, OPEN), optimizer.defaults[name],
               "the recipe's optimiser")


def _agree(path: Path, name: str, value: Any, ours: Any, source: str) -> None:
    if value == OPEN:
        return
    left: Sequence[Any] = value if isinstance(value, list) else [value]
    right: Sequence[Any] = ours if isinstance(ours, (list, tuple)) else [ours]
    if len(left) != len(right) or not all(map(_alike, left, right)):
        shown = list(ours) if isinstance(ours, tuple) else ours
        raise UserError(f"{path}: {name}: {value!r:.80}, but {source} gives {shown}; make them agree, or leave it out")


def _alike(value: Any, ours: Any) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    try:
        return math.isclose(value, ours, rel_tol=1e-6)
    except OverflowError:       # JSON's numbers have no end
        return False

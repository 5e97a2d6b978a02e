"""What a recipe can say, part by part, and what holds where it says nothing."""
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple

import yaml

from files.atomic import atomic_file
from files.overwrite_guard import RECIPE
from training.curriculum import CurriculumConfig
from training.within import within


@dataclass(frozen=True)
class ModelConfig:
    architecture: str                       # YAML of the network: beside the recipe, or a path
    weights: Optional[str] = None           # checkpoint to fine-tune; null: from scratch
    trunk: Optional[str] = None             # checkpoint of another vocabulary: all of it but what names glosses
    backbone: Optional[str] = None          # torchvision's state dict of what sees frames; null: from scratch
    vocabulary: Optional[str] = None        # gloss_dict.npy or gloss2ids.pkl; null: the data set's own


@dataclass(frozen=True)
class DataConfig:
    root: Optional[str] = None              # null: the workspace's
    dataset: Optional[str] = None           # phoenix2014, phoenix2014-T, csl-daily or csl; null: what the root holds
    info: Optional[str] = None              # folder of {split}_info.npy; null: wherever the corpus has its splits
    frame_subdir: str = "fullFrame-256x256px"   # of features/, where a corpus has its frames in two sizes
    train: str = "train"
    dev: str = "dev"
    frame_interval: int = within(1, 1, 1000)
    image_scale: float = within(1.0, 0.01, 4096)  # after the crop; above 1 it is a side in pixels
    batch_size: int = within(2, 1, 10_000)
    eval_batch_size: int = within(1, 1, 10_000)
    workers: int = within(4, 0, 256)
    features: Optional[str] = None          # of train.py --extract: only what comes after the backbone is trained
    cache: bool = False                     # keep decoded frames in memory, at the size they are cropped from


@dataclass(frozen=True)
class OptimizerConfig:
    name: str = "adam"                      # adam or adamw
    lr: float = within(1e-4, 1e-12, 10)
    weight_decay: float = within(1e-4, 0, 1)
    betas: Tuple[float, ...] = within((0.9, 0.999), 0, 0.999999, 2)
    rate_of: int = within(0, 0, 100_000)    # clips a step that lr is meant for, it grows with their number; 0: any
    layer_decay: float = within(1.0, 1e-6, 1)   # mamba: what a layer's rate is of the rate of the one above it


@dataclass(frozen=True)
class ScheduleConfig:
    name: str = "step"                      # step, cosine, cosine-epochs (one rate an epoch), onecycle or warmup
    milestones: Tuple[int, ...] = within((), 0, 1_000_000)  # step: epochs after which the rate is multiplied by gamma
    gamma: float = within(0.2, 0, 10)
    floor: float = within(0.0, 0, 1)        # cosine, warmup: the last rate as a share of the highest
    warmup: float = within(0.1, 0, 1)       # onecycle, warmup: share of the run in which the rate rises
    start: float = within(0.1, 0, 1)        # warmup: the first rate as a share of the highest


@dataclass(frozen=True)
class TrainerConfig:
    epochs: int = within(80, 1, 1_000_000)
    seed: int = within(0, 0, 2 ** 31 - 1)
    amp: bool = True                        # mixed precision; on GPUs only
    amp_type: str = "fp16"                  # fp16 or bf16
    accumulate: int = within(1, 1, 100_000)  # batches per optimiser step
    clip: float = within(0.0, 0, 1e9)       # largest gradient norm; 0: not clipped
    ema: float = within(0.0, 0, 0.999999999)    # what a step leaves of the weights' running average; 0: none is kept
    eval_every: int = within(1, 1, 1_000_000)  # epochs
    beam: int = within(0, 0, 1000)          # for the dev split; 1 is greedy, 0 the authors' width
    cam_every: int = within(5, 0, 1_000_000)  # epochs between CAM grids; 0: never
    cam_clips: int = within(2, 0, 1000)     # the first so many of the dev split
    deepspeed: Optional[str] = None         # DeepSpeed's own JSON file: beside the recipe, or a path; null: without it
    bad_losses: int = within(30, 1, 1_000_000)  # NaN or infinite losses before the run stops


@dataclass(frozen=True)
class Config:
    model: ModelConfig
    data: DataConfig = field(default_factory=DataConfig)
    augment: Any = None                     # what the model's protocol can vary, see training/protocols.py
    loss: Any = None                        # the weights of its loss terms
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    curriculum: Optional[CurriculumConfig] = None


def write_recipe(out: Path, recipe: Mapping[str, Any]) -> None:
    """What a run in this folder was asked, for whoever reads it later."""
    with atomic_file(out / "config.yaml") as draft:
        draft.write_text(RECIPE + yaml.safe_dump(dict(recipe), sort_keys=False), encoding="utf-8")


def plain(config: Config) -> Dict[str, Any]:
    """Tuples as lists: YAML has no tuples."""
    def without_tuples(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without_tuples(entry) for key, entry in value.items()}
        return [without_tuples(entry) for entry in value] if isinstance(value, tuple) else value

    made: Dict[str, Any] = without_tuples(asdict(config))
    return made

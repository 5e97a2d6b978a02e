"""What a recipe can say, part by part, and what holds where it says nothing."""
from dataclasses import dataclass, field
from typing import Any, Optional, Tuple


@dataclass(frozen=True)
class ModelConfig:
    architecture: str                       # YAML of the network: beside the recipe, or a path
    weights: Optional[str] = None           # checkpoint to fine-tune; null: from scratch
    backbone: Optional[str] = None          # torchvision's state dict of the ResNet; null: from scratch
    vocabulary: Optional[str] = None        # gloss_dict.npy or gloss2ids.pkl; null: the data set's own


@dataclass(frozen=True)
class DataConfig:
    root: Optional[str] = None              # null: the workspace's
    dataset: Optional[str] = None           # phoenix2014, phoenix2014-T, csl-daily or csl; null: what the root holds
    info: Optional[str] = None              # folder of {split}_info.npy; null: wherever the corpus has its splits
    frame_subdir: str = "fullFrame-256x256px"   # of features/, where a corpus has its frames in two sizes
    train: str = "train"
    dev: str = "dev"
    frame_interval: int = 1
    image_scale: float = 1.0                # after the crop; above 1 it is a side in pixels
    batch_size: int = 2
    eval_batch_size: int = 1
    workers: int = 4
    cache: bool = False                     # keep decoded frames in memory, at the size they are cropped from


@dataclass(frozen=True)
class OptimizerConfig:
    name: str = "adam"                      # adam or adamw
    lr: float = 1e-4
    weight_decay: float = 1e-4
    betas: Tuple[float, ...] = (0.9, 0.999)
    rate_of: int = 0                        # clips a step that lr is meant for, it grows with their number; 0: any
    layer_decay: float = 1.0                # mamba: what a layer's rate is of the rate of the one above it


@dataclass(frozen=True)
class ScheduleConfig:
    name: str = "step"                      # step, cosine, onecycle or warmup
    milestones: Tuple[int, ...] = ()        # step: epochs after which the rate is multiplied by gamma
    gamma: float = 0.2
    floor: float = 0.0                      # cosine, warmup: the last rate as a share of the highest
    warmup: float = 0.1                     # onecycle, warmup: share of the run in which the rate rises
    start: float = 0.1                      # warmup: the first rate as a share of the highest


@dataclass(frozen=True)
class TrainerConfig:
    epochs: int = 80
    seed: int = 0
    amp: bool = True                        # mixed precision; on GPUs only
    amp_type: str = "fp16"                  # fp16 or bf16
    accumulate: int = 1                     # batches per optimiser step
    clip: float = 0.0                       # largest gradient norm; 0: not clipped
    ema: float = 0.0                        # what a step leaves of the weights' running average; 0: none is kept
    eval_every: int = 1                     # epochs
    beam: int = 0                           # for the dev split; 1 is greedy, 0 the authors' width
    cam_every: int = 5                      # epochs between CAM grids; 0: never
    cam_clips: int = 2                      # the first so many of the dev split
    bad_losses: int = 30                    # NaN or infinite losses before the run stops


@dataclass(frozen=True)
class Config:
    model: ModelConfig
    data: DataConfig = field(default_factory=DataConfig)
    augment: Any = None                     # what the model's protocol can vary, see training/protocols.py
    loss: Any = None                        # the weights of its loss terms
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)

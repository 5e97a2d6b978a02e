"""Everything a user can ask. Commands turn their flags into one of these, and make one call."""
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Dict, Mapping, Optional, Tuple

from records.hiding import BLUR
from records.methods import POOLING
from records.networks import check_shown, own_method_of
from records.question import ONE_BY_ONE, Question, by_methods
from records.style import Style
from terminal.errors import UserError

COMPARING = ("cosine", "dot")                    # targets that need a second picture
PARTS = ("frames", "video", "report", "cams", "glosses", "parts", "elan")       # what can be written of a sequence


@dataclass(frozen=True)
class Request:
    """What requests for clips and for pairs of pictures share."""

    out: Path
    device: Optional[str] = None                    # None: cuda:0, or the CPU where there is no CUDA
    style: Style = field(default_factory=Style)
    overwrite: bool = False
    command: str = ""                               # as it was typed

    def check(self) -> None:
        """UserError for combinations that cannot be. Called before anything is loaded."""


@dataclass(frozen=True)
class VideoRequest:
    """What is taken of videos of the user's own."""

    start: float = 0.0                              # seconds
    stop: Optional[float] = None
    keep: bool = False                              # every frame, instead of 25 a second
    rate: Optional[float] = None                    # frames a second of the file, where its time stamps are wrong
    crop: Optional[Tuple[int, int, int, int]] = None    # left, top, width, height; None: around the signer
    keypoints: Optional[Path] = None                # a file
    truth: Tuple[str, ...] = ()
    annotation: Optional[Path] = None               # of ELAN's, in place of `truth`
    tier: str = ""                                  # of it; empty: the only one that has glosses
    segments: Optional[Path] = None                 # an ELAN file whose intervals are read, each as a clip of its own
    segment_tier: str = ""                          # of it; empty: the only one that has intervals
    longest: float = 16.0                           # seconds: 400 frames, more than the longest sentence of PHOENIX
    paths: Tuple[Path, ...] = ()
    person: Optional[str] = None                    # of several: left, right, a number; None: with the widest shoulders
    estimator: Optional[str] = None                 # none, a name, or None for one that is installed
    restored: bool = False                          # takes what restore.py made

    def settings(self) -> Dict[str, object]:
        """What makes two runs on a video the same, as JSON has it."""
        return {"from": self.start, "to": self.stop, "fps_in": "keep" if self.keep else self.rate or "25 taken",
                "crop": "auto" if self.crop is None else ",".join(map(str, self.crop)), "longest": self.longest,
                "truth": " ".join(self.truth), **({"person": self.person} if self.person else {}),
                **({"restored": True} if self.restored else {}),
                **({"annotation": str(self.annotation), "tier": self.tier} if self.annotation else {}),
                **({"segments": str(self.segments), "segment_tier": self.segment_tier} if self.segments else {})}


@dataclass(frozen=True)
class ClipRequest(Request):
    """Clips of a corpus, or videos, through one or more recognisers."""

    checkpoints: Mapping[str, Path] = field(default_factory=dict)       # by network, in the order of the video's rows
    question: Question = Question()                 # the same for all networks, but for its layers
    methods: Tuple[str, ...] = ()                   # several in one run, in place of the question's
    layers: Mapping[str, Tuple[str, ...]] = field(default_factory=dict)     # by network, where not its own
    write: Tuple[str, ...] = PARTS[:3]
    every: int = 1                                  # PNGs of every N-th frame
    checked: bool = False                           # whether each map is held against its own shifts
    videos: Optional[VideoRequest] = None           # in place of a corpus

    def check(self) -> None:
        for model in self.checkpoints:
            for asked in self.asked_of(model):
                asked.check()
                check_shown(asked.method, model)
        self._check_pool()
        if self.question.parts is not None and "parts" not in self.write:
            raise UserError(f"parts {self.question.parts}: no parts are written; add parts to --write")
        if self.every > 1 and "frames" not in self.write:
            raise UserError(f"every {self.every}: no frames are written; add frames to --write")

    def _check_pool(self) -> None:
        """Networks that are explained by a method of their own may not take it."""
        asked = self.question
        if asked.pool is None or asked.method or self.methods or asked.layers is not None:
            return
        by = {model: own_method_of(model) or asked.usual_method for model in self.checkpoints
              if model not in self.layers}
        if by and len(by) == len(self.checkpoints) and set(by.values()).isdisjoint(POOLING):
            model, method = next(iter(by.items()))
            raise UserError(f"pool {asked.pool}: {method}, by which {model} is explained, averages no channel's "
                            f"gradients; name the method too, of {', '.join(POOLING)}, or layers")

    def asked_of(self, model: str) -> Tuple[Question, ...]:
        """A question for each method."""
        question = _with_layers(self.question, self.layers.get(model))
        return by_methods(question, self.methods) if self.methods else (question,)

    def settings(self) -> Dict[str, object]:
        """What decides how the maps are made and drawn, as JSON has it."""
        asked, style = self.question, self.style
        return {"layers": {model: list(names) for model, names in self.layers.items()},
                "target": asked.target, "method": " ".join(self.methods) or asked.method, "pool": asked.pool,
                "normalise": asked.normalise,
                "blend": style.blend, "alpha": style.weight, "colormap": style.colormap, "scale": style.scale,
                "fps": style.fps, "write": list(self.write), "every": self.every,
                **{name: value for name, value in (
                    ("budget", asked.budget), ("hide", asked.hide), ("hidden_keypoints", asked.hidden_keypoints),
                    ("parts", asked.parts), ("check", self.checked), ("usual_method", self._usual_method)) if value}}

    @property
    def _usual_method(self) -> Optional[str]:
        """That of networks without one of their own, where none is asked for. Grad-CAM goes without saying, as it did
        before there was another."""
        usual = self.question.usual_method
        return None if self.methods or self.question.method or usual == "gradcam" else usual


@dataclass(frozen=True)
class PairRequest(Request):
    """Pictures through a network that compares them."""

    model: str = "promptsg"
    weights: Path = Path()
    image: Optional[Path] = None                    # the picture to explain
    against: Optional[Path] = None                  # a picture, a folder of them, or an embedding (.npy)
    market: Optional[Path] = None                   # Market-1501, in place of an image
    queries: int = 50
    top: Optional[int] = None
    targets: Optional[Tuple[str, ...]] = None
    methods: Tuple[str, ...] = ("gradcam",)
    layers: Optional[Tuple[str, ...]] = None
    points: Optional[str] = None                    # five points, or a CSV of them
    checked: bool = False                           # whether each map is measured too
    shifts: int = 100
    seed: int = 0
    hide: str = BLUR                                # what stands in for what the check hides: mean or blur

    def check(self) -> None:
        if (self.image is None) == (self.market is None):
            raise UserError("give either --image, a picture to explain, or --market, a folder of Market-1501")
        compared = self.against is not None or self.market is not None
        asked = [name for name in self.targets or () if name in COMPARING]
        if asked and not compared:
            raise UserError(f"--target {asked[0]} compares two pictures: --with is missing; give another picture, a "
                            "folder or an embedding")

    def settings(self, sha256: str) -> Dict[str, object]:
        """What makes two runs the same, as JSON has it."""
        return {"model": self.model, "checkpoint": sha256, "target": list(self.targets or ()),
                "method": list(self.methods), "layers": list(self.layers or ()), "points": self.points,
                "check": self.checked, "shifts": self.shifts, "seed": self.seed, "blend": self.style.blend,
                "colormap": self.style.colormap, **({} if self.hide == BLUR else {"hide": self.hide})}


def default_parts(target: object) -> Tuple[str, ...]:
    return PARTS[:3] + (("glosses",) if target in ONE_BY_ONE else ())


def _with_layers(question: Question, layers: Optional[Tuple[str, ...]]) -> Question:
    return question if layers is None else replace(question, layers=layers)

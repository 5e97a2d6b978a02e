"""What main.py needs to run in a test: a few noise frames and small checkpoints in the published format."""
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Sequence

import numpy as np
import torch

import main
from glosses.vocabulary import GlossVocabulary, load_gloss2ids
from models.recogniser import Recogniser
from tests.kit import networks
from tests.kit.workspace import keypoints, tiny_workspace, write_split

STATE = {"twostream": "model_state", "mska": "model"}      # the others' is model_state_dict
ROWS = [(f"clip-{number}", "REGEN", 8 + number) for number in range(6)]


@dataclass(frozen=True)
class Case:
    data: Path
    checkpoints: Dict[str, Path]
    out: Path

    def arguments(self, *more: str, models: Sequence[str] = ("slowfast",)) -> List[str]:
        flags = [word for model in models for word in (f"--{model}-ckpt", str(self.checkpoints[model]))]
        return ["--data-root", str(self.data), "--out", str(self.out), "--models", *models, *flags, *more]

    def prints(self, *more: str, models: Sequence[str] = ("slowfast",)) -> int:
        """As `run`, of what writes nothing and takes no --out."""
        words = self.arguments(*more, models=models)
        index = words.index("--out")
        return main.main(words[:index] + words[index + 2:])

    def run(self, *more: str, models: Sequence[str] = ("slowfast",)) -> int:
        return main.main(self.arguments(*more, models=models))


def small_checkpoint(path: Path, name: str, vocabulary: GlossVocabulary, store_names: bool = False) -> Path:
    """Random weights as training would save them."""
    made: Recogniser = networks.recogniser(name, classes=len(vocabulary))
    extra: Dict[str, Any] = {"vocabulary": list(vocabulary.names)} if store_names else {}
    torch.save({"epoch": 1, STATE.get(name, "model_state_dict"): made.network.state_dict(),
                "architecture": made.architecture, "rng_state": {"numpy": np.random.get_state()}, **extra}, path)
    return path


def checkpoints(folder: Path, vocabularies: Dict[str, GlossVocabulary]) -> Dict[str, Path]:
    return {name: small_checkpoint(folder / f"{name}.pt", name, vocabulary)
            for name, vocabulary in vocabularies.items()}


def tiny_case(root: Path) -> Case:
    """Six clips in split test, of 8 to 13 frames of 32x32 pixels; dev and train as tiny_workspace has them."""
    points = {name: keypoints(name, frames) for name, _, frames in ROWS}
    data = tiny_workspace(root / "data", pickled=points)
    write_split(data, "test", ROWS, 32)
    words = ["<blank>", *sorted({"WETTER", "HEUTE", "KÜHL", "IX", "REGEN"})]
    made = checkpoints(root, {"slowfast": GlossVocabulary(words),
                              "twostream": load_gloss2ids(data / "annotations/manual/gloss2ids.pkl")})
    return Case(data, made, root / "outputs")


def files(folder: Path) -> Dict[str, bytes]:
    """Every file of a sequence but preds.json, which also tells the time, and the manifest, which knows it by heart."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name not in ("preds.json", "manifest.json")}

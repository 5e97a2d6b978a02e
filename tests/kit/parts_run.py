"""A run on disk whose glosses were read from known parts, and no network that read them."""
from pathlib import Path
from typing import Sequence, Tuple

import numpy as np

from records.hiding import STILL, Hiding
from records.parts import PARTS, ClipParts, GlossParts, Part
from results.folder import write_preds
from results.manifest import write_manifest
from results.parts import tables
from tests.kit.records import gloss, model, sequence

CHINESE = "\u4eca\u5929"
GLOSSES = ("REGEN", "WAHRSCHEINLICH-SCHNEE", CHINESE)
VERDICTS = ("right", "right", "substituted", "inserted")


def parts_run(folder: Path, clips: int = 4, models: Sequence[str] = ("slowfast", "twostream"), side: str = "") -> Path:
    """A gloss gains 4 in all; its right hand gives the number of its clip in tenths less than the trunk does."""
    for clip in range(clips):
        name = f"clip-{clip}"
        (folder / name).mkdir(parents=True)
        model_records = {model_name: model(title=model_name, parts=_parts(clip, index, side))
                         for index, model_name in enumerate(models)}
        record = sequence(model_records, sequence=name, signer=f"Signer0{clip % 2 + 1}", frames=24)
        write_preds(folder / name, record)
        for file, text in tables(record).items():
            (folder / name / file).write_text(text, encoding="utf-8")
        write_manifest(folder / name, {"write": ["parts"]}, {})
    return folder


def _parts(clip: int, index: int, side: str) -> ClipParts:
    glosses = []
    for number, name in enumerate(GLOSSES, start=1):
        about = gloss(number, name, verdict=VERDICTS[(clip + number) % len(VERDICTS)], side=side or None)
        glosses.append(GlossParts(about, -0.5, -4.5, _shared_out(clip, index, number), (-0.5, -3.0, -1.0)))
    return ClipParts(Hiding(STILL), "asks what", PARTS[6], 64 + 3, 8, tuple(glosses))


def _shared_out(clip: int, index: int, number: int) -> Tuple[Part, ...]:
    right = 1.0 + 0.1 * number
    values = np.array([right, 0.8 - 0.3 * index, 0.0, 0.2, right + 0.1 * clip, 0.0])
    values[-1] = 4.0 - values.sum()
    return tuple(Part(name) if name == "mouth" else Part(name, round(float(value), 6), 0.1, 0.1)
                 for name, value in zip(PARTS[6], values))

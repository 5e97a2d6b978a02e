"""A finished sequence with its maps, as figures are drawn from it."""
from dataclasses import dataclass
from pathlib import Path
from typing import Dict

from files.reading import DAMAGED_JSON, read_json
from records.explanation import Explanation
from records.sequence import Sequence, read_sequence
from results.cams import FILE, read_cams
from results.manifest import PREDS
from terminal.errors import UserError


@dataclass(frozen=True)
class ExplainedRun:
    folder: Path
    record: Sequence
    cams: Dict[str, Explanation]    # by model


def read_run(folder: Path) -> ExplainedRun:
    if not (folder / PREDS).exists():
        for inner in sorted(folder.glob(f"*/{PREDS}"))[:1]:
            raise UserError(f"{folder}: the folder of a run; give that of a sequence, such as {inner.parent}")
    cams = read_cams(folder / FILE)
    record = read_record(folder)
    layers = [layer for explanation in cams.values() for layer in explanation.layers.values()]
    if any(layer.laid.extent.size[0] != record.frames for layer in layers) or not set(cams) <= set(record.models):
        raise UserError(f"{folder}: its cams.npz and preds.json are not of one run; write it again")
    return ExplainedRun(folder, record, cams)


def read_record(folder: Path) -> Sequence:
    path = folder / PREDS
    try:
        tree = read_json(path)
    except DAMAGED_JSON as error:
        raise UserError(f"{folder}: no preds.json of a finished sequence ({error!r:.120}); give a folder that main.py "
                        "wrote") from None
    record = read_sequence(tree, str(path))
    if not _as_written(record):
        raise UserError(f"{path}: not as main.py writes it; write it again")
    return record


def _as_written(record: Sequence) -> bool:
    """Whether what a figure is drawn from can be so."""
    settings = record.settings
    spans = [span.frames for model in record.models.values() for span in model.spans]
    return (record.frames > 0 and 0 < record.fps < 1e6 and isinstance(settings.get("colormap"), str)
            and settings.get("normalise") in ("clip", "frame")
            and all(0 <= first < stop <= record.frames for first, stop in spans))

"""Records for tests, whole but for what a test is about."""
from dataclasses import replace
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

import numpy as np

from records.explained import ExplainedGloss, explained_id
from records.explanation import Explanation, GlossMaps, LayerMap
from records.sequence import CheckpointRecord, LayerRecord, ModelRecord
from records.sequence import Sequence as SequenceRecord
from records.transcript import Missed, Span, WordErrors, read_id, true_id


def span(number: int, gloss: str, frames: Tuple[int, int], verdict: Optional[str] = None, truth: bool = False,
         score: float = 0.8) -> Span:
    steps = frames[0] // 4, max(frames[0] // 4 + 1, frames[1] // 4)
    return Span((true_id if truth else read_id)(number), gloss, steps, frames, score, verdict)


def missed(number: int, gloss: str, after: int, frames: Tuple[int, int]) -> Missed:
    return Missed(true_id(number), gloss, after, frames)


def errors(sub: int = 0, ins: int = 0, deletions: int = 0, reference: int = 2) -> WordErrors:
    return WordErrors(100 * (sub + ins + deletions) / reference, sub, ins, deletions, reference, "TwoStream 2014")


def layer(flags: Sequence[str] = (), spatial: bool = True, **changes: Any) -> LayerRecord:
    return replace(LayerRecord((1, 2, 3) if spatial else (1,), spatial, tuple(flags), (0, 1), None), **changes)


def model(**changes: Any) -> ModelRecord:
    made = ModelRecord(
        glosses=(), spans=(), deleted=(), truth_spans=(), wer=None, wer_authors=None, notes=(), title="SlowFastSign",
        target="the largest logit of each step, summed", method="gradcam", pool="clip", normalise="clip",
        precision="fp32", viewport=(0.0, 0.0, 1.0, 1.0), layers={}, explained=(),
        checkpoint=CheckpointRecord("made.pt", "0f" * 32))
    return replace(made, **changes)


def sequence(models: Optional[Dict[str, ModelRecord]] = None, **changes: Any) -> SequenceRecord:
    made = SequenceRecord(
        sequence="a_clip", dataset="phoenix2014", data_root="../data", split="dev", signer="Signer01", frames=10,
        fps=25.0, truth=None, models={"slowfast": model()} if models is None else models,
        settings={"colormap": "turbo", "normalise": "clip"}, versions={}, command="python main.py",
        seconds={"total": 1.5}, peak_memory=2 ** 30)
    return replace(made, **changes)


def gloss(number: int = 1, name: str = "REGEN", frames: Tuple[int, int] = (4, 8), **changes: Any) -> ExplainedGloss:
    """The number-th that was read, unless the changes say otherwise."""
    of, side = changes.pop("span", read_id(number)), changes.pop("side", None)
    made = ExplainedGloss(explained_id(of, side), number, of, name, None, None, None, f"{name}, which was read",
                          (frames[0] // 4, max(frames[0] // 4 + 1, frames[1] // 4)), frames, 0.5, side)
    return replace(made, **changes)


def explanation(layers: Mapping[str, Any], glosses: Sequence[GlossMaps] = (), **changes: Any) -> Explanation:
    """layers: maps as they lie on the clip, or with their flags."""
    made = {name: one if isinstance(one, LayerMap) else LayerMap(one) for name, one in layers.items()}
    return replace(Explanation("slowfast", np.zeros((1, 1), np.float32), (0.0, 0.0, 1.0, 1.0), "all", "gradcam", "clip",
                               "clip", "fp32", (), made, tuple(glosses)), **changes)


def gloss_maps(about: ExplainedGloss, layers: Mapping[str, Any]) -> GlossMaps:
    return GlossMaps(about, {name: one if isinstance(one, LayerMap) else LayerMap(one)
                             for name, one in layers.items()})



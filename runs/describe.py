"""A sequence's record: what each network read in it, and how its maps were made."""
import os
from dataclasses import astuple, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterable, Optional

from datasets.clip import Clip
from datasets.layout import Corpus
from glosses.rules import authors_rule
from records.networks import title_of
from records.question import Question
from records.requests import ClipRequest
from records.sequence import CheckpointRecord, LayerRecord, ModelRecord, Sequence
from records.several import layer_of
from records.transcript import Transcript
from results.readings import transcribe
from results.verdict import Verdict, known_verdict, layer_line
from runs.loading import versions
from runs.videos import how_sure, video_record

if TYPE_CHECKING:   # torch is loaded while the first clip is being decoded
    from models.recogniser import Recogniser
    from records.explanation import Explanation, LayerMap


def describe(clip: Clip, models: Dict[str, ModelRecord], corpus: Corpus, asked: ClipRequest,
             settings: Dict[str, Any]) -> Sequence:
    """preds.json, but for what differs from run to run."""
    return Sequence(clip.seq_id, corpus.name, os.path.relpath(corpus.root, asked.out), clip.split, clip.signer,
                    len(clip), asked.style.fps, tuple(clip.glosses) or None, models, settings, versions(),
                    asked.command, video_record(clip.origin, models) if clip.origin else None)


def describe_model(model: str, recogniser: "Recogniser", clip: Clip, explanation: "Explanation", checkpoint: Path,
                   sha256: str, corpus: Corpus) -> ModelRecord:
    import torch

    ids = recogniser.decode_ids(torch.from_numpy(explanation.logits))
    read = partial(transcribe, explanation.logits, vocabulary=recogniser.vocabulary, truth=clip.glosses,
                   frames=len(clip), frames_per_step=recogniser.frames_per_step, rule=corpus.rule,
                   authors=authors_rule(model, corpus.name))
    transcript, sure = read(ids), None
    if clip.origin is not None:
        transcript, sure = how_sure(transcript, lambda: read([]), explanation.logits, recogniser.vocabulary.blank,
                                    checkpoint, sha256)
    verdict, note = known_verdict(checkpoint, sha256)
    notes = (*recogniser.notes, *transcript.notes, *explanation.notes, *([note] if note else []))
    layers = {name: LayerRecord(layer.raw.shape, layer.spatial, layer.flags, layer.laid.extent.seen, layer.field,
                                _evidence(verdict, explanation, name, layer), layer.made, layer.check, layer.method)
              for name, layer in explanation.layers.items()}
    return ModelRecord(
        **_transcript(replace(transcript, notes=notes)), title=title_of(model), target=explanation.target,
        method=explanation.method, pool=explanation.pool, normalise=explanation.normalise,
        precision=explanation.precision, viewport=astuple(recogniser.viewport), layers=layers,
        explained=tuple(gloss.about for gloss in explanation.glosses),
        checkpoint=CheckpointRecord(checkpoint.name, sha256, drawn(recogniser.vocabulary.names)), certainty=sure,
        hiding=explanation.hiding, parts=explanation.parts)


def drawn(glosses: Iterable[str]) -> bool:
    """Whether a network with these glosses was trained on drawings: they are the drawn signer's, and all of them."""
    from signer.layouts import LAYOUTS
    from signer.motion import NAMES

    known = {name for name in glosses if name and not name.startswith("<")}
    return any(known == set(layout().words(NAMES)) for layout in LAYOUTS.values())


def _evidence(verdict: Optional[Verdict], explanation: "Explanation", name: str, layer: "LayerMap") -> str:
    """What the study measured of such maps: it hid as their method does by default, or in the way beside its name."""
    method = layer.method or explanation.method
    usual, hiding = Question().hiding(method), explanation.hiding
    if usual is not None and hiding is not None and hiding != usual:
        gone = replace(usual, way=hiding.way) == hiding
        method = f"{method}, {hiding.way}" if gone else ""
    return layer_line(verdict, layer_of(name, layer.method), method)


def _transcript(transcript: Transcript) -> Dict[str, Any]:
    return {field.name: getattr(transcript, field.name) for field in fields(Transcript)}

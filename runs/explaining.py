"""One clip through all networks of a run: its maps, and the record of them."""
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple

from datasets.clip import Clip
from records.requests import ClipRequest
from records.sequence import ModelRecord, Sequence
from records.several import together
from records.transcript import Range
from results.manifest import differing
from runs.describe import describe, describe_model
from runs.networks_in_use import NetworksInUse, agreed_true_gloss, forget_memory_peak, memory_peak
from terminal.progress import Progress

if TYPE_CHECKING:   # torch is loaded while the first clip is being decoded
    from records.explanation import Explanation

AND = " && "        # between commands that wrote into one folder


@dataclass(frozen=True)
class Explained:
    explanations: "Mapping[str, Explanation]"       # by network
    record: Sequence
    seconds: Dict[str, float]                       # by stage
    peak: int = 0                                   # bytes of memory

    def after(self, decoding: float) -> "Explained":
        """With the seconds that decoding took."""
        return replace(self, seconds={"decode": decoding, **self.seconds})


def explained(name: str, clip: Clip, networks: NetworksInUse, asked: ClipRequest, settings: Mapping[str, Any],
              progress: Progress) -> Explained:
    """settings: of all that will be there, as the record tells them."""
    seconds: Dict[str, float] = {}
    forget_memory_peak(networks.device)
    explanations = _explanations(name, clip, networks, asked, progress, seconds)
    models = {model: describe_model(model, networks.loaded[model], clip, explanation, asked.checkpoints[model],
                                    networks.sha256(model), networks.corpus)
              for model, explanation in explanations.items()}
    record = describe(clip, models, networks.corpus, asked, dict(settings))
    return Explained(explanations, record, seconds, memory_peak(networks.device))


def _explanations(name: str, clip: Clip, networks: NetworksInUse, asked: ClipRequest, progress: Progress,
                  seconds: Dict[str, float]) -> "Dict[str, Explanation]":
    from cam_runner import explain_each
    from evidence.clip_check import checked

    agreed = asked.question.target == "from-gt" and len(networks.loaded) > 1
    true_gloss = agreed_true_gloss(list(networks.loaded.values()), clip) if agreed else None
    explanations = {}
    for model, recogniser in networks.loaded.items():
        progress.stage(f"{name}: {model}")
        started = time.perf_counter()
        made = explain_each(recogniser, clip, asked.asked_of(model), true_gloss=true_gloss, tell=progress.passes)
        if asked.checked:
            made = [checked(recogniser, clip, question, explanation, true_gloss, progress.passes)
                    for question, explanation in zip(asked.asked_of(model), made)]
        explanations[model] = together(made, clip.keypoints is not None)
        seconds[f"explain {model}"] = time.perf_counter() - started
    return explanations


def added_to(before: Sequence, settings: Mapping[str, Any], command: str, now: Optional[Sequence]) -> Sequence:
    """The record of before, once more was written: what was read, and how its maps were made, it tells as it did. But
    for what differs from run to run, and parts where they are new. now: the record of the clip explained again."""
    commands = before.command.split(AND)
    models = {name: replace(model, parts=(now.models[name].parts if now else None) or model.parts)
              for name, model in before.models.items()}
    return replace(before, models=models, settings=dict(settings), seconds={}, peak_memory=0,
                   command=AND.join(commands if command in commands else [*commands, command]))


def changed(before: Sequence, now: Sequence) -> str:
    """Why the maps made now are not those that were written before; empty where they are."""
    read = [f"{model} reads it otherwise now" for model, record in now.models.items()
            if _reading(record) != _reading(before.models[model])]
    return "; ".join([*(f"{name}: {how}" for name, how in differing(before.versions, now.versions).items()), *read])


def _reading(model: ModelRecord) -> List[Tuple[str, Range]]:
    return [(span.gloss, span.frames) for span in model.spans]


def all_seconds(before: Optional[Sequence], seconds: Mapping[str, float]) -> Dict[str, float]:
    """By stage, with those that what was there had taken."""
    stages = {**(before.seconds if before else {}), **seconds}
    stages["total"] = sum(value for stage, value in stages.items() if stage != "total")
    return {stage: round(value, 3) for stage, value in stages.items()}

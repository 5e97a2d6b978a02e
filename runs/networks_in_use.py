"""The networks of a run: hashed and loaded while the first clip is being decoded, and what of them makes two runs the
same."""
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, Dict, Sequence

from datasets.clip import Clip
from datasets.layout import Corpus
from models.device import choose_device
from records.question import TARGETS
from records.requests import ClipRequest
from runs.loading import load_recogniser, sha256, vocabulary_digest
from runs.videos import video_settings
from terminal.errors import UserError
from terminal.progress import Progress

if TYPE_CHECKING:
    from models.recogniser import Recogniser


class NetworksInUse:
    def __init__(self, asked: ClipRequest, corpus: Corpus, background: Executor, progress: Progress,
                 first: bool) -> None:
        """first: whether this process speaks for all of them."""
        self.asked, self.corpus, self.progress, self.first = asked, corpus, progress, first
        self.loaded: Dict[str, Recogniser] = {}
        self._background = background
        self._hashes = {model: background.submit(sha256, path) for model, path in asked.checkpoints.items()}
        self._device = ""
        self._vocabularies: Dict[str, str] = {}

    def sha256(self, model: str) -> str:
        return self._hashes[model].result()

    @property
    def device(self) -> str:
        if not self._device:
            self._device, note = choose_device(self.asked.device)
            if note and self.first:
                self.progress.note(note)
        return self._device

    @property
    def vocabularies(self) -> Dict[str, str]:
        if not self._vocabularies:
            self._vocabularies = {model: vocabulary_digest(model, self.corpus) for model in self.asked.checkpoints}
        return self._vocabularies

    def settings(self) -> Dict[str, Any]:
        """What makes two runs the same, as JSON has it."""
        asked = self.asked
        return {
            "models": list(asked.checkpoints),
            "checkpoints": {model: self.sha256(model) for model in asked.checkpoints},
            **asked.settings(),
            "precision": asked.question.precision or ("amp" if self.device.startswith("cuda") else "fp32"),
            **({"video": video_settings(asked.videos)} if asked.videos else {}),
        }

    def load(self) -> None:
        """All of them, and everything about them that the user may have got wrong."""
        self.progress.stage("loading models")
        device = self.device
        loading = {model: self._background.submit(load_recogniser, model, path, device, self.corpus)
                   for model, path in self.asked.checkpoints.items()}
        ready = {model: future.result() for model, future in loading.items()}
        for model, recogniser in ready.items():
            for note in recogniser.notes if self.first else ():
                self.progress.note(f"warning: {model}: {note}")
            self._check_layers(model, recogniser)
            self._check_target(model, recogniser)
        self.loaded = ready

    def _check_layers(self, model: str, recogniser: "Recogniser") -> None:
        from cams.catalogue import layer_names, method_of

        methods = {recogniser.method_for(asked) for asked in self.asked.asked_of(model)
                   if asked.layers is not None}
        there = {name for method in methods for name in layer_names(recogniser, method_of(method))}
        unknown = [name for name in self.asked.layers.get(model, ()) if name not in there]
        if unknown:
            raise UserError(f"--layers: {model} has no layer {', '.join(unknown)}; --list-layers prints those it has")

    def _check_target(self, model: str, recogniser: "Recogniser") -> None:
        from difflib import get_close_matches

        target = self.asked.question.target
        if not isinstance(target, str) or target in TARGETS or target in recogniser.vocabulary:
            return
        near = ", ".join(get_close_matches(target.upper(), recogniser.vocabulary.names, 3)) or "none"
        raise UserError(f"--target {target}: {model}'s vocabulary has no such gloss (near ones: {near}); "
                        f"give {', '.join(TARGETS)} or a gloss it knows")


def memory_peak(device: str) -> int:
    """Bytes: of the card, or of this process where there is none."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.max_memory_allocated(device))
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def forget_memory_peak(device: str) -> None:
    if device.startswith("cuda"):
        import torch

        torch.cuda.reset_peak_memory_stats(device)


def agreed_true_gloss(recognisers: "Sequence[Recogniser]", clip: Clip) -> int:
    """Of the true glosses the one nearest to the middle frame over the alignments of all networks, from 1."""
    from cams.targets import known_truth, middle_distances
    from models.reading import read

    distances = [middle_distances(recogniser, clip, known_truth(recogniser, clip), read(recogniser, clip))
                 for recogniser in recognisers]
    total = [sum(gloss) for gloss in zip(*distances)]
    return total.index(min(total)) + 1

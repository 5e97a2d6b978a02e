"""The way of a sequence: decoded while the one before it is explained, drawn and written while the next one is."""
import errno
import os
import time
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Tuple

from datasets.clip import Clip
from datasets.phoenix import PhoenixVideoTextDataset
from drawing.overlay import Style
from models.device import choose_device
from render import render
from results.folder import SequenceFolder, finished, write_cams, write_preds
from results.readings import read
from results.summary import failure, outcome_of
from runs.loading import load_recogniser, sha256, versions
from runs.sharing import Share, processes_here
from terminal.errors import UserError
from terminal.progress import Progress

if TYPE_CHECKING:   # torch is loaded while the first clip is being decoded
    from cam_runner import Explanation
    from models.recogniser import Recogniser



@dataclass(frozen=True)
class Asked:
    """Everything that decides what is written for a sequence, and where it comes from and goes."""

    checkpoints: Mapping[str, Path]                 # model -> file, in the order of the video's rows
    layers: Mapping[str, Tuple[str, ...]]           # model -> layers, where not the model's own five
    target: str
    method: str
    weights: str
    normalise: str
    device: Optional[str]
    precision: Optional[str]
    style: Style
    save_cams: bool
    report: bool
    out: Path
    overwrite: bool
    command: str


@dataclass(frozen=True)
class Job:
    place: int                                      # in the list of sequences
    name: str
    started: float
    clip: "Future[Tuple[Clip, float]]"              # with the seconds it took


class Pipeline:
    def __init__(self, asked: Asked, dataset: PhoenixVideoTextDataset, share: Share, progress: Progress) -> None:
        self.asked = asked
        self.dataset = dataset
        self.share = share
        self.progress = progress
        self.recognisers: Dict[str, Recogniser] = {}
        self.device = ""
        self._background = ThreadPoolExecutor(1 + len(asked.checkpoints))       # decoding; hashing and loading
        self._writer = ThreadPoolExecutor(1)
        self._drawers = ThreadPoolExecutor(max(1, len(os.sched_getaffinity(0)) // processes_here()))
        self._hashes = {model: self._background.submit(sha256, path) for model, path in asked.checkpoints.items()}
        self._writing: Optional[Tuple[Job, Future[Dict[str, Any]]]] = None

    def run(self) -> None:
        """Every sequence that the share gives out; what became of it is told to the share."""
        try:
            upcoming = self._next()
            while upcoming is not None:
                if not self.recognisers:
                    self._load()
                job, upcoming = upcoming, self._next()
                self._explain(job)
            self._written()
        finally:
            for pool in (self._background, self._writer, self._drawers):    # the writer still needs the drawers
                pool.shutdown()

    def settings(self) -> Dict[str, Any]:
        """What makes two runs the same, as JSON has it."""
        asked = self.asked
        return {
            "models": list(asked.checkpoints),
            "checkpoints": {model: future.result() for model, future in self._hashes.items()},
            "layers": {model: list(names) for model, names in asked.layers.items()},
            "target": asked.target, "method": asked.method, "weights": asked.weights, "normalise": asked.normalise,
            "precision": asked.precision or ("amp" if self._chosen_device().startswith("cuda") else "fp32"),
            "alpha": asked.style.alpha, "colormap": asked.style.colormap, "fps": asked.style.fps,
            "save_cams": asked.save_cams, "report": asked.report,
        }

    def _chosen_device(self) -> str:
        if not self.device:
            self.device, note = choose_device(self.asked.device)
            if note and self.share.rank == 0:
                self.progress.note(note)
        return self.device

    def _next(self) -> Optional[Job]:
        """The next sequence that is not finished, its frames already being decoded."""
        while True:
            place = self.share.next()
            if place >= len(self.dataset):
                return None
            name = self.dataset.rows[place].seq_id
            before = None if self.asked.overwrite else finished(self.asked.out, name)
            if before is None or before.get("settings") != self.settings():
                return Job(place, name, time.perf_counter(), self._background.submit(self._decode, place))
            self.progress.say(f"{name}: finished with these settings before, skipped")
            self._tell(place, outcome_of(before, "skipped"))

    def _decode(self, place: int) -> Tuple[Clip, float]:
        from models.registry import recogniser_class

        started = time.perf_counter()
        tall = any(recogniser_class(model).takes_tall_frames for model in self.asked.checkpoints)
        return self.dataset.clip(place, tall=None if tall else False), time.perf_counter() - started

    def _load(self) -> None:
        """The models, and everything about them that the user may have got wrong."""
        self.progress.stage("loading models")
        device = self._chosen_device()
        loading = {model: self._background.submit(load_recogniser, model, path, device, self.dataset.files)
                   for model, path in self.asked.checkpoints.items()}
        for model, future in loading.items():
            recogniser = future.result()
            if self.share.rank == 0:
                for note in recogniser.notes:
                    self.progress.note(f"warning: {model}: {note}")
            unknown = [name for name in self.asked.layers.get(model, ()) if name not in recogniser.layers]
            if unknown:
                raise UserError(f"--layers: {model} has no layer {', '.join(unknown)}; "
                                "--list-layers prints those it has")
            self._check_target(model, recogniser)
            self.recognisers[model] = recogniser

    def _check_target(self, model: str, recogniser: "Recogniser") -> None:
        from difflib import get_close_matches

        target = self.asked.target
        if target not in ("max", "pred", "from-gt") and target not in recogniser.vocabulary:
            near = ", ".join(get_close_matches(target.upper(), recogniser.vocabulary.names, 3)) or "none"
            raise UserError(f"--target {target}: {model}'s vocabulary has no such gloss (near ones: {near}); "
                            "give max, pred, from-gt or a gloss it knows")

    def _explain(self, job: Job) -> None:
        """One clip through all models; the writing is left to others."""
        from cam_runner import explain

        asked = self.asked
        seconds: Dict[str, float] = {}
        try:
            self.progress.stage(f"{job.name}: frames")
            clip, seconds["decode"] = job.clip.result()
            self._forget_peak()
            explanations = {}
            for model, recogniser in self.recognisers.items():
                self.progress.stage(f"{job.name}: {model}")
                started = time.perf_counter()
                explanations[model] = explain(recogniser, clip, asked.layers.get(model), asked.target, asked.method,
                                              asked.weights, asked.normalise, asked.precision)
                seconds[f"explain {model}"] = time.perf_counter() - started
            preds = self._preds(clip, explanations)
        except Exception as error:
            self._failed(job, error)
            return
        peak = self._peak()
        self._written()         # so no more than three clips are held: decoded, explained, written
        self.progress.stage(f"{job.name}: writing")
        self._writing = job, self._writer.submit(self._write, job, clip, explanations, preds, seconds, peak)

    def _preds(self, clip: Clip, explanations: Mapping[str, "Explanation"]) -> Dict[str, Any]:
        """preds.json, but for what differs from run to run."""
        settings = self.settings()
        return {
            "sequence": clip.seq_id, "dataset": self.dataset.files.name, "split": clip.split,
            "signer": clip.signer, "frames": len(clip),
            "fps": self.asked.style.fps, "truth": list(clip.glosses) or None,
            "models": {model: self._model_preds(model, clip, explanation)
                       for model, explanation in explanations.items()},
            "settings": settings, "versions": versions(), "command": self.asked.command,
        }

    def _model_preds(self, model: str, clip: Clip, explanation: "Explanation") -> Dict[str, Any]:
        import torch

        recogniser = self.recognisers[model]
        ids = recogniser.decode_ids(torch.from_numpy(explanation.logits))
        told = read(model, explanation.logits, ids, recogniser.vocabulary, clip.glosses, len(clip),
                    recogniser.frames_per_step, self.dataset.files.clean)
        told.update({
            "target": explanation.target, "method": explanation.method, "weights": explanation.weights,
            "normalise": explanation.normalise, "precision": explanation.precision,
            "viewport": list(astuple(recogniser.viewport)),     # left, top, right, bottom in fractions of the frame
            "layers": {name: {"flags": list(layer.flags), "spatial": layer.spatial, "shape": list(layer.raw.shape)}
                       for name, layer in explanation.layers.items()},
            "checkpoint": {"file": self.asked.checkpoints[model].name, "sha256": self._hashes[model].result()},
            "notes": [*recogniser.notes, *told["notes"], *explanation.notes],
        })
        return told

    def _write(self, job: Job, clip: Clip, explanations: Mapping[str, "Explanation"], preds: Dict[str, Any],
               seconds: Dict[str, float], peak: int) -> Dict[str, Any]:
        """Everything a sequence leaves behind, in a thread of its own."""
        asked = self.asked
        layers = {model: explanation.layers for model, explanation in explanations.items()}
        with SequenceFolder(asked.out, job.name) as folder:
            started = time.perf_counter()
            maps = {model: {name: layer.map for name, layer in its.items()} for model, its in layers.items()}
            render(folder.path, clip.frames, maps, preds, asked.style, self._drawers)
            seconds["render"] = time.perf_counter() - started
            if asked.save_cams:
                started = time.perf_counter()
                write_cams(folder.path / "cams.npz", explanations)
                seconds["cams"] = time.perf_counter() - started
            if asked.report:
                from reports.report import write_report

                started = time.perf_counter()
                write_report(folder.path, clip.frames, layers, preds, clip.keypoints)
                seconds["report"] = time.perf_counter() - started
            seconds["total"] = time.perf_counter() - job.started
            told = {**preds, "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
                    "peak_memory": peak}
            write_preds(folder.path, told)
            folder.publish()
        return told

    def _written(self) -> None:
        """Waits for the sequence that is being written, if one is."""
        if self._writing is None:
            return
        (job, future), self._writing = self._writing, None
        try:
            preds = future.result()
        except Exception as error:
            self._failed(job, error)
            return
        self.progress.finished(preds, self.asked.out / job.name)
        self._tell(job.place, outcome_of(preds, "done"))

    def _failed(self, job: Job, error: Exception) -> None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise error         # the disk is full: the next sequence would fare no better
        reason = str(error) if isinstance(error, UserError) else _in_one_line(error)
        self.progress.error(reason if reason.startswith(job.name) else f"{job.name}: {reason}")
        self._tell(job.place, failure(job.name, reason, isinstance(error, UserError)))

    def _tell(self, place: int, outcome: Dict[str, Any]) -> None:
        self.share.tell(place, outcome)
        self.progress.over(self.share.told())

    def _forget_peak(self) -> None:
        if self.device.startswith("cuda"):
            import torch

            torch.cuda.reset_peak_memory_stats(self.device)

    def _peak(self) -> int:
        """Bytes: of the card, or of this process where there is none."""
        if self.device.startswith("cuda"):
            import torch

            return int(torch.cuda.max_memory_allocated(self.device))
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _in_one_line(error: Exception) -> str:
    """What a crash leaves for whoever has to look into it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    text = (str(error).strip() or "no message").splitlines()[0]
    return f"{type(error).__name__}: {text} ({os.path.basename(place.filename)}:{place.lineno})"

"""The way of a sequence: decoded while the one before it is explained, drawn and written while the next one is."""
import errno
import os
import time
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Protocol, Tuple

from datasets.clip import Clip
from datasets.corpus import Row
from datasets.layout import Corpus
from drawing.overlay import Style
from models.device import choose_device
from results.existing_result import Standing, check_holder, check_out, standing
from results.folder import SequenceFolder, write_preds
from results.readings import read
from results.retire_output import set_aside
from results.summary import failure, outcome_of
from results.verdict import Verdict, known_verdict, layer_line
from runs.loading import load_recogniser, sha256, versions, vocabulary_digest
from runs.sharing import Share, processes_here
from runs.videos import Videos, read_video, video_record, write_origin
from runs.writing import write
from terminal.errors import UserError
from terminal.progress import Progress
from terminal.signals import undisturbed

if TYPE_CHECKING:   # torch is loaded while the first clip is being decoded
    from cam_runner import Explanation, GlossMaps
    from models.recogniser import Recogniser

POLL = 0.2      # seconds


@dataclass(frozen=True)
class Asked:
    """Everything that decides what is written for a sequence, and where it comes from and goes."""

    checkpoints: Mapping[str, Path]                 # model -> file, in the order of the video's rows
    layers: Mapping[str, Tuple[str, ...]]           # model -> layers, where not the model's own five
    target: str
    method: str
    weights: Optional[str]
    normalise: str
    device: Optional[str]
    precision: Optional[str]
    style: Style
    write: Tuple[str, ...]                          # of frames, video, report, cams, glosses
    every: int                                      # of the frames, every so many-th gets PNGs
    out: Path
    overwrite: bool
    command: str
    videos: Optional[Videos] = None                 # of the user's own, in place of a corpus
    budget: Optional[int] = None                    # passes of a method that takes many; None: its own number


class Sequences(Protocol):
    """A corpus's split, or videos of the user's own."""

    rows: List[Row]
    files: Corpus                                   # whose glosses are read, and how they are compared

    def __len__(self) -> int: ...

    def clip(self, index: int, tall: Optional[bool] = None) -> Clip: ...

    def fingerprint(self, index: int, tall: bool) -> Dict[str, Any]: ...


@dataclass(frozen=True)
class Job:
    place: int                                      # in the list of sequences
    name: str
    started: float
    folder: SequenceFolder                          # claimed
    clip: "Future[Tuple[Clip, Dict[str, Any], float]]"      # with its inputs' fingerprint and the seconds it took


class Pipeline:
    def __init__(self, asked: Asked, dataset: Sequences, share: Share, progress: Progress) -> None:
        self.asked = asked
        self.dataset = dataset
        self.share = share
        self.progress = progress
        self.recognisers: Dict[str, Recogniser] = {}
        self.device = ""
        self._background = ThreadPoolExecutor(1 + len(asked.checkpoints))       # decoding; hashing and loading
        self._writer = ThreadPoolExecutor(1)
        self._writer.submit(int).result()       # a thread that a signal meets as it starts is waited for by nobody
        self._drawers = ThreadPoolExecutor(max(1, len(os.sched_getaffinity(0)) // processes_here()))
        self._hashes = {model: self._background.submit(sha256, path) for model, path in asked.checkpoints.items()}
        self._writing: Optional[Tuple[Job, Future[Dict[str, Any]]]] = None
        self._held: List[SequenceFolder] = []       # claimed by this run
        self._elsewhere: List[int] = []             # places that another run is at
        self._vocabularies: Dict[str, str] = {}

    def run(self) -> None:
        """Every sequence that the share gives out; what became of it is told to the share."""
        names = [row.seq_id for row in self.dataset.rows]
        try:
            check_out(self.asked.out, names, self.settings, self.asked.overwrite)
            upcoming = self._next()
            while upcoming is not None:
                self._load()
                job, upcoming = upcoming, self._next()
                self._explain(job)
            self._written()
            self._see_to_others()
        finally:
            for pool in (self._background, self._writer, self._drawers):    # the writer still needs the drawers
                pool.shutdown()
            for folder in self._held:
                folder.release()

    def settings(self) -> Dict[str, Any]:
        """What makes two runs the same."""
        asked = self.asked
        return {
            "models": list(asked.checkpoints),
            "checkpoints": {model: future.result() for model, future in self._hashes.items()},
            "layers": {model: list(names) for model, names in asked.layers.items()},
            "target": asked.target, "method": asked.method, "pool": asked.weights, "normalise": asked.normalise,
            "precision": asked.precision or ("amp" if self._chosen_device().startswith("cuda") else "fp32"),
            "blend": asked.style.blend, "alpha": asked.style.weight, "colormap": asked.style.colormap,
            "scale": asked.style.scale, "fps": asked.style.fps,
            "write": list(asked.write), "every": asked.every,
            **({"video": asked.videos.settings()} if asked.videos else {}),
            **({"budget": asked.budget} if asked.budget else {}),
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
            folder = self._claim(place)
            if folder is None:
                self._elsewhere.append(place)
                self.progress.say(f"{self.dataset.rows[place].seq_id}: another run is at it, left to that")
                continue
            job = self._job(place, folder)
            if job is not None:
                return job

    def _claim(self, place: int) -> Optional[SequenceFolder]:
        """None while another run with the same settings is at it; before the first is begun, UserError if others."""
        name = self.dataset.rows[place].seq_id
        while True:
            with undisturbed():
                folder = SequenceFolder.claim(self.asked.out, name)
                if folder is not None:
                    self._held = [*(held for held in self._held if held.held), folder]
            if folder is not None:
                return folder
            if check_holder(self.asked.out, name, self.settings()):
                return None
            time.sleep(POLL)            # it has not yet said what it makes, or is just over

    def _job(self, place: int, folder: SequenceFolder) -> Optional[Job]:
        """None where there is nothing to do: finished before, or not ours to replace."""
        name = folder.final.name
        try:
            there = self._standing(place, folder)
        except UserError as error:      # it came there since this run began
            folder.release()
            self._told_failed(place, name, error)
            return None
        if there.preds is not None:
            folder.release()
            self.progress.say(f"{name}: finished with these settings before, skipped")
            self._tell(place, outcome_of(there.preds, "skipped"))
            return None
        if there.flaw:
            kept = f"; what is there is kept as {set_aside(folder.final).name}" if there.aside else ""
            self.progress.note(f"{name}: made again, as {there.flaw}{kept}")
        job = Job(place, name, time.perf_counter(), folder, self._background.submit(self._decode, place))
        if self.recognisers:            # else when these are loaded, as settings wait for the checkpoints' hashes
            folder.sign(self.settings())
        return job

    def _standing(self, place: int, folder: SequenceFolder) -> Standing:
        if not os.path.lexists(folder.final):
            return Standing()
        if self.asked.overwrite:
            return standing(folder.final, None, {})
        return standing(folder.final, self.settings(), self._inputs(place))

    def _inputs(self, place: int) -> Dict[str, Any]:
        if not self._vocabularies:
            self._vocabularies = {model: vocabulary_digest(model, self.dataset.files)
                                  for model in self.asked.checkpoints}
        return {**self.dataset.fingerprint(place, self._tall()), "vocabulary": self._vocabularies}

    def _see_to_others(self) -> None:
        """What other runs were at, when these are over: finished, or else done here after all."""
        for place in self._elsewhere:
            self.progress.stage(f"{self.dataset.rows[place].seq_id}: another run is at it")
            folder = self._claim(place)
            while folder is None:
                time.sleep(POLL)
                folder = self._claim(place)
            job = self._job(place, folder)
            if job is not None:
                self._load()
                self._explain(job)
                self._written()

    def _tall(self) -> bool:
        from models.registry import recogniser_class

        return any(recogniser_class(model).takes_tall_frames for model in self.asked.checkpoints)

    def _decode(self, place: int) -> Tuple[Clip, Dict[str, Any], float]:
        started = time.perf_counter()
        inputs = self._inputs(place)        # before: what changes meanwhile is seen by the next run
        clip = self.dataset.clip(place, tall=None if self._tall() else False)
        return clip, inputs, time.perf_counter() - started

    def _load(self) -> None:
        """The models, once, and everything about them that the user may have got wrong."""
        if self.recognisers:
            return
        from cams.catalogue import CATALOGUE, layer_names

        self.progress.stage("loading models")
        device = self._chosen_device()
        loading = {model: self._background.submit(load_recogniser, model, path, device, self.dataset.files)
                   for model, path in self.asked.checkpoints.items()}
        for model, future in loading.items():
            recogniser = future.result()
            if self.share.rank == 0:
                for note in recogniser.notes:
                    self.progress.note(f"warning: {model}: {note}")
            there = layer_names(recogniser, CATALOGUE[self.asked.method])
            unknown = [name for name in self.asked.layers.get(model, ()) if name not in there]
            if unknown:
                raise UserError(f"--layers: {model} has no layer {', '.join(unknown)}" + (
                    "; --list-layers prints those it has" if len(there) > 1 else
                    f" that {self.asked.method} can explain: it hides parts of the clip itself; ask for {there[0]}"))
            self._check_target(model, recogniser)
            self.recognisers[model] = recogniser
        for folder in self._held:
            folder.sign(self.settings())

    def _check_target(self, model: str, recogniser: "Recogniser") -> None:
        from difflib import get_close_matches

        from cams.targets import TARGETS

        target = self.asked.target
        if target not in TARGETS and target not in recogniser.vocabulary:
            near = ", ".join(get_close_matches(target.upper(), recogniser.vocabulary.names, 3)) or "none"
            raise UserError(f"--target {target}: {model}'s vocabulary has no such gloss (near ones: {near}); "
                            f"give {', '.join(TARGETS)} or a gloss it knows")

    def _explain(self, job: Job) -> None:
        """One clip through all models; the writing is left to others."""
        from cam_runner import explain

        asked = self.asked
        seconds: Dict[str, float] = {}
        try:
            self.progress.stage(f"{job.name}: frames")
            clip, inputs, seconds["decode"] = job.clip.result()
            self._forget_peak()
            explanations = {}
            place = self._agreed_place(clip) if asked.target == "from-gt" and len(self.recognisers) > 1 else None
            for model, recogniser in self.recognisers.items():
                self.progress.stage(f"{job.name}: {model}")
                started = time.perf_counter()
                explanations[model] = explain(recogniser, clip, asked.layers.get(model), asked.target, asked.method,
                                              asked.weights, asked.normalise, asked.precision, place=place,
                                              budget=asked.budget, tell=self.progress.passes)
                seconds[f"explain {model}"] = time.perf_counter() - started
            preds = self._preds(clip, explanations)
        except Exception as error:
            self._failed(job, error)
            return
        peak = self._peak()
        self._written()         # so no more than three clips are held: decoded, explained, written
        self.progress.stage(f"{job.name}: writing")
        self._writing = job, self._writer.submit(self._write, job, clip, inputs, explanations, preds, seconds, peak)

    def _agreed_place(self, clip: Clip) -> int:
        """The true gloss nearest to the middle frame over the alignments of all models: one for them all."""
        from cams.targets import known_truth, middle_distances
        from models.reading import read as read_clip

        apart = [middle_distances(recogniser, clip, known_truth(recogniser, clip), read_clip(recogniser, clip))
                 for recogniser in self.recognisers.values()]
        total = [sum(each) for each in zip(*apart)]
        return total.index(min(total))

    def _preds(self, clip: Clip, explanations: Mapping[str, "Explanation"]) -> Dict[str, Any]:
        """preds.json, but for what differs from run to run."""
        settings = self.settings()
        models = {model: self._model_preds(model, clip, explanation) for model, explanation in explanations.items()}
        return {
            "sequence": clip.seq_id, "dataset": self.dataset.files.name,
            "data_root": os.path.relpath(self.dataset.files.root, self.asked.out), "split": clip.split,
            "signer": clip.signer, "frames": len(clip),
            "fps": self.asked.style.fps, "truth": list(clip.glosses) or None,
            "models": models, **({"video": video_record(clip.origin, models)} if clip.origin else {}),
            "settings": settings, "versions": versions(), "command": self.asked.command,
        }

    def _model_preds(self, model: str, clip: Clip, explanation: "Explanation") -> Dict[str, Any]:
        import torch

        recogniser = self.recognisers[model]
        ids = recogniser.decode_ids(torch.from_numpy(explanation.logits))
        reading = partial(read, model, explanation.logits, vocabulary=recogniser.vocabulary, truth=clip.glosses,
                          frames=len(clip), frames_per_step=recogniser.frames_per_step, clean=clip.clean)
        told = reading(ids)
        if clip.origin is not None:
            told = read_video(told, reading, explanation.logits, recogniser.vocabulary.blank,
                              self.asked.checkpoints[model], self._hashes[model].result())
        verdict, note = known_verdict(self.asked.checkpoints[model], self._hashes[model].result())
        told.update({
            "target": explanation.target, "method": explanation.method, "weights": explanation.weights,
            "normalise": explanation.normalise, "precision": explanation.precision,
            "viewport": list(astuple(recogniser.viewport)),     # left, top, right, bottom in fractions of the frame
            "layers": {name: {"flags": list(layer.flags), "spatial": layer.spatial, "shape": list(layer.raw.shape),
                              "seen": list(layer.laid.place.seen), "field": layer.field,
                              **_evidence(verdict, name, explanation.method)}
                       for name, layer in explanation.layers.items()},
            "explained": [_on_frames(gloss, recogniser.frames_per_step, len(clip)) for gloss in explanation.glosses],
            "checkpoint": {"file": self.asked.checkpoints[model].name, "sha256": self._hashes[model].result()},
            "notes": [*recogniser.notes, *told["notes"], *explanation.notes, *([note] if note else [])],
        })
        return told

    def _write(self, job: Job, clip: Clip, inputs: Mapping[str, Any], explanations: Mapping[str, "Explanation"],
               preds: Dict[str, Any], seconds: Dict[str, float], peak: int) -> Dict[str, Any]:
        """Everything a sequence leaves behind, in a thread of its own."""
        asked = self.asked
        with job.folder as folder:
            seconds.update(write(folder.path, asked.write, asked.every, asked.style, clip, explanations, preds,
                                 self._drawers))
            write_origin(folder.path, clip)
            seconds["total"] = time.perf_counter() - job.started
            told = {**preds, "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
                    "peak_memory": peak}
            write_preds(folder.path, told)
            folder.publish(preds["settings"], inputs)
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
        job.folder.release()
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise error         # the disk is full: the next sequence would fare no better
        self._told_failed(job.place, job.name, error)

    def _told_failed(self, place: int, name: str, error: Exception) -> None:
        reason = str(error) if isinstance(error, UserError) else _in_one_line(error)
        self.progress.error(reason if reason.startswith(name) else f"{name}: {reason}")
        self._tell(place, failure(name, reason, isinstance(error, UserError)))

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


def _evidence(verdict: Optional[Verdict], layer: str, method: str) -> Dict[str, str]:
    """What the evidence study said of a layer's maps, where it lies beside the checkpoint and knows this method."""
    line = layer_line(verdict, layer, method)
    return {"evidence": line} if line else {}


def _on_frames(gloss: "GlossMaps", step: int, frames: int) -> Dict[str, Any]:
    """What is told of a gloss explained on its own, its steps as frames start..stop-1."""
    about = gloss.about
    return {"place": gloss.place, **about, "start": min(about["start"] * step, frames - 1),
            "stop": min(about["stop"] * step, frames),
            "layers": {name: list(layer.flags) for name, layer in gloss.layers.items()}}


def _in_one_line(error: Exception) -> str:
    """What a crash leaves for whoever has to look into it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    text = (str(error).strip() or "no message").splitlines()[0]
    return f"{type(error).__name__}: {text} ({os.path.basename(place.filename)}:{place.lineno})"

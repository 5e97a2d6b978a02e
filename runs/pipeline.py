"""The way of a sequence: decoded while the one before it is explained, drawn and written while the next one is."""
import errno
import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Protocol, Tuple

from datasets.clip import Clip
from datasets.corpus import Row
from datasets.layout import Corpus
from models.freed_memory import give_freed_memory_back
from records.networks import BY_NAME
from records.requests import ClipRequest
from records.sequence import Sequence
from records.summary import DONE, SKIPPED, Outcome, failure, outcome_of
from results.additions import joined, written
from results.cams import FILE as CAMS
from results.cams import read_cams
from results.existing_result import Existing, check_holder, check_out, existing
from results.folder import SequenceFolder, write_preds
from results.retire_output import set_aside
from runs.clip_lines import finished_line, in_one_line
from runs.explaining import Explained, added_to, all_seconds, changed, explained
from runs.networks_in_use import NetworksInUse
from runs.sharing import Share, processes_here
from runs.videos import write_origin
from runs.writing import write
from terminal.errors import UserError
from terminal.progress import Progress
from terminal.signals import undisturbed

if TYPE_CHECKING:   # torch is loaded while the first clip is being decoded
    from records.explanation import Explanation

POLL = 0.2      # seconds
LEADING = ("report", "elan")    # they lead to what else is there, so they are made again when that becomes more


class Sequences(Protocol):
    """A corpus's split, or videos of the user's own."""

    rows: List[Row]
    files: Corpus                                   # whose glosses are read, and how they are compared

    def __len__(self) -> int: ...

    def clip(self, index: int, tall: Optional[bool] = None) -> Clip: ...

    def fingerprint(self, index: int, tall: bool) -> Dict[str, Any]: ...


@dataclass(frozen=True)
class Job:
    index: int                                      # in the list of sequences
    name: str
    folder: SequenceFolder                          # claimed
    clip: "Future[Tuple[Clip, Dict[str, Any], float]]"      # with its inputs' fingerprint and the seconds it took
    there: Existing                                 # what is added to, or made again

    @property
    def keeps_maps(self) -> bool:
        """Whether what is to be added can be made from maps that are there, without a network."""
        return (self.there.record is not None and "cams" in written(self.there.settings)
                and "parts" not in self.there.lacking)


@dataclass(frozen=True)
class Work:
    """What is to be written of a clip."""

    clip: Clip
    inputs: Dict[str, Any]                          # their fingerprint
    made: Explained
    parts: Tuple[str, ...]
    adding: bool                                    # to what is there


class Pipeline:
    def __init__(self, asked: ClipRequest, dataset: Sequences, share: Share, progress: Progress,
                 hear: Callable[[Outcome], None] = lambda outcome: None) -> None:
        """hear: what became of each sequence of this process."""
        self.asked = asked
        self.hear = hear
        self.dataset = dataset
        self.share = share
        self.progress = progress
        self._background = ThreadPoolExecutor(1 + len(asked.checkpoints))       # decoding; hashing and loading
        self._writer = ThreadPoolExecutor(1)
        self._writer.submit(int).result()       # a thread that a signal meets as it starts is waited for by nobody
        self._drawers = ThreadPoolExecutor(max(1, len(os.sched_getaffinity(0)) // processes_here()))
        self.networks = NetworksInUse(asked, dataset.files, self._background, progress, share.rank == 0)
        self._writing: Optional[Tuple[Job, Future[Tuple[Sequence, str]]]] = None
        self._held: List[SequenceFolder] = []       # claimed by this run
        self._elsewhere: List[int] = []             # sequences that another run is at
        self._tall = any(BY_NAME[model].tall_frames for model in asked.checkpoints)

    def run(self) -> None:
        """Every sequence that the share gives out; what became of it is told to the share."""
        names = [row.seq_id for row in self.dataset.rows]
        try:
            check_out(self.asked.out, names, self.networks.settings, self.asked.overwrite)
            upcoming = self._next()
            while upcoming is not None:
                if not upcoming.keeps_maps:
                    self._load()
                job, upcoming = upcoming, self._next()
                self._explain(job)
            self._finish_writing()
            self._see_to_others()
        finally:
            for pool in (self._background, self._writer, self._drawers):    # the writer still needs the drawers
                pool.shutdown()
            for folder in self._held:
                folder.release()

    def _next(self) -> Optional[Job]:
        """The next sequence that is not finished, its frames already being decoded."""
        while True:
            index = self.share.next()
            if index >= len(self.dataset):
                return None
            folder = self._claim(index)
            if folder is None:
                self._elsewhere.append(index)
                self.progress.say(f"{self.dataset.rows[index].seq_id}: another run is working on it; left to that run")
                continue
            job = self._job(index, folder)
            if job is not None:
                return job

    def _claim(self, index: int) -> Optional[SequenceFolder]:
        """None while another run with the same settings is at it; before the first is begun, UserError if others."""
        name = self.dataset.rows[index].seq_id
        while True:
            with undisturbed():
                folder = SequenceFolder.claim(self.asked.out, name)
                if folder is not None:
                    self._held = [*(held for held in self._held if held.held), folder]
            if folder is not None:
                return folder
            if check_holder(self.asked.out, name, self.networks.settings()):
                return None
            time.sleep(POLL)            # it has not yet said what it makes, or is just over

    def _job(self, index: int, folder: SequenceFolder) -> Optional[Job]:
        """None where there is nothing to do: finished before, or not ours to replace."""
        name = folder.final.name
        try:
            there = self._existing(index, folder)
        except UserError as error:      # it came there since this run began
            folder.release()
            self._report_failure(index, name, error)
            return None
        if there.record is not None and not there.lacking:
            folder.release()
            self._report(index, outcome_of(there.record, SKIPPED))
            return None
        if there.flaw:
            kept = f"; the old result is kept as {set_aside(folder.final).name}" if there.aside else ""
            self.progress.note(f"{name}: made again, because {there.flaw}{kept}")
        job = Job(index, name, folder, self._background.submit(self._decode, index), there)
        if self.networks.loaded or there.settings:      # else once they are, as settings wait for checkpoints' hashes
            folder.sign(self.networks.settings())
        return job

    def _existing(self, index: int, folder: SequenceFolder) -> Existing:
        if not os.path.lexists(folder.final):
            return Existing()
        if self.asked.overwrite:
            return existing(folder.final, None, {})
        return existing(folder.final, self.networks.settings(), self._inputs(index))

    def _inputs(self, index: int) -> Dict[str, Any]:
        return {**self.dataset.fingerprint(index, self._tall), "vocabulary": self.networks.vocabularies}

    def _see_to_others(self) -> None:
        """What other runs were at, when these are over: finished, or else done here after all."""
        for index in self._elsewhere:
            self.progress.stage(f"{self.dataset.rows[index].seq_id}: another run is working on it")
            folder = self._claim(index)
            while folder is None:
                time.sleep(POLL)
                folder = self._claim(index)
            job = self._job(index, folder)
            if job is not None:
                self._explain(job)
                self._finish_writing()

    def _decode(self, index: int) -> Tuple[Clip, Dict[str, Any], float]:
        started = time.perf_counter()
        inputs = self._inputs(index)        # before: what changes meanwhile is seen by the next run
        clip = self.dataset.clip(index, tall=None if self._tall else False)
        return clip, inputs, time.perf_counter() - started

    def _load(self) -> None:
        if self.networks.loaded:
            return
        self.networks.load()
        for folder in self._held:
            folder.sign(self.networks.settings())

    def _explain(self, job: Job) -> None:
        """One clip through all networks, but where its maps are kept; the writing is left to others."""
        kept = self._kept_maps(job)
        if kept is None:
            self._load()
        try:
            self.progress.stage(f"{job.name}: frames")
            work = self._work(job, kept)
        except Exception as error:
            self._failed(job, error)
            return
        give_freed_memory_back()    # the next clip has another length, and other blocks
        self._finish_writing()      # so no more than three clips are held: decoded, explained, written
        self.progress.stage(f"{job.name}: writing")
        self._writing = job, self._writer.submit(self._write, job, work)

    def _kept_maps(self, job: Job) -> "Optional[Dict[str, Explanation]]":
        if not job.keeps_maps:
            return None
        try:
            return read_cams(job.folder.final / CAMS)
        except UserError as error:
            self.progress.note(f"{job.name}: made again, because its maps cannot be read ({error})")
            return None

    def _work(self, job: Job, kept: "Optional[Dict[str, Explanation]]") -> Work:
        clip, inputs, decoding = job.clip.result()
        settings, there = joined(job.there.settings, self.networks.settings()), job.there.record
        if kept is None:
            made = explained(job.name, clip, self.networks, self.asked, settings, self.progress)
            why = changed(there, made.record) if there and not job.keeps_maps else ""
            if why:
                self.progress.note(f"{job.name}: made again, because its maps have changed since ({why})")
            if there is None or why or job.keeps_maps:
                return Work(clip, inputs, made.after(decoding), written(settings), False)
        assert there is not None
        record = added_to(there, settings, self.asked.command, None if kept is not None else made.record)
        made = Explained(kept, record, {}) if kept is not None else replace(made, record=record)
        again = [part for part in written(settings) if part in LEADING
                 or part == "glosses" and "parts" in job.there.lacking]        # which tell of parts too
        return Work(clip, inputs, made.after(decoding), (*job.there.lacking, *again), True)

    def _write(self, job: Job, work: Work) -> Tuple[Sequence, str]:
        """Everything a sequence leaves behind, in a thread of its own. What no two runs have in common is in preds.json
        alone, and not in what is drawn or on a page. Gives the record, and a line about it."""
        record, seconds = work.made.record, work.made.seconds
        asked = replace(self.asked, write=work.parts, every=record.settings["every"])
        with job.folder as folder:
            beside = os.listdir(folder.final) if work.adding else []
            write_origin(folder.path, work.clip)        # first, as the page leads to it
            seconds.update(write(folder.path, asked, work.clip, work.made.explanations, record, self._drawers, beside))
            took = sum(seconds.values())        # what was done for it, however long it waited in between
            before = job.there.record if work.adding else None
            record = replace(record, seconds=all_seconds(before, seconds),
                             peak_memory=max(before.peak_memory if before else 0, work.made.peak))
            write_preds(folder.path, record)
            folder.publish(record.settings, work.inputs, adding=work.adding)
        added = job.there.lacking if work.adding else ()
        return record, f"{finished_line(record, added)}, {took:.1f} s"

    def _finish_writing(self) -> None:
        """Waits for the sequence that is being written, if one is."""
        if self._writing is None:
            return
        (job, future), self._writing = self._writing, None
        try:
            record, line = future.result()
        except Exception as error:
            self._failed(job, error)
            return
        self.progress.say(line)
        self._report(job.index, outcome_of(record, DONE))

    def _failed(self, job: Job, error: Exception) -> None:
        job.folder.release()
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise error         # the disk is full: the next sequence would fare no better
        self._report_failure(job.index, job.name, error)

    def _report_failure(self, index: int, name: str, error: Exception) -> None:
        reason = str(error) if isinstance(error, UserError) else in_one_line(error)
        self.progress.error(reason if reason.startswith(name) else f"{name}: {reason}")
        self._report(index, failure(name, reason, isinstance(error, UserError)))

    def _report(self, index: int, outcome: Outcome) -> None:
        self.share.report(index, outcome)
        self.progress.over(self.share.over(), self.share.skipped())
        self.hear(outcome)

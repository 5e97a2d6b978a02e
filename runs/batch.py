"""A request for clips, from its first check to its last line: the sequences, then what is written beside them."""
import sys
import time
from pathlib import Path
from typing import List, Optional, Sequence

from datasets.layout import Corpus
from datasets.phoenix import PhoenixVideoTextDataset
from files.overwrite_guard import check_ours
from records.networks import BY_NAME
from records.requests import ClipRequest
from records.summary import Outcome
from results.folder import finished, prepare_out, sentences
from results.glosses import write_merged
from results.parts import COLUMNS as PARTS_FILES
from results.parts import write_merged_parts
from results.summary import summary_lines, write_summary
from runs.clip_lines import read_lines
from runs.pipeline import Pipeline, Sequences
from runs.running_index import RunningIndex
from runs.sharing import share
from runs.videos import video_dataset
from terminal.errors import UserError
from terminal.progress import Progress

FEW = 3             # sequences whose readings are printed
TELL_OF_GLOSSES = frozenset(("glosses", "parts"))       # outputs that glosses.csv has columns of


def run_batch(asked: ClipRequest, corpus: Corpus, split: str, names: Optional[Sequence[str]], beside: Optional[Path],
              quiet: bool) -> int:
    """Gives the exit code. names: only these sequences. beside: another run's output folder, to compare with."""
    started = time.perf_counter()
    prepare_out(asked.out)
    sharing = share()
    dataset: Sequences
    if asked.videos is None:
        dataset = PhoenixVideoTextDataset(corpus, split, names)
    else:
        needed = [model for model in asked.checkpoints if BY_NAME[model].needs_keypoints]
        dataset = video_dataset(asked.videos, corpus, asked.out, needed, not quiet)
    check_ours(files_beside(asked, len(dataset)))
    progress = Progress(len(dataset), quiet, bar=sharing.rank == 0)
    index = RunningIndex(asked.out, [row.seq_id for row in dataset.rows])
    shown = "report" in asked.write and len(dataset) > 1 and sharing.rank == 0
    try:
        Pipeline(asked, dataset, sharing, progress, *([index.report] if shown else [])).run()
        outcomes = sharing.gather(len(dataset))
    except KeyboardInterrupt:
        if shown:
            index.write()
        raise
    finally:
        progress.close()
    code = 0 if outcomes is None else conclude(asked, outcomes, time.perf_counter() - started, quiet)
    if outcomes is not None and beside is not None and not compare_with(asked.out, beside, outcomes, quiet):
        code = code or 1
    return sharing.leave(code)


def files_beside(asked: ClipRequest, count: int) -> List[Path]:
    """What is written beside the folders of so many sequences."""
    batch = ["summary.json", "summary.csv", *(["glosses.csv"] if TELL_OF_GLOSSES.intersection(asked.write) else []),
             *(PARTS_FILES if "parts" in asked.write else ())]
    return [asked.out / name for name in [*(batch if count > 1 else []),
                                          *(["index.html"] if "report" in asked.write else [])]]


def compare_with(out: Path, other: Path, outcomes: Sequence[Outcome], quiet: bool) -> bool:
    """Whether all pages could be written; the run itself is over and stands in any case."""
    from reports.compare_with import write_beside

    for outcome in outcomes:
        if outcome.status == "failed":
            continue
        try:
            page = write_beside(out / outcome.sequence, other / outcome.sequence)
        except UserError as error:
            print(f"--beside: {error}", file=sys.stderr)
            return False
        if not quiet and len(outcomes) <= FEW:
            print(f"look at {page}")
    return True


def conclude(asked: ClipRequest, outcomes: Sequence[Outcome], seconds: float, quiet: bool) -> int:
    """Summary, index and exit code, once all is over."""
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if len(outcomes) > 1:
        write_summary(asked.out, outcomes, seconds)
        if TELL_OF_GLOSSES.intersection(asked.write):
            write_merged(asked.out, [outcome.sequence for outcome in outcomes])
        if "parts" in asked.write:
            write_merged_parts(asked.out, [outcome.sequence for outcome in outcomes])
    if "report" in asked.write and len(failed) < len(outcomes):
        from reports.report import write_index

        left_out = write_index(asked.out)       # of a single clip too: its page leads to its neighbours in this folder
        for name in () if quiet else left_out:
            print(f"{name}: its record was changed, or is of another version: left out of index.html", file=sys.stderr)
    if not quiet and (len(outcomes) > 1 or not failed):     # of a single clip that failed its line has told all
        _print(asked.out, outcomes, seconds)
    if len(outcomes) == 1 and failed and failed[0].users:
        return 2        # a mistake in what was asked; in a batch the others were done
    return 1 if failed else 0


def _print(out: Path, outcomes: Sequence[Outcome], seconds: float) -> None:
    for outcome in outcomes if len(outcomes) <= FEW else ():
        record = finished(out, outcome.sequence)
        if record:
            print("\n".join(["", *read_lines(record), *sentences(record)]))
    print("\n".join(["", *summary_lines(out, outcomes, seconds)]))
    page = out / ("index.html" if len(outcomes) > 1 else f"{outcomes[0].sequence}/report.html")
    if page.is_file():
        print(f"look at {page}")

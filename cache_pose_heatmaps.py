"""Render the pose heat maps of a split once, so that reading it later need not."""
import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Callable, Dict, Optional, Sequence

from datasets.corpora import CORPORA, find_corpus
from files.workspace import Workspace, expanded
from terminal.command_exit import ended
from terminal.command_line import VERSION, OneLineParser, data_flag, dataset_flag, device_flag, seq_flag, split_flag
from terminal.errors import UserError
from terminal.numbers import count

if TYPE_CHECKING:
    from datasets.corpus import Row

MADE, THERE, FAILED = "made", "there already", "failed"


def parser() -> argparse.ArgumentParser:
    made = OneLineParser(prog="cache_pose_heatmaps.py", description=__doc__)
    add = made.add_argument
    add("--version", action="version", version=f"cache_pose_heatmaps.py {VERSION}")
    split_flag(add)
    seq_flag(add)
    device_flag(add)
    add("--workers", type=count, default=len(os.sched_getaffinity(0)), metavar="N",
        help="sequences at a time (default: %(default)s, the cores here)")
    data_flag(add)
    dataset_flag(add, tuple(CORPORA))
    add("--out", metavar="FOLDER", help="where the maps go (default: keypoints/heatmaps/ of the data)")
    return made


def cache(given: argparse.Namespace) -> int:
    """Gives the exit code: 1 if a sequence failed."""
    files = find_corpus(given.data_root, given.dataset, Workspace())
    rows = files.rows(given.split, given.seq)

    from datasets.heatmaps import HeatmapCache, render, stored
    from models.device import choose_device
    from poses.whole_body import KeypointStore

    device, _ = choose_device(given.device)
    store = KeypointStore(files.keypoints)
    store.prepare()
    target = HeatmapCache(expanded(given.out) if given.out else files.heatmaps)
    target.prepare()

    def one(row: "Row") -> str:
        keypoints = store.read(row.seq_id, len(files.need_frames(row, given.split)))
        if target.has(row.seq_id, keypoints):
            return THERE
        target.write(row.seq_id, stored(render(keypoints, device)), keypoints)
        return MADE

    started = time.perf_counter()
    counts = work_through(rows, one, given.workers)
    summary = ", ".join(f"{counts[what]} {what}" for what in (MADE, THERE, FAILED))
    print(f"{given.split}: {len(rows)} sequences in {time.perf_counter() - started:.1f} s: {summary}; "
          f"heat maps in {target.folder}")
    return 1 if counts[FAILED] else 0


def work_through(rows: Sequence["Row"], one: Callable[["Row"], str], workers: int) -> Dict[str, int]:
    """How many came to what. A sequence that fails is told of, and the rest go on."""
    import torch
    from tqdm import tqdm

    torch.set_num_threads(1)        # the workers share the cores out
    counts = {MADE: 0, THERE: 0, FAILED: 0}
    with ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(one, row): row.seq_id for row in rows}
        try:
            # disable=None: no bar where the output is no terminal.
            for future in tqdm(as_completed(futures), total=len(rows), unit="seq", leave=False, disable=None):
                try:
                    counts[future.result()] += 1
                except (UserError, OSError) as error:
                    counts[FAILED] += 1
                    reason = f"heat maps not written: {error.strerror}" if isinstance(error, OSError) else error
                    tqdm.write(f"{futures[future]}: {reason}", file=sys.stderr)
        except KeyboardInterrupt:
            for future in futures:
                future.cancel()
            raise
    return counts


def main(arguments: Optional[Sequence[str]] = None) -> int:
    return ended("cache_pose_heatmaps.py", lambda: cache(parser().parse_args(arguments)),
                 "the same command continues where it stopped")


if __name__ == "__main__":
    sys.exit(main())

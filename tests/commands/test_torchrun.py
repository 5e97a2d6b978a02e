"""Several processes share a split out: the same files as from one, no sequence twice, one summary."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, List

import pytest

import main
from records.summary import failure
from runs.sharing import Alone
from tests.kit.commands import Case, files, tiny_case
from tests.kit.tiers import full

ROOT = Path(main.__file__).parent
FLAGS = ("--split", "test", "--write", "frames,video,cams", "--device", "cpu")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def torchrun(case: Case, processes: int, *flags: str) -> List[str]:
    # With underscores, as torch 1.13 knows no other spelling.
    return [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes),
            "main.py", *case.arguments(*flags)]


def run(command: List[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=ENVIRONMENT)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """What one process writes, with as many threads as torchrun gives each of several."""
    case = tiny_case(tmp_path_factory.mktemp("alone"))
    assert run([sys.executable, "main.py", *case.arguments(*FLAGS, "--quiet")]).returncode == 0
    return case


@full
def test_the_files_are_those_of_one_process(alone: Case, tmp_path: Path) -> None:
    case = Case(alone.data, alone.checkpoints, tmp_path / "outputs")
    done = run(torchrun(case, 4, *FLAGS))
    assert done.returncode == 0, done.stderr
    finished = [line.split(":")[0] for line in done.stdout.splitlines() if line.startswith("clip-")]
    assert sorted(finished) == [f"clip-{number}" for number in range(6)]        # no sequence twice
    assert done.stdout.count("6 sequences: 6 done") == 1                        # and one summary
    for name in finished:
        assert files(case.out / name) == files(alone.out / name)
    assert numbers(case) == numbers(alone)
    assert not list(case.out.glob(".*"))


def numbers(case: Case) -> Any:
    """summary.json without what no two runs have in common."""
    merged = json.loads((case.out / "summary.json").read_text(encoding="utf-8"))
    rows = [{key: value for key, value in row.items() if key not in ("seconds", "peak_memory")}
            for row in merged["sequences"]]
    return merged["counts"], merged["wer"], rows


@full
def test_a_failed_sequence_is_the_exit_code_of_all(alone: Case, tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    for path in (case.data / "features/fullFrame-256x256px/test/clip-2/1").iterdir():
        path.unlink()
    done = run(torchrun(case, 2, *FLAGS, "--quiet"))
    assert done.returncode == 1
    line, = (line for line in done.stderr.splitlines() if "clip-2" in line)      # the rest is torchrun's own report
    assert "has no frames" in line
    merged = json.loads((case.out / "summary.json").read_text(encoding="utf-8"))
    assert merged["counts"] == {"done": 5, "skipped": 0, "failed": 1}


def test_alone_every_place_comes_once_and_in_order() -> None:
    share = Alone()
    assert [share.next() for _ in range(3)] == [0, 1, 2]
    share.report(1, failure("b", "broken", True))
    share.report(0, failure("a", "broken", True))
    assert [outcome.sequence for outcome in share.gather(2) or ()] == ["a", "b"]


@full
def test_a_worker_that_dies_leaves_its_sequence_to_a_rerun(alone: Case, tmp_path: Path) -> None:
    case = Case(alone.data, alone.checkpoints, tmp_path / "outputs")
    with subprocess.Popen(torchrun(case, 2, *FLAGS, "--quiet"), cwd=ROOT, stderr=subprocess.DEVNULL, env=ENVIRONMENT,
                          start_new_session=True) as running:
        while not list(case.out.glob(".partial-*")):
            assert running.poll() is None
            time.sleep(0.01)
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        assert running.wait() != 0
    assert case.run(*FLAGS, "--quiet") == 0
    names = sorted(path.name for path in case.out.iterdir() if path.is_dir())
    assert names == [f"clip-{number}" for number in range(6)]
    assert not list(case.out.glob(".*"))

"""How the commands end when their surroundings do not play along, each as a process of its own."""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, List

import pytest

import main
from terminal.signals import OURS
from tests.kit.commands import Case, tiny_case
from tests.kit.tiers import crossed, full
from tests.kit.training import write_data, write_recipe

ROOT = Path(main.__file__).parent
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
PATIENCE = 600          # seconds: a busy machine is slow, not wrong


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return tiny_case(tmp_path_factory.mktemp("tiny"))


def command(case: Case, out: Path, *flags: str) -> List[str]:
    return [sys.executable, "main.py", *Case(case.data, case.checkpoints, out).arguments(
        "--split", "test", "--write", "frames,video", *flags)]


def as_from_a_shell() -> None:
    """Tests that are started with & or nohup hand down ignored signals."""
    for number, usual in OURS.items():
        signal.signal(number, usual)


def shell(words: List[str], rest: str, **more: Any) -> "subprocess.CompletedProcess[str]":
    quoted = " ".join(f"'{word}'" for word in words)
    return subprocess.run(["bash", "-c", f"set -o pipefail; {quoted} {rest}"], cwd=ROOT, capture_output=True,
                          text=True, **{"env": ENVIRONMENT, **more})


@full
@pytest.mark.parametrize("rest", ["| head -1", ">&- 2>&-", "> /dev/full"])
def test_a_reader_that_goes_does_not_stop_the_work(case: Case, tmp_path: Path, rest: str) -> None:
    done = shell(command(case, tmp_path / "out", "--seq", "clip-0,clip-1,clip-2"), rest)
    assert done.returncode == 0 and "Traceback" not in done.stderr and "Exception" not in done.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["clip-0", "clip-1", "clip-2", "summary.csv", "summary.json"]


@full
def test_a_terminal_without_umlauts_shows_what_it_can(case: Case, tmp_path: Path) -> None:
    done = shell(command(case, tmp_path / "out", "--split", "dev", "--seq", "02Mai heute_default-3"), "",
                 env={**ENVIRONMENT, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"})
    assert done.returncode == 0, done.stderr
    assert "GT: K?HL IX REGEN" in done.stdout


@full
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_tidily(case: Case, tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "out"
    with subprocess.Popen(command(case, out), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env=ENVIRONMENT, preexec_fn=as_from_a_shell) as running:
        until = time.monotonic() + PATIENCE
        while not list(out.glob(".partial-*")):
            assert running.poll() is None and time.monotonic() < until
            time.sleep(0.01)
        running.send_signal(number)
        said = running.communicate(timeout=PATIENCE)[1]
    assert running.returncode == 128 + number
    assert said.splitlines()[-1] == "main.py: stopped; the same command continues where it stopped"
    assert "Traceback" not in said and not list(out.glob(".*"))


@pytest.mark.parametrize("words, out", crossed(
    [["main.py", "--demo"], ["evaluate.py", "--slowfast-ckpt", "demo/slowfast.pt"], ["evaluate.py", "--evidence"],
     ["train.py", "-c", "configs/train_slowfast.yaml"]], ["/dev/null", "/proc/nowhere", "~nobody-there/out"]))
def test_an_output_folder_that_cannot_be_is_one_line_before_any_work(case: Case, words: List[str], out: str) -> None:
    module = words[0]
    words = [sys.executable, *words, "--out", out]
    done = shell(words if module == "main.py" else [*words, "--data-root", str(case.data)], "")
    line, = done.stderr.splitlines()
    assert done.returncode == 2 and out.split("/")[-1] in line and module in line


@full
def test_torchrun_gets_one_line_of_ours(case: Case, tmp_path: Path) -> None:
    words = command(case, tmp_path / "out", "--seq", "clip-77")
    done = shell([words[0], "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", *words[1:]], "")
    assert done.returncode != 0
    assert len([line for line in done.stderr.splitlines() if line.startswith("main.py: ")]) == 1


def on_a_disk_of(kilobytes: int, disk: Path, words: List[str]) -> "subprocess.CompletedProcess[str]":
    """The command with `place` as a file system of its own; afterwards what lies there is printed."""
    disk.mkdir()
    quoted = " ".join(f"'{word}'" for word in words)
    script = (f"mount -t tmpfs -o size={kilobytes}k tmpfs '{disk}' || exit 77\n"
              f"{quoted} > /dev/null; code=$?; find '{disk}' -type f; exit $code")
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], cwd=ROOT, capture_output=True, text=True,
                          env=ENVIRONMENT)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no file system may be mounted here")
    return done


@full
@pytest.mark.parametrize("kilobytes", [400, 8])
def test_training_on_a_full_disk_is_one_line(tmp_path: Path, kilobytes: int) -> None:
    data, recipe = write_data(tmp_path / "data"), write_recipe(tmp_path)
    done = on_a_disk_of(kilobytes, tmp_path / "disk", [
        sys.executable, "train.py", "-c", str(recipe), "--data-root", str(data), "--out", str(tmp_path / "disk/out"),
        "--device", "cpu", "--override", "trainer.epochs", "2", "data.workers", "0"])
    line, = done.stderr.splitlines()
    assert done.returncode == 1 and "the disk is full" in line
    assert not [name for name in done.stdout.split() if name.endswith(".part")]


@full
@pytest.mark.parametrize("kilobytes", [40, 4000])
def test_a_demo_on_a_full_disk_is_one_line(tmp_path: Path, kilobytes: int) -> None:
    done = on_a_disk_of(kilobytes, tmp_path / "disk", [sys.executable, "main.py", "--demo", "--device", "cpu", "--out",
                                                      str(tmp_path / "disk/out"), "--quiet"])
    line, = done.stderr.splitlines()
    assert done.returncode == 1 and "the disk is full" in line
    assert not done.stdout

import errno
import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, List

import pytest

from files.workspace import REPOSITORY
from terminal.command_exit import ended
from terminal.errors import UserError
from terminal.signals import OURS, Stopped, signals_raised, undisturbed


def raises(error: BaseException) -> Callable[[], int]:
    def work() -> int:
        raise error
    return work


def killed_by(number: int) -> Callable[[], int]:
    def work() -> int:
        os.kill(os.getpid(), number)
        threading.Event().wait(5)
        return 0
    return work


@pytest.mark.parametrize("work, code, words", [
    (lambda: 0, 0, ""), (lambda: 1, 1, ""),
    (raises(UserError("clip-0: gone; bring it")), 2, "a.py: clip-0: gone; bring it"),
    (raises(UserError("Caught X in worker 0.\nOriginal Traceback:\n  File x\nterminal.errors.UserError: gone")), 2,
     "a.py: gone"),
    (raises(KeyboardInterrupt()), 130, "a.py: stopped; begin anew"),
    (killed_by(signal.SIGINT), 130, "a.py: stopped; begin anew"),
    (killed_by(signal.SIGTERM), 143, "a.py: stopped; begin anew"),
    (killed_by(signal.SIGHUP), 129, "a.py: stopped; begin anew"),
    (raises(OSError(errno.ENOSPC, "No space")), 1, "a.py: the disk is full: no half-written result counts as done. "
                                                   "Free some space; begin anew"),
    (raises(PermissionError(errno.EACCES, "Permission denied", "/far/file")), 1, "a.py: /far/file: Permission denied"),
])
def test_every_end_has_its_code_and_one_line(capsys: pytest.CaptureFixture[str], work: Callable[[], int], code: int,
                                             words: str) -> None:
    deaf = {number: signal.signal(number, usual) for number, usual in OURS.items()}     # started with & or nohup
    assert ended("a.py", work, "begin anew") == code
    assert capsys.readouterr().err.splitlines() == ([words] if words else [])
    assert {number: signal.signal(number, before) for number, before in deaf.items()} == OURS


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        ended("a.py", raises(ZeroDivisionError()), "begin anew")
    with pytest.raises(OSError, match="of no file"):
        ended("a.py", raises(OSError("of no file")), "begin anew")


def test_a_signal_waits_until_a_step_is_whole() -> None:
    done: List[str] = []
    deaf = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with signals_raised(), pytest.raises(Stopped) as stopped, undisturbed():
        with undisturbed():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("inner")
        done.append("outer")
    signal.signal(signal.SIGTERM, deaf)
    assert done == ["inner", "outer"] and stopped.value.args == (signal.SIGTERM,)


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        def work() -> int:
            os.kill(os.getpid(), signal.SIGHUP)
            return 0
        assert ended("a.py", work, "begin anew") == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_process_that_is_forked_dies_of_a_signal_as_ever() -> None:
    def work() -> int:
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(0)
        return os.WTERMSIG(os.waitpid(child, 0)[1])
    assert ended("a.py", work, "begin anew") == signal.SIGTERM


def test_of_several_processes_one_tells(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("a.py", raises(UserError("gone")), "begin anew", lambda: False) == 2
    assert capsys.readouterr().err == ""


class Broken(io.StringIO):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error

    def flush(self) -> None:
        raise self.error


@pytest.mark.parametrize("stream", [None, Broken(BrokenPipeError()), Broken(OSError(errno.ENOSPC, "full")),
                                    Broken(ValueError("I/O operation on closed file"))])
def test_output_that_nobody_can_read_stops_nothing(monkeypatch: pytest.MonkeyPatch, stream: Any) -> None:
    monkeypatch.setattr(sys, "stdout", stream)
    done: List[int] = []

    def work() -> int:
        for number in range(3):
            print("a line")
            sys.stdout.flush()
            done.append(number)
        return 0
    if stream is None:          # its number is taken by nothing, not by the next file that is opened
        saved = os.dup(1)
        os.close(1)
        try:
            assert ended("a.py", work, "begin anew") == 0
            assert os.readlink("/proc/self/fd/1") == os.devnull
        finally:
            os.dup2(saved, 1)
            os.close(saved)
    else:
        assert ended("a.py", work, "begin anew") == 0
    assert done == [0, 1, 2] and sys.stdout is stream


def test_letters_that_the_terminal_lacks_are_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with open(tmp_path / "out", "w", encoding="ascii") as stream:
        monkeypatch.setattr(sys, "stdout", stream)

        def work() -> int:
            print("KÜHL")
            return 0
        assert ended("a.py", work, "begin anew") == 0
    assert (tmp_path / "out").read_text() == "K?HL\n"


STUCK = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from terminal.command_exit import ended
from files.atomic import atomic_file
def work():
    with ThreadPoolExecutor(1) as pool, atomic_file(Path(sys.argv[1]) / "a"):
        future = pool.submit(open, sys.argv[2])
        print("ready", flush=True)
        future.result()
    return 0
sys.exit(ended("a.py", work, "begin anew"))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_what_waits_for_ever(tmp_path: Path, number: signal.Signals) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "out").mkdir()
    with subprocess.Popen([sys.executable, "-c", STUCK, str(tmp_path / "out"), str(tmp_path / "pipe")],
                          cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          preexec_fn=lambda: [signal.signal(each, usual) for each, usual in OURS.items()]) as running:
        assert running.stdout is not None and running.stdout.readline() == "ready\n"
        (tmp_path / "out" / f".{0:012x}.part").touch()
        running.send_signal(number)
        running.send_signal(number)         # the same wish: torchrun hands Ctrl-C on
        time.sleep(1.5)
        assert running.poll() is None
        running.send_signal(number)
        said = running.communicate(timeout=15)[1]
    assert running.returncode == 128 + number and said.splitlines()[-1].startswith("ended at once")


def test_what_is_left_is_tidied_before_such_an_end(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", """
import sys
from pathlib import Path
from files.atomic import atomic_file
from results.folder import SequenceFolder
from terminal import signals
out = Path(sys.argv[1])
folder = SequenceFolder.claim(out, "clip")
folder.__enter__()
block = atomic_file(out / "a")
block.__enter__().write_text("half")
(folder.path / "x").write_text("half")
signals._end(15)
""", str(tmp_path)], cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert done.returncode == 143 and not list(tmp_path.iterdir()), done.stderr


def test_control_characters_of_a_text_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        print("A\x1b]0;owned\x07B\x9b31mC\x1b[2J\tD")
        sys.stdout.write("\x1b[A\r")
        return 0

    assert ended("a.py", work, "") == 0
    assert capsys.readouterr().out == "A\\x1b]0;owned\\x07B\\x9b31mC\\x1b[2J\tD\n\x1b[A\r"


def test_advice_may_depend_on_how_far_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    ended("a.py", raises(KeyboardInterrupt()), lambda: "go on")
    assert capsys.readouterr().err == "a.py: stopped; go on\n"

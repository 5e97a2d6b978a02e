"""Two machines that share a file system and nothing else but a wire: two network namespaces, an agent of torchrun in
each."""
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Iterator, List, Tuple

import pytest

from tests.commands.test_torchrun import ENVIRONMENT, FLAGS, ROOT
from tests.kit.commands import Case, tiny_case

pytestmark = pytest.mark.slow
ADDRESSES = ("10.213.77.1", "10.213.77.2")
PORT = 29577
PATIENCE = 300      # seconds
# Else a machine that comes back is never told where the store is: the first one tells only in the first round.
OWN_STORE = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
Machine = Tuple[str, str]       # namespace, address


@pytest.fixture(scope="module")
def machines() -> Iterator[List[Machine]]:
    names = [f"machine-{os.getpid()}-{end}" for end in (1, 2)]
    wires = [f"w{os.getpid() % 100_000}-{end}" for end in (1, 2)]
    try:
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", wires[0], "netns", names[0], "type", "veth", "peer", "name", wires[1], "netns", names[1])
        for name, wire, address in zip(names, wires, ADDRESSES):
            ip("-n", name, "address", "add", f"{address}/24", "dev", wire)
            for device in (wire, "lo"):
                ip("-n", name, "link", "set", device, "up")
        yield list(zip(names, ADDRESSES))
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL)


def ip(*words: str) -> None:
    try:
        subprocess.run(["ip", *words], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"network namespaces cannot be made here: {error}")


def agent(machine: Machine, case: Case) -> "subprocess.Popen[str]":
    name, address = machine
    command = ["ip", "netns", "exec", name, sys.executable, "-m", "torch.distributed.run", "--nnodes", "2",
               "--nproc_per_node", "1", "--rdzv_backend", "c10d", "--rdzv_endpoint", f"{ADDRESSES[0]}:{PORT}",
               "--rdzv_conf", f"is_host={int(address == ADDRESSES[0])}", "--rdzv_id", "split", "--max_restarts", "3",
               "--local_addr", address, "main.py", *case.arguments(*FLAGS)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**ENVIRONMENT, **OWN_STORE}, start_new_session=True)


def crash(machine: Machine) -> None:
    """All that runs on it is gone: torchrun's processes have sessions of their own, and outlive their agent."""
    listed = subprocess.run(["ip", "netns", "pids", machine[0]], capture_output=True, text=True)
    for number in listed.stdout.split():
        with suppress(ProcessLookupError):
            os.kill(int(number), signal.SIGKILL)


def ended(machines: List[Machine], agents: List["subprocess.Popen[str]"]) -> List[str]:
    """What each printed, once both are through."""
    try:
        outputs = [running.communicate(timeout=PATIENCE) for running in agents]
    finally:
        for machine in machines:
            crash(machine)
    assert [running.returncode for running in agents] == [0, 0], outputs
    return [printed for printed, _ in outputs]


def finished(printed: str) -> List[str]:
    return [line.split(":")[0] for line in printed.splitlines() if line.startswith("clip-")]


def check_whole(case: Case) -> None:
    names = [f"clip-{number}" for number in range(6)]
    assert sorted(path.name for path in case.out.iterdir() if path.is_dir()) == names
    assert not list(case.out.glob(".*"))
    summary = json.loads((case.out / "summary.json").read_text(encoding="utf-8"))
    assert sorted(row["sequence"] for row in summary["sequences"]) == names and summary["counts"]["failed"] == 0


def test_a_split_is_shared_and_nothing_done_twice(machines: List[Machine], tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    outputs = ended(machines, [agent(machine, case) for machine in machines])
    read = sorted(name for printed in outputs for name in finished(printed))
    assert read == [f"clip-{number}" for number in range(6)]
    check_whole(case)


def test_a_machine_that_dies_and_comes_back_goes_on(machines: List[Machine], tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    first, second = (agent(machine, case) for machine in machines)
    while not list(case.out.glob(".partial-*")):
        assert first.poll() is None and second.poll() is None
        time.sleep(0.01)
    crash(machines[1])
    second.communicate()
    before = {path.name: path.stat().st_ino for path in case.out.glob("clip-*")}
    outputs = ended(machines, [first, agent(machines[1], case)])
    again = [name for printed in outputs[1:] for name in finished(printed)]
    assert set(again).isdisjoint(before)
    assert all((case.out / name).stat().st_ino == inode for name, inode in before.items())      # left as they were
    check_whole(case)

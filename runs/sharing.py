"""Who does which sequence: one process does them all, the processes of torchrun take the next from a shared counter."""
import json
import os
import time
from datetime import timedelta
from typing import Dict, List, Optional, Protocol

from records.codec import from_json, to_json
from records.summary import SKIPPED, Outcome

POLL = 0.2      # seconds


class Share(Protocol):
    rank: int

    def next(self) -> int:
        """The index of the sequence to do next; every index is given out once."""

    def report(self, index: int, outcome: Outcome) -> None:
        """What became of a sequence."""

    def over(self) -> int:
        """How many sequences are over, here and elsewhere."""

    def skipped(self) -> int:
        """How many of these had been finished before."""

    def gather(self, count: int) -> Optional[List[Outcome]]:
        """All outcomes, in order, once there are `count`; None for all processes but the first."""

    def leave(self, code: int = 0) -> int:
        """Nobody leaves before the first process has gathered. The exit code is the first's alone: torchrun reports at
        length on every process that fails."""


class Alone:
    rank = 0

    def __init__(self) -> None:
        self._given = 0
        self._outcomes: Dict[int, Outcome] = {}

    def next(self) -> int:
        self._given += 1
        return self._given - 1

    def report(self, index: int, outcome: Outcome) -> None:
        self._outcomes[index] = outcome

    def over(self) -> int:
        return len(self._outcomes)

    def skipped(self) -> int:
        return sum(outcome.status == SKIPPED for outcome in self._outcomes.values())

    def gather(self, count: int) -> Optional[List[Outcome]]:
        return [self._outcomes[index] for index in range(count)]

    def leave(self, code: int = 0) -> int:
        return code


class Together:
    """Through the key-value store that torchrun keeps for its processes."""

    def __init__(self) -> None:
        from torch.distributed import rendezvous

        self._store, self.rank, self._size = next(iter(rendezvous("env://")))

    def next(self) -> int:
        return self._store.add("given", 1) - 1

    def report(self, index: int, outcome: Outcome) -> None:
        self._store.set(f"outcome/{index}", json.dumps(to_json(outcome)))
        self._store.add("skipped", int(outcome.status == SKIPPED))
        self._store.add("over", 1)

    def over(self) -> int:
        return self._store.add("over", 0)

    def skipped(self) -> int:
        return self._store.add("skipped", 0)

    def gather(self, count: int) -> Optional[List[Outcome]]:
        if self.rank != 0:
            return None
        # Asked for again and again, as a wait of the store's own ends in an error after some minutes.
        while self.over() < count:
            time.sleep(POLL)
        return [from_json(Outcome, json.loads(self._store.get(f"outcome/{index}")), "outcome")
                for index in range(count)]

    def leave(self, code: int = 0) -> int:
        # torchrun ends the others when one process fails, so the first has to be done before any does; and it leaves
        # last, as the store may live in it.
        if self.rank == 0:
            self._store.add("gathered", 1)
            while self._store.add("left", 0) < self._size - 1:
                time.sleep(POLL)
            return code
        while not self._store.add("gathered", 0):
            time.sleep(POLL)
        self._store.add("left", 1)
        return 0


def first_to_say() -> bool:
    """Whether no other process of this run has yet said why it ends: they all meet the same, or each other's end."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return True
    from torch.distributed import TCPStore

    try:
        store = TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), int(os.environ["WORLD_SIZE"]),
                         False, timedelta(seconds=3), wait_for_workers=False)
        return store.add("said", 1) == 1
    except (KeyError, RuntimeError, ValueError):    # no store to ask: better twice than never
        return True


def share() -> Share:
    return Together() if int(os.environ.get("WORLD_SIZE", "1")) > 1 else Alone()


def processes_here() -> int:
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))

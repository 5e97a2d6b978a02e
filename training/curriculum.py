"""A curriculum: what training sees of the clips, step by step or epoch by epoch."""
import dataclasses
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, List, NamedTuple, Sequence, Tuple

from terminal.errors import UserError
from training.within import within

Entries = Tuple[Tuple[float, ...], ...]     # each [from, value]: the value holds from there to the next entry
UNITS = ("epoch", "step")
WHOLE = ("frame_interval", "longest")


@dataclass(frozen=True)
class CurriculumConfig:
    """Before the first entry of a list, what the rest of the recipe says holds."""

    by: str = "epoch"                   # what lists count: epochs done, or steps of the optimiser
    frame_interval: Entries = ()        # every how-many-th frame
    longest: Entries = ()               # clips of more frames than this are left out; 0: none is
    strength: Entries = ()              # of the augmentation, as a share of what the recipe says
    ramp: bool = False                  # longest and strength go straight from one entry to the next
    short_first: int = within(0, 0, 1_000_000)  # in so many epochs short clips come before long ones


class Stage(NamedTuple):
    """What holds at one step."""

    interval: int
    longest: int                        # 0: clips of any length
    strength: float


class Curriculum:
    """Depends on the number of the step alone: a resumed training, and each of several processes, has the same."""

    def __init__(self, config: CurriculumConfig, interval: int, epochs: int, steps_per_epoch: int) -> None:
        self.config, self.interval, self.steps_per_epoch = config, interval, steps_per_epoch
        check(config, epochs if config.by == "epoch" else epochs * steps_per_epoch)

    def at(self, step: int) -> Stage:
        """step: of the optimiser, from 0 on over all epochs."""
        config = self.config
        position = step // self.steps_per_epoch if config.by == "epoch" else step
        return Stage(int(value_at(config.frame_interval, position, self.interval)),
                     int(value_at(config.longest, position, 0, config.ramp)),
                     round(value_at(config.strength, position, 1, config.ramp), 2))

    def short_first(self, epoch: int) -> bool:
        return epoch < self.config.short_first


def value_at(entries: Entries, position: float, before: float, ramp: bool = False) -> float:
    number = bisect_right([start for start, _ in entries], position) - 1
    if number < 0:
        return before
    start, value = entries[number]
    if not ramp or number + 1 == len(entries):
        return value
    end, following = entries[number + 1]
    return value + (following - value) * (position - start) / (end - start)


def check(config: CurriculumConfig, end: int) -> None:
    """end: epochs or steps of the whole training."""
    if config.by not in UNITS:
        raise UserError(f"curriculum.by: {config.by} is unknown; choose from {', '.join(UNITS)}")
    if not (config.frame_interval or config.longest or config.strength or config.short_first):
        raise UserError("curriculum: is empty; give frame_interval, longest, strength or short_first, or leave it "
                        "out")
    for name, low, high in (("frame_interval", 1, 1000), ("longest", 0, 1_000_000), ("strength", 0, 1)):
        _check_entries(name, getattr(config, name), low, high, f"{config.by}s", end)
    lengths = [length for _, length in config.longest]
    if 0 in lengths[:-1]:
        raise UserError("curriculum.longest: 0 means no limit, but a limit follows it; clips can only become longer")
    if config.ramp and lengths[-1:] == [0]:
        raise UserError("curriculum.longest: with ramp it can't end at 0, which is no limit; give a number of frames")
    if lengths != sorted(lengths, key=lambda length: (length == 0, length)):
        raise UserError(f"curriculum.longest: its lengths must grow, got {_plain(lengths)}")


def _check_entries(name: str, entries: Entries, low: float, high: float, unit: str, end: int) -> None:
    where = f"curriculum.{name}"
    if not all(len(entry) == 2 for entry in entries):
        raise UserError(f"{where}: expected a list of [from, value], got {_plain(entries)}")
    starts = [start for start, _ in entries]
    if not all(start >= 0 and start.is_integer() for start in starts):
        raise UserError(f"{where}: expected {unit} from 0 on as whole numbers, got {_plain(starts)}")
    if starts != sorted(set(starts)):
        raise UserError(f"{where}: an entry ends before it begins: expected {unit} in ascending order, got "
                        f"{_plain(starts)}")
    if starts and starts[-1] >= end:
        raise UserError(f"{where}: its last entry begins after {starts[-1]:g} {unit} and is never reached: the "
                        f"training has {end}; begin earlier, or raise trainer.epochs")
    whole = "whole " if name in WHOLE else ""
    for _, value in entries:
        if not low <= value <= high or whole and not value.is_integer():
            raise UserError(f"{where}: expected {whole}numbers from {low:g} to {high:g}, got {value:g}")


def _plain(values: Any) -> List[Any]:
    return [_plain(value) if isinstance(value, (tuple, list)) else int(value) if value.is_integer() else value
            for value in values]


def at_strength(augment: Any, strength: float) -> Any:
    """An augmentation between doing nothing (0) and what the recipe says (1)."""
    if strength == 1:
        return augment
    changed = {option.name: _between(option.metadata["rest"], getattr(augment, option.name), strength)
               for option in dataclasses.fields(augment) if "rest" in option.metadata}
    return dataclasses.replace(augment, **changed)


def _between(rest: Any, value: Any, strength: float) -> Any:
    if isinstance(value, tuple):
        return tuple(_between(*pair, strength) for pair in zip(rest, value))
    between = rest + (value - rest) * strength
    return round(between) if isinstance(value, int) else between


def lengths_reached(lengths: Sequence[int], stage: Stage) -> int:
    """How many clips of these lengths a stage takes."""
    return sum(not stage.longest or length <= stage.longest for length in lengths)

"""Flags that more than one command has, said in the same words everywhere."""
import argparse
import sys
from typing import Any, Callable, Dict, Iterable, List, NoReturn, Optional, Sequence

from terminal.errors import UserError

VERSION = "1.0.0"
SPLITS = ("train", "dev", "test")
DEVICE = "any torch device (default: cuda:0, or cpu where there is no CUDA)"
DATA = "the folder with annotations/, features/ and keypoints/ (default: {}the workspace's)"
DATASET = "which corpus that is (default: {}what is found there)"

Add = Callable[..., Any]


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong with the flags in one line, as commands do of everything else. What it parses has `named`: the
    flags that were given, by the name of their value; a default's value given in so many words is among them.
    """

    def parse_args(self, args: Optional[Sequence[str]] = None) -> argparse.Namespace:      # type: ignore[override]
        words = sys.argv[1:] if args is None else args
        self._refuse_empty(words)
        absent = object()
        actions = [action for action in self._actions if action.default is not argparse.SUPPRESS]
        blank = argparse.Namespace(**{action.dest: absent for action in actions})
        given: argparse.Namespace = super().parse_args(args, blank)
        missing = {name for name, value in vars(given).items() if value is absent}
        typed = {word.split("=")[0] for word in words}
        flags: Dict[str, List[str]] = {}
        for action in actions:
            flags.setdefault(action.dest, []).extend(action.option_strings[::-1])
            if getattr(given, action.dest) is absent:
                setattr(given, action.dest, action.default)     # of two flags with one value the first has it
        given.named = {name: next((flag for flag in known if flag in typed), known[0])
                       for name, known in flags.items() if known and name not in missing}
        return given

    def _refuse_empty(self, words: Sequence[str]) -> None:
        """An empty variable of a shell would else be read as the default."""
        for before, word in zip(["", *words], words):
            if not word or (word.startswith("--") and word.endswith("=")):
                named = before if not word and before.startswith("-") else word[:-1]
                self.error(f"{named + ': ' if named else ''}an empty value was given; give another, or leave it out")

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; {self.prog} --help lists all flags\n")


def refuse(given: argparse.Namespace, names: Iterable[str], why: str) -> None:
    """UserError where any of these was named, by the names of their values."""
    flags = [given.named[name] for name in names if name in given.named]
    if flags:
        raise UserError(f"{', '.join(flags)}: {why}; leave {'it' if len(flags) == 1 else 'them'} out")


def parts(values: Sequence[str]) -> List[str]:
    """A B, A,B or both -> each once, in order."""
    return list(dict.fromkeys(part.strip() for value in values for part in value.split(",") if part.strip()))


class Listed(argparse.Action):
    """One or more of some names, with spaces or commas between; `choices` are checked one by one."""

    def __init__(self, option_strings: Sequence[str], dest: str, known: Optional[Sequence[str]] = None,
                 **more: Any) -> None:
        super().__init__(option_strings, dest, nargs="+", **more)
        self.known = known

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
                 option_string: Optional[str] = None) -> None:
        named = parts(values)
        if not named:
            raise UserError(f"{option_string} names nothing; give one or more, with spaces or commas between, or leave "
                            "it out")
        wrong = [name for name in named if self.known is not None and name not in self.known]
        if wrong:
            raise argparse.ArgumentError(self, f"no {', '.join(wrong)} (choose from {', '.join(self.known or ())})")
        setattr(namespace, self.dest, named)


def models_flag(add: Add, models: Sequence[str]) -> None:
    add("--models", action=Listed, known=models, default=["slowfast"], metavar="MODEL",
        help=f"one or more of {', '.join(models)}, with spaces between (default: slowfast)")


def split_flag(add: Add) -> None:
    add("--split", choices=SPLITS, default="dev", help="whose sequences (default: dev)")


def seq_flag(add: Add) -> None:
    add("--seq", action=Listed, metavar="ID", help="only these sequences (default: all of the split)")


def device_flag(add: Add) -> None:
    add("--device", metavar="DEVICE", help=DEVICE)


def data_flag(add: Add, before: str = "") -> None:
    """before: what is asked before the workspace."""
    add("--data-root", metavar="FOLDER", help=DATA.format(before))


def dataset_flag(add: Add, names: Sequence[str], before: str = "") -> None:
    add("--dataset", choices=names, help=DATASET.format(before))

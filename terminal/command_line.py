"""Flags that more than one command has, said in the same words everywhere."""
import argparse
from typing import Any, Callable, List, NoReturn, Optional, Sequence

from terminal.errors import UserError

VERSION = "1.0.0"
SPLITS = ("train", "dev", "test")
DEVICE = "any torch device (default: cuda:0, or cpu where there is no CUDA)"
DATA = "the folder with annotations/, features/ and keypoints/ (default: {}the workspace's)"
DATASET = "which corpus that is (default: {}what is found there)"

Add = Callable[..., Any]


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong with the flags in one line, as commands do of everything else."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; {self.prog} --help tells all flags\n")


def whole(least: int, most: int = 10 ** 9) -> Callable[[str], int]:
    """A flag's number from `least` on."""
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 18 or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text[:40]} is not a number from {least} to {most:,}")
        return int(text)

    return read


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
        help=f"one or more of {', '.join(models)} (default: slowfast); both: --models slowfast twostream")


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

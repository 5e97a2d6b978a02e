"""Files beside the sequences' folders that the program may write anew: those that begin as it writes them."""
import re
from pathlib import Path
from typing import Dict, Iterable

from files.reading import open_file
from terminal.errors import UserError

HEAD = 4096         # bytes that are looked at
RECIPE = "# a run of train.py\n"
FIGURE = "drawn by figure.py from maps of sign-language recognisers"     # in a figure's metadata
BEGINS: Dict[str, bytes] = {        # what a name ends with -> how such a file of ours begins
    "index.html": rb"(?s)<!doctype html>.*content=\"default-src 'none'; script-src 'sha256-",
    "summary.json": rb'\{\s*("format": \d+,\s*)?"counts": \{\s*"done": \d',
    "summary.csv": rb"(format,)?sequence,status,reason,frames,",
    "glosses.csv": rb"(format,)?sequence,split,signer,model,",
    "parts.csv": rb"format,sequence,split,signer,model,",
    "when.csv": rb"format,sequence,split,signer,model,",
    "scores.json": rb'\{\s*("format": \d+,\s*)?"queries": \d',
    ".certainty.json": rb'\{\s*"sha256": "[0-9a-f]{64}"',
    "evidence.txt": rb"do maps follow what parts are worth\?|maps against articulators: ",
    "pairs.txt": rb"glosses that differ in one thing alone, ",
    "film.txt": rb"maps against what is known of film, ",
    "evidence.png": rb"(?s)\x89PNG.*Software\0Matplotlib",
    "config.yaml": re.escape(RECIPE.encode()),
    ".ctm": rb"\n\Z|\S+ 1 0\.00 0\.01 \S+\n",
    ".stm": rb"\n\Z|\S+ 1 \S+ 0\.0 1\.79769e\+308 ",
    ".txt": rb"id\|hypothesis\|truth\n",
}


def check_ours(paths: Iterable[Path]) -> None:
    """UserError where one of these is there and is not ours: told before any work, and whatever --overwrite says."""
    for path in paths:
        if path.is_symlink() or path.exists():
            begins = next(begins for name, begins in BEGINS.items() if path.name.endswith(name))
            if not path.is_file() or not re.match(begins, _head(path)):
                raise UserError(f"{path} exists, but was not written by this program, which writes a file of that "
                                    "name; move it away, or give another --out")


def check_our_figure(path: Path) -> None:
    """The same of a figure, whose name is the user's."""
    if path.is_symlink() or path.exists():
        if not path.is_file():
            raise UserError(f"{path}: not a file; give another --out")
        with open_file(path) as file:
            if FIGURE.encode() not in file.read():
                raise UserError(f"{path} exists, but is not a figure of this program; move it away, or give another "
                                "--out")


def _head(path: Path) -> bytes:
    with open_file(path) as file:
        return file.read(HEAD)

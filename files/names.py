"""What ids and patterns of a data set may be: files are named after ids, and found by patterns."""
from pathlib import PurePosixPath
from typing import Optional

OF_A_BATCH = ("index.html", "summary.json", "summary.csv", "glosses.csv")      # what lies beside the sequences' folders
LONGEST = 200       # bytes; file systems take 255, and what is being written has a word before it or behind


def fault(name: str) -> Optional[str]:
    """Why this name can't be given to a file of its own; None for one that can. Hidden names are the program's."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "is not valid text"
    if not name.strip():
        return "is empty"
    if name.startswith("."):
        return "begins with a dot"
    if "/" in name or not name.isprintable():
        return "has a slash or a character that can't be printed"
    if size > LONGEST:
        return f"is {size} bytes long, and {LONGEST} fit"
    return "is a file that a batch writes" if name in OF_A_BATCH else None


def safe(text: str, longest: int = 60) -> str:
    """A part of a file name that says what the text does, whatever that is: letters, digits, - and _ of it."""
    kept = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in text)
    while len(kept.encode("utf-8", "replace")) > longest:
        kept = kept[:-1]
    return kept or "_"


def pattern_fault(pattern: str) -> Optional[str]:
    """Why this can't be a pattern of files within a folder; None for one that can."""
    if not pattern.strip() or not pattern.isprintable():
        return "is empty or has a character that can't be printed"
    parts = PurePosixPath(pattern).parts
    if not parts:
        return "names the split's folder itself"
    return "leads out of the split's folder" if parts[0] == "/" or ".." in parts else None

"""Which sequences a split has, and what is signed in them."""
import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from files.names import fault, pattern_fault
from files.reading import read_text
from files.safe_pickle import load_npy
from terminal.errors import UserError

INFO = "{}_info.npy"         # as the CSLR code bases preprocess any corpus: {number: {fileid, folder, signer, label}}


@dataclass(frozen=True)
class Table:
    """How a corpus names its files and the columns of its rows, which are separated by |."""

    file: str                    # {} is the split
    id: str
    folder: str                  # "": it is the id
    signer: str                  # "": not told
    glosses: str
    header: str


PHOENIX = Table("{}.corpus.csv", "id", "folder", "signer", "annotation", "id|folder|signer|annotation")


@dataclass(frozen=True)
class Row:
    seq_id: str
    folder: str                  # pattern of the frames within the split, such as 01April_default-0/1/*.png
    signer: str
    glosses: Tuple[str, ...]     # empty where there is no annotation


def read_corpus(source: Path, split: str, table: Table = PHOENIX) -> List[Row]:
    """The rows of a split in file order, from a folder of corpora or from the file itself."""
    path = _corpus_file(Path(source), split, table)
    rows = _read_info(path, split) if path.suffix == ".npy" else _read_table(path, table)
    seen: Dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        check_row(path, number, row.seq_id, row.folder)
        if row.seq_id in seen:
            raise UserError(f"{path}: '{row.seq_id}' is both entry {seen[row.seq_id]} and {number}; "
                            "ids must differ; take one of them out")
        seen[row.seq_id] = number
    return rows


def check_row(path: Path, number: int, seq_id: str, folder: str) -> None:
    """UserError where an id can't be a file's name, or frames would be looked for outside the data set."""
    for what, text, problem in (("id", seq_id, fault(seq_id)), ("folder", folder, pattern_fault(folder))):
        if problem:
            raise UserError(f"{path}: entry {number} has the {what} {ascii(text[:60])}, which {problem}; "
                            "expected a plain name and a pattern of files within the split; fix this entry")


def select(rows: Sequence[Row], seq_ids: Optional[Sequence[str]], split: str, source: Path,
           others: Mapping[str, Callable[[], Sequence[Row]]]) -> List[Row]:
    """The asked rows in the asked order; all of them when none is named. others: the other splits there are."""
    if seq_ids is None:
        return list(rows)
    by_id = {row.seq_id: row for row in rows}
    for seq_id in seq_ids:
        if seq_id not in by_id:
            raise UserError(_unknown(seq_id, split, list(by_id), source, others))
    return [by_id[seq_id] for seq_id in dict.fromkeys(seq_ids)]


def splits(annotations: Path, table: Table = PHOENIX) -> List[str]:
    """Splits that have a corpus here."""
    splits: List[str] = []
    for pattern in (table.file, INFO):
        if "{}" not in pattern:
            continue            # one table for all splits
        before, after = pattern.split("{}")
        splits += [file.name[len(before):len(file.name) - len(after)]
                  for file in sorted(annotations.glob(pattern.format("*")))]
    return [split for split in dict.fromkeys(splits) if "." not in split]


def _corpus_file(source: Path, split: str, table: Table) -> Path:
    if source.is_file():
        return source
    for candidate in (source / table.file.format(split), source / INFO.format(split)):
        if candidate.is_file():
            return candidate
    there = ", ".join(splits(source, table)) or "none"
    raise UserError(f"no corpus for split '{split}': expected {table.file.format(split)} or {INFO.format(split)} in "
                    f"{source} (splits there: {there}); check the split and the data root")


def _read_table(path: Path, table: Table) -> List[Row]:
    try:
        lines = read_text(path, "utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text (byte {error.start}); convert it to UTF-8") from None
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); check the path") from None
    header = [name.strip() for name in lines[0].split("|")] if lines else []
    if not {table.id, table.folder or table.id, table.glosses} <= set(header):
        raise UserError(f"{path}: the first line is '{lines[0][:200] if lines else ''}'; "
                        f"expected the header {table.header}; give the corpus's own file")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        values = [value.strip() for value in line.split("|")]
        if len(values) != len(header):
            raise UserError(f"{path}: line {number} has {len(values)} fields separated by |, "
                            f"the header {len(header)}; fix this line")
        cell = dict(zip(header, values))
        rows.append(_row(cell[table.id], cell[table.folder or table.id], cell.get(table.signer), cell[table.glosses]))
    return rows


def _read_info(path: Path, split: str) -> List[Row]:
    info = load_npy(path)
    if not isinstance(info, dict):
        raise UserError(f"{path}: holds a {type(info).__name__}; expected a dict of dicts with fileid, folder, signer "
                        "and label; give the file that the preprocessing wrote")
    # Some code bases keep a string or two among the entries, such as the prefix of all folders.
    entries = [entry for entry in info.values() if isinstance(entry, dict)]
    for number, entry in enumerate(entries):
        if "fileid" not in entry or "folder" not in entry:
            raise UserError(f"{path}: entry {number} has only {sorted(map(str, entry))}; expected fileid, folder, "
                            "signer and label; give the file that the preprocessing wrote")
    rows = [_row(_name(entry["fileid"], entry["folder"]),
                 *(entry.get(key, "") for key in ("folder", "signer", "label"))) for entry in entries]
    prefix = split + "/"
    return [Row(row.seq_id, row.folder[len(prefix):] if row.folder.startswith(prefix) else row.folder,
                row.signer, row.glosses) for row in rows]


def _name(file_id: Any, folder: Any) -> str:
    """Some code bases have the clip's place on their own disk for an id: its last part, as `folder` is told too."""
    return str(file_id).rstrip("/").rpartition("/")[2] if folder else str(file_id)


def _row(seq_id: Any, folder: Any, signer: Any, text: Any) -> Row:
    # split() also swallows the doubled spaces that the corpora have.
    return Row(str(seq_id), str(folder), str(signer or ""), tuple(str(text).split()))


def _unknown(seq_id: str, split: str, ids: Sequence[str], source: Path,
             others: Mapping[str, Callable[[], Sequence[Row]]]) -> str:
    start = f"no sequence '{seq_id}' in split '{split}'"
    for other, rows in others.items():
        if any(row.seq_id == seq_id for row in rows()):
            return f"{start}: it is in '{other}'; ask for it with --split {other}"
    nearest = difflib.get_close_matches(seq_id, ids, n=3, cutoff=0.0)
    return f"{start} of {source}; the nearest of its {len(ids)} ids: {', '.join(nearest) or 'none'}"

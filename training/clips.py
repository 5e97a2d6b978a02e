"""Which clips a split has, where their frames lie and what is signed in them, for the data sets CSLR is trained on."""
import glob
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List, Tuple

from datasets.corpus import check_row, read_corpus
from files.safe_pickle import load_npy
from glosses.vocabulary import LEFT_OUT_TRAIN_ROW
from terminal.errors import UserError
from training.recipe import DataConfig


@dataclass(frozen=True)
class Entry:
    """One clip of a split."""

    seq_id: str
    pattern: str                    # of its frames' files, to be sorted
    glosses: Tuple[str, ...]
    signer: str = ""
    split: str = ""

    def files(self) -> List[str]:
        files = sorted(glob.glob(self.pattern))
        if not files:
            raise UserError(f"clip {self.seq_id} has no frames at {self.pattern}; "
                            "check the data root and data.frame_subdir")
        return files


# Where a clip's frames lie: data root, frame folder and the row's own pattern (as *_info.npy has it) -> glob pattern.
PATTERNS: Dict[str, Callable[[str, str, str], str]] = {
    "phoenix2014": lambda root, subdir, folder: f"{root}/features/{subdir}/{folder}",
    "phoenix2014-T": lambda root, subdir, folder: f"{root}/features/{subdir}/{folder}",
    "CSL": lambda root, subdir, folder: f"{root}/features/{subdir}/{folder}/*.jpg",
    "CSL-Daily": lambda root, subdir, folder: f"{root}/{folder}",
}


def list_clips(config: DataConfig, root: Path, split: str) -> List[Entry]:
    if config.dataset not in PATTERNS:
        raise UserError(f"data.dataset: {config.dataset} is unknown; choose from {', '.join(PATTERNS)}")
    rows = _from_info(Path(config.info), split) if config.info else _from_corpus(root, split, config.dataset)
    if not rows:
        raise UserError(f"the split '{split}' of {config.info or root} has no clips; expected at least one")
    pattern = PATTERNS[config.dataset]
    return [Entry(seq_id, pattern(glob.escape(str(root)), config.frame_subdir, folder), glosses, signer, split)
            for seq_id, folder, glosses, signer in rows]


Row = Tuple[str, str, Tuple[str, ...], str]


def _from_info(folder: Path, split: str) -> List[Row]:
    """{split}_info.npy: a dict of numbered rows, beside a prefix that is of no use elsewhere."""
    path = folder / f"{split}_info.npy"
    if not path.is_file():
        raise UserError(f"{path}: no such file; data.info must name the folder of the preprocessed splits")
    content = load_npy(path)
    rows: List[Row] = []
    try:
        for row in (row for key, row in content.items() if not isinstance(key, str)):
            check_row(path, len(rows) + 1, row["fileid"], row["folder"])
            rows.append((row["fileid"], row["folder"], tuple(row["label"].split()), row.get("signer", "")))
    except (KeyError, TypeError, AttributeError):
        raise UserError(f"{path}: expected numbered rows with fileid, folder and label; make it again") from None
    return rows


def _from_corpus(root: Path, split: str, dataset: str) -> List[Row]:
    if dataset != "phoenix2014":
        raise UserError(f"data.info: {dataset} needs the folder of its {split}_info.npy; "
                        "only phoenix2014 is read straight from its corpora")
    rows = read_corpus(root / "annotations" / "manual", split)
    kept = [row for number, row in enumerate(rows) if split != "train" or number != LEFT_OUT_TRAIN_ROW]
    return [(row.seq_id, f"{split}/{row.folder}", tuple(row.glosses), row.signer) for row in kept]

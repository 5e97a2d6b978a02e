"""A corpus's splits with what is signed taken from ELAN files, in place of its own annotation."""
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Mapping

from files.workspace import expanded
from glosses.elan_tier import is_elan
from glosses.elan_truth import elan_truth
from terminal.errors import UserError

if TYPE_CHECKING:
    from datasets.phoenix import PhoenixVideoTextDataset


def annotate(datasets: "Mapping[str, PhoenixVideoTextDataset]", truth: str, tier: str) -> List[str]:
    """truth: an .eaf, or a folder of them, named as the sequences are. Gives what must be said of it, in lines; clips
    without a file are read, and not counted."""
    files = _files(expanded(truth))
    names = {row.seq_id for dataset in datasets.values() for row in dataset.rows}
    if not names & set(files):
        raise UserError(f"--truth {truth}: no sequence of {', '.join(datasets)} is called {sorted(files)[0]}, as its "
                        "first .eaf is; name each file as its sequence")
    lines: List[str] = []
    for split, dataset in datasets.items():
        truths = {row.seq_id: elan_truth(files[row.seq_id], tier) for row in dataset.rows if row.seq_id in files}
        dataset.rows = [replace(row, glosses=truths[row.seq_id].glosses() if row.seq_id in truths else ())
                        for row in dataset.rows]
        lines.append(f"{split}: {len(truths)} of {len(dataset.rows)} clips are annotated by {truth}, and counted")
        lines += [note for known in truths.values() for note in known.notes]
    return lines


def _files(path: Path) -> Dict[str, Path]:
    if not path.is_dir():
        if not is_elan(path.name):
            raise UserError(f"--truth {path}: expected an ELAN file (.eaf), or a folder of them")
        return {path.stem: path}
    files = {file.stem: file for file in sorted(path.iterdir()) if is_elan(file.name)}
    if not files:
        raise UserError(f"--truth {path}: no .eaf in this folder; expected one for each sequence, named as it is")
    return files

"""parts.csv and when.csv: what each gloss was read from, part by part and stretch by stretch, for those who count.

Columns of both:
    format                              of this table; this is 1
    sequence, split, signer, model      where it was signed, and who read it
    id, number, gloss, verdict, correct, true_gloss, side, first_frame, last_frame, confidence
                                        as in glosses.csv
    target                              what the score is: a log-probability, or of a contrast log-odds, over its steps
    checkpoint                          SHA-256 of the network's file
    hide, hidden_keypoints              what stands in for what is hidden
    score                               of the clip
parts.csv, a row for each part:
    hidden_score                        of the clip with all of it hidden
    part                                its name
    in_picture                          yes or no; a part that is not in the picture has no figures
    value                               its Shapley value: those of all parts add up to score - hidden_score
    share                               of that difference; empty where it is not positive, and of a contrast
    alone                               what the score gains when the part alone is shown
    without                             what the score loses when the part alone is hidden
when.csv, a row for each stretch of the clip:
    stretch_first, stretch_last         its frames
    without                             what the score loses when the stretch is hidden
"""
from contextlib import suppress
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Tuple

from files.atomic import atomic_file
from files.reading import read_text
from records.parts import ClipParts, GlossParts
from records.sequence import Sequence as SequenceRecord
from results.glosses import Row, gloss_cells, table

FORMAT = 1
PARTS, WHEN = "parts.csv", "when.csv"
SHARED = ("format", "sequence", "split", "signer", "model", "id", "number", "gloss", "verdict", "correct", "true_gloss",
          "side", "first_frame", "last_frame", "confidence", "target", "checkpoint", "hide", "hidden_keypoints",
          "score")
COLUMNS = {PARTS: (*SHARED, "hidden_score", "part", "in_picture", "value", "share", "alone", "without"),
           WHEN: (*SHARED, "stretch_first", "stretch_last", "without")}


def tables(record: SequenceRecord) -> Dict[str, str]:
    """The text of each file."""
    rows: Dict[str, List[Row]] = {name: [] for name in COLUMNS}
    for head, parts, gloss in _glosses(record):
        rows[PARTS] += [{**head, **cells} for cells in _of_parts(gloss)]
        rows[WHEN] += [{**head, **cells} for cells in _of_stretches(parts, gloss, record.frames)]
    return {name: table(file_rows, COLUMNS[name]) for name, file_rows in rows.items()}


def _glosses(record: SequenceRecord) -> Iterator[Tuple[Row, ClipParts, GlossParts]]:
    for name, model in record.models.items():
        for gloss in model.parts.glosses if model.parts else ():
            assert model.parts is not None
            yield {"format": FORMAT, "sequence": record.sequence, "split": record.split, "signer": record.signer,
                   "model": name, **gloss_cells(gloss.about), "target": gloss.about.words,
                   "checkpoint": model.checkpoint.sha256, "hide": model.parts.hiding.way,
                   "hidden_keypoints": model.parts.hiding.points, "score": gloss.score}, model.parts, gloss


def _of_parts(gloss: GlossParts) -> Iterator[Row]:
    gained = gloss.score - gloss.hidden
    for part in gloss.parts:
        row: Row = {"hidden_score": gloss.hidden, "part": part.name,
                    "in_picture": "no" if part.value is None else "yes"}
        if part.value is not None and part.alone is not None and part.without is not None:
            row.update({"value": part.value, "alone": part.alone, "without": part.without})
            if gained > 0 and gloss.about.side is None:
                row["share"] = round(part.value / gained, 6)
        yield row


def _of_stretches(parts: ClipParts, gloss: GlossParts, frames: int) -> Iterator[Row]:
    for number, score in enumerate(gloss.when):
        first = number * parts.stretch
        yield {"stretch_first": first, "stretch_last": min(first + parts.stretch, frames) - 1,
               "without": round(gloss.score - score, 6)}


def write_merged_parts(out: Path, sequences: Sequence[str]) -> None:
    """One table of all these sequences' own, where there are any."""
    for name, columns in COLUMNS.items():
        head, bodies = ",".join(columns) + "\n", []
        for sequence in sequences:
            with suppress(OSError, ValueError):     # none there, or damaged since
                text = read_text(out / sequence / name)
                bodies += [text[len(head):]] if text.startswith(head) else []
        if bodies:
            with atomic_file(out / name) as draft:
                draft.write_text(head + "".join(bodies), encoding="utf-8")

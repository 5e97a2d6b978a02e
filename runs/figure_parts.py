"""A figure of what glosses were read from: of one clip gloss by gloss, of a batch in groups, and its caption."""
import csv
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from drawing.parts_sheet import Block, PartsSheet, Stack
from files.reading import read_text
from records.figure_request import GLOSS, MODEL, SIGNER, VERDICT, PartsRequest
from records.hiding import Hiding
from records.networks import title_of
from records.sequence import Sequence as SequenceRecord
from results.existing_result import looks_finished
from results.explained_run import read_record
from results.part_groups import NOT_JUDGED, ModelParts, PartGroup, read_parts
from results.parts import PARTS as FILE
from results.parts import tables
from runs.figure_caption import as_caption
from terminal.errors import UserError

LIKELY = 0.05           # of a log-probability: what gains less from all parts has nothing to share out
UNLIKELY = "no more likely than in the hidden clip"
MANY = 40               # bars in a figure
Rows = Tuple[Dict[str, str], ...]      # of a gloss, one for each part
ORDER = ("right", "substituted", "inserted", "deleted", NOT_JUDGED)


def parts_figure(folder: Path, asked: PartsRequest) -> Tuple[PartsSheet, str]:
    """The figure and its caption, of a sequence's folder or of one that holds several."""
    if looks_finished(folder):
        if asked.by is not None:
            raise UserError(f"--by {asked.by}: {folder} is one clip, where each gloss has a bar; give the folder of "
                            "a run")
        record = read_record(folder)
        return _of_clip(record, _models([tables(record)[FILE]], folder, asked), asked)
    if asked.glosses is not None:
        raise UserError(f"--glosses {' '.join(asked.glosses)}: {folder} holds several clips; name the folder of one, "
                        "or --by gloss")
    folders = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".") and looks_finished(path)]
    return _of_batch(_models(_texts(folders), folder, asked), asked.by or MODEL, asked.width)


def _texts(folders: Sequence[Path]) -> List[str]:
    """Of those that have a table of parts."""
    return [_text(folder / FILE) for folder in folders if (folder / FILE).exists()]


def _text(path: Path) -> str:
    """One line where it is not as it was written."""
    try:
        text = read_text(path)
        for model in read_parts([text]):
            model.groups(VERDICT)
            Hiding(model.hide, model.points).words(True)
        return text
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, csv.Error) as error:
        raise UserError(f"{path}: not as main.py writes it ({error!r:.120}); make the sequence again") from None


def _models(texts: Sequence[str], folder: Path, asked: PartsRequest) -> List[ModelParts]:
    there = read_parts(texts)
    if not there:
        raise UserError(f"{folder}: it has no parts of any gloss; make them with main.py --target each --write "
                        "parts")
    names = list(dict.fromkeys(model.model for model in there))
    unknown = [name for name in asked.models or () if name not in names]
    if unknown:
        raise UserError(f"--models {', '.join(unknown)}: {folder} has parts of {', '.join(names)} only; choose from "
                        "these")
    models = [model for name in asked.models or names for model in there if model.model == name]
    for what, kinds in (("numbers of parts", {model.names for model in models}),
                        ("glosses and contrasts", {model.contrast for model in models})):
        if len(kinds) > 1:
            raise UserError(f"{folder}: its clips differ in {what}, so one figure cannot show them all; give the "
                            "folder of one clip")
    return models


def _of_clip(record: SequenceRecord, models: Sequence[ModelParts], asked: PartsRequest) -> Tuple[PartsSheet, str]:
    blocks = []
    for model in models:
        glosses = model.glosses
        if asked.glosses is not None:
            glosses = tuple(_numbered(glosses, number, model) for number in asked.glosses)
        blocks.append(Block(_title(model, models), [_of_gloss(model, rows) for rows in glosses]))
    first = models[0]
    what = f"{title_of(first.model)} alone" if len(models) == 1 else "each network"
    words = [f"What the glosses of sequence {record.sequence} ({record.dataset}, {record.split}) were read from, by "
             f"{what}", *_caption(models)]
    return _sheet(blocks, models, asked.width), as_caption(words)


def _numbered(glosses: Sequence[Rows], number: str, model: ModelParts) -> Rows:
    gloss = next((rows for rows in glosses if rows[0]["number"] == number), None)
    if gloss is None:
        there = ", ".join(rows[0]["number"] for rows in glosses)
        raise UserError(f"--glosses {number}: {title_of(model.model)} has {there}")
    return gloss


def _of_gloss(model: ModelParts, rows: Rows) -> Stack:
    first = rows[0]
    group, = replace(model, glosses=(rows,)).groups(GLOSS)
    gained = float(first["score"]) - float(first["hidden_score"])
    verdict = first["verdict"] if first["verdict"] not in ("", "right") else ""
    return Stack(first["gloss"], verdict, group.parts, UNLIKELY if not model.contrast and gained < LIKELY else "")


def _of_batch(models: Sequence[ModelParts], by: str, width: str) -> Tuple[PartsSheet, str]:
    if by == MODEL:
        blocks = [Block("", [_of_group(_title(model, models), group) for model in models
                             for group in model.groups(MODEL)])]
    else:
        blocks = [Block(_title(model, models), [_of_group(group.name, group) for group in _ordered(model, by)])
                  for model in models]
    bars = sum(len(block.stacks) for block in blocks)
    if bars > MANY:
        raise UserError(f"--by {by}: {bars} bars, more than the {MANY} that a figure has room for; choose fewer "
                        "--models, or another --by")
    clips = len({name for model in models for group in model.groups(MODEL) for name in group.sequences})
    grouped = "" if by == MODEL else f", by {by}"
    words = [f"What glosses were read from{grouped}: {clips} {'clip' if clips == 1 else 'clips'}", *_caption(models)]
    if clips > 1:
        words.append("Lines below a bar: for each piece, the 95% interval over clips (bootstrap) of where it ends, if "
                     "it starts where it is drawn; a tick marks its end as drawn")
    return _sheet(blocks, models, width), as_caption(words)


def _ordered(model: ModelParts, by: str) -> List[PartGroup]:
    groups = model.groups(by)
    if by == VERDICT:
        return sorted(groups, key=lambda group: ORDER.index(group.name) if group.name in ORDER else len(ORDER))
    return sorted(groups, key=lambda group: group.name) if by == SIGNER else groups


def _of_group(label: str, group: PartGroup) -> Stack:
    counts = [f"{number} {what}{'' if number == 1 else 's'}" for number, what in (
        (group.glosses, "gloss" if group.glosses == 1 else "glosse"), (len(group.sequences), "clip"))]
    return Stack(label, ", ".join(counts), group.parts,
                 UNLIKELY if all(part.value != part.value for part in group.parts) else "")


def _title(model: ModelParts, models: Sequence[ModelParts]) -> str:
    """The way of hiding too, where models were asked in several."""
    ways = {(other.hide, other.points) for other in models}
    return title_of(model.model) + (f", hidden: {model.hide}, keypoints {model.points}" if len(ways) > 1 else "")


def _sheet(blocks: Sequence[Block], models: Sequence[ModelParts], width: str) -> PartsSheet:
    model = models[0]
    absent = [name for name in model.names if all(name in other.absent for other in models)]
    axis = "log-odds of what was read against what is true" if model.contrast else (
        "share of what all parts give to the log-probability")
    return PartsSheet(blocks, model.names, not model.contrast, axis, absent, width)


def _caption(models: Sequence[ModelParts]) -> List[str]:
    first = models[0]
    asks = dict.fromkeys(f"{title_of(model.model)} {Hiding(model.hide, model.points).words(True)}" for model in models)
    if len({(model.hide, model.points) for model in models}) == 1:
        asks = dict.fromkeys([f"it {Hiding(first.hide, first.points).words(True)}"])
    what = "mean log-odds for what was read" if first.contrast else (
        "share of what all parts give to the log-probability of the glosses, summed over the steps of each")
    return [f"Pieces: each part's exact Shapley value, as {what}; pieces left of zero speak against",
            *asks]

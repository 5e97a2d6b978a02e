"""parts.csv, when.csv and what glosses.csv and preds.txt say of parts, against figures worked out by hand."""
import csv
import io
from pathlib import Path
from typing import Dict, List

import numpy as np

from records.codec import from_json
from records.hiding import STILL, Hiding
from records.parts import BODY, PARTS, RIGHT, ClipParts, GlossParts, Part
from records.sequence import Sequence, read_sequence, sequence_json
from results.folder import preds_lines
from results.glosses import rows
from results.parts import COLUMNS, WHEN, tables, write_merged_parts
from results.parts import PARTS as FILE
from tests.kit.maps import laid
from tests.kit.records import explanation, gloss, gloss_maps, model, sequence

TOLD = ClipParts(Hiding(STILL), "asks what", PARTS[6], 64 + 2, 8, (
    GlossParts(gloss(), -0.5, -4.5, (Part(RIGHT, 3.0, 2.0, 1.0), Part(BODY, 1.0, 0.5, 0.25), Part("mouth")),
               (-0.5, -3.0), "REGEN was read from right hand (75%)"),
    GlossParts(gloss(2, "WIND", side="read"), 1.0, 0.0, (Part(RIGHT, 1.0, 1.0, 1.0),), (1.0, 1.5))), ("a note",))


def record() -> Sequence:
    return sequence({"slowfast": model(parts=TOLD)})


def table(name: str) -> List[Dict[str, str]]:
    text = tables(record())[name]
    assert text.splitlines()[0] == ",".join(COLUMNS[name])
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_for_each_part_with_its_share_of_what_all_give() -> None:
    first, second, mouth, contrast = table(FILE)
    assert [first[name] for name in ("part", "in_picture", "value", "share", "alone", "without", "score",
                                     "hidden_score", "hide", "hidden_keypoints")] == [
        RIGHT, "yes", "3.0", "0.75", "2.0", "1.0", "-0.5", "-4.5", "still", "gone"]
    assert second["share"] == "0.25" and contrast["share"] == "" and contrast["side"] == "read"
    assert (mouth["in_picture"], mouth["value"], mouth["alone"]) == ("no", "", "")


def test_a_row_for_each_stretch_with_what_the_score_loses() -> None:
    stretches = [(row["gloss"], row["stretch_first"], row["stretch_last"], row["without"]) for row in table(WHEN)]
    assert stretches == [("REGEN", "0", "7", "0.0"), ("REGEN", "8", "9", "2.5"), ("WIND", "0", "7", "0.0"),
                         ("WIND", "8", "9", "-0.5")]


def test_rows_of_glosses_have_the_values_and_the_stretch_that_counts_most() -> None:
    maps = {"layer4": laid(np.ones((10, 4, 4), np.float32))}
    row, = rows(record(), {"slowfast": explanation(maps, [gloss_maps(gloss(), maps)], parts=TOLD)}, None)
    assert (row["part_right_hand"], row["part_arms_and_trunk"]) == (3.0, 1.0) and "part_mouth" not in row
    assert (row["when_first_frame"], row["when_last_frame"], row["when_without"]) == (8, 9, 2.5)


def test_the_record_comes_back_from_disk_as_it_was() -> None:
    tree = sequence_json(record())
    assert read_sequence(tree, "preds.json").models["slowfast"].parts == TOLD
    assert from_json(ClipParts, tree["models"]["slowfast"]["parts"], "parts") == TOLD


def test_preds_txt_says_that_the_parts_add_up() -> None:
    lines = [line for line in preds_lines(record()) if " parts: " in line]
    assert lines[0] == "SlowFast parts: a note" and lines[-1] == "SlowFast parts: asks what"
    assert lines[1] == ("SlowFast parts: REGEN was read from right hand (75%); together 4.00, the score of the clip "
                        "(-0.50) minus that of the hidden clip (-4.50)")


def test_tables_of_sequences_are_merged_and_damaged_ones_left_out(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    text = tables(record())[FILE]
    for name in ("a", "b"):
        (tmp_path / name / FILE).write_text(text)
    (tmp_path / "c" / FILE).write_text("other\n")
    write_merged_parts(tmp_path, ["a", "b", "c", "d"])
    merged = (tmp_path / FILE).read_text().splitlines()
    assert len(merged) == 1 + 2 * 4 and not (tmp_path / WHEN).exists()

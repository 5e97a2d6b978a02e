"""glosses.csv, against numbers worked out by hand from the maps."""
import csv
import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import pytest

from files.workspace import REPOSITORY
from poses.regions import APART
from records.explanation import LayerMap
from records.shift_check import ShiftCheck
from results.glosses import COLUMNS, rows, table, write_merged
from tests.kit import records
from tests.kit.maps import laid

FRAMES, SIDE = 10, 64


def a_map() -> np.ndarray:
    """0.2 on the left half of frames 2 to 5, 1 at one place of frame 4."""
    values = np.zeros((FRAMES, SIDE, SIDE))
    values[2:6, :, :32] = 0.2
    values[4, 10, 20] = 1
    return values


def labelled() -> Any:
    """The left half is the left hand, the right half elsewhere; a signer is seen in all frames."""
    labels = np.full((FRAMES, SIDE, SIDE), APART.index("elsewhere"), np.uint8)
    labels[:, :, :32] = APART.index("left hand")
    return labels, np.ones(FRAMES, bool)


def some_rows(regions: Any = None, values: Optional[np.ndarray] = None) -> List[Dict[str, Any]]:
    values = a_map() if values is None else values
    about = records.gloss(1, "REGEN", (4, 8), verdict="substituted", true_gloss="SCHNEE", side="read")
    once = np.eye(FRAMES)[7]
    layers = {"where": LayerMap(replace(laid(values), highs=values.max((1, 2)))),
              "when": LayerMap(replace(laid(once, (SIDE, SIDE)), highs=once), ("saturated",))}
    explanation = records.explanation({}, [records.gloss_maps(about, layers)], pool="frame")
    return rows(records.sequence(), {"slowfast": explanation}, regions)


def test_there_is_a_row_for_each_layer() -> None:
    where, when = some_rows()
    assert (where["gloss"], where["true_gloss"], where["layer"], when["layer"]) == ("REGEN", "SCHNEE", "where", "when")
    assert (where["id"], where["side"], where["correct"]) == ("read-1-for-read", "read", "no")
    assert (where["first_frame"], where["last_frame"], where["checkpoint"]) == (4, 7, "0f" * 32)
    assert when["flags"] == "saturated" and when["peak_frame"] == 7 and "peak_x" not in when


def test_a_map_that_was_checked_has_its_verdict() -> None:
    check = ShiftCheck(3.5, 0.25, 20, 20, "still", "gone")
    layers = {"checked": LayerMap(laid(a_map()), check=check), "not": LayerMap(laid(a_map()))}
    explanation = records.explanation({}, [records.gloss_maps(records.gloss(1, "REGEN", (4, 8)), layers)])
    one, other = rows(records.sequence(), {"slowfast": explanation}, None)
    assert [one[f"check{name}"] for name in ("", "_lost", "_usual", "_beaten", "_shifts", "_hide")] == [
        "holds", 3.5, 0.25, 20, 20, "still"]
    assert "check" not in other and set(one) <= set(COLUMNS)


def test_shares_are_of_the_gloss_s_own_frames() -> None:
    where, _ = some_rows(labelled())
    assert where["left_hand"] == 1 and where["elsewhere"] == 0
    assert where["area_left_hand"] == 0.5 and where["area_elsewhere"] == 0.5 and where["area_face"] == 0
    assert where["hands"] == 1 and where["area_hands"] == 0.5 and where["lift_hands"] == 2


def test_frames_without_a_signer_do_not_count() -> None:
    """Of the gloss's frames 4 to 7, on whose right half the map lies in frame 5 alone."""
    labels, seen = labelled()
    values = a_map()
    values[5] = 0
    values[5, :, 32:] = 0.2
    assert some_rows((labels, seen), values)[0]["elsewhere"] > 0.4
    seen[5] = False
    where = some_rows((labels, seen), values)[0]
    assert where["elsewhere"] == 0 and where["left_hand"] == 1
    assert "left_hand" not in some_rows((labels, np.zeros(FRAMES, bool)), values)[0]


def test_hands_are_both_together() -> None:
    labels, seen = labelled()
    labels[:, :, 32:] = APART.index("right hand")
    values = a_map()
    values[5] = 0.2
    where = some_rows((labels, seen), values)[0]
    assert 0 < where["right_hand"] < where["left_hand"] and where["hands"] == 1 and where["area_hands"] == 1
    assert where["lift_right_hand"] == pytest.approx(2 * where["right_hand"], abs=1e-4)


def test_without_keypoints_there_are_no_shares() -> None:
    assert "left_hand" not in some_rows()[0]


def test_the_share_in_its_own_frames_stands_beside_that_of_chance() -> None:
    where, when = some_rows()
    total = a_map().sum()
    assert where["inside"] == pytest.approx(a_map()[4:8].sum() / total, abs=1e-4) and where["inside_even"] == 0.4
    assert when["inside"] == 1 and when["lift_inside"] == 2.5


def test_the_peak_is_where_the_map_is_largest() -> None:
    where = some_rows()[0]
    assert (where["peak_frame"], where["peak_x"], where["peak_y"]) == (4, 20, 10)


@pytest.mark.parametrize("frames, peak", [((5, 8), 5), ((6, 10), None), ((0, 3), 2)])
def test_the_peak_of_a_gloss_lies_in_its_own_frames(frames: Tuple[int, int], peak: Optional[int]) -> None:
    """As in pictures and pages: wherever else in the clip the map is larger."""
    gloss = records.gloss_maps(records.gloss(1, "REGEN", frames), {"where": LayerMap(laid(a_map()))})
    row, = rows(records.sequence(), {"slowfast": records.explanation({}, [gloss])}, None)
    assert row.get("peak_frame") == peak == laid(a_map()).peak(*frames)
    assert ("peak_x" in row) == (peak is not None)


def test_the_highest_pixel_is_no_other_where_the_scale_is_cut_below_it() -> None:
    """As maps of the input are drawn: so that a few pixels do not leave the others dark."""
    cut = replace(laid(a_map()), highs=np.full(FRAMES, 0.1, np.float32))
    assert np.unravel_index(int(cut.at(4).argmax()), (SIDE, SIDE)) != (10, 20) == cut.highest(4)


def test_frames_are_counted_from_the_clip_s_first_where_the_network_sees_later_ones() -> None:
    whole = laid(a_map())
    later = replace(whole, extent=replace(whole.extent, seen=(2, FRAMES)), lows=whole.lows[2:],
                    highs=a_map().max((1, 2))[2:])
    explanation = records.explanation(
        {}, [records.gloss_maps(records.gloss(1, "REGEN", (4, 8)), {"where": LayerMap(later)})])
    where, = rows(records.sequence(), {"slowfast": explanation}, None)
    assert where["peak_frame"] == 4 and where["inside_even"] == 4 / 8


def test_the_table_reads_back(tmp_path: Any) -> None:
    text = table(some_rows(labelled()))
    read = list(csv.DictReader(io.StringIO(text)))
    assert tuple(read[0]) == COLUMNS and read[0]["left_hand"] == "1.0" and read[1]["left_hand"] == ""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "glosses.csv").write_text(text)
    write_merged(tmp_path, ["a", "b", "failed"])
    merged = list(csv.DictReader(io.StringIO((tmp_path / "glosses.csv").read_text())))
    assert merged == read + read


def test_right_can_be_compared_with_wrong_as_the_documentation_does(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs/files.md").read_text(encoding="utf-8")
    code = next(block for block in page.split("```python\n")[1:] if "glosses.csv" in block).split("```")[0]
    (tmp_path / "outputs/demo").mkdir(parents=True)
    (tmp_path / "outputs/demo/glosses.csv").write_text(table(some_rows(labelled())))
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (["slowfast", "gradcam", "where", "no", "1", "2.00"], "")

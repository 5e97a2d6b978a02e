import csv
import io
from typing import Any, Dict, List

import pytest

from reports.study import study
from results.glosses import COLUMNS


def table(rows: List[Dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def row(gloss: str, verdict: str, left: float, inside: float, sequence: str = "a",
        layer: str = "deep") -> Dict[str, Any]:
    return {"sequence": sequence, "signer": "S1", "model": "slowfast", "layer": layer, "gloss": gloss,
            "method": "gradcam", "verdict": verdict, "left_hand": left, "right_hand": 0.1, "face": 0.1, "body": 0.1,
            "hands": left + 0.1, "elsewhere": 0.7 - left, "inside": inside, "inside_even": 0.1}


def test_groups_have_their_means_counts_and_clips() -> None:
    layer, = study([table([row("REGEN", "right", 0.3, 0.4), row("WIND", "right", 0.1, 0.2)]),
                    table([row("REGEN", "substituted", 0.0, 0.1, "b")])])
    right, wrong = layer["verdict"]
    assert (right["name"], right["count"], wrong["count"]) == ("right", 2, 1)
    assert right["shares"] == pytest.approx([0.3, 0.1, 0.1, 0.5]) and right["hands"][0] == pytest.approx(0.3)
    assert right["time"][0] == pytest.approx(3)
    assert {group["name"]: group["sequences"] for group in layer["gloss"]} == {"REGEN": ["a", "b"], "WIND": ["a"]}


def test_the_interval_holds_the_mean_and_is_a_point_where_all_are_alike() -> None:
    layer, = study([table([row("A", "right", 0.2, tenth / 10) for tenth in range(1, 9)])])
    mean, low, high = layer["verdict"][0]["time"]
    assert low < mean < high
    assert layer["verdict"][0]["hands"] == pytest.approx([0.3, 0.3, 0.3])


def test_without_keypoints_there_are_no_shares() -> None:
    bare = {key: value for key, value in row("A", "right", 0.2, 0.5).items()
            if key not in ("left_hand", "right_hand", "hands", "face", "body", "elsewhere")}
    group = study([table([bare])])[0]["verdict"][0]
    assert group["shares"] is None and group["hands"] is None and group["time"] is not None


def test_each_layer_is_counted_apart() -> None:
    assert [each["layer"] for each in study([table([row("A", "", 0, 0.1), row("A", "", 0, 0.1, layer="fused")])])] == [
        "deep", "fused"]


def test_methods_of_one_layer_are_counted_apart() -> None:
    rows = [{**row("A", "right", 0.1, each), "method": method} for method, each in (("gradcam", 0.2), ("rise", 0.6))]
    layers = study([table(rows)])
    assert [layer["layer"] for layer in layers] == ["gradcam/deep", "rise/deep"]
    assert [layer["verdict"][0]["time"][0] for layer in layers] == pytest.approx([2, 6])

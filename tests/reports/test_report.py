import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict

import cv2
import numpy as np
import pytest

from poses.regions import ELSEWHERE, REGIONS, cover, regions
from records.explanation import LayerMap
from reports.page import json_in_html
from reports.quantised_map import Knots, knots
from reports.report import finite, write_index, write_report
from reports.sprites import MAP_BYTES, QUALITIES, encode, encode_maps
from results.shares import mass, shares
from tests.kit import records
from tests.kit import report as made


def written(folder: Path, frames: int, **changes: Any) -> str:
    """A report of a made-up clip; returns the page's text."""
    folder.mkdir(parents=True, exist_ok=True)
    made.write(folder, replace(made.record(frames), **changes))
    return (folder / "report.html").read_text(encoding="utf-8")


def data_in(text: str) -> Dict[str, Any]:
    return json.loads(re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[0])


def test_two_hundred_frames_and_both_models_fit_in_six_megabytes(tmp_path: Path) -> None:
    written(tmp_path, 200)
    assert (tmp_path / "report.html").stat().st_size <= 6_000_000


def test_maps_of_noise_keep_to_the_budget_too() -> None:
    tiles = {f"map{number}": np.random.default_rng(number).integers(0, 256, (64, 56, 56), np.uint8)
             for number in range(3)}
    tiles["quiet"] = np.zeros((64, 56, 56), np.uint8)
    sheets = encode_maps(tiles, 64)
    assert sheets["quiet"].quality == QUALITIES[0]
    assert sum(sheet.size for sheet in sheets.values()) <= 4 * 64 * MAP_BYTES


def test_tiles_lie_where_the_layout_says() -> None:
    tiles = np.repeat(np.arange(10, 250, 24, dtype=np.uint8), 900 * 700).reshape(10, 900, 700)
    sheets = encode(tiles, 90)
    assert len(sheets.jpegs) == 3
    for index, tile in enumerate(tiles):
        jpeg = np.frombuffer(sheets.jpegs[index // sheets.per_sheet], np.uint8)
        sheet = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE))
        row, column = divmod(index % sheets.per_sheet, sheets.columns)
        top, left = row * sheets.cell[0], column * sheets.cell[1]
        assert np.abs(sheet[top:top + 900, left:left + 700].astype(int) - tile).max() <= 1


@pytest.mark.parametrize("name, model", [
    ("conv2d.slow_path.layer1", "slowfast"), ("conv2d.fast_path.layer3", "slowfast"),
    ("rgb_stream.layer1", "twostream")])
def test_maps_are_kept_at_the_layers_own_steps_and_positions(name: str, model: str) -> None:
    laid = made.layers(42)[model][name].laid
    quantised = knots(laid)
    assert quantised.values.shape == laid.raw.shape
    for frame in (0, 1, 20, 41):
        assert np.abs(rebuilt(quantised, frame) - laid.at(frame).astype(np.float32)).max() * 255 < 1


def rebuilt(quantised: Knots, frame: int) -> np.ndarray:
    """[256, 256] as the page draws it."""
    layout = quantised.layout()
    first, weight = layout["first"][frame], layout["weight"][frame]
    values = quantised.values.astype(np.float32) * (quantised.high - quantised.low) / 255 + quantised.low
    moment = values[first] * (1 - weight) + values[min(first + 1, len(values) - 1)] * weight
    top, bottom, left, right = layout["box"]
    rows, columns = (layout[axis][0] + layout[axis][1] * np.arange(len(moment)) for axis in ("down", "across"))
    out = np.zeros((256, 256), np.float32)
    across = np.stack([np.interp(np.arange(left, right), columns, row) for row in moment])
    out[top:bottom, left:right] = np.stack([np.interp(np.arange(top, bottom), rows, column) for column in across.T], 1)
    return out.clip(0, 1)


def test_frames_that_were_not_seen_have_no_map() -> None:
    whole = made.layers(9)["twostream"]["rgb_stream.layer4"].laid
    cut = replace(whole, extent=replace(whole.extent, seen=(0, 7)))
    assert knots(cut).layout()["first"][7:] == [-1, -1] and min(knots(cut).layout()["first"][:7]) == 0


def test_a_frame_with_a_scale_of_its_own_reaches_from_0_to_1() -> None:
    laid = replace(made.layers(9)["slowfast"]["conv2d.fast_path.layer3"].laid, per_frame=True)
    scales = knots(laid).layout()["scales"]
    low, high = laid.lows.min(), laid.highs.max()
    np.testing.assert_allclose(scales, (np.stack([laid.lows, laid.highs], 1) - low) / (high - low), atol=1e-5)


@pytest.mark.parametrize("text", ["</script>", "<!--", "<script>", "a&b", "ÄÖÜ"])
def test_json_in_a_page_ends_no_script_and_reads_back(text: str) -> None:
    safe = json_in_html({"gloss": text})
    assert "<" not in safe and ">" not in safe
    assert json.loads(safe) == {"gloss": text}


def test_a_gloss_is_nowhere_in_the_page_as_a_tag(tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    clip = tmp_path / "clip"
    clip.mkdir()
    made.write(clip, made.record(8, sequence=evil, first=evil), points=False)
    write_index(tmp_path)
    for page in (tmp_path / "clip" / "report.html", tmp_path / "index.html"):
        assert "<img src=x" not in page.read_text(encoding="utf-8")


def test_the_page_allows_only_its_own_script(tmp_path: Path) -> None:
    text = written(tmp_path, 4)
    script = re.findall(r"<script>(.*)</script>", text, re.S)[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{digest}'" in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "") and "https://" not in text


def test_numbers_that_are_not_finite_become_null() -> None:
    assert finite({"a": [float("nan"), np.float32(0.5)], "b": (np.inf, 1)}) == {"a": [None, 0.5], "b": [None, 1]}


def test_regions_find_the_hands_before_the_face_before_the_body() -> None:
    points = made.keypoints(1)
    labels, seen = regions(points)
    assert seen.tolist() == [True]

    def at(x: float, y: float) -> str:
        return REGIONS[labels[0, int(y * 64), int(x * 64)]]

    right = made.hands(1)[0, 0]
    assert at(*right) == "hands"
    assert at(0.5, 94 / 260) == "face"
    assert at(0.5, 0.85) == "body"
    assert at(0.05, 0.05) == "elsewhere"
    points[0, 91:112, :2] = (105, 94)                   # a hand before the face
    assert REGIONS[regions(points)[0][0, 23, 32]] == "hands"


def test_unsure_points_are_not_used_and_frames_without_a_signer_do_not_count() -> None:
    points = made.keypoints(2)
    points[1, :, 2] = 0.1
    labels, seen = regions(points)
    assert seen.tolist() == [True, False]
    assert (labels[1] == ELSEWHERE).all()
    total, over_time = shares(np.array([[3.0, 1, 0, 0], [0, 0, 0, 9]]), seen)
    assert total == [0.75, 0.25, 0, 0]
    assert over_time == [[0.75, 0.25, 0, 0], None]


def test_shares_of_a_map_on_the_hands_are_all_hands() -> None:
    labels, seen = regions(made.keypoints(3))
    maps = np.where(labels == 0, 65535, 0).astype(np.uint16)
    assert shares(mass(maps, labels), seen)[0] == [1, 0, 0, 0]
    even = np.full_like(maps, 1000)
    total = shares(mass(even, labels), seen)[0]
    assert total == pytest.approx(cover(labels).mean(axis=0), abs=1e-4)


def test_an_empty_map_has_no_shares(tmp_path: Path) -> None:
    explanations, name = made.explanations(4), "conv2d.slow_path.layer1"
    layers = explanations["slowfast"].layers
    layers[name] = LayerMap(replace(layers[name].laid, void=True), ("all-zero",))
    write_report(tmp_path, made.picture(4), explanations, made.record(4), made.keypoints(4))
    layer = data_in((tmp_path / "report.html").read_text(encoding="utf-8"))["models"][0]["layers"][0]
    assert layer["shares"] is None and layer["flags"] == ["all-zero"]


def test_a_joint_map_says_how_it_is_made(tmp_path: Path) -> None:
    explanations, record = made.explanations(4), made.record(4)
    layers = explanations["slowfast"].layers
    layers["joint"] = replace(layers["conv2d.slow_path.layer1"], made="product of all")
    record = made.changed(record, "slowfast", layers={**record.models["slowfast"].layers, "joint": records.layer()})
    write_report(tmp_path, made.picture(4), explanations, record)
    first, *_, last = data_in((tmp_path / "report.html").read_text(encoding="utf-8"))["models"][0]["layers"]
    assert (last["made"], last["kind"]) == ("product of all", "joint map") and not first["made"]


def test_a_clip_without_truth_or_keypoints_still_has_a_page(tmp_path: Path) -> None:
    record = replace(made.record(4), truth=None)
    for model in record.models:
        record = made.changed(record, model, truth_spans=(), deleted=(), wer=None)
    made.write(tmp_path, record, points=False)
    assert data_in((tmp_path / "report.html").read_text(encoding="utf-8"))["regions"] is None
    assert json.loads((tmp_path / "report.json").read_text())["cover"] is None


def test_the_index_lists_finished_folders_only(tmp_path: Path) -> None:
    for name in ("a", "b", ".half-done"):
        written(tmp_path / name, 3, sequence=name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "c").mkdir()
    made.save(tmp_path / "c", made.record(3, sequence="c"))     # made without a report
    assert write_index(tmp_path) == []
    rows = data_in((tmp_path / "index.html").read_text(encoding="utf-8"))["rows"]
    assert [(row["sequence"], row["page"], row["cover"] is None) for row in rows] == [
        ("a", True, False), ("b", True, False), ("c", False, True)]


@pytest.mark.parametrize("damage", ["preds.json", "manifest.json"])
@pytest.mark.parametrize("content", ["", "[]", "{}", '{"files": 3}', '{"sequence": "a", "models": [1]}'])
def test_a_damaged_record_is_left_out_of_the_index(tmp_path: Path, damage: str, content: str) -> None:
    written(tmp_path / "a", 3, sequence="a")
    written(tmp_path / "b", 3, sequence="b")
    (tmp_path / "a" / damage).write_text(content)
    assert write_index(tmp_path) == ["a"]
    rows = data_in((tmp_path / "index.html").read_text(encoding="utf-8"))["rows"]
    assert [row["sequence"] for row in rows] == ["b"]


def test_a_damaged_account_of_the_regions_costs_only_these(tmp_path: Path) -> None:
    for name in ("cut", "zeros", "folder"):
        written(tmp_path / name, 3, sequence=name)
    record = tmp_path / "cut" / "report.json"
    record.write_bytes(record.read_bytes()[:-9])
    record = tmp_path / "zeros" / "report.json"
    record.write_bytes(bytes(record.stat().st_size))
    (tmp_path / "folder" / "report.json").unlink()
    (tmp_path / "folder" / "report.json").mkdir()
    assert write_index(tmp_path) == []
    rows = data_in((tmp_path / "index.html").read_text(encoding="utf-8"))["rows"]
    assert [(row["sequence"], row["cover"]) for row in rows] == [("cut", None), ("folder", None), ("zeros", None)]


def test_the_same_clip_gives_the_same_page(tmp_path: Path) -> None:
    assert written(tmp_path / "one", 3) == written(tmp_path / "two", 3)


def test_a_layer_says_what_its_maps_are_worth_where_that_was_measured(tmp_path: Path) -> None:
    layers = dict(made.record(8).models["slowfast"].layers)
    name = next(iter(layers))
    layers[name] = replace(layers[name], evidence="on drawn signing 3.1 times their share")
    record = made.changed(made.record(8), "slowfast", layers=layers)
    shown = data_in(written(tmp_path, 8, models=record.models))["models"][0]["layers"]
    worth = {layer["name"]: layer["evidence"] for layer in shown}
    assert worth.pop(name) == "on drawn signing 3.1 times their share" and not any(worth.values())

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List

import av
import cv2
import numpy as np
import pytest
from PIL import ImageDraw
from pytorch_grad_cam.utils.image import show_cam_on_image

from drawing.grid import LEAST_WIDTH, OUTSIDE, Grid, Reading
from drawing.layer import LayerPictures
from drawing.overlay import levels, overlay, palette
from drawing.strips import STRIP, strip, with_cursor
from drawing.text import VERDICTS, bold, chip_boxes, fitted, font
from drawing.view import EDGE
from geometry.laid import Extent, LaidMap
from records.sequence import Sequence, VideoRecord
from records.style import Style
from render import render
from tests.kit import records
from tests.kit.maps import laid

FRAMES = 9


def some_frames(height: int = 64, width: int = 64) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (FRAMES, height, width, 3)).astype(np.uint8)


def some_maps(height: int = 64, width: int = 64) -> Dict[str, Dict[str, LaidMap]]:
    rng = np.random.default_rng(1)
    return {"slowfast": {"where": laid(rng.random((FRAMES, height, width)).astype(np.float16)),
                         "when": laid(rng.random(FRAMES).astype(np.float16), (height, width))}}


def sequence_record(**changes: Any) -> Sequence:
    model = records.model(
        title="SlowFast", deleted=(records.missed(2, "KÜHL", 1, (4, 5)),), wer=records.errors(1),
        spans=(records.span(1, "REGEN", (2, 4), "right"), records.span(2, "WIND", (5, 7), "substituted")),
        layers={"where": records.layer(), "when": records.layer(spatial=False)})
    return records.sequence({"slowfast": model}, frames=FRAMES, truth=("REGEN", "KÜHL"), **changes)


def render_to(folder: Path, height: int = 64, width: int = 64, style: Style = Style()) -> Path:  # noqa: B008
    folder.mkdir()
    with ThreadPoolExecutor(2) as workers:
        render(folder, some_frames(height, width), some_maps(height, width), sequence_record(), style, workers)
    return folder


def read_png(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture[..., ::-1]


@pytest.mark.parametrize("colormap", ["jet", "turbo", "viridis"])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 1.0])
def test_an_even_overlay_is_the_picture_of_grad_cam(alpha: float, colormap: str) -> None:
    for shade in (1.0, 0.2):            # a dark frame is brightened by the division, which enlarges rounding
        frame = (some_frames()[0] * shade).astype(np.uint8)
        heat = some_maps()["slowfast"]["where"].at(0)
        theirs = show_cam_on_image(np.float32(frame) / 255, np.float32(heat), use_rgb=True, image_weight=1 - alpha,
                                   colormap=getattr(cv2, f"COLORMAP_{colormap.upper()}"))
        ours = overlay(frame, heat, Style(alpha, colormap, blend="even"))
        assert np.abs(ours.astype(int) - theirs).max() <= 2


def test_a_black_picture_stays_black() -> None:
    assert not overlay(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float16), Style(0.0, blend="even")).any()


@pytest.mark.parametrize("colormap", ["turbo", "viridis"])
def test_opacity_follows_the_value(colormap: str) -> None:
    frame = some_frames()[0]
    for value in (0.0, 0.25, 1.0):
        picture = overlay(frame, np.full((64, 64), value, np.float16), Style(0.8, colormap))
        level = int(255 * value)
        wanted = frame * (1 - 0.8 * level / 255) + palette(colormap)[level, 0] * (0.8 * level / 255)
        assert np.abs(picture - wanted).max() < 2
    assert (overlay(frame, np.zeros((64, 64), np.float16), Style(0.8, colormap)) == frame).all()


def pictures(values: np.ndarray, flags: Any = (), seen: Any = (0, FRAMES), edge: int = 8) -> LayerPictures:
    """Of a model that sees all but a few pixels at each side."""
    side = values.shape[1] if values.ndim == 3 else 64
    extent = Extent((FRAMES, side, side), seen, (edge, side - edge, edge, side - edge))
    layer = replace(laid(values, (side, side)), extent=extent, void=not values.any())
    return LayerPictures(layer, list(flags), Style())


def test_zero_is_the_frame_and_what_was_not_seen_is_grey() -> None:
    frame = some_frames()[0]
    drawn = pictures(np.zeros((FRAMES, 64, 64), np.float16)).draw(0, frame)
    assert (drawn[8:56, 8:56] == frame[8:56, 8:56]).all()
    assert (drawn[7, 7:57] == EDGE).all() and (drawn[7:57, 56] == EDGE).all()
    beyond = np.concatenate([drawn[:7].reshape(-1, 3), drawn[57:].reshape(-1, 3)])
    assert (beyond == beyond[:, :1]).all() and len(np.unique(beyond)) > 50


@pytest.mark.parametrize("shape", [(FRAMES, 64, 64), (FRAMES,)])
def test_a_frame_that_the_model_never_took_is_grey_and_says_so(shape: Any) -> None:
    frame = some_frames()[0]
    layer = pictures(np.ones(shape, np.float16), seen=(2, 5))
    assert [layer.view.sees(number) for number in range(FRAMES)] == [False] * 2 + [True] * 3 + [False] * 4
    unseen = layer.draw(1, frame)
    assert (unseen[:7] == unseen[:7, :, :1]).all() and (unseen[-10:, :40] != unseen[-10:, :40, :1]).any()
    assert (layer.draw(2, frame)[9:20, 9:55] != layer.draw(2, frame)[9:20, 9:55, :1]).any()


@pytest.mark.parametrize("flag", ["all-zero", "constant", "non-finite", "saturated"])
def test_a_map_that_says_nothing_says_so_in_its_picture(flag: str) -> None:
    frame, zero = np.full((200, 200, 3), 90, np.uint8), np.zeros((FRAMES, 200, 200), np.float16)
    plain, flagged = (pictures(zero, flags, edge=0).draw(0, frame) for flags in ([], [flag]))
    assert (plain == frame).all() and (flagged[:150] == frame[:150]).all() and (flagged[180:] != frame[180:]).any()


def test_values_that_are_no_numbers_are_drawn_as_nothing() -> None:
    assert levels(np.array([0, 0.5, 1, np.nan, np.inf, -1], np.float16)).tolist() == [0, 127, 255, 0, 0, 0]


def test_a_layer_that_knows_only_when_leaves_the_frame_as_it_is() -> None:
    frame = some_frames()[0]
    assert (pictures(np.ones(FRAMES, np.float16)).draw(0, frame) == frame).all()


def test_the_strip_shows_the_map_and_the_cursor_the_time() -> None:
    bars = strip(laid(np.array([0, 1, 0, 0])), 64, Style())
    background = bars[0, 0]
    assert (bars[STRIP // 2, 16:32] != background).any(axis=1).all()
    assert (bars[STRIP // 2, :16] == background).all()
    assert np.flatnonzero((with_cursor(bars, 2, 4)[0] == 255).all(axis=1)).tolist() == [40, 41]


def test_a_strip_is_hatched_where_frames_were_not_seen() -> None:
    all_seen, some = (strip(pictures(np.zeros(FRAMES), seen=(first, FRAMES)).laid, 72, Style()) for first in (0, 2))
    assert (all_seen[:, 16:] == some[:, 16:]).all() and (all_seen[:STRIP - 2, :16] != some[:STRIP - 2, :16]).any()


def test_larger_pictures_are_the_same_pictures(tmp_path: Path) -> None:
    small, large = render_to(tmp_path / "a"), render_to(tmp_path / "b", style=Style(scale=2))
    for name in ("where", "when"):
        one, two = (read_png(folder / "slowfast" / name / "frame_004.png") for folder in (small, large))
        assert two.shape == (2 * one.shape[0], 2 * one.shape[1], 3)
    frame = some_frames()[4]
    assert (read_png(large / "slowfast" / "when" / "frame_004.png")[:100]
            == cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)[:100]).all()


def test_every_folder_has_the_scale_of_its_colours(tmp_path: Path) -> None:
    scale = read_png(render_to(tmp_path / "a", style=Style(colormap="viridis")) / "scale.png")
    shades = {tuple(shade) for shade in scale[20]}
    assert len(shades & {tuple(shade) for shade in palette("viridis")[:, 0]}) > 200


def test_the_page_and_the_video_colour_verdicts_alike() -> None:
    sheet = (Path(__file__).parents[2] / "reports/assets/base.css").read_text(encoding="utf-8")
    dark = sheet[sheet.index('data-theme="dark"'):]
    for verdict in ("right", "substituted", "inserted", "deleted"):
        red, green, blue = VERDICTS[verdict]
        assert f"--{verdict}: #{red:02x}{green:02x}{blue:02x}" in dark


def test_there_is_a_picture_for_every_frame_of_every_layer(tmp_path: Path) -> None:
    folder = render_to(tmp_path / "a")
    frames, heat = some_frames(), some_maps()["slowfast"]["where"]
    for frame in range(FRAMES):
        where = read_png(folder / "slowfast" / "where" / f"frame_{frame:03d}.png")
        assert where.shape == (64 + STRIP, 64, 3)
        assert (where[:64] == overlay(frames[frame], heat.at(frame), Style())).all()
        when = read_png(folder / "slowfast" / "when" / f"frame_{frame:03d}.png")
        assert when.shape == (64 + STRIP, 64, 3) and (when[:30] == frames[frame][:30]).all()
    assert len(list(folder.rglob("frame_*.png"))) == 2 * FRAMES


@pytest.mark.parametrize("size", [(64, 64), (65, 63)])
def test_the_video_plays_in_a_browser(tmp_path: Path, size: Any) -> None:
    path = render_to(tmp_path / "a", *size) / "comparison.mp4"
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt, stream.average_rate) == ("h264", "yuv420p", 25)
        assert stream.width % 2 == stream.height % 2 == 0
        assert sum(1 for _ in container.decode(stream)) == FRAMES
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")        # it starts before it is all there


def test_the_video_shows_the_frames_in_order(tmp_path: Path) -> None:
    path = render_to(tmp_path / "a") / "comparison.mp4"
    with av.open(str(path)) as container:
        shown = [picture.to_ndarray(format="rgb24").astype(int) for picture in container.decode(video=0)]
    blank = [np.zeros((64, 64, 3), np.uint8)] * 2
    grid = Grid((64, 64), sequence_record(), some_maps(), Style())
    cells = dict(zip(grid.cells, blank))
    drawn: List[np.ndarray] = [grid.draw(frame, cells)[-60:].astype(int) for frame in range(FRAMES)]
    nearest = [int(np.argmin([np.abs(frame[-60:] - other).mean() for other in drawn])) for frame in shown]
    assert nearest == list(range(FRAMES))


def test_rendering_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = render_to(tmp_path / "a"), render_to(tmp_path / "b")
    names = sorted(path.relative_to(first) for path in first.rglob("*.*") if path.is_file())
    assert names and all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


def test_a_gloss_appears_when_it_is_read_and_a_missed_one_when_it_was_due() -> None:
    shown = Reading(sequence_record().models["slowfast"], FRAMES, 720)
    assert [shown._state(frame) for frame in (0, 2, 4, 5, 8)] == [
        ((), None), ((0,), 0), ((0, 1), None), ((0, 1, 2), 2), ((0, 1, 2), None)]


def test_the_reading_changes_only_when_something_is_read() -> None:
    (_, _, reading), = Grid((64, 64), sequence_record(), some_maps(), Style()).readings
    changes = [frame for frame in range(1, FRAMES) if not np.array_equal(reading.at(frame), reading.at(frame - 1))]
    assert changes == [2, 4, 5, 7]


def test_glosses_break_into_lines_and_none_leaves_the_picture() -> None:
    boxes, height = chip_boxes(["REGEN"] * 40 + ["X" * 300], 500)
    assert all(x + width <= 500 for x, _, width in boxes)
    assert height > 24 and max(y for _, y, _ in boxes) < height


def test_umlauts_have_a_shape_of_their_own() -> None:
    shapes = {letter: bytes(bold(17).getmask(letter)) for letter in "ÄÖÜßAOUs\ufffe"}
    assert len(set(shapes.values())) == len(shapes)


def test_long_names_lose_their_middle() -> None:
    short = fitted("backbone.stage.block.branch", font(14), 100)
    assert font(14).getlength(short) <= 100 and short.startswith("back") and short.endswith("nch")


@pytest.fixture()
def said(monkeypatch: pytest.MonkeyPatch) -> List[str]:
    """All that is written into pictures."""
    texts: List[str] = []
    write = ImageDraw.ImageDraw.text

    def spy(self: Any, position: Any, text: str, *rest: Any, **more: Any) -> None:
        texts.append(text)
        write(self, position, text, *rest, **more)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", spy)
    return texts


def test_the_video_cuts_neither_its_warning_nor_what_the_maps_explain(said: List[str]) -> None:
    record = sequence_record(sequence="a_very_long_name_of_a_video_of_somebody_who_signs_at_home_2024_07_31",
                             video=VideoRecord("home.mp4", 0, 1, "whole", "none", (), ("outside",)))
    words = "each gloss read, on its own (" + " ".join(f"GLOSS{number}" for number in range(40)) + "); here added"
    record = replace(record, models={"slowfast": replace(record.models["slowfast"], target=words)})
    Grid((64, 64), record, some_maps(), Style())
    assert f"its maps explain {words}" in " ".join(said)
    assert OUTSIDE in said and "outside the training data" in OUTSIDE
    assert font(14).getlength(OUTSIDE) < LEAST_WIDTH - 28


@pytest.mark.parametrize("count", [1, 3, 4, 6])
def test_many_models_stand_side_by_side_and_nothing_lies_on_anything(count: int) -> None:
    names = [f"model {number}" for number in range(count)]
    model, maps = sequence_record().models["slowfast"], some_maps()["slowfast"]
    layers = {f"{name} {number}": laid for number in range(4) for name, laid in maps.items()}
    model = replace(model, layers=dict.fromkeys(layers, model.layers["where"]))
    record = replace(sequence_record(), models=dict.fromkeys(names, model))
    grid = Grid((64, 64), record, dict.fromkeys(names, layers), Style())
    assert grid.height < 1.5 * grid.width or count <= 3
    parts = [(x, y, 64, 64 + STRIP) for x, y in grid.cells.values()]
    parts += [(x, y, read.width, read.height) for x, y, read in grid.readings]
    assert len(parts) == 9 * count
    for at, (x, y, wide, high) in enumerate(parts):
        assert x >= 0 and x + wide <= grid.width and y >= 0 and y + high <= grid.height
        for left, top, width, height in parts[at + 1:]:
            assert x + wide <= left or left + width <= x or y + high <= top or top + height <= y

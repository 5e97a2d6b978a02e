"""The index of pictures that were compared, in a real browser."""
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest

from drawing.overlay import png
from pairs.index_page import Match, write_likeness_index
from pairs.pair_files import map_file, picture_file
from records.pairs import MapRecord
from tests.kit.pages import until
from tests.kit.tiers import first

KEYS = [("cosine", "gradcam++", "layer3"), ("cosine", "gradcam++", "layer4"), ("cosine", "hirescam", "layer3"),
        ("dot", "gradcam++", "layer4"), ("none", "attention", "last")]


def shade(number: int) -> bytes:
    return png(np.full((80, 60, 3), number, np.uint8))


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five pairs with maps of two targets, and of none."""
    out = tmp_path_factory.mktemp("compared") / "out #1"
    rows = []
    for number in range(5):
        names = (f"query {number}.jpg", "b+c%20?.jpg")
        folder = out / f"pair {number}"
        maps = []
        for name in names:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / picture_file(name)).write_bytes(shade(10))
            for at, key in enumerate(KEYS):
                file = folder / map_file(name, *key)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(shade(50 + 40 * at))
                maps.append(MapRecord(name, key[0], f"what {key[0]} says", key[1], key[2], None, (7, 7), 0.0, 1.0,
                                      ("unsteady",) if at == 2 else (), map_file(name, *key)))
        verdict = ("right", "wrong")[number % 2]
        rows.append(Match(names[0], names[1], 0.9 - number / 10, number + 1, verdict, folder.name, (),
                          (picture_file(names[0]), picture_file(names[1])), tuple(maps)))
    write_likeness_index(out, "5 pairs", "ArcFace", [("mAP", "50%")], rows, "turbo")
    return out / "index.html"


def files(page: Any) -> List[str]:
    """Of the maps shown in the first pair, loaded."""
    until(page, "[...document.querySelectorAll('#pairs .laid')].every(image => image.complete && image.naturalWidth)")
    return ["/".join(source.split("/")[-3:]) for source in page.evaluate(
        "[...document.querySelectorAll('#pairs .pair:first-child .laid')].map(image => decodeURIComponent(image.src))")]


def test_target_method_and_layer_choose_the_maps(opened: Any, compared: Path) -> None:
    page = opened(compared)
    names = ("query 0.jpg", "b+c%20?.jpg")
    assert files(page) == [map_file(name, *KEYS[0]) for name in names]
    page.select_option("#layer", "layer4")
    assert files(page) == [map_file(name, *KEYS[1]) for name in names]
    page.select_option("#target", "dot")
    assert files(page) == [map_file(name, *KEYS[3]) for name in names]
    assert page.inner_text(".pair .said >> nth=0") == "what dot says" and page.is_disabled("#layer")
    page.select_option("#method", "attention")      # has no target: there for every one
    assert files(page) == [map_file(name, *KEYS[4]) for name in names]
    page.select_option("#target", "cosine")
    page.select_option("#method", "hirescam")
    assert page.locator(".pair:first-child .view-note").all_inner_texts() == ["unsteady"] * 2


def test_pairs_are_filtered_by_verdict_and_name(opened: Any, compared: Path) -> None:
    page = opened(compared)
    assert page.locator(".pair").count() == 5
    page.select_option("#verdict", "wrong")
    assert page.locator(".pair").count() == 2
    page.fill("#search", "query 3")
    assert page.locator(".pair").count() == 1
    page.fill("#search", "nobody")
    assert page.is_visible("#none")


def test_a_pair_opens_larger_and_arrows_lead_to_the_next(opened: Any, compared: Path) -> None:
    page = opened(compared)
    page.click(".open >> nth=0")
    page.wait_for_selector("#viewer[open] .laid")
    assert "query 0.jpg" in page.inner_text("#viewer")
    wide = page.locator("#viewer .tile img").first.bounding_box()["height"]
    assert wide > 2 * page.locator(".pair .tile img").first.bounding_box()["height"] or wide > 400
    page.hover("#viewer .tile >> nth=0")
    page.mouse.wheel(0, -400)
    until(page, "[...document.querySelectorAll('.moved')].every(each => each.style.transform.includes('scale'))")
    page.keyboard.press("ArrowRight")
    assert "query 1.jpg" in page.inner_text("#viewer")
    page.keyboard.press("Escape")
    page.wait_for_selector("#viewer", state="hidden")


def test_the_slider_fades_the_map(opened: Any, compared: Path) -> None:
    page = opened(compared)
    page.evaluate("""() => { const range = document.getElementById('opacity');
        range.value = 25; range.dispatchEvent(new Event('input')); }""")
    assert page.locator(".laid").first.evaluate("image => getComputedStyle(image).opacity") == "0.25"


@pytest.mark.parametrize("width", first([390, 800, 1400]))
def test_pictures_are_seen_without_scrolling_sideways_or_far_down(opened: Any, compared: Path, width: int) -> None:
    page = opened(compared)
    page.set_viewport_size({"width": width, "height": 844})
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    box = page.locator(".pair .tile").first.bounding_box()
    assert box["width"] > 110 and box["y"] + box["height"] < 844
    if width == 1400:
        assert page.evaluate("document.scrollingElement.scrollHeight") < 1400


def test_it_prints_every_picture(opened: Any, compared: Path) -> None:
    """One that is loaded when it comes into sight is blank on paper."""
    page = opened(compared)
    page.emulate_media(media="print")
    assert page.locator("#pairs img[loading=lazy]").count() == 0 and page.is_hidden("#opacity")
    until(page, "[...document.querySelectorAll('#pairs img')].every(image => image.complete && image.naturalWidth)")

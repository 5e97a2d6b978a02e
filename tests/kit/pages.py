"""What tests do with a page of a report in a browser."""
import base64
import time
from dataclasses import replace
from typing import Any, List, Tuple

import cv2
import numpy as np

from drawing.layer import LayerPictures
from records.style import Style
from tests.kit import report as made

FRAMES = 24
PATIENCE = 300          # seconds: a busy machine is slow, not wrong
TITLES = {"slowfast": "SlowFastSign", "twostream": "TwoStream-SLR"}
OPENING = "slowfast/conv2d.fast_path.layer3"
EVIL = "<script>window.hacked = 1</script>"
VIRIDIS = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_VIRIDIS)[:, 0, ::-1].astype(int)


def until(page: Any, script: str) -> None:
    """Asks from outside: the page's policy forbids to evaluate text inside it."""
    deadline = time.monotonic() + PATIENCE
    while not page.evaluate(script):
        assert time.monotonic() < deadline, script
        time.sleep(0.02)


def scrub(page: Any, frame: int) -> None:
    page.evaluate("""frame => { const range = document.getElementById('scrubber');
        range.value = frame; range.dispatchEvent(new Event('input')); }""", frame)
    page.wait_for_selector(f"#lanes[data-frame='{frame}']")


def set_opacity(page: Any, share: int) -> None:
    page.evaluate("""share => { const range = document.getElementById('opacity');
        range.value = share; range.dispatchEvent(new Event('input')); }""", share)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def pixels(canvas: Any) -> np.ndarray:
    """RGB of a canvas, [H, W, 3]."""
    png = base64.b64decode(canvas.evaluate("canvas => canvas.toDataURL('image/png')").split(",")[1])
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR))[..., ::-1]


def levels(picture: np.ndarray) -> np.ndarray:
    """The 0..255 that each pixel's viridis colour stands for; fails on any other colour."""
    codes, weights = VIRIDIS @ (65536, 256, 1), picture.astype(int) @ (65536, 256, 1)
    order = np.argsort(codes)
    found = order[np.searchsorted(codes[order], weights).clip(0, 255)]
    assert (codes[found] == weights).all()
    return found


def spatial() -> List[Tuple[str, str]]:
    return [(model, name) for model, names in made.SPATIAL.items() for name in names]


def assert_drawn(canvas: Any, model: str, name: str, frame: int, **changes: Any) -> None:
    """As the PNG of this frame shows it; the run asked for jet."""
    layer = made.layers(FRAMES)[model][name]
    laid = replace(layer.laid, **changes)
    wanted = LayerPictures(laid, layer.flags, Style(1.0, "jet")).draw(frame, made.picture(FRAMES)[frame])
    off = np.abs(pixels(canvas).astype(int) - wanted)
    assert off.mean() < 3 and np.percentile(off, 99) < 24

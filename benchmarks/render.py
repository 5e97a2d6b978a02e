"""Pictures and video of one clip: the plain loop against render.py, side by side in one run.

    python benchmarks/render.py [--frames 200]

The plain loop is what a script would do: grad-cam's `show_cam_on_image`, `cv2.imwrite`, labels by `cv2.putText`,
and the same encoder with the same settings. The pictures are held against each other with the even blend, which is
grad-cam's; the default blend, whose opacity follows the map, stands in a row of its own.
"""
import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Dict

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from drawing.strips import STRIP  # noqa: E402
from drawing.video import ENCODER  # noqa: E402
from files.libav import av  # noqa: E402
from geometry.laid import LaidMap  # noqa: E402
from records.sequence import Sequence  # noqa: E402
from records.style import Style  # noqa: E402
from render import render  # noqa: E402
from tests.kit import records  # noqa: E402
from tests.kit.maps import laid, on_grid  # noqa: E402

SPATIAL, TIME_ONLY = 7, 3       # the public ten


def a_clip(count: int, rng: np.random.Generator) -> np.ndarray:
    """Soft moving shades with the grain of a camera, uint8 [T, 256, 256, 3]."""
    y, x = np.mgrid[:256, :256]
    shades = np.stack([120 + 60 * np.sin(x / 40) + 20 * np.cos(y / 30), 100 + 50 * np.sin(y / 50),
                       90 + 70 * np.cos((x + y) / 60)], axis=-1)
    return np.stack([np.clip(np.roll(shades, 3 * frame, axis=1) + rng.normal(0, 2, shades.shape), 0, 255)
                     .astype(np.uint8) for frame in range(count)])


def some_maps(count: int) -> Dict[str, Dict[str, LaidMap]]:
    y, x = np.mgrid[:56, :56] * (256 / 56)
    time_axis = np.arange(count)

    def blob(phase: int) -> LaidMap:
        left, top = 128 + 60 * np.sin(time_axis / 9 + phase), 120 + 40 * np.cos(time_axis / 7 + phase)
        raw = np.stack([np.exp(-((x - a) ** 2 + (y - b) ** 2) / 1800) for a, b in zip(left, top)]).astype(np.float32)
        return on_grid(raw, 1, count, (256, 256), (0, 256, 0, 256))

    layers = {f"layer{number}": blob(number) for number in range(SPATIAL)}
    layers.update({f"head{number}": laid(0.5 + 0.5 * np.sin(time_axis / 8 + number), (256, 256))
                   for number in range(TIME_ONLY)})
    names = list(layers)
    return {"first": {name: layers[name] for name in names[:5]}, "second": {name: layers[name] for name in names[5:]}}


def what_was_read(count: int, maps: Dict[str, Dict[str, LaidMap]]) -> Sequence:
    glosses = ("JETZT", "WETTER", "MORGEN", "REGEN", "MÖGLICH", "SONNE")
    spans = tuple(records.span(index + 1, gloss, (index * count // 6, (index + 1) * count // 6), "right")
                  for index, gloss in enumerate(glosses))
    models = {model: records.model(title=model, spans=spans, layers={name: records.layer() for name in layers})
              for model, layers in maps.items()}
    return records.sequence(models, frames=count, truth=glosses)


def plain_loop(folder: Path, frames: np.ndarray, maps: Dict[str, Dict[str, LaidMap]], fps: float) -> None:
    from pytorch_grad_cam.utils.image import show_cam_on_image

    whole = {(model, name): layer.whole() for model, layers in maps.items() for name, layer in layers.items()}
    with av.open(str(folder / "comparison.mp4"), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(fps), options=dict(ENCODER))
        stream.width, stream.height, stream.pix_fmt = 5 * 264 + 20, 900, "yuv420p"
        for frame, image in enumerate(frames):
            canvas = np.full((900, 5 * 264 + 20, 3), 22, np.uint8)
            cv2.putText(canvas, f"a_clip {frame}", (14, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (230, 230, 230), 2)
            for row, (model, layers) in enumerate(maps.items()):
                for column, name in enumerate(layers):
                    heat = np.broadcast_to(np.float32(whole[model, name][frame]), image.shape[:2])
                    picture = show_cam_on_image(np.float32(image) / 255, heat, use_rgb=True)
                    target = folder / model / name
                    target.mkdir(parents=True, exist_ok=True)
                    cv2.imwrite(str(target / f"frame_{frame:03d}.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
                    top, left = 100 + 400 * row, 14 + 264 * column
                    canvas[top:top + 256, left:left + 256] = picture
                    cv2.putText(canvas, name, (left, top - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (230, 230, 230), 1)
                cv2.putText(canvas, "JETZT WETTER MORGEN", (14, 400 + 400 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.5,
                            (230, 230, 230), 1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(canvas, format="rgb24")))
        container.mux(stream.encode(None))


def colouring(pictures: int) -> float:
    """Processor seconds of OpenCV's own colour maps on so many pictures: in some releases most of the plain loop."""
    gray = np.random.default_rng(0).integers(0, 256, (256, 256), np.uint8)
    started = time.process_time()
    for _ in range(pictures):
        cv2.applyColorMap(gray, cv2.COLORMAP_JET)
    return time.process_time() - started


def largest_difference(ours: Path, theirs: Path) -> int:
    worst = 0
    for path in sorted(theirs.rglob("*.png")):
        a, b = cv2.imread(str(path)), cv2.imread(str(ours / path.relative_to(theirs)))
        assert a is not None and b is not None and b.shape[0] == a.shape[0] + STRIP
        if path.parent.name.startswith("head"):
            continue            # they know only when: the plain loop tints the whole frame, we leave it as it is
        worst = max(worst, int(np.abs(a.astype(int) - b[:a.shape[0]]).max()))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    frames, maps = a_clip(options.frames, np.random.default_rng(0)), some_maps(options.frames)
    record = what_was_read(options.frames, maps)
    best = {"plain": float("inf"), "even": float("inf"), "value": float("inf")}
    with ThreadPoolExecutor(options.workers) as workers:
        for _ in range(options.repeat):
            with tempfile.TemporaryDirectory() as scratch:
                plain = Path(scratch, "plain")
                plain.mkdir()
                started = time.perf_counter()
                plain_loop(plain, frames, maps, 25.0)
                best["plain"] = min(best["plain"], time.perf_counter() - started)
                for blend in ("even", "value"):
                    ours = Path(scratch, blend)
                    ours.mkdir()
                    started = time.perf_counter()
                    render(ours, frames, maps, record, Style(colormap="jet", blend=blend), workers)
                    best[blend] = min(best[blend], time.perf_counter() - started)
                difference = largest_difference(Path(scratch, "even"), plain)
    print(f"{options.frames} frames x {SPATIAL + TIME_ONLY} layers, PNG and MP4, {options.workers} workers, "
          f"OpenCV {cv2.__version__}, best of {options.repeat}")
    print(f"plain loop   {best['plain']:6.2f} s, of these cv2.applyColorMap "
          f"{colouring(options.frames * (SPATIAL + TIME_ONLY)):.2f} s of the processor")
    for blend in ("even", "value"):
        print(f"render.py, {blend} blend {best[blend]:6.2f} s, times faster {best['plain'] / best[blend]:6.2f}")
    print(f"largest difference of a picture, even blend: {difference} grey levels")


if __name__ == "__main__":
    main()

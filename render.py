"""What a clip's maps look like: a PNG for every frame of every layer, and the side-by-side video."""
from collections import deque
from concurrent.futures import Executor, Future, wait
from contextlib import closing
from pathlib import Path
from typing import Any, Callable, Deque, Generator, Mapping

import numpy as np

from drawing.grid import Grid
from drawing.overlay import Style, overlay, png, strip, with_cursor
from drawing.video import to_yuv, write_mp4

AHEAD = 8       # frames drawn but not yet encoded: the queue is bounded by the clip's frames, not its length

Maps = Mapping[str, Mapping[str, np.ndarray]]


def render(folder: Path, frames: np.ndarray, maps: Maps, preds: Mapping[str, Any], style: Style,
           workers: Executor) -> None:
    """Writes <model>/<layer>/frame_000.png and comparison.mp4 under `folder`.

    frames: uint8 [T, H, W, 3] RGB. maps: model -> layer -> float16 [T, H, W] in 0..1, or [T] where it knows only when.
    preds: as in preds.json. Workers draw and write; the video is encoded here, in order.
    """
    for model, layers in maps.items():
        for name in layers:
            (folder / model / name).mkdir(parents=True)
    grid = Grid(frames.shape[1:3], preds, maps, style)
    digits = max(3, len(str(len(frames) - 1)))
    strips = {(model, name): strip(values, frames.shape[2], style)
              for model, layers in maps.items() for name, values in layers.items() if values.ndim == 1}

    def draw(frame: int) -> np.ndarray:
        pictures = {}
        for model, layers in maps.items():
            for name, values in layers.items():
                picture = overlay(frames[frame], values[frame], style)
                pictures[model, name] = picture
                if values.ndim == 1:
                    bars = with_cursor(strips[model, name], frame, len(frames))
                    picture = np.concatenate([picture, bars])
                (folder / model / name / f"frame_{frame:0{digits}d}.png").write_bytes(png(picture))
        return to_yuv(grid.draw(frame, pictures))

    with closing(in_order(workers, draw, len(frames))) as pictures:
        write_mp4(folder / "comparison.mp4", pictures, grid.width, grid.height, style.fps)


def in_order(workers: Executor, work: Callable[[int], np.ndarray], count: int
             ) -> Generator[np.ndarray, None, None]:
    """work(0), work(1), ... done ahead by the workers, a few at a time."""
    waiting: Deque[Future[np.ndarray]] = deque()
    try:
        for number in range(count):
            waiting.append(workers.submit(work, number))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        wait(waiting)       # whoever takes the folder away must not meet one that still writes into it

"""What a clip's maps look like: a PNG for every frame of every layer, their scale, and the side-by-side video."""
from collections import deque
from concurrent.futures import Executor, Future, wait
from contextlib import closing
from pathlib import Path
from typing import Callable, Deque, Generator, Iterable, Iterator, Mapping, Optional, TypeVar, cast

import cv2
import numpy as np

from drawing.grid import Grid
from drawing.joints import joints_picture
from drawing.layer import LayerPictures
from drawing.matrix import matrix_of
from drawing.overlay import enlarged, png
from drawing.scale import scale_picture
from drawing.video import to_yuv, write_mp4
from geometry.joints import JointMap
from geometry.laid import LaidMap
from records.sequence import Sequence
from records.style import Style

AHEAD = 8       # frames drawn but not yet encoded: the queue is bounded by the clip's frames, not its length

T = TypeVar("T")
Maps = Mapping[str, Mapping[str, LaidMap]]


def render(folder: Path, frames: np.ndarray, maps: Maps, record: Sequence, style: Style,
           workers: Executor, every: int = 1, video: bool = True) -> None:
    """Writes <model>/<layer>/frame_000.png, scale.png and comparison.mp4 under `folder`.
    Of a layer that attends to frames or joints also <model>/<layer>/matrix.png; of one of joints joints.png, by time.

    frames: uint8 [T, H, W, 3] RGB. maps: model -> layer -> its map as it lies on them.
    every: of the frames every so many-th gets pictures, 0: none does. Workers draw and write;
    the video is encoded here, in order.
    """
    height, width = frames.shape[1:3]
    layers = {(model, name): LayerPictures(laid, record.models[model].layers[name].flags, style)
              for model, laid_maps in maps.items() for name, laid in laid_maps.items()}
    for model, name in layers if every else ():
        (folder / model / name).mkdir(parents=True)
        laid = maps[model][name]
        if isinstance(laid, JointMap):
            (folder / model / name / "joints.png").write_bytes(png(joints_picture(laid, style)))
        if laid.matrix is not None:
            (folder / model / name / "matrix.png").write_bytes(png(matrix_of(laid, style)))
    normalise = next(iter(record.models.values())).normalise
    (folder / "scale.png").write_bytes(png(scale_picture(style, normalise)))
    grid = Grid((height, width), record, maps, style) if video else None
    digits = max(3, len(str(len(frames) - 1)))

    def draw(frame: int) -> Optional[np.ndarray]:
        picture = enlarged(frames[frame], style.scale)
        pictures = {}
        for (model, name), layer in layers.items():
            drawn = layer.draw(frame, picture)
            if every and frame % every == 0:
                file = folder / model / name / f"frame_{frame:0{digits}d}.png"
                file.write_bytes(png(layer.with_strip(drawn, frame, len(frames))))
            pictures[model, name] = drawn if style.scale == 1 else cv2.resize(drawn, (width, height),
                                                                              interpolation=cv2.INTER_AREA)
        return to_yuv(grid.draw(frame, pictures)) if grid else None

    chosen = range(len(frames)) if grid else range(0, len(frames), every)
    with closing(in_order(workers, draw, chosen)) as drawn:
        if grid:
            write_mp4(folder / "comparison.mp4", cast(Iterator[np.ndarray], drawn), grid.width, grid.height, style.fps)
        for _ in drawn:
            pass


def in_order(workers: Executor, work: Callable[[int], T], numbers: Iterable[int]) -> Generator[T, None, None]:
    """work(number) of each, done ahead by the workers, a few at a time."""
    waiting: Deque[Future[T]] = deque()
    try:
        for number in numbers:
            waiting.append(workers.submit(work, number))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        wait(waiting)       # whoever takes the folder away must not meet one that still writes into it

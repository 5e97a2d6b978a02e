"""A clip's frames and maps as a few JPEG sheets of tiles: small, quick to write, exact to step through."""
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Tuple

import cv2
import numpy as np

SHEET_SIDE = 2048           # pixels; every browser can decode and draw it
QUALITIES = (95, 90, 82, 74, 66, 58, 50, 40, 30, 20, 10)
FRAME_QUALITIES = (86,) + QUALITIES[2:]
# What a frame, and a layer's map of it, may take on average: with base64, 200 frames and 7 layers fit in 6 MB.
FRAME_BYTES = 9_000
MAP_BYTES = 1_750


@dataclass(frozen=True)
class Sheets:
    """Tile i is on jpegs[i // per_sheet], in rows of `columns`, each in a cell of `cell` pixels (height, width)."""

    jpegs: List[bytes]
    tile: Tuple[int, int]
    cell: Tuple[int, int]
    columns: int
    per_sheet: int
    quality: int

    @property
    def size(self) -> int:
        return sum(map(len, self.jpegs))

    def layout(self) -> Dict[str, Any]:
        return {"tile": self.tile, "cell": self.cell, "columns": self.columns, "per_sheet": self.per_sheet,
                "sheets": len(self.jpegs), "quality": self.quality}


def encode(tiles: np.ndarray, quality: int) -> Sheets:
    """uint8 [T, h, w] grey or [T, h, w, 3] RGB. Cells are whole JPEG blocks, so that no tile bleeds into the next."""
    height, width = tiles.shape[1:3]
    block = 8 if tiles.ndim == 3 else 16                # colour is stored at half resolution
    cell = (-(-height // block) * block, -(-width // block) * block)
    columns = max(1, SHEET_SIDE // cell[1])
    per_sheet = columns * max(1, SHEET_SIDE // cell[0])
    jpegs = [jpeg(_sheet(tiles[start:start + per_sheet], cell, columns), quality)
             for start in range(0, len(tiles), per_sheet)]
    return Sheets(jpegs, (height, width), cell, columns, per_sheet, quality)


def _sheet(tiles: np.ndarray, cell: Tuple[int, int], columns: int) -> np.ndarray:
    """[n, h, w, ...] -> [rows * cell height, columns * cell width, ...]"""
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    pad = [(0, rows * columns - len(tiles)), (0, cell[0] - tiles.shape[1]), (0, cell[1] - tiles.shape[2])]
    cells = np.pad(tiles, pad + [(0, 0)] * (tiles.ndim - 3), mode="edge")
    cells = cells.reshape((rows, columns) + cells.shape[1:]).swapaxes(1, 2)     # [rows, h, columns, w, ...]
    return cells.reshape((rows * cell[0], columns * cell[1]) + tiles.shape[3:])


def jpeg(image: np.ndarray, quality: int) -> bytes:
    """uint8 [H, W] grey or [H, W, 3] RGB"""
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError(f"OpenCV could not encode a sheet of shape {image.shape}")
    return bytes(data)


def encode_frames(frames: np.ndarray) -> Sheets:
    """uint8 [T, H, W, 3] RGB, at the best quality that keeps to the budget."""
    budget = FRAME_BYTES * len(frames) * frames.shape[1] * frames.shape[2] / 256 ** 2
    return _first_within(budget, FRAME_QUALITIES, lambda quality: encode(frames, quality))


def _first_within(budget: float, qualities: Tuple[int, ...], make: Callable[[int], Sheets]) -> Sheets:
    for quality in qualities:
        sheets = make(quality)
        if sheets.size <= budget:
            break
    return sheets


def encode_maps(tiles: Dict[str, np.ndarray], frames: int) -> Dict[str, Sheets]:
    """Each layer's uint8 [n, h, w], of a clip of so many frames, together within the budget.

    The largest gives way first: quiet layers leave room for busy ones.
    """
    sheets = {name: encode(pictures, QUALITIES[0]) for name, pictures in tiles.items()}
    budget = MAP_BYTES * frames * len(tiles)
    while sum(sheet.size for sheet in sheets.values()) > budget:
        coarser = [name for name in sheets if sheets[name].quality > QUALITIES[-1]]
        if not coarser:
            break
        largest = max(coarser, key=lambda name: sheets[name].size)
        quality = QUALITIES[QUALITIES.index(sheets[largest].quality) + 1]
        sheets[largest] = encode(tiles[largest], quality)
    return sheets

"""What a clip's maps look like while a network learns: a row a layer, a few frames across the clip."""
import numpy as np

from cam_runner import explain
from datasets.clip import Clip
from drawing.overlay import Style, overlay
from models.recogniser import Recogniser

COLUMNS = 8


def cam_grid(recogniser: Recogniser, clip: Clip) -> np.ndarray:
    """uint8 [layers * H, COLUMNS * W, 3]; layers without a height and width tint their frames."""
    maps = [layer.laid for layer in explain(recogniser, clip).layers.values()]
    chosen = np.linspace(0, len(clip) - 1, COLUMNS).round().astype(int)
    style = Style()
    size = clip.frames.shape[1:3]
    return np.concatenate([np.concatenate([overlay(clip.frames[frame], np.broadcast_to(laid.at(frame), size), style)
                                           for frame in chosen], 1) for laid in maps])

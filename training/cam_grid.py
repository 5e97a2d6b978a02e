"""What a clip's maps look like while a network learns: a row a layer, a few frames across the clip."""
import numpy as np

from cam_runner import explain
from datasets.clip import Clip
from drawing.layer import LayerPictures
from models.recogniser import Recogniser
from records.style import Style

COLUMNS = 8


def cam_grid(recogniser: Recogniser, clip: Clip) -> np.ndarray:
    """uint8 [layers * H, COLUMNS * W, 3]; layers without a height and width have plain frames."""
    maps = [LayerPictures(layer.laid, layer.flags, Style()) for layer in explain(recogniser, clip).layers.values()]
    chosen = np.linspace(0, len(clip) - 1, COLUMNS).round().astype(int)
    return np.concatenate([np.concatenate([pictures.draw(frame, clip.frames[frame]) for frame in chosen], 1)
                           for pictures in maps])

"""A layer's pictures: each frame with the map over it, or as it is where the layer has no place, and a strip below."""
from typing import Sequence

import numpy as np

from drawing.joints import with_arcs
from drawing.links import with_links
from drawing.overlay import overlay
from drawing.strips import strip, with_cursor
from drawing.text import plate
from drawing.view import View
from geometry.joints import JointMap
from geometry.laid import LaidMap
from geometry.links import LinkedMap
from records.style import Style
from results.flags import UNSEEN, in_words


class LayerPictures:
    def __init__(self, laid: LaidMap, flags: Sequence[str], style: Style) -> None:
        self.laid, self.style = laid, style
        self.view = View.of(laid.extent).enlarged(style.scale)
        width = laid.extent.size[2] * style.scale
        self.strip = strip(laid, width, style)
        said = in_words(flags)
        self._said = None if said is None else plate(said, width, 11 * style.scale)
        self._unseen = plate(UNSEEN, width, 11 * style.scale)

    def draw(self, frame: int, picture: np.ndarray) -> np.ndarray:
        """The clip's frame, enlarged, uint8 [H, W, 3] -> the same with the map over it."""
        if self.laid.spatial or not self.view.sees(frame):
            picture = with_map(picture, self.laid, frame, self.style)
        said = self._said if self.view.sees(frame) else self._unseen
        if said is not None:
            picture, said = picture.copy(), said[:len(picture)]
            picture[-len(said):, :said.shape[1]] = said
        return picture

    def with_strip(self, picture: np.ndarray, frame: int, frames: int) -> np.ndarray:
        return np.concatenate([picture, with_cursor(self.strip, frame, frames)])


def with_map(picture: np.ndarray, laid: LaidMap, frame: int, style: Style, bicubic: bool = False) -> np.ndarray:
    """A clip's frame, enlarged by the style's scale, uint8 [H, W, 3] -> what was seen of it in colour, the map over it,
    and arcs where it has any. The map is laid at this size and not enlarged."""
    view = View.of(laid.extent).enlarged(style.scale)
    drawn = view.ground(picture, frame).copy()
    if laid.spatial and view.sees(frame) and not laid.void:
        top, bottom, left, right = view.box
        heat = laid.inside(frame, style.scale, bicubic)
        drawn[top:bottom, left:right] = overlay(drawn[top:bottom, left:right], heat, style)
    if isinstance(laid, JointMap):
        drawn = with_arcs(drawn, laid, frame, style)
    elif isinstance(laid, LinkedMap):
        drawn = with_links(drawn, laid, frame, style)
    return drawn if view.whole(picture) else view.edged(drawn, style.scale)

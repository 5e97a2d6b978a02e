"""Who gives most to whom in a graph between the cells of a frame, as arcs over the frame."""
import numpy as np

from drawing.arcs import draw_arc
from geometry.links import LinkedMap
from records.style import Style


def with_links(picture: np.ndarray, laid: LinkedMap, frame: int, style: Style) -> np.ndarray:
    """In place, on a frame enlarged by the style's scale."""
    for giver, taker, share in laid.strongest(frame) if laid.sees(frame) and not laid.void else ():
        draw_arc(picture, (np.stack([giver, taker]) + 0.5) * style.scale - 0.5, share, style)
    return picture

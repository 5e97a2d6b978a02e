"""What a model saw of a clip: a part of each frame, and not every frame. The rest is shown in grey."""
from dataclasses import dataclass, replace
from typing import Tuple

import cv2
import numpy as np

from geometry.laid import Box, Extent

EDGE = (236, 236, 236)


@dataclass(frozen=True)
class View:
    box: Box
    seen: Tuple[int, int]                   # frames first..stop-1

    @staticmethod
    def of(extent: Extent) -> "View":
        return View(extent.box, extent.seen)

    def enlarged(self, scale: int) -> "View":
        top, bottom, left, right = self.box
        return replace(self, box=(top * scale, bottom * scale, left * scale, right * scale))

    def sees(self, frame: int) -> bool:
        return self.seen[0] <= frame < self.seen[1]

    def whole(self, picture: np.ndarray) -> bool:
        return self.box == (0, picture.shape[0], 0, picture.shape[1])

    def ground(self, picture: np.ndarray, frame: int) -> np.ndarray:
        """A frame, uint8 [H, W, 3] -> the same with what was not seen of it in grey."""
        if self.whole(picture) and self.sees(frame):
            return picture
        grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        if self.sees(frame):
            top, bottom, left, right = self.box
            grey[top:bottom, left:right] = picture[top:bottom, left:right]
        return grey

    def edged(self, picture: np.ndarray, thickness: int) -> np.ndarray:
        """In place: a thin line around what was seen, where there is room."""
        top, bottom, left, right = self.box
        for line in range(thickness):
            cv2.rectangle(picture, (left - 1 - line, top - 1 - line), (right + line, bottom + line), EDGE)
        return picture

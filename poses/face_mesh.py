"""MediaPipe's face mesh (468 vertices, 478 with irises) as the 68 face points of COCO-WholeBody.

The 68 are the usual face annotation: outline 17, brows 5 and 5, nose 4 and 5, eyes 6 and 6, mouth 12 and 8, each from
the picture's left. Where they lie evenly along a line (outline, bridge of the nose) the mesh's own vertices do not: the
line through them is walked in equal steps. All others are corners or places on a contour with a vertex of their own.
"""
from typing import List, Sequence, Tuple

import numpy as np

# From the ear at eye height along the jaw to the chin, and up the other side: the mesh's oval without the forehead.
OUTLINE = ((127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152),
           (152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 356))
BRIDGE = (168, 6, 197, 195, 5, 4)                   # from between the eyes to the tip
BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)         # upper edges
NOSTRILS = (98, 97, 2, 326, 327)
EYES = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)      # corner, two above, corner, two below
LIPS = (61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91)     # outside: over the cupid's bow, back below
INNER_LIPS = (78, 81, 13, 311, 308, 402, 14, 178)


def face_points(mesh: np.ndarray) -> np.ndarray:
    """[468 or more, 2] -> [68, 2]"""
    right, left = (walked(mesh[list(side)], 9) for side in OUTLINE)
    named: List[int] = [*NOSTRILS, *EYES, *LIPS, *INNER_LIPS]
    return np.concatenate([right, left[1:], mesh[list(BROWS)], walked(mesh[list(BRIDGE)], 4), mesh[named]])


def walked(line: np.ndarray, count: int) -> np.ndarray:
    """[n, 2] -> [count, 2]: equal steps from the line's first point to its last."""
    far = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    steps = np.linspace(0, far[-1], count)
    return np.stack([np.interp(steps, far, line[:, axis]) for axis in (0, 1)], axis=1)


def parts() -> Sequence[Tuple[str, slice]]:
    """The 68 by name, as places among the 133."""
    ends = (23, 40, 50, 59, 71, 91)
    return [(name, slice(start, stop)) for name, start, stop in
            zip(("outline", "brows", "nose", "eyes", "mouth"), ends, ends[1:])]

"""The picture of what was taken of a video says what it shows."""
from typing import Any, List

import numpy as np
import pytest
from PIL import ImageDraw

from drawing.framing import CAPTION, KINDS, NONE, framing_picture


@pytest.fixture()
def said(monkeypatch: pytest.MonkeyPatch) -> List[str]:
    texts: List[str] = []
    write = ImageDraw.ImageDraw.text

    def spy(self: Any, corner: Any, text: str, colour: Any, face: Any, **more: Any) -> None:
        assert corner[0] + face.getlength(text) <= self.im.size[0]
        texts.append(text)
        write(self, corner, text, colour, face, **more)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", spy)
    return texts


@pytest.mark.parametrize("height, width", [(260, 210), (360, 640), (1080, 1920)])
def test_the_framing_has_a_caption_and_a_legend_of_its_colours(said: List[str], height: int, width: int) -> None:
    picture = np.full((height, width, 3), 180, np.uint8)
    points = np.concatenate([np.full((133, 2), height / 2), np.ones((133, 1))], axis=1)
    drawn = framing_picture(picture, (width * 0.2, 0, width * 0.5, height), points, np.zeros((260, 210, 3), np.uint8))
    assert CAPTION in " ".join(said) and NONE not in " ".join(said)
    for name, _, colour in KINDS:
        assert name in said and (np.abs(drawn[height:].astype(int) - colour).sum(axis=2) < 30).any()


def test_without_keypoints_it_says_so(said: List[str]) -> None:
    framing_picture(np.zeros((260, 210, 3), np.uint8), (0, 0, 210, 260), None, np.zeros((260, 210, 3), np.uint8))
    assert " ".join(said).endswith(NONE) and KINDS[0][0] not in said

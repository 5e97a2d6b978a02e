from dataclasses import replace
from typing import Any, Dict

import numpy as np
import pytest

from datasets.clip import Clip
from glosses.rules import PLAIN, TWOSTREAM_2014
from tests.kit.recogniser import tiny_clip

FRAMES = np.zeros((2, 8, 8, 3), np.uint8)


def test_glosses_need_a_rule_that_says_how_they_are_compared() -> None:
    with pytest.raises(ValueError, match="clip a has glosses, and no rule"):
        Clip("a", "dev", FRAMES, ("REGEN",))
    assert Clip("a", "dev", FRAMES, ("loc-NORD",), rule=PLAIN).clean("loc-NORD") == "loc-NORD"


def test_a_clip_without_a_rule_compares_nothing() -> None:
    with pytest.raises(ValueError, match="clip a has no rule"):
        Clip("a", "dev", FRAMES).clean("REGEN")


@pytest.mark.parametrize("changed", [{"start": 0, "stop": 1}])
def test_a_window_is_compared_as_its_clip(changed: Dict[str, Any]) -> None:
    clip = replace(tiny_clip(), rule=TWOSTREAM_2014)
    assert clip.window(**changed).rule is TWOSTREAM_2014

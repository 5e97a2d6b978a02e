"""What cannot be asked is refused before anything is loaded."""
from pathlib import Path
from typing import Any, Dict

import pytest

from records.question import Question
from records.requests import ClipRequest
from terminal.errors import UserError


@pytest.mark.parametrize("asked, words", [
    ({"method": "guess"}, "expected gradcam"), ({"pool": "row"}, "expected clip, frame"),
    ({"precision": "fp8"}, "expected amp"), ({"normalise": "no"}, "expected clip"),
    ({"target": "each", "method": "eigencam"}, "whatever the gloss"),
    ({"target": "errors", "method": "attention"}, "whatever the gloss"),
    ({"method": "gradcam", "budget": 5}, "takes one pass"), ({"budget": 5}, "name the method"),
    ({"target": "each", "pool": "frame"}, "^pool frame: layercam, the default of target each, averages no channel's"),
    ({"target": "pred", "pool": "clip"}, "the default of target pred, .* name the method too"),
    ({"method": "rise", "budget": 0}, "1 or more"),
    ({"method": "occlusion", "layers": ("conv",)}, "only layer is input")])
def test_combinations_that_cannot_be_are_refused(asked: Dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        Question(**asked).check()


@pytest.mark.parametrize("asked", [{}, {"target": "each"}, {"pool": "frame"}, {"target": "from-gt", "pool": "clip"},
                                   {"target": "each", "method": "gradcam", "pool": "clip"},
                                   {"method": "eigencam"}, {"method": "rise", "budget": 4},
                                   {"method": "occlusion", "layers": ("input",)},
                                   {"target": lambda logits: logits.sum()}])
def test_what_can_be_asked_passes(asked: Dict[str, Any]) -> None:
    Question(**asked).check()


def test_a_request_is_checked_for_every_network() -> None:
    asked = ClipRequest(Path("out"), checkpoints={"vac": Path("a"), "slowfast": Path("b")},
                        question=Question(method="rise"), layers={"slowfast": ("conv2d",)})
    with pytest.raises(UserError, match="only layer is input"):
        asked.check()
    with pytest.raises(UserError, match="^method attention: no layer of vac has attention"):
        ClipRequest(Path("out"), checkpoints={"mamba": Path("a"), "vac": Path("b")},
                    methods=("gradcam", "attention")).check()
    with pytest.raises(UserError, match="every 5: no frames"):
        ClipRequest(Path("out"), every=5, write=("cams",)).check()


def test_pooling_that_would_change_nothing_is_refused() -> None:
    """MSKA-SLR is explained at its input, where nothing is pooled; beside a network that pools it is said in a note."""
    mska, pooled = {"mska": Path("a")}, Question(pool="frame")
    with pytest.raises(UserError, match="^pool frame: inputxgradient, by which mska is explained, averages no"):
        ClipRequest(Path("out"), checkpoints=mska, question=pooled).check()
    ClipRequest(Path("out"), checkpoints={**mska, "vac": Path("b")}, question=pooled).check()
    ClipRequest(Path("out"), checkpoints=mska, question=pooled, layers={"mska": ("body.block1",)}).check()


@pytest.mark.parametrize("asked, words", [
    ({"hide": "grey", "method": "rise"}, "expected still, mean, blur"), ({"hide": "still"}, "name the method too"),
    ({"hide": "still", "method": "gradcam"}, "gradcam hides nothing; it is for integrated, occlusion, rise and parts"),
    ({"hidden_keypoints": "rest", "method": "layercam"}, "hidden-keypoints rest: layercam hides nothing"),
    ({"hidden_keypoints": "away", "method": "rise"}, "hidden-keypoints 'away': expected gone, rest")])
def test_a_way_of_hiding_is_for_what_hides(asked: Dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        Question(**asked).check()


def test_the_usual_method_of_a_target_is_among_a_run_s_settings_unless_it_is_grad_cam() -> None:
    def recorded(**asked: Any) -> object:
        settings = ClipRequest(Path("out"), question=Question(**asked)).settings()
        assert settings["method"] == asked.get("method")
        return settings.get("usual_method")

    assert recorded(target="each") == recorded(target="pred") == "layercam"
    assert recorded() is None and recorded(target="from-gt") is None
    assert recorded(target="each", method="rise") is None

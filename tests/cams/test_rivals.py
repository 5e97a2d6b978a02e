"""Target `rivals`: each gloss less the classes nearest to it."""
import pytest
import torch

from cam_runner import explain
from cams.rivals import AgainstRivals, against_rivals
from records.question import Question
from tests.kit.recogniser import TinyRecogniser, tiny_clip


def test_it_is_its_formula_written_slowly() -> None:
    torch.manual_seed(1)
    logits = torch.randn(4, 6, dtype=torch.float64)
    picks = AgainstRivals("", (1, 2), (3, 4), (), None, ((1, 5), (2, 3)))
    expected = 0.0
    for step, own, rivals in ((1, 3, (1, 5)), (2, 4, (2, 3))):
        weights = [float(logits[step].softmax(0)[rival]) for rival in rivals]
        parts = [weight * float(logits[step, own] - logits[step, rival]) for weight, rival in zip(weights, rivals)]
        expected += sum(parts) / sum(weights)
    score = picks.score(logits)
    assert score is not None and float(score) == pytest.approx(expected, rel=1e-6)
    assert picks.score(logits[2:], first=2) is not None and picks.score(logits[:1]) is None


def test_it_and_its_gradient_are_the_library_s() -> None:
    targets = pytest.importorskip("pytorch_grad_cam.utils.model_targets")
    if not hasattr(targets, "FinerWeightedTarget"):
        pytest.skip("this release of grad-cam has no FinerCAM")
    torch.manual_seed(2)
    ours = torch.randn(1, 7, dtype=torch.float64, requires_grad=True)
    theirs = ours.detach().clone().requires_grad_(True)
    score = AgainstRivals("", (0,), (4,), (), None, ((1, 2, 6),)).score(ours)
    assert score is not None
    score.backward()
    expected = targets.FinerWeightedTarget(4, [1, 2, 6], 1)(theirs[0])
    expected.backward()
    torch.testing.assert_close(score, expected)
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_rivals_are_the_nearest_classes_and_never_the_blank() -> None:
    model, clip = TinyRecogniser(seed=3), tiny_clip()
    logits = model.eval()(model.prepare(clip))[0].detach()
    glosses = against_rivals(model, clip, logits)
    assert glosses
    for pick in glosses:
        assert isinstance(pick, AgainstRivals)
        for step, own, rivals in zip(pick.steps, pick.classes, pick.rivals):
            others = [number for number in range(1, logits.shape[1]) if number != own]
            apart = {number: abs(float(logits[step, number] - logits[step, own])) for number in others}
            assert list(rivals) == sorted(others, key=apart.__getitem__)[:3]


def test_each_gloss_has_its_own_map_and_says_what_it_is_less() -> None:
    model = TinyRecogniser(seed=3)
    explanation = explain(model, tiny_clip(), Question(target="rivals", layers=("pathways",)))
    plain = explain(model, tiny_clip(), Question(target="each", layers=("pathways",)))
    assert [gloss.about.id for gloss in explanation.glosses] == [gloss.about.id for gloss in plain.glosses]
    assert explanation.target.startswith("each gloss read, on its own, minus its rivals (")
    assert "minus the 3 classes nearest to it at each step" in explanation.glosses[0].about.words
    assert abs(explanation.glosses[0].layers["pathways"].raw - plain.glosses[0].layers["pathways"].raw).max() > 0

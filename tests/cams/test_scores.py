"""Several scores of one forward: each has the gradients it would have alone."""
from functools import partial
from typing import Dict, List, Optional

import pytest
import torch

from cams.one_pass import Ask, run_pass
from tests.kit.recogniser import TinyRecogniser, tiny_clip


def class_sum(number: int, logits: torch.Tensor) -> torch.Tensor:
    return logits[..., number].sum()


def keep(kept: Dict[str, torch.Tensor], name: str, activation: torch.Tensor, gradient: Optional[torch.Tensor]) -> None:
    assert gradient is not None
    kept[name] = gradient.clone()


def gradients(picks: List[int], layers: List[str]) -> List[Dict[str, torch.Tensor]]:
    """Of the sum of each picked class's logits."""
    model = TinyRecogniser().requires_grad_(False)
    found: List[Dict[str, torch.Tensor]] = [{} for _ in picks]
    asks = [Ask(partial(class_sum, number), partial(keep, kept)) for number, kept in zip(picks, found)]
    runs: List[int] = []
    model.network.register_forward_hook(lambda *_: runs.append(1))
    run_pass(model, model.prepare(tiny_clip()), {name: model.layers[name] for name in layers}, asks)
    assert runs == [1]
    return found


@pytest.mark.parametrize("layers", [["first"], ["pathways", "timed"], ["rnn"]])
def test_each_score_has_its_own_gradients_from_one_forward(layers: List[str]) -> None:
    together = gradients([1, 3], layers)
    for found, alone in zip(together, (gradients([1], layers)[0], gradients([3], layers)[0])):
        for name in layers:
            torch.testing.assert_close(found[name], alone[name], rtol=1e-5, atol=1e-8)
    assert not torch.allclose(together[0][layers[0]], together[1][layers[0]])

"""A card is handed its work and goes on by itself, as long as nobody reads a number that it has yet to work out.
Tensors without values show who does: whatever reads one raises."""
from dataclasses import replace
from typing import Any

import pytest
import torch

from cams.one_pass import Ask, run_pass
from records.networks import RECOGNISERS
from tests.kit import networks
from tests.kit.tiers import first

pytestmark = pytest.mark.skipif(torch.__version__.startswith("1."), reason="needs tensors without values, of torch 2")
OFTEN = ("corrnet", "twostream", "mamba")
NAMES = [*OFTEN, *(network.name for network in RECOGNISERS if network.name not in OFTEN)]


@pytest.mark.parametrize("name", first(NAMES, len(OFTEN)))
def test_a_forward_and_a_backward_read_no_number(name: str) -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    made = networks.recogniser(name)
    inputs = made.prepare(networks.clip(20))
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        for module in made.modules():
            held: Any
            for held in (module._parameters, module._buffers):
                held.update({key: mode.from_tensor(value) for key, value in held.items() if value is not None})
        seen = []

        def finish(layer: str, activation: Any, gradient: Any) -> None:
            seen.append(layer)

        probes = {layer: made.layers[layer] for layer in made.default_layers}
        run_pass(made, replace(inputs, tensors=tuple(map(mode.from_tensor, inputs.tensors))), probes,
                 [Ask(lambda output: output[0].sum(), finish)])
    assert sorted(seen) == sorted(probes)

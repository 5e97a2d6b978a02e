"""What is known of a network without loading it is what its class says."""
import pytest

from models.registry import CONFIGS, network_class
from records.networks import BY_NAME, RECOGNISERS, Network, check_shown
from terminal.errors import UserError
from tests.kit import networks


@pytest.mark.parametrize("network", BY_NAME.values(), ids=lambda network: network.name)
def test_it_says_what_its_class_says(network: Network) -> None:
    made = network_class(network.name)
    assert (made.name, made.title) == (network.name, network.title)
    assert (CONFIGS / f"{network.name}.yaml").is_file()


@pytest.mark.parametrize("network", RECOGNISERS, ids=lambda network: network.name)
def test_its_layers_show_what_it_says_they_show(network: Network) -> None:
    layers = networks.recogniser(network.name).layers.values()
    assert {layer.asked_as for layer in layers if layer.attention is not None} == {network.shows} - {""}


def test_a_method_that_no_layer_can_be_shown_by_is_refused() -> None:
    with pytest.raises(UserError, match="^method attention: no layer of slowfast has attention, of swin, mska, mamba"):
        check_shown("attention", "slowfast")
    with pytest.raises(UserError, match="^method graph: no layer of mamba has a graph, of signgraph alone; choose"):
        check_shown("graph", "mamba")
    for method, name in (("attention", "mska"), ("graph", "signgraph"), ("gradcam", "slowfast"), (None, "slowfast")):
        check_shown(method, name)

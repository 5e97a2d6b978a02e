"""What is known of a network without loading it is what its class says."""
import pytest

from models.registry import CONFIGS, network_class
from records.networks import BY_NAME, Network


@pytest.mark.parametrize("network", BY_NAME.values(), ids=lambda network: network.name)
def test_it_says_what_its_class_says(network: Network) -> None:
    made = network_class(network.name)
    assert (made.name, made.title) == (network.name, network.title)
    assert (CONFIGS / f"{network.name}.yaml").is_file()

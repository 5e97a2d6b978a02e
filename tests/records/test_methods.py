"""The list of methods that needs no torch says of the engine's what is so."""
import pytest

from cams.catalogue import AT_INPUT, CATALOGUE, aimed, on_clip
from cams.methods import NAMED
from cams.multi_pass import ManyPasses
from records.methods import CLIP, INPUT, METHODS, NAMES, OF_PICTURES, PASSES, Method


def test_every_method_of_the_engine_is_listed_in_its_order() -> None:
    assert tuple(CATALOGUE) == NAMES and tuple(NAMED) == OF_PICTURES


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_what_is_said_of_a_method_is_so(method: Method) -> None:
    made = CATALOGUE[method.name]
    assert method.aimed == aimed(made)
    assert (method.explains == CLIP) == on_clip(made)
    assert (method.explains in (INPUT, CLIP)) == (method.name in AT_INPUT)
    assert method.passes == (made.budget if isinstance(made, ManyPasses) else 1)
    assert PASSES.get(method.name, 1) == method.passes

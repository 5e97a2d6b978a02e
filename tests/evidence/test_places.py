"""Maps beside their rivals, from sums that are made up."""
import numpy as np
import pytest

from evidence.places import RANDOM, STILL, WHOLE, Known, Places, shown
from evidence.tally import Tally, mass_ratio
from tests.kit.recogniser import TinyRecogniser, tiny_clip


def tally(ratio: float) -> Tally:
    """Of a map with so many times its share on articulators that cover a tenth."""
    return Tally(inside=ratio / 10, mass=1.0, area=10, pixels=100, top=1, hits=1, frames=1)


def known(*ratios: float, **rivals: float) -> Known:
    return Known([tally(ratio) for ratio in ratios],
                 {name: [tally(value)] * len(ratios) for name, value in rivals.items()})


MAP = ("made up", "layer4", "gradcam")


@pytest.fixture
def places() -> Places:
    rivals = {("made up", "-", name): known(*[6.0 if name == "motion" else 2.0] * 3) for name in WHOLE}
    return Places({MAP: known(4.0, 4.2, 3.8, random=1.0), **rivals}, clips=3)


def test_a_map_is_ahead_by_what_it_has_more_than_its_rival(places: Places) -> None:
    assert places.ahead(MAP, "centre", mass_ratio).value == pytest.approx(2)
    assert places.ahead(MAP, "motion", mass_ratio).value == pytest.approx(-2)
    assert places.ahead(MAP, RANDOM, mass_ratio).value == pytest.approx(3)


def test_only_those_are_beaten_that_it_is_ahead_of_for_sure(places: Places) -> None:
    assert places.beaten(MAP, mass_ratio) == ["centre", RANDOM, "gradient"]


def test_a_rival_that_there_is_none_of_is_not_beaten(places: Places) -> None:
    assert np.isnan(places.ahead(MAP, "mean map", mass_ratio).value)
    assert places.maps("made up") == [MAP] and places.models() == ["made up"]


def test_a_few_methods_alone_are_shown_and_integrated_from_the_still_clip_too() -> None:
    made = {(layer, method) for layer, method, _ in shown(TinyRecogniser(), tiny_clip(), ["layercam", STILL])}
    methods = {method for _, method in made}
    assert methods == {"layercam", STILL, "gradient"}


def test_maps_from_the_still_clip_are_not_those_from_its_mean_colour() -> None:
    maps = {method: values for _, method, values in shown(TinyRecogniser(), tiny_clip(), ["integrated", STILL])}
    assert np.abs(maps["integrated"].astype(float) - maps[STILL]).max() > 0.01

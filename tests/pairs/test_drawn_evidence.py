import numpy as np

from pairs.drawn_evidence import changes, lines, study
from signer.people import differing, person, portrait
from tests.kit import networks


def test_each_change_shows_in_the_picture() -> None:
    look = person(0, 3)
    for changed, other in changes(look):
        region = differing(portrait(look, 0, 5), portrait(other, 0, 5))
        assert region.sum() > 40, changed


def test_a_study_tells_of_every_map_and_every_change() -> None:
    known = study(networks.embedder("arcface"), [3], 0, ["layer2"])
    key = ("dot", "hirescam", "layer2")       # some of the other maps of weights at random are void
    assert key in known.person and key in known.falls
    assert set(known.similar) == {"clothes", "hair", "sleeves", "skin"}
    assert all(-1 <= value <= 1 for values in known.similar.values() for value in values)
    assert all(np.isfinite(tally.mass_ratio) for tally in known.other.values())
    assert any(line.startswith("dot") and "hirescam" in line for line in lines(known))

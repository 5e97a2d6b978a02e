"""The checks of compared pictures: they measure, and they can fail."""
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Dict, List

import numpy as np
import pytest
import torch

from datasets.clip import Clip
from models.embedder import embed
from pairs.checks import (
    Checked,
    _alone,
    _differ,
    _in_range,
    _measure,
    _redrawn,
    _repeats,
    check_all,
    check_lines,
    falsification,
    interval,
)
from pairs.explaining import UNSTEADY, PictureMap
from records.pairs import Check
from tests.kit import networks

PAIR = [networks.picture(70, 40, 0), networks.picture(64, 48, 1)]


def asked(**changes: Any) -> Checked:
    model = networks.embedder("arcface")
    return Checked(model, PAIR, **{"references": embed(model, PAIR).flip(0), "layers": ["layer2"], "targets": ["dot"],
                                 "methods": ["hirescam"], "shifts": 12, **changes})


def by_name(checks: List[Check]) -> Dict[str, List[Check]]:
    return {check.name: [one for one in checks if one.name == check.name] for check in checks}


def test_every_check_is_made_of_every_map() -> None:
    stranger = embed(networks.embedder("arcface"), [networks.picture(64, 48, 5)])[0]
    by_kind = by_name(check_all(asked(), stranger))
    counts = {"in range": 2, "repeats": 2, "batch is singles": 2, "pictures differ": 1, "another person": 2,
              "weights redrawn": 1, "deletion": 2, "insertion": 2}
    assert {name: len(checks) for name, checks in by_kind.items()} == counts
    assert all(check.passed for name in ("in range", "repeats", "batch is singles") for check in by_kind[name])
    assert len(check_lines([check for checks in by_kind.values() for check in checks])) == 1 + sum(counts.values())


def test_the_network_is_as_it_was() -> None:
    given = asked()
    before = {name: value.clone() for name, value in given.embedder.network.state_dict().items()}
    check_all(given, None)
    assert all(torch.equal(value, before[name]) for name, value in given.embedder.network.state_dict().items())


def test_the_same_picture_twice_does_not_pass_as_two() -> None:
    model = networks.embedder("arcface")
    pair = [PAIR[0], PAIR[0]]
    far = embed(model, PAIR[1:]).expand(2, -1)
    checks = by_name(check_all(Checked(model, pair, far, ["layer2"], ["dot"], ["hirescam"], 2), None))
    assert [check.passed for check in checks["pictures differ"]] == [False]


class OneCorner(torch.nn.Module):
    """An embedding of the picture's upper left quarter alone."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        quarter = x[:, :, :x.shape[2] // 2, :x.shape[3] // 2]
        return torch.nn.functional.adaptive_avg_pool2d(quarter, 8).flatten(1)


def test_what_stands_in_for_what_is_hidden_is_as_asked_and_recorded() -> None:
    checks = {way: [check for check in check_all(asked(hide=way), None) if check.name == "deletion"]
              for way in ("mean", "blur")}
    assert "hidden: the clip's mean colour; asks what is read from the clip" in checks["mean"][0].rule
    assert "hidden: the clip itself, blurred; asks what is read from detail" in checks["blur"][0].rule
    assert checks["mean"][0].figures["after"] != checks["blur"][0].figures["after"]


@pytest.mark.parametrize("corner,falsified", [((0, 0), False), ((1, 1), True)])
def test_a_map_of_what_matters_stands_and_one_of_what_does_not_falls(corner: Any, falsified: bool,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    given = asked(shifts=40)
    given.embedder.network.forward = OneCorner().forward        # type: ignore[method-assign]
    heat = np.zeros((64, 48), np.float16)
    heat[corner[0] * 32:corner[0] * 32 + 32, corner[1] * 24:corner[1] * 24 + 24] = 1
    monkeypatch.setattr("pairs.checks.SHARE", 0.25)
    noise = Clip("noise", "", np.random.RandomState(0).randint(0, 256, (1, 64, 48, 3)).astype(np.uint8))
    own = embed(given.embedder, [noise])
    checks = falsification(Checked(given.embedder, [noise], own, None, None, (), 40), [made_up(heat)])
    assert [check.passed for check in checks] == [not falsified] * 2
    assert "falsified" in checks[0].rule


def made_up(heat: np.ndarray) -> Any:
    """An explanation of one map [H, W] that no network made."""
    maps = {("dot", "gradcam", "layer2"): PictureMap("", heat[::8, ::8].astype(np.float32), heat, 0, 1)}
    return SimpleNamespace(name="made-up", maps=maps)


def test_a_map_that_does_no_better_than_its_shifts_beats_none() -> None:
    """Of an even picture, where it makes no difference what is hidden."""
    given = asked()
    assert given.references is not None
    even = Clip("even", "", np.full((1, 64, 48, 3), 90, np.uint8))
    heat = np.zeros((64, 48), np.float16)
    heat[:20, :20] = 1
    checks = falsification(replace(given, clips=[even], references=given.references[:1]), [made_up(heat)])
    assert [(check.figures["beats"], check.passed) for check in checks] == [(0, False)] * 2


@pytest.mark.parametrize("apart,passed", [(0.5e-3, True), (2e-3, False)])
def test_a_map_that_its_batch_changes_is_told(apart: float, passed: bool) -> None:
    given = asked()
    explanations = given.explain()
    key, = explanations[0].maps
    raw = explanations[0].maps[key].raw
    moved = raw.copy()
    moved.flat[raw.argmin()] += apart * raw.max()
    other = replace(explanations[0], maps={key: replace(explanations[0].maps[key], raw=moved)})
    assert [check.passed for check in _alone(given, [other, explanations[1]])] == [passed, True]


def test_a_map_that_rounding_decides_is_not_held_against_its_own_batch() -> None:
    given = asked()
    found = [replace(one, maps={key: replace(each, flags=(UNSTEADY,)) for key, each in one.maps.items()})
             for one in given.explain()]
    assert _alone(given, found) == []


def test_a_map_is_believed_that_beats_nineteen_shifts_of_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    results = {"deletion": {"beats": 0.94}, "insertion": {"beats": 0.95}}
    monkeypatch.setattr("pairs.checks._against_shifts", lambda *given: results)
    heat = np.ones((64, 48), np.float16)
    passed = {check.name: check.passed for check in falsification(asked(), [made_up(heat)])}
    assert passed == {"deletion": False, "insertion": True}


def test_three_tenths_of_the_picture_are_blurred_out_or_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: List[List[Clip]] = []

    def embedded(embedder: Any, clips: List[Clip], *rest: Any) -> torch.Tensor:
        shown.append(list(clips))
        return embed(embedder, clips, *rest)

    given = asked(shifts=2)
    monkeypatch.setattr("pairs.checks.embed", embedded)
    noise = Clip("noise", "", np.random.RandomState(0).randint(0, 256, (1, 64, 48, 3)).astype(np.uint8))
    assert given.references is not None
    heat = np.random.default_rng(0).random((64, 48)).astype(np.float16)
    falsification(replace(given, clips=[noise], references=given.references[:1]), [made_up(heat)])
    for (ground, *made), apart in zip(shown, (0.3, 0.3)):
        for each in made:
            assert (each.frames != ground.frames).any(axis=3).mean() == pytest.approx(apart, abs=0.01)


def test_a_single_bit_that_differs_when_made_again_is_told() -> None:
    explanations = asked().explain()
    key, = explanations[0].maps
    raw = explanations[0].maps[key].raw.copy()
    raw.flat[0] = np.nextafter(raw.flat[0], np.float32(2))
    again = [replace(explanations[0], maps={key: replace(explanations[0].maps[key], raw=raw)}), explanations[1]]
    assert [check.passed for check in _repeats(explanations, again)] == [False, True]
    assert all(check.passed for check in _repeats(explanations, explanations))


@pytest.mark.parametrize("noise,differ", [(0.05, False), (0.3, True)])
def test_two_pictures_differ_where_their_maps_are_less_than_alike(noise: float, differ: bool) -> None:
    """With so much noise on it a map of spread 1 correlates at 0.999 and at 0.96."""
    draws = np.random.default_rng(0)
    one = draws.normal(0, 1, (64, 48)).astype(np.float32)
    other = one + draws.normal(0, noise, one.shape).astype(np.float32)
    maps = [made_up(np.ones((64, 48), np.float16)) for _ in "ab"]
    for each, raw in zip(maps, (one, other)):
        each.maps = {key: replace(value, raw=raw) for key, value in each.maps.items()}
    assert [check.passed for check in _differ(maps)] == [differ]


def test_a_map_that_other_weights_do_not_change_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pairs.checks.redrawn_from_the_top", lambda network, run, shares: iter(range(len(shares))))
    check, = _redrawn(asked(), asked().explain())
    assert not check.passed and check.figures["100%"] == pytest.approx(1)


def test_a_value_beyond_its_range_is_told() -> None:
    for value, passed in ((1.0, True), (1.01, False), (-0.01, False)):
        heat = np.full((64, 48), 0.5, np.float16)
        heat[3, 3] = value
        assert [check.passed for check in _in_range([made_up(heat)])] == [passed]


@pytest.mark.parametrize("target,asked_of", [("cosine", "cosine"), ("dot", "cosine"), ("none", "cosine"),
                                            ("norm", "norm")])
def test_what_hiding_takes_away_is_the_likeness_itself(target: str, asked_of: str) -> None:
    """Of a comparison always the cosine; a map of the length is asked for its length."""
    given = asked()
    assert given.references is not None
    measure = _measure(given.embedder, PAIR[0], (target, "gradcam", "layer2"), given.references[:1])
    own = embed(given.embedder, PAIR)
    one, other = own.double().numpy()
    lengths = np.linalg.norm(own.double().numpy(), axis=1)
    known = {"cosine": [one @ other / lengths.prod(), 1], "norm": lengths}
    np.testing.assert_allclose(measure(own), known[asked_of], rtol=1e-5)


def test_the_class_of_the_whole_picture_is_asked_for_when_parts_are_gone() -> None:
    """Of `pred`: another class that is larger by then says nothing of the first."""
    model = networks.embedder("promptsg")
    measure = _measure(model, PAIR[0], ("pred", "gradcam", "vit_proj"), None)
    head = next(iter(model.heads.values()))
    own, other = embed(model, PAIR[:1]), -embed(model, PAIR[:1])
    first = int(head(own).argmax())
    assert int(head(other).argmax()) != first
    with torch.no_grad():
        np.testing.assert_allclose(measure(torch.cat([own, other])), head(torch.cat([own, other]))[:, first].numpy(),
                                   rtol=1e-5)


def test_the_figures_tell_before_after_and_what_lies_between() -> None:
    """Deletion begins with the picture and takes away, insertion begins with the blur and puts back."""
    given = asked(shifts=3)
    explanations = given.explain()
    given.embedder.network.forward = OneCorner().forward        # type: ignore[method-assign]
    own = embed(given.embedder, PAIR)
    checks = by_name(falsification(replace(given, references=own.flip(0)), explanations))
    whole = own.double().numpy()
    cosine = whole[0] @ whole[1] / np.linalg.norm(whole, axis=1).prod()
    for gone, back in zip(checks["deletion"], checks["insertion"]):
        assert gone.figures["before"] == pytest.approx(cosine, rel=1e-4)
        assert gone.figures["drop"] == pytest.approx(gone.figures["before"] - gone.figures["after"], abs=1e-6)
        assert back.figures["gain"] == pytest.approx(back.figures["after"] - back.figures["before"], abs=1e-6)
        assert 0 <= gone.figures["beats"] <= 1 and abs(back.figures["before"] - cosine) > 1e-3


def test_an_interval_holds_the_rate_and_narrows() -> None:
    low, high = interval(8, 10)
    wide = high - low
    assert low < 0.8 < high and interval(80, 100)[1] - interval(80, 100)[0] < wide
    assert interval(0, 0) == (0.0, 1.0) and interval(10, 10)[1] == pytest.approx(1)

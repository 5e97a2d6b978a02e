"""The study runs on the demo's own recognisers and clips, and leaves them as they were."""
from pathlib import Path
from typing import Iterator, Tuple

import numpy as np
import pytest
import torch

import evaluate
from cams.methods import METHODS
from datasets.clip import Clip
from datasets.phoenix import PhoenixVideoTextDataset
from evidence import curves, gloss_maps, parted, places, referee, sensitivity, spliced
from evidence.curves import shares_of
from evidence.places import MEAN, RANDOM, WHOLE, Places, add, compare_with_means, spatial_layers
from evidence.randomised import REDRAWN
from evidence.study import Study, study
from evidence.tally import mass_ratio
from evidence.verdict import verdict
from models.recogniser import Recogniser
from models.registry import build
from runs.demo import CHECKPOINTS, demo_data
from signer.evidence import Evidence, read_evidence
from tests.kit import networks

LONG = 8        # frames


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return build("slowfast", CHECKPOINTS["slowfast"])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_data(tmp_path_factory.mktemp("demo"), 1, False)


@pytest.fixture(scope="module")
def drawn(data: Path) -> Tuple[Clip, Evidence]:
    """A few frames are enough: half a second in which something is signed."""
    dataset = PhoenixVideoTextDataset(data, "dev")
    clip, evidence = dataset.clip(0), read_evidence(data / "evidence" / f"{dataset.rows[0].seq_id}.npz")
    first = max(int(np.flatnonzero(evidence.active >= 0)[0]) - 4, 0)
    return clip.window(first, first + LONG), Evidence(evidence.names, evidence.active[first:first + LONG],
                                                    evidence.region[first:first + LONG])


CAMS = ("gradcam", "hirescam")
FAST = ("gradient", "inputxgradient")       # of the methods at the input, those of one pass


@pytest.fixture(scope="module", autouse=True)
def one_pass_each() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(places, "ONCE", FAST)
        small.setattr(curves, "SHARES", (0.0, 0.1))
        small.setattr(curves, "ROAD_SHARES", (0.0, 0.01))
        for room in (places, gloss_maps):
            small.setattr(room, "METHODS", {name: METHODS[name] for name in CAMS})
        small.setattr(parted, "CAMS", CAMS[:1])
        small.setattr(parted, "WAYS", parted.WAYS[:1])
        small.setattr(spliced, "METHODS", CAMS[:1])
        small.setattr(parted, "AT_INPUT", (("inputxgradient", ""),))
        yield


@pytest.fixture(scope="module")
def measured(recogniser: Recogniser, drawn: Tuple[Clip, Evidence]) -> Study:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(referee, "BUDGETS", {"occlusion": 4, "rise": 4})
        small.setattr(sensitivity, "TIMES", 1)
        return study({"slowfast": recogniser}, {"plain": [drawn], "distracted": [drawn]}, lambda: None)


def test_every_layer_is_measured_with_every_method_and_so_are_the_rivals(measured: Study,
                                                                         recogniser: Recogniser) -> None:
    for kind in measured.places.values():
        layers = {(layer, method) for _, layer, method in kind.maps("slowfast")}
        assert layers == {*((layer, method) for layer in spatial_layers(recogniser) for method in CAMS),
                          *(("input", method) for method in FAST)}
        assert {key[2] for key in kind.known if key[1] == "-"} == set(WHOLE)


def test_a_rival_is_beaten_only_with_an_interval(measured: Study) -> None:
    key = next(iter(measured.plain.maps("slowfast")))
    assert RANDOM in measured.plain.known[key].rivals and MEAN not in measured.plain.known[key].rivals
    assert measured.plain.beaten(key, mass_ratio) == []


def test_over_more_clips_maps_are_held_against_their_mean_over_the_others(recogniser: Recogniser,
                                                                         drawn: Tuple[Clip, Evidence]) -> None:
    two = Places()
    for _ in range(2):
        add(two, "slowfast", recogniser, *drawn, lambda *_: None)
    compare_with_means(two, "slowfast", recogniser, [drawn[1].region] * 2)
    key = "slowfast", "conv2d.fast_path.layer1", "gradcam"
    low, high = two.ahead(key, "motion", mass_ratio)[1:]
    assert low == high                                      # twice the same clip: nothing is left to chance
    assert two.rival(key, MEAN) is not None and two.ahead(key, MEAN, mass_ratio).value != 0


def test_layers_that_attend_are_measured_by_their_attention_too(drawn: Tuple[Clip, Evidence]) -> None:
    mamba = networks.recogniser("mamba")
    kept = Places()
    add(kept, "mamba", mamba, *drawn, lambda *_: None)
    attending = {layer for _, layer, method in kept.known if method == "attention"}
    assert attending == {f"layers.{number}.spatial_mixer" for number in range(3)}


def test_curves_begin_with_the_untouched_clip_and_network(measured: Study) -> None:
    for faith in measured.faith.values():
        for curve, (values,) in faith.curves.items():
            assert values[0] == 1 and len(values) == len(shares_of(curve))
        assert 0 <= faith.drops[0] <= 1
    for left in measured.redrawn.values():
        assert left[0] == pytest.approx(1) and len(left) == len(REDRAWN)


def test_silencing_a_layer_costs_the_reading(measured: Study, recogniser: Recogniser) -> None:
    assert {layer for _, layer in measured.holdings} == set(spatial_layers(recogniser))
    for holding in measured.holdings.values():
        assert holding.both > 0 and 0 < holding.touched < holding.cells


def test_the_referees_judge_maps_rivals_and_each_other(measured: Study) -> None:
    asked = {(layer, method, judge) for _, layer, method, judge in measured.bench.agreement}
    assert {("-", "motion", "occlusion"), ("-", "rise", "occlusion"), ("-", "occlusion", "rise"),
            ("conv2d.fast_path.layer1", "gradcam", "rise")} <= asked


def test_the_verdict_has_a_line_for_every_layer_and_method(measured: Study) -> None:
    figures = verdict(measured, "slowfast", "slowfast.pt", "abc")
    assert figures["sha256"] == "abc" and figures["clips"] == 1 and set(figures["rivals"]) == set(WHOLE)
    line = figures["layers"]["conv2d.fast_path.layer1"]["gradcam"]["line"]
    assert line.startswith("on drawn signing this layer's maps held ")
    for (_, layer, method, judge), (agreed,) in measured.bench.agreement.items():
        if judge == "occlusion" and layer in figures["layers"] and np.isfinite(agreed):
            assert figures["layers"][layer][method]["referee"][0] == pytest.approx(agreed, abs=1e-4)


def test_the_network_is_as_before_afterwards(measured: Study, recogniser: Recogniser) -> None:
    untouched = build("slowfast", CHECKPOINTS["slowfast"])
    assert all(torch.equal(mine, theirs) for mine, theirs in
               zip(recogniser.network.state_dict().values(), untouched.network.state_dict().values()))


def test_the_command_writes_a_table_a_plot_and_the_verdict(data: Path, tmp_path: Path, measured: Study,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evidence.study.study", lambda *given: measured)      # what it finds is tested above
    assert evaluate.main(["--evidence", "--models", "slowfast", "--data-root", str(data), "--clips", "1",
                          "--out", str(tmp_path), "--device", "cpu"]) == 0
    written = (tmp_path / "evidence.txt").read_text(encoding="utf-8")
    assert "motion" in written and "holds" in written and "seconds" in written
    assert (tmp_path / "evidence.png").stat().st_size > 10_000
    assert (tmp_path / "slowfast.pt.evidence.json").is_file()

"""The study runs on the demo's own recognisers and clips, and leaves them as they were."""
from pathlib import Path

import pytest
import torch

import evaluate
from cams.methods import METHODS
from datasets.phoenix import PhoenixVideoTextDataset
from evidence.study import REDRAWN, Study, _count, spatial_layers, study
from evidence.tally import SHARES
from models.recogniser import Recogniser
from models.registry import build
from runs.demo import CHECKPOINTS, demo_data
from signer.evidence import read_evidence
from tests.kit import networks


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return build("slowfast", CHECKPOINTS["slowfast"])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_data(tmp_path_factory.mktemp("demo"), 1, False)


@pytest.fixture(scope="module")
def found(recogniser: Recogniser, data: Path) -> Study:
    dataset = PhoenixVideoTextDataset(data, "dev")
    evidence = read_evidence(data / "evidence" / f"{dataset.rows[0].seq_id}.npz")
    return study({"slowfast": recogniser}, [(dataset.clip(0), evidence)], lambda: None)


def test_every_spatial_layer_is_measured_with_every_method(found: Study, recogniser: Recogniser) -> None:
    assert {layer for _, layer, _ in found.tallies} == set(spatial_layers(recogniser))
    assert len(found.tallies) == len(METHODS) * len(spatial_layers(recogniser))


def test_layers_that_attend_are_measured_by_their_attention_too(data: Path) -> None:
    dataset, mamba = PhoenixVideoTextDataset(data, "dev"), networks.recogniser("mamba")
    evidence = read_evidence(data / "evidence" / f"{dataset.rows[0].seq_id}.npz")
    found = Study()
    _count(found, "mamba", mamba, dataset.clip(0), evidence)
    attending = {layer for _, layer, method in found.tallies if method == "attention"}
    assert attending == {f"layers.{number}.spatial_mixer" for number in range(3)}
    assert all(found.tallies["mamba", layer, "attention"].mass_ratio > 0 for layer in attending)


def test_curves_begin_with_the_untouched_clip_and_network(found: Study) -> None:
    for curve in [*found.deletion.values(), *found.insertion.values()]:
        assert curve[0] == 1 and len(curve) == len(SHARES)
    for curve in found.redrawn.values():
        assert curve[0] == pytest.approx(1) and len(curve) == len(REDRAWN)


def test_silencing_a_layer_costs_the_reading(found: Study, recogniser: Recogniser) -> None:
    assert {layer for _, layer in found.holdings} == set(spatial_layers(recogniser))
    for holding in found.holdings.values():
        assert holding.both > 0 and 0 < holding.touched < holding.cells


def test_maps_change_as_weights_are_drawn_anew(found: Study) -> None:
    assert all(max(curve[2:]) < 0.9 for curve in found.redrawn.values())


def test_the_network_is_as_before_afterwards(found: Study, recogniser: Recogniser) -> None:
    untouched = build("slowfast", CHECKPOINTS["slowfast"])
    assert all(torch.equal(mine, theirs) for mine, theirs in
               zip(recogniser.network.state_dict().values(), untouched.network.state_dict().values()))


def test_the_command_writes_a_table_and_a_plot(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main(["--evidence", "--data-root", str(data), "--clips", "1", "--out", str(tmp_path),
                          "--device", "cpu"]) == 0
    written = (tmp_path / "evidence.txt").read_text(encoding="utf-8")
    assert "motion alone" in written and "holds" in written
    assert (tmp_path / "evidence.png").stat().st_size > 10_000
    assert "mass ratio" in capsys.readouterr().out

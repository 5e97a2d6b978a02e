"""What of MSKA-SLR's training is its own: keypoints alone, turned together, four heads that teach one another."""
import math
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.kit import networks
from tests.kit.tiers import full
from tests.kit.training import differing, make_trainer, write_data, write_recipe
from training import checkpointing
from training.batches import PointSample
from training.checkpointing import LAST
from training.export import fits
from training.feeder_mska import MSKAAugment, collate_points, turned
from training.losses import MSKAWeights, mska_losses
from training.recipe import ScheduleConfig
from training.schedules import make_schedule

HEADS = ("left", "right", "body", "fuse")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("workspace"))


def outputs(steps: List[int], classes: int = 5) -> Dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    made = {name: torch.randn(len(steps), max(steps), classes, generator=generator, dtype=torch.float64)
            for name in HEADS}
    return {**made, "lengths": torch.tensor(steps)}


def ways(probabilities: Tensor, labels: List[int]) -> float:
    """The probability [T, V] that a clip reads so: every path written out."""
    total = 0.0
    for path in np.ndindex(*[probabilities.shape[1]] * len(probabilities)):
        read = [now for before, now in zip((None, *path), path) if now != before and now != 0]
        if read == labels:
            total += math.prod(float(probabilities[t, c]) for t, c in enumerate(path))
    return total


def test_losses_are_their_formula_written_out() -> None:
    """CTC of each head, summed over clips and divided by their number; KL to the ensemble over all steps, so too."""
    given, labels = outputs([4, 3]), [[1, 2], [3]]
    total, terms = mska_losses(given, torch.tensor([1, 2, 3]), torch.tensor([2, 1]), MSKAWeights())
    softmax = {name: given[name].softmax(-1) for name in HEADS}
    ensemble = torch.stack([softmax[name] for name in HEADS]).mean(0)
    for name in HEADS:
        ctc = sum(-math.log(ways(softmax[name][clip, :steps], labels[clip])) for clip, steps in enumerate((4, 3))) / 2
        assert float(terms[f"CTC/{name}"]) == pytest.approx(ctc, rel=1e-5)
        taught = sum(float(q * (q.log() - p.log())) for q, p in zip(ensemble.flatten(), softmax[name].flatten())) / 2
        assert float(terms[f"Dist/{name}"]) == pytest.approx(taught, rel=1e-5)
    assert len(terms) == 8 and float(total) == pytest.approx(sum(map(float, terms.values())), rel=1e-6)


def test_the_ensemble_is_not_taught() -> None:
    given = {name: value.float().requires_grad_() if name in HEADS else value for name, value in outputs([4]).items()}
    total, _ = mska_losses(given, torch.tensor([1]), torch.tensor([1]), MSKAWeights(ctc=0))
    total.backward()
    ensemble = torch.stack([given[name].detach().softmax(-1) for name in HEADS]).mean(0)
    assert given["left"].grad is not None
    assert torch.allclose(given["left"].grad, given["left"].detach().softmax(-1) - ensemble, atol=1e-6)


def test_a_clip_too_short_for_its_glosses_counts_nothing() -> None:
    total, _ = mska_losses(outputs([2]), torch.tensor([1, 2, 3]), torch.tensor([3]), MSKAWeights(distillation=0))
    assert float(total) == 0


def test_a_turn_is_about_the_middle_and_leaves_confidence() -> None:
    points = torch.tensor([[1.0, 0.0, 0.3], [0.0, 0.0, 0.4]]).T[None, :, None]
    assert torch.allclose(turned(points, math.pi / 2)[0, :, 0].T, torch.tensor([[0, 1, 0.3], [0, 0, 0.4]]), atol=1e-6)


def test_half_the_batches_are_turned_by_one_angle_of_at_most_fifteen_degrees() -> None:
    torch.manual_seed(0)
    points = torch.zeros(4, 3, 133)
    points[:, 0] = 1
    angles = []
    for _ in range(400):
        batch = collate_points([PointSample(points, MSKAAugment(), [1], "a"),
                                PointSample(points[:2], MSKAAugment(), [1], "b")])
        x, y, _ = batch.tensors[0].unbind(1)
        assert torch.allclose(x, x[0, 0, 0]) and torch.allclose(y, y[0, 0, 0], atol=1e-6)
        angles.append(math.degrees(math.atan2(float(y[0, 0, 0]), float(x[0, 0, 0]))))
    still = sum(angle == 0 for angle in angles)
    assert 160 < still < 240 and 14 < max(map(abs, angles)) <= 15.0001 and min(angles) < -10 < 10 < max(angles)


def test_dev_clips_are_not_turned() -> None:
    points = torch.rand(4, 3, 133)
    for _ in range(8):
        batch = collate_points([PointSample(points, None, [1], "a")])
        assert torch.equal(batch.tensors[0][0].transpose(0, 1), points)


def test_rates_fall_by_epochs_and_the_last_is_nought() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    schedule = make_schedule(ScheduleConfig(name="cosine-epochs"), optimizer, 4, 3)
    rates = []
    for _ in range(12):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    wanted = [(1 + math.cos(math.pi * (epoch + 1) / 4)) / 2 for epoch in range(4)]
    assert rates == pytest.approx([rate for rate in wanted for _ in range(3)])


def test_a_clip_reads_the_same_whatever_it_is_batched_with() -> None:
    model = networks.recogniser("mska")
    tensors = [model.prepare(networks.clip(frames)).tensors[0] for frames in (12, 8)]
    padded = torch.cat([tensors[1], tensors[1][:, :, -1:].expand(-1, -1, 4, -1)], 2)
    with torch.no_grad():
        together = model.network(torch.cat([tensors[0], padded]), torch.tensor([12, 8]))
        alone = [model.network(tensor)["logits"][0] for tensor in tensors]
    assert together["lengths"].tolist() == [3, 2]
    assert torch.allclose(together["logits"][0], alone[0], atol=1e-6)
    assert torch.allclose(together["logits"][1, :2], alone[1], atol=1e-6)
    assert not together["logits"][1, 2:].any()


def test_in_training_padding_counts_as_published() -> None:
    model = networks.recogniser("mska").train()
    for module in model.modules():
        if isinstance(module, (torch.nn.Dropout, torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            module.eval()
    short = model.prepare(networks.clip(8)).tensors[0]
    padded = torch.cat([short, short[:, :, -1:].expand(-1, -1, 4, -1)], 2)
    with torch.no_grad():
        in_company = model.network(padded, torch.tensor([8]))["logits"][0, :2]
        alone = model.network(short)["logits"][0]
    assert not torch.allclose(in_company, alone, atol=1e-4)


def test_dropout_is_on_what_joints_exchange() -> None:
    model = networks.recogniser("mska", dropout=1.0).train()
    block: Any = model.layers["left_graph_layers.1"].module.eval()
    block.drop.train()
    points = torch.randn(1, 8, 4, 27)
    with torch.no_grad():
        without = block(points)
        block.attention0s.fill_(5.0)
        assert torch.equal(block(points), without)


@full
@pytest.mark.parametrize("workers", ["0"])
def test_interrupted_and_resumed_equals_uninterrupted(data: Path, tmp_path: Path, workers: str) -> None:
    recipe = write_recipe(tmp_path, "mska")
    overrides = ("data.workers", workers)
    make_trainer(data, tmp_path / "whole", recipe, overrides).run()
    killed = make_trainer(data, tmp_path / "killed", recipe, overrides)
    original = killed._step

    def step(*arguments: Any) -> None:
        original(*arguments)
        if killed.epoch == 1:
            raise KeyboardInterrupt

    killed._step = step      # type: ignore[method-assign,assignment]
    with pytest.raises(KeyboardInterrupt):
        killed.run()
    make_trainer(data, tmp_path / "killed", recipe, overrides, resume=True).run()
    whole, resumed = (checkpointing.load(tmp_path / name / LAST) for name in ("whole", "killed"))
    assert differing(whole, resumed) == [] and whole["epoch"] == 2
    assert {"model", "optimizer", "scheduler", "epoch"} <= set(whole)


def test_what_half_precision_cannot_hold_is_exported_as_it_is() -> None:
    assert fits(torch.tensor([65504.0])) and not fits(torch.tensor([1.0, -65505.0])) and fits(torch.empty(0))

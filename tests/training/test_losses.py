import json
import math
import zlib
from typing import Dict, List, Optional

import numpy as np
import pytest
import torch
from torch import Tensor

from models.registry import CONFIGS
from tests.golden import GOLDENS
from training.config import load_config
from training.losses import (
    BranchWeights,
    LiftWeights,
    SlowFastWeights,
    TwoStreamWeights,
    lifted_losses,
    slowfast_losses,
    twostream_losses,
    vac_losses,
)

GOLDEN = json.loads((GOLDENS / "loss_golden.json").read_text())


def draw(name: str) -> Tensor:
    """[B, T, V], as the published losses were computed on."""
    generator = np.random.RandomState(zlib.crc32(f"0:loss:{name}".encode()))
    logits = 2 * generator.standard_normal((GOLDEN["time"], GOLDEN["batch"], GOLDEN["classes"]))
    return torch.from_numpy(logits.astype(np.float32)).transpose(0, 1)


def golden_outputs() -> Dict[str, Tensor]:
    names = {"logits": "sequence0", "conv": "conv0", "slow": "sequence1", "slow_conv": "conv1", "fast": "sequence2",
             "fast_conv": "conv2"}
    return {**{key: draw(name) for key, name in names.items()}, "lengths": torch.tensor(GOLDEN["feat_len"])}


LABELS = torch.tensor(GOLDEN["labels_concat"]), torch.tensor(GOLDEN["label_length"])


def test_published_terms_and_sum() -> None:
    total, terms = slowfast_losses(golden_outputs(), *LABELS, SlowFastWeights())
    assert {name: float(term) for name, term in terms.items()} == pytest.approx(GOLDEN["terms"], rel=1e-5)
    assert float(total) == pytest.approx(GOLDEN["total"], rel=1e-5)


def test_weights_of_zero_leave_their_terms_out() -> None:
    total, terms = slowfast_losses(golden_outputs(), *LABELS, SlowFastWeights(Dist=0, Slow=0, Fast=0))
    assert set(terms) == {"SeqCTC/main", "ConvCTC/main"}
    assert float(total) == pytest.approx(GOLDEN["terms"]["SeqCTC/main"] + GOLDEN["terms"]["ConvCTC/main"], rel=1e-5)


def test_vacs_terms_are_those_of_the_main_branch() -> None:
    total, terms = vac_losses(golden_outputs(), *LABELS, BranchWeights(Dist=0))
    assert {name: float(term) for name, term in terms.items()} == pytest.approx(
        {name: GOLDEN["terms"][name] for name in ("SeqCTC/main", "ConvCTC/main")}, rel=1e-5)
    assert float(total) == pytest.approx(sum(map(float, terms.values())), rel=1e-5)


def test_the_teacher_is_not_taught() -> None:
    outputs = {name: value.float().requires_grad_() for name, value in golden_outputs().items()}
    total, _ = slowfast_losses(outputs, *LABELS, SlowFastWeights(SeqCTC=0, ConvCTC=0))
    total.backward()
    assert outputs["logits"].grad is None and outputs["conv"].grad is not None


def test_too_few_steps_for_the_labels_are_infinite_but_for_twostream() -> None:
    outputs = {name: draw("x")[:1, :2] for name in ("logits", "conv", "rgb", "keypoint", "fuse")}
    outputs["lengths"] = torch.tensor([2])
    labels, label_lengths = torch.tensor([1, 2, 3]), torch.tensor([3])
    assert math.isinf(vac_losses(outputs, labels, label_lengths, BranchWeights())[0])
    assert math.isfinite(twostream_losses(outputs, labels, label_lengths, TwoStreamWeights())[0])


def test_twostream_heads_that_agree_have_nothing_to_learn_from_each_other() -> None:
    outputs = {name: draw("same") for name in ("rgb", "keypoint", "fuse")}
    outputs["lengths"] = torch.tensor(GOLDEN["feat_len"])
    _, terms = twostream_losses(outputs, *LABELS, TwoStreamWeights())
    assert float(terms["Dist/rgb"]) == pytest.approx(0, abs=1e-5)
    assert float(terms["CTC/rgb"]) == pytest.approx(float(terms["CTC/fuse"]))


def test_pyramid_heads_are_weighed_by_stream() -> None:
    outputs = {name: draw("same") for name in ("rgb", "keypoint", "fuse", "rgb_remain0", "keypoint_remain0")}
    outputs["lengths"] = outputs["remain_lengths"] = torch.tensor(GOLDEN["feat_len"])
    total, terms = twostream_losses(outputs, *LABELS, TwoStreamWeights(distillation=0))
    assert float(total) == pytest.approx((3 + 0.2 + 0.5) * float(terms["CTC/rgb"]), rel=1e-5)


def slow_ctc(logits: Tensor, labels: List[int]) -> float:
    """[T, V] of one clip: minus the log of the summed probability of all its alignments, step by step."""
    shares = logits.double().softmax(1)
    states = [0] + [symbol for label in labels for symbol in (label, 0)]
    alive = [float(shares[0, states[0]]), float(shares[0, states[1]]), *[0.0] * (len(states) - 2)]
    for step in shares[1:]:
        come = []
        for index, state in enumerate(states):
            total = alive[index] + (alive[index - 1] if index else 0)
            if index > 1 and state and state != states[index - 2]:
                total += alive[index - 2]
            come.append(total * float(step[state]))
        alive = come
    return -math.log(alive[-1] + alive[-2])


def slow_distillation(student: Tensor, teacher: Tensor) -> float:
    """64 times the divergence at a temperature of 8, the blank left out: over classes added, over steps the mean."""
    total, count = 0.0, 0
    for ours, theirs in zip(student.double().flatten(0, 1), teacher.double().flatten(0, 1)):
        p, q = (theirs[1:] / 8).softmax(0), (ours[1:] / 8).softmax(0)
        total += sum(float(a) * math.log(float(a) / float(b)) for a, b in zip(p, q))
        count += 1
    return 64 * total / count


def branch_outputs() -> Dict[str, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return {"logits": 2 * torch.randn(2, 6, 5, generator=generator), "conv": torch.randn(2, 6, 5, generator=generator),
            "lengths": torch.tensor([6, 4]), "lift": torch.tensor([[3.0, 0.5], [7.0, 0.25]])}


@pytest.mark.parametrize("weights", [BranchWeights(), LiftWeights(), LiftWeights(Cu=0.001, Cp=0.001),
                                     LiftWeights(Cu=0.25, Cp=0.0)])
def test_the_familys_losses_are_the_formula(weights: BranchWeights) -> None:
    outputs, truth = branch_outputs(), ([1, 3, 3], [4])
    labels, label_lengths = torch.tensor(sum(truth, [])), torch.tensor([3, 1])
    wanted = 25 * slow_distillation(outputs["conv"], outputs["logits"])
    for reading in (outputs["logits"], outputs["conv"]):
        wanted += sum(slow_ctc(clip[:steps], glosses) for clip, steps, glosses in
                      zip(reading, outputs["lengths"].tolist(), truth)) / 2
    if isinstance(weights, LiftWeights):
        wanted += weights.Cu * (3 + 7) + weights.Cp * (0.5 + 0.25)
        total, terms = lifted_losses(outputs, labels, label_lengths, weights)
        assert set(terms) == {"SeqCTC/main", "ConvCTC/main", "Dist/main", "Cu", *(["Cp"] if weights.Cp else [])}
    else:
        total, _ = vac_losses(outputs, labels, label_lengths, weights)
    assert float(total) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("model, cost", [("corrnetplus", 0.0005), ("tlp", 0.001), ("sen", None)])
def test_recipes_weigh_their_terms_as_published(model: str, cost: Optional[float]) -> None:
    config, _ = load_config(CONFIGS / f"train_{model}.yaml", ())
    weights = {name: getattr(config.loss, name) for name in config.loss.__dataclass_fields__}
    lifts = {} if cost is None else {"Cu": cost, "Cp": cost}
    assert weights == {"SeqCTC": 1.0, "ConvCTC": 1.0, "Dist": 25.0, **lifts}
    assert (config.optimizer.name, config.optimizer.lr, config.optimizer.weight_decay) == ("adam", 1e-4, 1e-4)
    assert (tuple(config.schedule.milestones), config.schedule.gamma) == ((40, 60), 0.2)
    assert (config.trainer.epochs, config.data.batch_size, config.trainer.amp) == (80, 2, True)

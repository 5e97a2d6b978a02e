import json
import math
import zlib
from typing import Dict

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.golden import GOLDENS
from training.losses import (
    BranchWeights,
    SlowFastWeights,
    TwoStreamWeights,
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

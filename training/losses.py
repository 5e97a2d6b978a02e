"""The published training losses. Networks give their logits by name, [B, T, V]; terms not asked for cost nothing."""
from dataclasses import dataclass
from typing import Dict, Sequence, Tuple, Union

import torch
import torch.nn.functional as F
from torch import Tensor

from training.within import within

TEMPERATURE = 8.0           # of SlowFastSign's distillation

Terms = Dict[str, Tensor]


@dataclass(frozen=True)
class BranchWeights:
    """A term on the LSTM's logits, one on the convolution's, and one that teaches the second the first."""

    SeqCTC: float = within(1.0, 0, 1e6)
    ConvCTC: float = within(1.0, 0, 1e6)
    Dist: float = within(25.0, 0, 1e6)


@dataclass(frozen=True)
class LiftWeights(BranchWeights):
    """And two on the lift pools: how far the smooth part is from the odd steps, and how large the detail is."""

    Cu: float = within(0.0005, 0, 1e6)
    Cp: float = within(0.0005, 0, 1e6)


@dataclass(frozen=True)
class SlowFastWeights(BranchWeights):
    """The Slow and Fast branches' terms are weighed once more."""

    Slow: float = within(0.25, 0, 1e6)
    Fast: float = within(0.25, 0, 1e6)


def vac_losses(outputs: Dict[str, Tensor], labels: Tensor, label_lengths: Tensor,
               weights: BranchWeights) -> Tuple[Tensor, Terms]:
    """The weighted sum, and the unweighted terms by name (SeqCTC/main, ...)."""
    return _branches(outputs, labels, label_lengths, weights, (("main", "logits", "conv", 1.0),))


def lifted_losses(outputs: Dict[str, Tensor], labels: Tensor, label_lengths: Tensor,
                  weights: LiftWeights) -> Tuple[Tensor, Terms]:
    """outputs["lift"] [pools, 2]: each pool's two costs, which are added over the pools."""
    total, terms = vac_losses(outputs, labels, label_lengths, weights)
    for name, weight, cost in zip(("Cu", "Cp"), (weights.Cu, weights.Cp), outputs["lift"].sum(0)):
        if weight:
            terms[name] = cost
            total = total + weight * cost
    return total, terms


def slowfast_losses(outputs: Dict[str, Tensor], labels: Tensor, label_lengths: Tensor,
                    weights: SlowFastWeights) -> Tuple[Tensor, Terms]:
    return _branches(outputs, labels, label_lengths, weights, (
        ("main", "logits", "conv", 1.0), ("slow", "slow", "slow_conv", weights.Slow),
        ("fast", "fast", "fast_conv", weights.Fast)))


def _branches(outputs: Dict[str, Tensor], labels: Tensor, label_lengths: Tensor, weights: BranchWeights,
              branches: Sequence[Tuple[str, str, str, float]]) -> Tuple[Tensor, Terms]:
    """branches: (name, the LSTM's logits, the convolution's, what its terms are weighed with)."""
    terms: Terms = {}
    total = torch.zeros((), device=outputs["logits"].device)
    for branch, sequence, conv, share in branches:
        if not share:
            continue
        ctc_inputs = (labels, outputs["lengths"], label_lengths)
        kinds = (("SeqCTC", weights.SeqCTC, lambda s=sequence, c=ctc_inputs: ctc(outputs[s], *c).mean()),
                 ("ConvCTC", weights.ConvCTC, lambda s=conv, c=ctc_inputs: ctc(outputs[s], *c).mean()),
                 ("Dist", weights.Dist, lambda s=sequence, c=conv: distillation(outputs[c], outputs[s])))
        for name, weight, term in kinds:
            if weight:
                terms[f"{name}/{branch}"] = term()
                total = total + share * weight * terms[f"{name}/{branch}"]
    return total, terms


@dataclass(frozen=True)
class TwoStreamWeights:
    """CTC on every head (those of the pyramid weighed down by stream), and the ensemble teaching each last head."""

    ctc: float = within(1.0, 0, 1e6)
    pyramid_rgb: float = within(0.2, 0, 1e6)
    pyramid_keypoint: float = within(0.5, 0, 1e6)
    distillation: float = within(1.0, 0, 1e6)


def twostream_losses(outputs: Dict[str, Tensor], labels: Tensor, label_lengths: Tensor,
                     weights: TwoStreamWeights) -> Tuple[Tensor, Terms]:
    lower: Dict[str, float] = {}
    for stream, share in (("rgb", weights.pyramid_rgb), ("keypoint", weights.pyramid_keypoint)):
        lower.update({name: share for name in outputs if name.startswith(f"{stream}_remain") and share})
    return _of_heads(outputs, labels, label_lengths, ("rgb", "keypoint", "fuse"), lower, weights)


@dataclass(frozen=True)
class MSKAWeights:
    """CTC on every head, and the ensemble teaching each."""

    ctc: float = within(1.0, 0, 1e6)
    distillation: float = within(1.0, 0, 1e6)


def mska_losses(outputs: Dict[str, Tensor], labels: Tensor, label_lengths: Tensor,
                weights: MSKAWeights) -> Tuple[Tensor, Terms]:
    return _of_heads(outputs, labels, label_lengths, ("left", "right", "body", "fuse"), {}, weights)


def _of_heads(outputs: Dict[str, Tensor], labels: Tensor, label_lengths: Tensor, last: Sequence[str],
              lower: Dict[str, float], weights: Union[TwoStreamWeights, MSKAWeights]) -> Tuple[Tensor, Terms]:
    """last: the heads of the ensemble, which teaches them; lower: others, and what their terms are weighed with."""
    terms: Terms = {}
    total = torch.zeros((), device=outputs[last[0]].device)
    for name, share in {**dict.fromkeys(last, 1.0), **lower}.items():
        lengths = outputs["remain_lengths" if "_remain" in name else "lengths"]
        # Clips too short for their glosses count nothing here, as published.
        losses = ctc(outputs[name], labels, lengths, label_lengths, zero_infinity=True)
        terms[f"CTC/{name}"] = losses.sum() / len(lengths)
        total = total + weights.ctc * share * terms[f"CTC/{name}"]
    if weights.distillation:
        teacher = torch.stack([outputs[name].float().softmax(-1) for name in last]).mean(0).detach()
        for name in last:
            student = outputs[name].float().log_softmax(-1)
            terms[f"Dist/{name}"] = F.kl_div(student, teacher, reduction="batchmean")
            total = total + weights.distillation * terms[f"Dist/{name}"]
    return total, terms


@dataclass(frozen=True)
class MambaWeights:
    ctc: float = 1.0


def mamba_losses(outputs: Dict[str, Tensor], labels: Tensor, label_lengths: Tensor,
                 weights: MambaWeights) -> Tuple[Tensor, Terms]:
    """Each clip's loss a gloss; infinite where its frames can't hold its glosses."""
    losses = ctc(outputs["logits"], labels, outputs["lengths"], label_lengths)
    terms = {"CTC": (losses / label_lengths.to(losses.device).clamp(min=1)).mean()}
    return weights.ctc * terms["CTC"], terms


def ctc(logits: Tensor, labels: Tensor, lengths: Tensor, label_lengths: Tensor, zero_infinity: bool = False) -> Tensor:
    """[B, T, V] -> [B], in float32 whatever the network ran in. Infinite where the steps can't hold the labels."""
    log_probs = logits.float().log_softmax(-1).transpose(0, 1)
    # On the CPU, with int32 lengths and labels, as published: PyTorch chooses its kernel by that.
    return F.ctc_loss(log_probs, labels.cpu().int(), lengths.cpu().int(), label_lengths.cpu().int(), blank=0,
                      reduction="none", zero_infinity=zero_infinity)


def distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """KL divergence at a high temperature over all classes but the blank, mean over clips and steps."""
    student = student[..., 1:].float().flatten(0, -2) / TEMPERATURE
    teacher = teacher[..., 1:].float().flatten(0, -2).detach() / TEMPERATURE
    divergence = F.kl_div(student.log_softmax(-1), teacher.softmax(-1), reduction="batchmean")
    return divergence * TEMPERATURE ** 2



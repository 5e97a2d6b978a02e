"""What is explained of a picture that was embedded: its likeness to another, its length, or an identity."""
from dataclasses import dataclass
from functools import partial
from typing import Callable, List, Optional, Sequence

import torch
from torch import Tensor

from models.embedder import Embedder
from terminal.errors import UserError

ALIKE = 1e-3            # below this sqrt(1 - cos^2) a cosine has no slope left but rounding


@dataclass(frozen=True)
class Likeness:
    """A target of pictures: for embeddings [B, D] a number for each [B], and what it is in words for each.

    `void` says of which pictures nothing can be shown [B].
    """

    name: str
    values: Callable[[Tensor], Tensor]
    words: Callable[[Tensor], List[str]]
    void: Callable[[Tensor], Tensor] = lambda embeddings: torch.zeros(len(embeddings), dtype=torch.bool)


def likenesses(embedder: Embedder, names: Sequence[str], references: Optional[Tensor] = None) -> List[Likeness]:
    """Targets by name: cosine, dot, norm, pred, pred:HEAD, class:ID, class:HEAD:ID, or `all`.

    references: embeddings [B, D], or one [D] for all pictures, which cosine and dot compare with.
    """
    if "all" in names:
        compared = [name for name in embedder.targets if references is not None or name not in ("cosine", "dot")]
        names = [name for name in compared if name != "class:ID"]
        names += [f"pred:{head}" for head in list(embedder.heads)[1:]]
    return [_likeness(embedder, name, references) for name in dict.fromkeys(names)]


def _likeness(embedder: Embedder, name: str, references: Optional[Tensor]) -> Likeness:
    kind, *rest = name.split(":")
    known = [target.split(":")[0] for target in embedder.targets]
    if kind not in known or (rest and kind not in ("pred", "class")) or (kind == "class" and not rest):
        raise UserError(f"target {name!r}: {embedder.title} has {', '.join(embedder.targets)}")
    if kind == "norm":
        return Likeness(name, lambda e: e.norm(dim=-1), lambda e: ["norm: the length of the embedding"] * len(e))
    if kind in ("cosine", "dot"):
        if references is None:
            raise UserError(f"target {kind}: it compares two pictures; give another one to compare with")
        fixed = references.detach()
        return _cosine(fixed) if kind == "cosine" else _dot(fixed)
    return _identity(embedder, name, kind, rest)


def cosine(embeddings: Tensor, references: Tensor) -> Tensor:
    """[..., D], [..., D] -> [...]"""
    return (embeddings * references).sum(-1) / (embeddings.norm(dim=-1) * references.norm(dim=-1))


def _cosine(references: Tensor) -> Likeness:
    def near(embeddings: Tensor) -> Tensor:
        alike = cosine(embeddings.cpu().double(), _like(references, embeddings).cpu().double())
        return (1 - alike ** 2).clamp(min=0).sqrt() < ALIKE

    return Likeness("cosine", lambda e: cosine(e, _like(references, e)),
                    lambda e: ["cosine with the other: what would make the two more alike"] * len(e), near)


def _dot(references: Tensor) -> Likeness:
    def along(embeddings: Tensor) -> Tensor:
        other = _like(references, embeddings)
        return (embeddings * other).sum(-1) / other.norm(dim=-1)

    return Likeness("dot", along, lambda e: ["dot with the other: what the likeness is made of"] * len(e))


def _like(references: Tensor, embeddings: Tensor) -> Tensor:
    if references.shape[-1] != embeddings.shape[-1]:
        raise UserError(f"a reference of {references.shape[-1]} numbers, the embedding has {embeddings.shape[-1]}; "
                        "give one that the same network made")
    return references.to(embeddings)


def _identity(embedder: Embedder, name: str, kind: str, rest: List[str]) -> Likeness:
    head = rest[0] if rest and (kind == "pred" or len(rest) == 2) else next(iter(embedder.heads))
    if head not in embedder.heads:
        raise UserError(f"target {name!r}: {embedder.title}'s heads are {', '.join(embedder.heads)}")
    identify = embedder.heads[head]
    if kind == "pred":
        return Likeness(name, lambda e: identify(e).max(-1).values, partial(_predicted, embedder, head))
    classes = embedder.architecture["identities"]
    if not rest[-1].isdigit() or int(rest[-1]) >= classes:
        raise UserError(f"target {name!r}: {embedder.title} was trained on {classes} identities; "
                        f"give a number from 0 to {classes - 1}")
    number = int(rest[-1])
    return Likeness(name, lambda e: identify(e)[..., number],
                    lambda e: [f"{embedder.class_name(number)} of {head}"] * len(e))


def _predicted(embedder: Embedder, head: str, embeddings: Tensor) -> List[str]:
    with torch.no_grad():
        numbers = embedder.heads[head](embeddings).argmax(-1).tolist()
    return [f"{embedder.class_name(number)}, the largest of {head}" for number in numbers]

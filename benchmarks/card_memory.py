"""An estimate of the memory that networks take on a card, made without one: nothing here was measured on a card.

Everything runs on tensors that have a shape, a type and a storage of so many bytes, and no values: a forward and a
backward of 200 frames is over in seconds. Bytes are counted as storages come and go, each storage once. Half precision
casts as CUDA's autocast does: the CPU's own list differs, so what it lacks of CUDA's operations in float32 (layer
norms, softmax, exponentials and sums are those that matter here) is added to it.

Not counted: the CUDA context (0.3 to 0.5 GB), what cuDNN takes as scratch, and what the allocator rounds up and leaves
between blocks. On the CPU a dropout keeps its mask as numbers, on a card as bytes.
"""
import weakref
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Sequence, Tuple

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

from benchmarks.flops import count
from cams.one_window import Taken
from cams.picks import Picks
from cams.plan import plan
from cams.precision import FIRST_SCALE
from models import correlation
from models.contract import Inputs
from models.folding import fold_batch_norm
from models.plain_layout import guard
from models.recogniser import Recogniser
from models.registry import CONFIGS, create, published_architecture
from records.question import Question
from tests.golden import published
from training.config import load_config

GLOSSES = 10
ADAM = 2                # values it keeps for each weight
# CUDA's autocast takes these in float32, whatever type they come in; the CPU's leaves most of them as they come.
IN_FLOAT32 = ("layer_norm", "group_norm", "softmax.int", "log_softmax.int", "exp", "expm1", "log", "log1p",
              "pow.Tensor_Scalar", "rsqrt", "reciprocal", "softplus", "sum", "sum.dim_IntList", "cumsum", "cumprod",
              "linalg_vector_norm", "cosine_similarity")


class Live(TorchDispatchMode):
    """Bytes of all storages that operations have made and that are still there."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._there: Dict[int, Any] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for value in tree_flatten(made)[0]:
            if isinstance(value, Tensor):
                self._count(value)
        return made

    def _count(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self._there:
            return

        def gone(_: Any) -> None:
            del self._there[key]
            self.now -= size

        self._there[key] = weakref.ref(storage, gone)
        self.now += size
        self.peak = max(self.peak, self.now)


@contextmanager
def counted() -> Iterator[Live]:
    """Tensors without values, casts as on a card, and what is cut to a device's size cut as for a card."""
    library, before = torch.library.Library("aten", "IMPL"), correlation.AFFINITIES
    for name in IN_FLOAT32:
        packet, _, overload = name.partition(".")
        operation = getattr(getattr(torch.ops.aten, packet), overload or "default")
        library.impl(name, partial(_in_float32, operation), "AutocastCPU")
    correlation.AFFINITIES = correlation.AFFINITIES_ON_GPU
    try:
        with FakeTensorMode(), Live() as live:
            yield live
    finally:
        correlation.AFFINITIES = before
        library._destroy()


def _in_float32(operation: Any, *given: Any, **named: Any) -> Any:
    with torch.autocast("cpu", enabled=False):
        return operation(*map(_wide, given), **{name: _wide(value) for name, value in named.items()})


def _wide(value: Any) -> Any:
    half = isinstance(value, Tensor) and value.dtype in (torch.float16, torch.bfloat16)
    return value.float() if half else value


@dataclass(frozen=True)
class Taking:
    """Bytes."""

    weights: int
    inputs: int
    kept: int           # for the backward, beside both
    peak: int           # of all


def explaining(name: str, frames: int, layers: bool, glosses: int, half: bool = True) -> Taking:
    """layers: the network's five, else those at which it has glosses explained. glosses: so many one by one; 0: max."""
    clip = published.clip(name, frames)
    with counted() as live:
        recogniser = network(name)
        recogniser.eval().requires_grad_(False)
        fold_batch_norm(recogniser.network, recogniser.folds)
        weights = live.now
        chosen = recogniser.default_layers if layers else recogniser.gloss_layers
        asked = plan(recogniser, clip, Question(layers=tuple(chosen)), frames, None, lambda *_: None)
        if half:
            asked.precision.dtype, asked.precision.scale = torch.float16, FIRST_SCALE
        live.peak = live.now
        inputs = recogniser.prepare(clip)
        there = live.now
        kept = [0]

        def picked(logits: Tensor) -> List[Picks]:
            kept[0] = live.now - there
            return stretches(len(logits), max(glosses, 1))

        Taken([asked], asked.probes, [[]]).by_one(inputs, picked, 0)
        return Taking(weights, there - weights, kept[0], live.peak)


def explaining_operations(name: str, frames: int) -> float:
    """Multiplications and additions of five maps of `max`, forward and backward."""
    clip = published.clip(name, frames)
    with counted():
        recogniser = network(name)
        recogniser.eval().requires_grad_(False)
        asked = plan(recogniser, clip, Question(), frames, None, lambda *_: None)
        taken, inputs = Taken([asked], asked.probes, [[]]), recogniser.prepare(clip)
        return count(recogniser.network, lambda: taken.by_one(inputs, lambda logits: stretches(len(logits), 1), 0),
                     backward=True)


def stretches(steps: int, count: int) -> List[Picks]:
    """So many equal parts of the clip, a class each: networks without values read no sentence."""
    cuts = [steps * number // count for number in range(count + 1)]
    return [Picks("", tuple(range(*span)), (1,) * (span[1] - span[0])) for span in zip(cuts, cuts[1:])]


def training(name: str, frames: int) -> Tuple[int, Taking]:
    """(clips, what a step of the published recipe takes with them)."""
    recipe, _ = load_config(CONFIGS / f"train_{name}.yaml")
    clip = published.clip(name, frames)
    with counted() as live:
        recogniser = network(name)
        recogniser.train()
        guard(recogniser.network)
        weights = live.now
        copies = ADAM + bool(recipe.trainer.ema)
        inputs = Inputs.batch([recogniser.prepare(clip) for _ in range(recipe.data.batch_size)])
        live.peak = there = live.now
        with torch.autocast("cpu", torch.float16):
            outputs = recogniser.network(*inputs.tensors)
        total = sum(value.float().square().mean() for value in outputs.values() if value.is_floating_point())
        kept = live.now - there
        total.backward()        # type: ignore[union-attr]
        return recipe.data.batch_size, Taking((1 + copies) * weights, there - weights, kept,
                                              live.peak + copies * weights)


def network(name: str) -> Recogniser:
    made = create(published_architecture(name))
    shapes = {key: list(value.shape) for key, value in made.network.state_dict().items()}
    if any(shapes[key] != shape for key, (shape, _) in published.keys(name).items()):
        raise RuntimeError(f"{name}: its architecture is not that of the published weights")
    return made


HEAD = (f"{'':12}{'':>8}{'':>8}{'five layers':>16}{'each':>16}{'each, five layers':>18}{'a step of training':>26}",
        f"{'network':12}{'weights':>8}{'input':>8}" + f"{'kept':>8}{'peak':>8}" * 2 + f"{'kept':>10}{'peak':>8}"
        + f"{'clips':>8}{'kept':>9}{'peak':>9}")


def rows(names: Sequence[str], frames: int, tell: Callable[[str], None]) -> Dict[str, List[Taking]]:
    """GB of each network; tell hears each row as it is there. Gives the explanations."""
    takings: Dict[str, List[Taking]] = {}
    for name in names:
        asked = takings[name] = [explaining(name, frames, layers, glosses)
                                 for layers, glosses in ((True, 0), (False, GLOSSES), (True, GLOSSES))]
        clips, step = training(name, frames)
        cells = [f"{name:12}{gigabytes(asked[0].weights):>8}{gigabytes(asked[0].inputs):>8}"]
        cells += [f"{gigabytes(one.kept):>{width}}{gigabytes(one.peak):>8}" for one, width in zip(asked, (8, 8, 10))]
        tell("".join([*cells, f"{clips:>8}{gigabytes(step.kept):>9}{gigabytes(step.peak):>9}"]))
    return takings


def gigabytes(count: int) -> str:
    return f"{count / 1e9:.2f}"


def together(takings: Dict[str, List[Taking]]) -> int:
    """Bytes of a run with all of these networks loaded, explaining by one after the other."""
    weights = sum(asked[0].weights for asked in takings.values())
    return max(weights - one.weights + one.peak for asked in takings.values() for one in asked)

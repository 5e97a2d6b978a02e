"""What is asked of one network and one clip."""
from dataclasses import dataclass, replace
from typing import Any, Callable, Optional, Sequence, Tuple, Union

from records.hiding import GONE, POINTS, STILL, WAYS, Hiding
from records.library import cannot_be_fed
from records.methods import CLIP, HIDING, INPUT, PASSES, POOLING, method_named, names_in_words
from records.parts import PARTS
from terminal.errors import UserError

TARGETS = ("max", "pred", "each", "rivals", "errors", "from-gt")
ONE_BY_ONE = ("each", "rivals", "errors")             # targets that explain glosses on their own
CHOICES = {"pool": ("clip", "frame"), "normalise": ("clip", "frame"),
           "precision": ("amp", "fp32", "fp16", "bf16"), "hide": WAYS, "hidden_keypoints": POINTS}
SUMMED = ("max", "pred")                              # targets that add glosses up
Score = Callable[[Any], Any]                # logits [T', V] -> a number, as a tensor


@dataclass(frozen=True)
class Question:
    """None stands for the network's own default; what was used is recorded with the maps."""

    target: Union[str, Score] = "max"       # one of TARGETS, a gloss, or a score of your own
    method: Optional[str] = None
    layers: Optional[Tuple[str, ...]] = None
    pool: Optional[str] = None              # a channel's weight is shared by the clip, or by each frame
    normalise: str = "clip"                 # the smallest and largest value are of the clip, or of each frame
    precision: Optional[str] = None         # amp is the default on CUDA, fp32 elsewhere and for what hides the clip
    budget: Optional[int] = None            # passes of a method that takes many
    hide: Optional[str] = None              # what stands in for what is hidden: one of WAYS; None: the method's own
    hidden_keypoints: Optional[str] = None  # of keypoints there: one of POINTS; None: gone, of parts the network's own
    parts: Optional[int] = None             # how many parts each gloss is shared out over, 6 or 4; None: not at all

    @property
    def usual_method(self) -> str:
        """What makes the maps where neither the user nor the network names a method. Of glosses LayerCAM: at most
        layers it follows better what hiding parts shows. The truth's gloss is explained as all logits are, by Grad-CAM.
        """
        return "layercam" if isinstance(self.target, str) and self.target not in ("max", "from-gt") else "gradcam"

    def check(self) -> None:
        """UserError for what cannot be, whatever the network and the clip."""
        for name, known in CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in known:
                raise UserError(f"{name.replace('_', '-')} {value!r}: expected {', '.join(known)}")
        self._check_hiding()
        self._check_parts()
        if self.method is None:
            if self.budget is not None:
                raise UserError(f"budget {self.budget}: name the method too; a budget is for {', '.join(PASSES)}")
            if self.pool is not None and self.usual_method not in POOLING:
                raise UserError(f"pool {self.pool}: {self.usual_method}, the default of target {self.target}, averages "
                                f"no channel's gradients; name the method too, of {', '.join(POOLING)}")
            return
        method = method_named(self.method)
        if method is None:
            raise UserError(f"method {self.method!r}: expected {names_in_words()}")
        why_not = cannot_be_fed(self.method)
        if why_not:
            raise UserError(f"method {self.method}: {why_not}; choose from {names_in_words()}")
        if self.target in ONE_BY_ONE and not method.aimed:
            raise UserError(f"target {self.target}: {self.method} shows the same map whatever the gloss; "
                            "choose another method")
        if self.pool is not None and not method.pools:
            raise UserError(f"pool {self.pool}: {self.method} averages no channel's gradients; it is for "
                            f"{', '.join(POOLING)}")
        if self.budget is not None and self.method not in PASSES:
            raise UserError(f"budget {self.budget}: {self.method} takes one pass; a budget is for {', '.join(PASSES)}")
        if self.budget is not None and self.budget < 1:
            raise UserError(f"budget {self.budget}: expected a whole number, 1 or more")
        if method.explains == CLIP and self.layers is not None and self.layers != (INPUT,):
            named = ", ".join(self.layers) or "(none)"
            raise UserError(f"layers {named}: {self.method} hides parts of the clip itself, so its only layer is "
                            f"{INPUT}")

    def _check_parts(self) -> None:
        if self.parts is None:
            return
        if self.parts not in PARTS:
            raise UserError(f"parts {self.parts}: expected {' or '.join(map(str, PARTS))}")
        if self.target in SUMMED or not isinstance(self.target, str):
            target = self.target if isinstance(self.target, str) else "a score of your own"
            raise UserError(f"target {target}: parts are of single glosses; ask for each, errors, from-gt or a gloss")

    def _check_hiding(self) -> None:
        for name, value in (("hide", self.hide), ("hidden-keypoints", self.hidden_keypoints)):
            if value is not None and self.method not in HIDING and self.parts is None:
                what = f"{self.method} hides nothing" if self.method else "name the method too"
                raise UserError(f"{name} {value}: {what}; it is for {', '.join(HIDING)} and parts")

    def parts_hiding(self, points: str) -> Hiding:
        """points: what becomes of hidden keypoints where nothing else is asked."""
        return Hiding(self.hide or STILL, self.hidden_keypoints or points)

    def hiding(self, method: str) -> Optional[Hiding]:
        """How that method hides; None where it hides nothing."""
        known = method_named(method)
        if known is None or not known.hides:
            return None
        return Hiding(self.hide or known.hides, self.hidden_keypoints or GONE)


def by_methods(question: Question, methods: Sequence[str]) -> Tuple[Question, ...]:
    """The same question of several methods. What only some of them take goes to these: a budget, a way of pooling or of
    hiding, and layers, which methods that hide parts of the clip itself have none of."""
    if len(methods) < 2:
        return (replace(question, method=methods[0]),) if methods else (question,)
    asked = []
    for name in dict.fromkeys(methods):
        known = method_named(name)
        own = replace(question, method=name)
        if name not in PASSES and not set(methods).isdisjoint(PASSES):
            own = replace(own, budget=None)
        if known is not None and not known.pools and any(map(_pools, methods)):
            own = replace(own, pool=None)
        if name not in HIDING and own.parts is None and not set(methods).isdisjoint(HIDING):
            own = replace(own, hide=None, hidden_keypoints=None)
        if known is not None and known.explains == CLIP and not _all_hide(methods):
            own = replace(own, layers=None)
        asked.append(own)
    return tuple(asked)


def _pools(name: str) -> bool:
    known = method_named(name)
    return known is not None and known.pools


def _all_hide(methods: Sequence[str]) -> bool:
    known = [method_named(name) for name in methods]
    return all(method is not None and method.explains == CLIP for method in known)

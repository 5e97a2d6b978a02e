"""What a question means for one network and one clip: layers, method, passes and target settled, and checked."""
from dataclasses import dataclass, field
from functools import cached_property
from typing import Dict, List, Optional, Sequence, Tuple

from cams.catalogue import AT_INPUT, AnyMethod, attends, layer_names, method_of, on_clip
from cams.joint import joint_layers
from cams.multi_pass import ManyPasses, clip_probe, inputs_of
from cams.precision import Precision
from cams.rereading import Tell
from cams.targets import Target, target_of
from datasets.clip import Clip
from datasets.hiding import moves, stand_in
from models.contract import Probe
from models.input_tap import INPUT
from models.recogniser import Recogniser
from records.hiding import STILL, Hiding
from records.methods import POOLING
from records.question import ONE_BY_ONE, SUMMED, Question
from terminal.errors import UserError

UNMOVED = "nothing moves in this clip: the still clip has the same pictures; hide by mean or blur instead"
OWN = {"attention": "attention", "graph": "a graph"}       # of a layer, by the method that shows it


@dataclass
class Plan:
    """The same for every window of a clip, with what has been found out on the way."""

    recogniser: Recogniser
    clip: Clip
    question: Question
    name: str                       # of the method
    method: AnyMethod
    pool: str
    layers: Tuple[str, ...]         # asked for, in order; those of joint maps are not among the probes
    joint: Dict[str, Tuple[str, ...]]       # of those, by name: the layers whose maps are multiplied
    probes: Dict[str, Probe]
    target: Target
    precision: Precision
    passes: int                     # of a method that takes many
    tell: Tell
    notes: List[str] = field(default_factory=list)

    @property
    def per_window(self) -> bool:
        """Whether each window picks its own logits: the largest ones, or what a score of the user's own takes."""
        return self.question.target == "max" or not isinstance(self.question.target, str)

    @property
    def per_frame(self) -> bool:
        return self.pool == "frame"

    @property
    def hiding(self) -> Optional[Hiding]:
        return self.question.hiding(self.name)

    @cached_property
    def instead(self) -> Clip:
        """What stands in for what is hidden; the clip itself where nothing is."""
        if self.hiding is None:
            return self.clip
        made = stand_in(self.clip, self.hiding)
        if self.hiding.way == STILL and not moves(self.clip, made):
            self.notes.append(UNMOVED)
        return made


def plan(recogniser: Recogniser, clip: Clip, question: Question, window: int, true_gloss: Optional[int],
         tell: Tell) -> Plan:
    """window: frames that are read at once. true_gloss: which one from-gt takes, from 1."""
    name = recogniser.method_for(question)
    method = method_of(name)
    passes = question.budget or (method.budget if isinstance(method, ManyPasses) else 1)
    pool, notes = pooling(question, name)
    precision = question.precision
    if precision is None and on_clip(method):
        precision = "fp32"          # small differences of scores drown in the rounding of half precision
    layers = question.layers
    if layers is None and (name in AT_INPUT or question.target in ONE_BY_ONE):
        layers = tuple(input_layers(recogniser, name)) if name in AT_INPUT else recogniser.gloss_layers
    layers, joint, own = split_joint(recogniser, layers, method)
    probes = probes_of(recogniser, own, method, min(len(clip), window), passes)
    return Plan(recogniser, clip, question, name, method, pool, layers or tuple(probes), joint, probes,
                target_of(question.target, recogniser, clip, true_gloss), Precision(precision, recogniser.device),
                passes, tell, [*recogniser.clip_notes(clip), *notes])


def pooling(question: Question, method: str) -> Tuple[str, List[str]]:
    """What shares a channel's weight, and what should be said of it.

    Pooled over the clip a gloss's map shows where its channels are active at any time, no better in time than chance.
    """
    if question.pool is not None and question.method is None and method not in POOLING:     # a network's own
        return question.pool, [f"pool {question.pool} changes nothing here: {method} averages no channel's gradients"]
    of_the_clip = "pooled over the clip, a gloss's map shows where its channels are active at any time"
    target, asked = question.target, question.pool
    if target in SUMMED or callable(target):
        return asked or "clip", []
    if target == "from-gt":
        return asked or "clip", [] if asked == "frame" else [f"{of_the_clip}; pool each frame to see when it is signed"]
    return asked or "frame", [f"{of_the_clip}, not when it is signed"] if asked == "clip" else []


def input_layers(recogniser: Recogniser, method: str) -> List[str]:
    """The input of each stream, or the clip itself: where a method explains that explains the input."""
    return [INPUT] if on_clip(method_of(method)) else list(inputs_of(recogniser))


def split_joint(recogniser: Recogniser, layers: Optional[Sequence[str]], method: AnyMethod
                ) -> Tuple[Tuple[str, ...], Dict[str, Tuple[str, ...]], Optional[Tuple[str, ...]]]:
    """What was asked for without repetitions, the joint maps among it, and the layers that all of it takes."""
    if layers is None:
        return (), {}, None
    known = {} if on_clip(method) or attends(method) else joint_layers(recogniser)
    asked = tuple(dict.fromkeys(layers))
    joint = {name: known[name] for name in asked if name in known}
    taken = [layer for name in asked for layer in joint.get(name, (name,))]
    return asked, joint, tuple(dict.fromkeys(taken))


def probes_of(model: Recogniser, layers: Optional[Sequence[str]], method: AnyMethod, frames: int,
              budget: int) -> Dict[str, Probe]:
    """The layers by name; where none are named the model's own, or for the attention all that attend."""
    if isinstance(method, ManyPasses) and method.on_clip:
        return {INPUT: clip_probe(model, method.grid(model, frames, budget))}
    kind = attends(method)
    attending = [name for name, probe in model.layers.items() if probe.attention is not None and probe.asked_as == kind]
    if kind and not attending:
        raise UserError(f"method {kind}: no layer of {model.name} has {OWN[kind]}; choose another method")
    own = [name for name in model.default_layers if name in attending or not kind]
    names = (own or attending) if layers is None else layers
    unknown = [name for name in names if name not in model.layers]
    if unknown or not names:
        raise UserError(f"{model.name} has no layer {', '.join(unknown) or '(none asked)'}; "
                        f"it has {', '.join(layer_names(model, method))}")
    without = [name for name in names if name not in attending]
    if kind and without:
        raise UserError(f"method {kind}: {', '.join(without)} of {model.name} has no {OWN[kind].split()[-1]}; "
                        f"choose from {', '.join(attending)}")
    return {name: model.layers[name] for name in names}

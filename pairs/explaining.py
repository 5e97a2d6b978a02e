"""Explains embedders on pictures: maps of several layers for several targets by several methods, from one forward."""
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Dict, List, Optional, Sequence, Set, Tuple

import numpy as np
import torch
from torch import Tensor

from cams.blank import is_even
from cams.frames import VOID, laid
from cams.methods import NAMED, Method, signed_map, unsteady
from cams.one_pass import Ask, run_pass
from datasets.clip import Clip
from geometry.laid import LaidMap
from models.contract import Inputs, Probe
from models.embedder import Embedder
from pairs.targets import Likeness, likenesses
from terminal.errors import UserError

NO_TARGET = "none"              # of maps that look at the activation or the attention alone
IDENTICAL, NEGATIVE, UNSTEADY = "nearly-identical", "all-negative", "unsteady"

Key = Tuple[str, str, str]      # target, method, layer


@dataclass(frozen=True)
class PictureMap:
    target: str                 # in words
    raw: np.ndarray             # float32 [H', W'], after ReLU
    map: np.ndarray             # float16 [H, W] on the picture, in 0..1; zero where a flag says that it is void
    low: float                  # before ReLU
    high: float
    flags: Tuple[str, ...] = ()  # all-zero, all-negative, constant, non-finite, nearly-identical (void); the rest warn


@dataclass(frozen=True)
class PictureExplanation:
    model: str
    name: str                   # the picture's
    embedding: np.ndarray       # [D], not normalised
    scores: Dict[str, float]    # by target
    maps: Dict[Key, PictureMap]
    notes: Tuple[str, ...]


@dataclass
class Found:
    signed: Dict[Key, Tensor] = field(default_factory=dict)         # [B, H', W'], before ReLU
    unreached: Set[Tuple[str, str]] = field(default_factory=set)    # target, layer: no gradient at any place
    unsteady: Dict[Key, List[bool]] = field(default_factory=dict)   # for each picture


def explain_pictures(embedder: Embedder, pictures: Sequence[Clip], layers: Optional[Sequence[str]] = None,
                     targets: Optional[Sequence[str]] = None, methods: Sequence[str] = ("gradcam",),
                     references: Optional[Tensor] = None) -> List[PictureExplanation]:
    """Maps of each picture, all from one forward; a picture's maps don't depend on which others are in the batch.

    layers: names or paths in the network, ("all",), or the network's own if None; targets: as in cams.similarity, or
    what suits one picture or a pair if None; methods: names in NAMED, or ("all",). references: embeddings [B, D] or
    [D], held fixed, that cosine and dot compare with.
    """
    chosen = _methods(methods)
    probes = _probes(embedder, layers, chosen)
    aims = likenesses(embedder, targets or [embedder.single if references is None else "cosine"], references)
    with torch.no_grad():
        inputs = Inputs.batch([embedder.prepare(picture) for picture in pictures])
    embeddings, taken = _pass(embedder, inputs, probes, aims, chosen)
    notes = _without_unreached(embedder, inputs, probes, aims, taken, strict=layers is not None and "all" not in layers)
    return [_explanation(embedder, picture, number, inputs, embeddings, probes, aims, taken, notes)
            for number, picture in enumerate(pictures)]


def _methods(names: Sequence[str]) -> Dict[str, Method]:
    unknown = [name for name in names if name not in (*NAMED, "all")]
    if unknown or not names:
        raise UserError(f"method {', '.join(unknown) or '(none asked)'}: there are {', '.join(NAMED)}, all")
    return {name: method for name, method in NAMED.items() if name in names or "all" in names}


def _probes(embedder: Embedder, names: Optional[Sequence[str]], methods: Dict[str, Method]) -> Dict[str, Probe]:
    attending = [name for name, probe in embedder.layers.items() if probe.attention is not None]
    attention_alone = all(method.attends for method in methods.values())
    if attention_alone and not attending:
        raise UserError(f"method attention: no layer of {embedder.title} attends; ask for another method")
    if names is None:
        names = attending if attention_alone else embedder.default_layers
    if "all" in names:
        names = attending if attention_alone else list(embedder.layers)
    chosen: Dict[str, Probe] = {}
    for asked in names:
        name = embedder.layer(asked)
        if not name:
            why = ("is one vector, with no place in the picture" if asked in embedder.vectors
                   else f"is not a layer of {embedder.title}")
            raise UserError(f"layer {asked} {why}; there are {', '.join(embedder.layers)}")
        if attention_alone and name not in attending:
            raise UserError(f"method attention: {asked} does not attend; there are {', '.join(attending)}")
        chosen[name] = embedder.layers[name]
    return chosen


def _pass(embedder: Embedder, inputs: Inputs, probes: Dict[str, Probe], aims: Sequence[Likeness],
          methods: Dict[str, Method]) -> Tuple[Tensor, Found]:
    taken = Found()

    def attend(name: str, attention: Tensor) -> None:
        if probes[name].attends_only or any(method.attends for method in methods.values()):
            taken.signed[NO_TARGET, "attention", name] = attention[:, 0]

    asks = [Ask(partial(_total, aim), partial(_take, taken, probes, methods, aim.name)) for aim in aims]
    return run_pass(embedder, inputs, probes, asks, attend=attend), taken


def _total(aim: Likeness, embeddings: Tensor) -> Tensor:
    """One sum for all pictures: in evaluation none has a part in another's embedding."""
    return aim.values(embeddings).sum()


def _take(taken: Found, probes: Dict[str, Probe], methods: Dict[str, Method], target: str, name: str,
          activation: Tensor, gradient: Optional[Tensor]) -> None:
    assert gradient is not None
    if probes[name].attends_only:
        return
    values, slopes = probes[name].arrange(activation), probes[name].arrange(gradient)     # [B, C, 1, H', W']
    if not slopes.any():
        taken.unreached.add((target, name))
    for method_name, method in methods.items():
        key = target if method.gradients else NO_TARGET, method_name, name
        if method.attends or key in taken.signed:
            continue
        taken.signed[key] = torch.stack([signed_map(method, value, slope, False)[0]
                                         for value, slope in zip(values, slopes)])
        if method_name == "gradcam++":
            taken.unsteady[key] = list(map(unsteady, values, slopes))


def _without_unreached(embedder: Embedder, inputs: Inputs, probes: Dict[str, Probe], aims: Sequence[Likeness],
                       taken: Found, strict: bool) -> Tuple[str, ...]:
    """Maps that are zero by construction are no maps: an error where the layer was asked for by name."""
    left: Dict[str, List[str]] = {}
    for target, layer in sorted(taken.unreached):
        if strict:
            aim = next(aim for aim in aims if aim.name == target)
            raise UserError(f"layer {layer}: target {target} does not reach it, its map would be zero everywhere; "
                            f"it reaches {', '.join(_reached(embedder, inputs, aim))}")
        left.setdefault(target, []).append(layer)
        for key in [key for key in taken.signed if key[0] == target and key[2] == layer]:
            del taken.signed[key]
            taken.unsteady.pop(key, None)
    if not taken.signed:
        names = ", ".join(aim.name for aim in aims)
        raise UserError(f"{embedder.title}: no layer that was asked for is reached by {names}")
    return tuple(f"target {target} does not reach {', '.join(layers)}: left out" for target, layers in left.items())


def _reached(embedder: Embedder, inputs: Inputs, aim: Likeness) -> List[str]:
    probes = {name: probe for name, probe in embedder.layers.items() if not probe.attends_only}
    _, taken = _pass(embedder, inputs, probes, [aim], {})
    always = [name for name, probe in embedder.layers.items() if probe.attends_only]
    return always + [name for name in probes if (aim.name, name) not in taken.unreached]


def _explanation(embedder: Embedder, picture: Clip, number: int, inputs: Inputs, embeddings: Tensor,
                 probes: Dict[str, Probe], aims: Sequence[Likeness], taken: Found,
                 notes: Tuple[str, ...]) -> PictureExplanation:
    words = {aim.name: aim.words(embeddings)[number] for aim in aims}
    words[NO_TARGET] = "none: the layer alone, whatever is asked"
    void = {aim.name: bool(aim.void(embeddings)[number]) for aim in aims}
    blank = is_even(inputs.tensors[0][number:number + 1].unsqueeze(2))
    maps = {}
    for key, signed in taken.signed.items():
        target, _, layer = key
        one, frame = signed[number], (picture.frames.shape[1], picture.frames.shape[2])
        lies, flags = laid(one[None].relu().float(), probes[layer], 0, (1, *frame), embedder.viewport, blank=blank)
        drawn = _at_layer(lies).at(0)
        flags += (UNSTEADY,) if key in taken.unsteady and taken.unsteady[key][number] else ()
        if "all-zero" in flags and bool(one.any()):
            flags = (NEGATIVE,)
        if void.get(target):
            drawn, flags = np.zeros_like(drawn), (IDENTICAL,)
        maps[key] = PictureMap(words[target], one.relu().float().cpu().numpy(), drawn, float(one.min()),
                               float(one.max()), flags)
    if any(void.values()):
        notes += ("the two are nearly identical: the cosine has no slope left, its map is void; ask for dot",)
    if any(UNSTEADY in picture_map.flags for picture_map in maps.values()):
        notes += ("unsteady: gradcam++ divides by nearly zero in this layer, another rounding gives another map",)
    scores = {aim.name: float(aim.values(embeddings)[number]) for aim in aims}
    return PictureExplanation(embedder.name, picture.seq_id, embeddings[number].cpu().numpy(), scores, maps, notes)


def _at_layer(lies: LaidMap) -> LaidMap:
    """Its lowest and highest are those of the layer's own cells, as the pictures' authors draw them: a peak that lies
    between two pixels is drawn below 1."""
    low, high = lies.raw.min(), lies.raw.max()
    return replace(lies, lows=np.array([low], np.float32), highs=np.array([high], np.float32))


def is_void(flags: Sequence[str]) -> bool:
    return not (VOID | {IDENTICAL, NEGATIVE}).isdisjoint(flags)

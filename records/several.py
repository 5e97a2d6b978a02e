"""Explanations by several methods as one: each layer's name has its method before it, as in occlusion/input."""
from dataclasses import replace
from typing import Dict, List, Sequence

from records.explanation import Explanation, GlossMaps, LayerMap
from records.methods import method_named

JOINT = "joint"         # the last part of a joint map's name


def key_of(method: str, layer: str) -> str:
    return f"{method}/{layer}"


def layer_of(key: str, method: str) -> str:
    """The layer's own name. method: the one before it; empty where one method alone was asked for."""
    return key[len(method) + 1:] if method else key


def together(made: Sequence[Explanation], keypoints: bool) -> Explanation:
    """Of one clip and one question, by a method each; one alone stays as it is. keypoints: whether the clip has any."""
    if len(made) == 1:
        return made[0]
    first = next((one for one in made if _aimed(one)), made[0])
    methods = list(dict.fromkeys(one.method for one in made))
    hiding = {one.hiding for one in made if one.hiding is not None}
    layers: Dict[str, LayerMap] = {}
    for one in made:
        layers.update(_named(one, one.layers, keypoints))
    glosses: List[GlossMaps] = []
    for alone in zip(*(one.glosses for one in made)):
        own: Dict[str, LayerMap] = {}
        for one, gloss in zip(made, alone):
            own.update(_named(one, gloss.layers, keypoints))
        about = next(gloss.about for one, gloss in zip(made, alone) if one is first)
        glosses.append(GlossMaps(replace(about, words=_plain(first, about.words, keypoints),
                                         layers={name: layer.flags for name, layer in own.items()},
                                         checks={name: layer.check for name, layer in own.items() if layer.check}),
                                 own))
    return replace(first, target=_plain(first, first.target, keypoints), method=", ".join(methods),
                   precision=", ".join(dict.fromkeys(one.precision for one in made)), layers=layers,
                   glosses=tuple(glosses),
                   notes=tuple(dict.fromkeys(note for one in made for note in one.notes)),
                   hiding=hiding.pop() if len(hiding) == 1 else None,
                   parts=next((one.parts for one in made if one.parts is not None), None))


def _aimed(one: Explanation) -> bool:
    known = method_named(one.method)
    return known is None or known.aimed


def _named(one: Explanation, layers: Dict[str, LayerMap], keypoints: bool) -> Dict[str, LayerMap]:
    """What is true of this method alone is said of each of its maps."""
    own = one.hiding.words(keypoints) if one.hiding else "" if _aimed(one) else f"explains {one.target}"
    return {key_of(one.method, name): replace(layer, method=one.method,
                                              made="; ".join(words for words in (layer.made, own) if words))
            for name, layer in layers.items()}


def _plain(one: Explanation, words: str, keypoints: bool) -> str:
    """What is explained, without how it was hidden."""
    said = f"; {one.hiding.words(keypoints)}" if one.hiding else ""
    return words[:len(words) - len(said)] if said and words.endswith(said) else words

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
    first = next((told for told in made if _aimed(told)), made[0])
    methods = list(dict.fromkeys(told.method for told in made))
    hiding = {told.hiding for told in made if told.hiding is not None}
    layers: Dict[str, LayerMap] = {}
    for told in made:
        layers.update(_named(told, told.layers, keypoints))
    glosses: List[GlossMaps] = []
    for alone in zip(*(told.glosses for told in made)):
        its: Dict[str, LayerMap] = {}
        for told, gloss in zip(made, alone):
            its.update(_named(told, gloss.layers, keypoints))
        about = next(gloss.about for told, gloss in zip(made, alone) if told is first)
        glosses.append(GlossMaps(replace(about, words=_plain(first, about.words, keypoints),
                                         layers={name: layer.flags for name, layer in its.items()}), its))
    return replace(first, target=_plain(first, first.target, keypoints), method=", ".join(methods),
                   precision=", ".join(dict.fromkeys(told.precision for told in made)), layers=layers,
                   glosses=tuple(glosses),
                   notes=tuple(dict.fromkeys(note for told in made for note in told.notes)),
                   hiding=hiding.pop() if len(hiding) == 1 else None)


def _aimed(told: Explanation) -> bool:
    known = method_named(told.method)
    return known is None or known.aimed


def _named(told: Explanation, layers: Dict[str, LayerMap], keypoints: bool) -> Dict[str, LayerMap]:
    """What is true of this method alone is said of each of its maps."""
    own = told.hiding.words(keypoints) if told.hiding else "" if _aimed(told) else f"explains {told.target}"
    return {key_of(told.method, name): replace(layer, method=told.method,
                                               made="; ".join(words for words in (layer.made, own) if words))
            for name, layer in layers.items()}


def _plain(told: Explanation, words: str, keypoints: bool) -> str:
    """What is explained, without how it was hidden."""
    said = f"; {told.hiding.words(keypoints)}" if told.hiding else ""
    return words[:len(words) - len(said)] if said and words.endswith(said) else words

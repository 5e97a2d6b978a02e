"""Where maps of a comparison fall, on drawn people, of whom every pixel is known: who they are and what differs."""
from dataclasses import dataclass, field, replace
from typing import Dict, Iterable, Iterator, List, Sequence, Tuple

import numpy as np

from datasets.clip import Clip
from evidence.tally import Tally
from models.embedder import Embedder, embed
from pairs.explaining import PictureExplanation, explain_pictures
from signer.look import Look, shade
from signer.people import Portrait, differing, person, portrait

TARGETS = ("dot", "cosine")
METHODS = ("gradcam", "hirescam", "layercam")
Asked = Tuple[str, str, str]            # target, method, layer


@dataclass
class Known:
    """Over the people studied; each tally is of one target, method and layer."""

    person: Dict[Asked, Tally] = field(default_factory=dict)    # mass on the person, of two pictures of them
    other: Dict[Asked, Tally] = field(default_factory=dict)     # mass on what differs, compared with the changed look
    itself: Dict[Asked, Tally] = field(default_factory=dict)    # mass on the same pixels, compared with the same look
    falls: Dict[Asked, List[float]] = field(default_factory=dict)   # other less itself, share of mass by pair
    similar: Dict[str, List[float]] = field(default_factory=dict)   # cosine of the two, by what was changed


def changes(look: Look) -> Iterator[Tuple[str, Look]]:
    """The same person, one thing changed."""
    light = sum(look.clothes) > 330
    yield "clothes", replace(look, clothes=(40.0, 52.0, 96.0) if light else (196.0, 168.0, 96.0))
    dark = sum(look.hair) < 330
    yield "hair", replace(look, hair=(206.0, 172.0, 104.0) if dark else (40.0, 30.0, 28.0))
    yield "sleeves", replace(look, sleeves=.9 if look.sleeves < .5 else -.6)
    yield "skin", replace(look, skin=shade(look.skin, .62) if sum(look.skin) > 420 else (236.0, 188.0, 156.0))


def study(embedder: Embedder, people: Iterable[int], seed: int, layers: Sequence[str]) -> Known:
    known = Known()
    for number in people:
        look = person(seed, number)
        _person(known, embedder, look, seed, number, layers)
        for changed, other in changes(look):
            _differs(known, embedder, (look, other), changed, seed, number, layers)
    return known


def _clip(shown: Portrait) -> Clip:
    return Clip("drawn", "", shown.picture[None])


def _person(known: Known, embedder: Embedder, look: Look, seed: int, number: int, layers: Sequence[str]) -> None:
    """Two pictures of one person: pose, place, light and background differ."""
    shown = [portrait(look, seed, 7000 + 2 * number + which) for which in (0, 1)]
    clips = [_clip(picture) for picture in shown]
    explained = explain_pictures(embedder, clips, layers, TARGETS, METHODS, embed(embedder, clips).flip(0))
    for explanation, drawn in zip(explained, shown):
        _add(known.person, explanation, drawn.person)


def _differs(known: Known, embedder: Embedder, looks: Tuple[Look, Look], changed: str, seed: int, number: int,
             layers: Sequence[str]) -> None:
    """Two people in one pose and light who differ in one thing alone."""
    one, two = (portrait(look, seed, 9000 + number) for look in looks)
    region = differing(one, two)
    if region.sum() < 40:
        return                  # hidden in this pose
    clips = [_clip(one), _clip(two)]
    own, other = embed(embedder, clips)
    known.similar.setdefault(changed, []).append(float(own @ other / (own.norm() * other.norm())))
    against, itself = (explain_pictures(embedder, clips[:1], layers, TARGETS, METHODS, reference)[0]
                       for reference in (other, own))
    _add(known.other, against, region)
    _add(known.itself, itself, region)
    for key, picture_map in against.maps.items():
        if key in itself.maps and picture_map.map.any() and itself.maps[key].map.any():
            shares = [float(made.map[region].sum(dtype=np.float64) / made.map.sum(dtype=np.float64))
                      for made in (picture_map, itself.maps[key])]
            known.falls.setdefault(key, []).append((shares[0] - shares[1]) / max(shares[1], 1e-9))


def _add(tallies: Dict[Asked, Tally], explained: PictureExplanation, mask: np.ndarray) -> None:
    """Void maps have no mass, and count for nothing."""
    height, width = mask.shape
    for key, picture_map in explained.maps.items():
        if picture_map.map.any():
            tallies.setdefault(key, Tally()).add(picture_map.map[None], mask[None], (0, height, 0, width))


def lines(known: Known) -> List[str]:
    out = ["mass ratio: share of the map's mass on the pixels over the share of the picture they cover; 1 is chance",
           "person: two pictures of one person, pixels of the person. differs: a look and the same with one thing",
           "changed, pixels of that, compared with the other look and with itself; falls: how often less of the mass",
           "lies there when compared with the other than with itself, and by what part of it (median)", "",
           f"{'target':<9}{'method':<11}{'layer':<18}{'person':>8}{'differs: other':>16}{'itself':>9}{'falls':>8}"
           f"{'by':>7}"]
    for key, tally in known.person.items():
        target, method, layer = key
        other, itself = (f"{explained[key].mass_ratio:.2f}" if key in explained else "-"
                         for explained in (known.other, known.itself))
        falls = np.array(known.falls.get(key, []))
        fallen = f"{(falls < 0).mean():>8.0%}{-np.median(falls):>7.0%}" if len(falls) else f"{'-':>8}{'-':>7}"
        out.append(f"{target:<9}{method:<11}{layer:<18}{tally.mass_ratio:>8.2f}{other:>16}{itself:>9}{fallen}")
    out += ["", "cosine of a look and the same with one thing changed, mean over people:"]
    out += [f"  {changed:<9}{np.mean(values):>6.3f}  ({len(values)} pairs)"
            for changed, values in known.similar.items()]
    return out

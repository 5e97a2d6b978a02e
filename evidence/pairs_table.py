"""The study of minimal pairs in words: what each network tells apart, and whether its maps say by what."""
from typing import Dict, List

import numpy as np

from evidence.minimal_pairs import ALL, CHANCE, RIVALS, SPREAD, Contrasts, Figure, Key, smooth_pointing
from evidence.table import bracketed
from evidence.tally import TOLERANCE, mass_ratio, pointing
from results.interval import Interval
from signer.minimal_pairs import KINDS, of_kind

LETTERS = dict(zip(RIVALS, "MCEG"))
FIGURES: Dict[str, Figure] = {"mass ratio": mass_ratio, "pointing": pointing, "smoothed, pointing": smooth_pointing}
WIDE = 26               # of a column


def lines(contrasts: Contrasts) -> List[str]:
    pairs = {kind: "; ".join(f"{pair.first} and {pair.second}" for pair in of_kind(kind)) for kind in KINDS}
    out = ["glosses that differ in one thing alone, drawn both ways", *(f"{kind:<12}{pairs[kind]}" for kind in KINDS),
           "", *_perceived(contrasts), "", *_explained(contrasts)]
    for model in _models(contrasts):
        for name, figure in FIGURES.items():
            out += ["", *_table(contrasts, model, name, figure)]
    return out


def _models(contrasts: Contrasts) -> List[str]:
    return list(dict.fromkeys(model for model, _ in contrasts.accuracies))


def _perceived(contrasts: Contrasts) -> List[str]:
    """What each network tells apart."""
    out = ["what each network perceives: how often what is signed is likelier to it than the same sentence with the",
           f"gloss's twin, {CHANCE:.0%} is chance [ends of the 95% interval over sentences, by the bootstrap]",
           "", f"{'':<12}" + "".join(f"{kind:<20}" for kind in KINDS).rstrip()]
    for model in _models(contrasts):
        known = [kind for kind in KINDS if not np.isnan(contrasts.accuracy(model, of_kind(kind)).value)]
        cells = [percents(contrasts.accuracy(model, of_kind(kind))) for kind in KINDS]
        out.append(f"{model:<12}" + "".join(f"{cell:<20}" for cell in cells).rstrip())
        single = [" and ".join(percents(Interval(contrasts.accuracy(model, [pair]).value, np.nan, np.nan)).strip()
                               for pair in of_kind(kind)) for kind in KINDS]
        out.append(f"{' each pair':<12}" + "".join(f"{cell:<20}" for cell in single).rstrip())
        unseen = [kind for kind in known if kind not in contrasts.perceived(model)]
        if unseen:
            out.append(f"{'':<12}no better than chance: {', '.join(unseen)}; its maps of these are not judged")
    return out


def _explained(contrasts: Contrasts) -> List[str]:
    counts = []
    for model in _models(contrasts):
        rows = [contrasts.rows((model, "-", RIVALS[0]), kind) for kind in contrasts.perceived(model)]
        counts.append(f"{model} {sum(map(len, rows))}")
    return [f"maps of the contrast, a gloss's logits less its twin's, of sentences told apart both ways "
            f"({', '.join(counts)})",
            "mass ratio: share of the clip's mass on the pixels that differ between the two drawings over the share of",
            f"seen pixels they are, 1 is chance; pointing: frames whose highest point lies within {TOLERANCE} pixels "
            "of them",
            f"smoothed: each map and rival by a Gaussian of {SPREAD} pixels first",
            "rivals: M motion, C the picture's centre, E an even map, each in the gloss's own frames; G |gradient| of",
            "the contrast. A letter is there where the map is above that rival with 95% certainty"]


def _table(contrasts: Contrasts, model: str, name: str, figure: Figure) -> List[str]:
    kinds = [*contrasts.perceived(model), ALL]
    out = [f"{model + ': ' + name:<46}" + "".join(f"{kind:<{WIDE}}" for kind in kinds).rstrip()]
    rivals = [(model, "-", rival) for rival in RIVALS if (model, "-", rival) in contrasts.places]
    for key in (*contrasts.maps(model), *rivals):
        label = ("rival", "|gradient|" if key[2] == "gradient" else key[2]) if key[1] == "-" else key[1:]
        cells = [_cell(contrasts, key, kind, figure) for kind in kinds]
        out.append((f"{label[0]:<26} {label[1]:<19}" + "".join(f"{cell:<{WIDE}}" for cell in cells)).rstrip())
    return out


def _cell(contrasts: Contrasts, key: Key, kind: str, figure: Figure) -> str:
    value = contrasts.interval(key, kind, figure)
    cell = bracketed(value, "4.1f") if figure is mass_ratio else percents(value)
    if key[1] == "-" or cell == "-":
        return cell
    return f"{cell} {''.join(LETTERS[rival] for rival in contrasts.beaten(key, kind, figure)) or 'none'}"


def percents(interval: Interval) -> str:
    if np.isnan(interval.value):
        return "-"
    ends = "" if np.isnan(interval.low) else f" [{100 * interval.low:3.0f},{100 * interval.high:3.0f}]"
    return f"{100 * interval.value:3.0f}%{ends}"

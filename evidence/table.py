"""The evidence study in words: one table a model, of where maps lie and of what the network loses with them."""
from typing import Dict, List, Sequence, Tuple

import numpy as np

from evidence.curves import CURVES, shares_of
from evidence.gloss_maps import lines as own_lines
from evidence.parted import lines as parted_lines
from evidence.places import RIVALS, Key, Places
from evidence.randomised import REDRAWN
from evidence.referee import BUDGETS
from evidence.spliced import lines as spliced_lines
from evidence.study import CURVE_CLIPS, REFEREE_CLIPS, ROAD_CLIPS, Study
from evidence.tally import TOLERANCE, mass_ratio, pointing, rank_accuracy
from results.interval import Interval, of_mean

HARDLY = 0.1            # log-probability: a network that loses less without a layer does not depend on it
LETTERS = {"motion": "M", "centre": "C", "random": "R", "mean map": "A", "gradient": "G"}
HEAD = [
    "rivals, maps that know nothing of what was learnt: M motion, the difference to the frame before; C the picture's",
    "centre; R random, of the map's own spectrum and values; A the average map of the other clips; G |gradient| at the",
    "input. A letter is there where the map is above that rival with 95% certainty; [ends of the 95% interval over",
    "clips, by the bootstrap]"]


def lines(study: Study) -> List[str]:
    out = _spaced(parted_lines(study.parted))
    for kind, places in study.places.items():
        out += [f"maps against articulators: {kind}, {places.clips} held-out clips, target pred",
                "mass ratio: share of the map's mass on the articulators of the active gloss (mass accuracy) over the",
                "share of seen pixels they cover, 1 is chance; pointing: frames whose highest point lies within "
                f"{TOLERANCE} pixels", "of them; rank: of as many highest places as they have pixels, the share on "
                "them; Gini: 0 even, 1 one place;", *_explained(study, places), *HEAD]
        for model in places.models():
            out += ["", *_table(study, places, model), "", *_ahead(places, model)]
        out.append("")
    out += [*own_lines(study.own), "", *_spaced(spliced_lines(study.puzzle)), *_holdings(study), "", *_faith(study)]
    clips = min(CURVE_CLIPS, study.plain.clips)
    for curve in CURVES[:2]:
        which = "MOST" if curve == "deletion" else "LEAST"
        rows = {key: faith.mean(curve) for key, faith in study.faith.items()}
        out += ["", *_curves(f"glosses still read, the {which} salient pixels greyed out ({curve}), over {clips} clips",
                             rows, shares_of(curve), "of pixels")]
    return out + ["", *_curves("rank correlation with the map before weights were drawn anew, from the output down",
                               study.redrawn, REDRAWN, "of modules")]


def _spaced(section: List[str]) -> List[str]:
    return [*section, ""] if section else []


def _explained(study: Study, places: Places) -> List[str]:
    if places is not study.plain:
        return []
    budgets = " and ".join(f"{name} ({budget})" for name, budget in BUDGETS.items())
    return ["sees: share of the picture that it takes to hold 90% of what moves one position of the layer; occlusion, "
            "rise:", f"rank correlation with what hiding places does to the score, {budgets} forwards a clip, over "
            f"{min(REFEREE_CLIPS, places.clips)} clips"]


def bracketed(interval: Interval, form: str = "5.2f") -> str:
    if np.isnan(interval.value):
        return "-"
    ends = "" if np.isnan(interval.low) else f" [{interval.low:{form}},{interval.high:{form}}]"
    return f"{interval.value:{form}}{ends}"


def where(places: Places, model: str) -> List[str]:
    """Where a model's maps lie, and by how much they are above their rivals: without what else the study measures."""
    return [*_table(Study(), places, model), "", *_ahead(places, model)]


def _table(study: Study, places: Places, model: str) -> List[str]:
    judged = bool(study.places) and places is study.plain
    out = [f"{model:<27}{'':<18}{'mass ratio':<21}{'above':<7}{'pointing':<17}{'above':<7}{'rank':>6}{'Gini':>6}"
           + (f"{'sees':>7}{'occlusion':>11}{'rise':>7}" if judged else "")]
    rivals = [key for key in places.known if key[0] == model and key[1] == "-"]
    for key in (*places.maps(model), *rivals):
        known, rival = places.known[key], key[1] == "-"
        name = ("rival", "|gradient|" if key[2] == "gradient" else key[2]) if rival else key[1:]
        row = f"{name[0]:<27}{name[1]:<18}{bracketed(known.interval(mass_ratio)):<21}"
        row += f"{'' if rival else _letters(places, key, mass_ratio):<7}"
        row += f"{_percents(known.interval(pointing)):<17}{'' if rival else _letters(places, key, pointing):<7}"
        row += f"{known.interval(rank_accuracy).value:>6.1%}{np.nanmean(known.sparse):>6.2f}"
        out.append((row + (_judged(study, key) if judged else "")).rstrip())
    if judged:
        between = [study.bench.agreement.get((model, "-", one, other)) for one in BUDGETS for other in BUDGETS]
        agreement = [f"{np.nanmean(values):.2f}" for values in between if values]
        out.append(f"the referees agree with each other by {agreement[0]}" if agreement else "no referee was asked")
    return out


def _letters(places: Places, key: Key, figure) -> str:  # type: ignore[no-untyped-def]
    if len(places.known[key].own) < 2:
        return "-"              # one clip has no interval
    return "".join(LETTERS[name] for name in places.beaten(key, figure)) or "none"


def _percents(interval: Interval) -> str:
    value, *ends = bracketed(Interval(*(100 * end for end in interval)), "3.0f").partition(" [")
    return value if value == "-" else f"{value}%{''.join(ends)}"


def _judged(study: Study, key: Key) -> str:
    model, layer, method = key
    seen = study.fields.get((model, layer))
    agreements = [study.bench.agreement.get((model, layer, method, referee)) for referee in BUDGETS]
    cells = ["-" if not values else f"{np.nanmean(values):.2f}" for values in agreements]
    return f"{'' if seen is None else f'{seen:.1%}':>7}{cells[0]:>11}{cells[1]:>7}"


def _ahead(places: Places, model: str) -> List[str]:
    """By how much each map is above each rival in mass ratio, and in pointing."""
    out = []
    for title, figure, form in (("mass ratio less the rival's", mass_ratio, "5.2f"),
                                ("pointing less the rival's, in points", pointing, "4.0f")):
        out += ["", f"{model}: {title}",
                f"{'':<27}{'':<18}" + "".join(f"{name:<22}" for name in RIVALS).rstrip()]
        for key in places.maps(model):
            cells = []
            for name in RIVALS:
                lead = places.ahead(key, name, figure)
                scale = 1 if figure is mass_ratio else 100
                cells.append(f"{bracketed(Interval(*(scale * end for end in lead)), form):<22}")
            out.append(f"{key[1]:<27}{key[2]:<18}{''.join(cells)}".rstrip())
    return out[1:]


def _faith(study: Study) -> List[str]:
    clips = study.plain.clips
    most = shares_of(CURVES[0])[-1]
    filled = ", ".join(f"{share:.0%}" for share in shares_of(CURVES[2])[1:])
    out = [f"what the reading loses with the map's places, Grad-CAM and rivals, over {min(CURVE_CLIPS, clips)} clips "
           f"(ROAD {min(ROAD_CLIPS, clips)},", f"noise {min(REFEREE_CLIPS, clips)}); deletion (insertion): mean share "
           "of glosses still read as the most (least) salient pixels go,", f"up to {most:.0%}, greyed out, or "
           "filled in from around them by ROAD's", f"noisy linear imputation ({filled}):",
           "deletion should be low, insertion high; drop: the average of confidence lost where the clip is shown times",
           "its map, increase: clips in which it grows; sens.: how far noise moves the map at most, over its norm;",
           "redrawn: rank correlation left when all weights are drawn anew", "",
           f"{'model':<11}{'map':<28}" + "".join(f"{name:<19}" for name in CURVES)
           + f"{'drop':>6}{'incr.':>7}{'sens.':>7}{'redrawn':>9}"]
    for (model, name), faith in study.faith.items():
        noise, left = study.sensitive.get((model, name)), study.redrawn.get((model, name))
        areas = "".join(f"{bracketed(faith.area(curve), '4.2f'):<19}" for curve in CURVES)
        lost = f"{of_mean(faith.drops).value:>6.0%}{of_mean(faith.increases).value:>7.0%}"
        ends = [f"{np.mean(noise):.2f}" if noise else "-", f"{left[-1]:.2f}" if left else "-"]
        out.append(f"{model:<11}{name:<28}{areas}{lost}{ends[0]:>7}{ends[1]:>9}")
    return out


def _holdings(study: Study) -> List[str]:
    out = [f"where a layer holds what is read, over {min(CURVE_CLIPS, study.plain.clips)} of these clips",
           "on, off, both: log-probability that the predicted glosses lose at each of their steps as the layer is",
           "silenced (has its mean over the clip) where it touches the articulators, where it does not, and in both;",
           "holds: on over on + off, over the share of cells touched (1: evenly spread); a map can be expected on the",
           "articulators as far as its layer holds what is read there", "",
           f"{'model':<11}{'layer':<30}{'touches':>8}{'on':>8}{'off':>8}{'both':>8}{'holds':>8}"]
    for (model, layer), holding in study.holdings.items():
        on, off, both = (loss / max(holding.steps, 1) for loss in (holding.on, holding.off, holding.both))
        note = "" if both > HARDLY else "  hardly read at all"
        touched = holding.touched / max(holding.cells, 1)
        out.append(f"{model:<11}{layer:<30}{touched:>8.1%}{on:>8.3f}{off:>8.3f}{both:>8.3f}{holding.ratio:>8.2f}{note}")
    return out


def _curves(title: str, curves: Dict[Tuple[str, str], List[float]], at: Sequence[float], unit: str) -> List[str]:
    head = f"{'model':<11}{'layer':<30}" + "".join(f"{share:>8.0%}" for share in at) + f"  {unit}"
    return [title, head] + [f"{model:<11}{layer:<30}" + "".join(f"{value:>8.2f}" for value in values)
                            for (model, layer), values in curves.items()]

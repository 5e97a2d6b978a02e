"""The measures of film as a table; where the clips were drawn, what they are worth stands below."""
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from evidence.places import Key
from evidence.real import BOTH, DRAWN, EXACT, GIVEN, GRADIENT, OWN, Places, RealStudy
from evidence.real_rivals import CENTRE, MOTION, RIVALS, ahead
from evidence.spliced import lines as spliced_lines
from evidence.tally import mean, rank_correlation
from results.interval import Interval

BOXES = ((EXACT, BOTH), (EXACT, OWN[0]), (GIVEN, BOTH), (GIVEN, OWN[0]))
ROW = "{0:<11}{1:<30}{2:<11}"


def lines(study: RealStudy, split: str) -> List[str]:
    out = [f"maps against what is known of film, {study.clips} clips of {split}"]
    for section in (_places(study), _times(study), spliced_lines(study.puzzle), _worth(study)):
        out += ["", *section] if section else []
    return out


def _places(study: RealStudy) -> List[str]:
    if not study.pointed:
        return ["no keypoints: not measured in place"]
    out = ["in place, target pred: share of the map's mass on a part over the share of seen pixels it covers (1 is "
           "chance),", "parts by keypoints, in frames in which a gloss is signed; mean over clips and 95% of its "
           "error;", "dominant is the hand that moves farther", "",
           ROW.format("model", "layer", "method") + "".join(f"{part:>17}" for part in (*OWN, BOTH))]
    for key, places in study.places.items():
        values = [places.of[GIVEN, part] for part in (*OWN, BOTH)]
        out.append(ROW.format(*key) + "".join(f"{_with_error(value):>17}" for value in values))
    return [*out, "", *_ahead(study)]


def _ahead(study: RealStudy) -> List[str]:
    out = ["both hands less the rival's, clips in pairs [95% of the mean, by the bootstrap]; *: above for sure. Rivals "
           "know nothing of what", "was learnt: motion, the picture's centre, random maps of the map's own spectrum "
           "and values, the mean map of the other", "clips, |gradient| at the input", "",
           ROW.format("model", "layer", "method") + "".join(f"{name:<23}" for name in RIVALS).rstrip()]
    for key in study.rivals.of:
        out.append((ROW.format(*key) + "".join(f"{_starred(_less(study, key, name)):<23}" for name in RIVALS)).rstrip())
    return out


def _less(study: RealStudy, key: Key, name: str) -> Optional[Interval]:
    """None where the map is that rival itself."""
    shared = {"motion": MOTION, "centre": CENTRE, "gradient": (key[0], GRADIENT, "-")}
    if shared.get(name) == key:
        return None
    rival = study.places[shared[name]].of[GIVEN, BOTH] if name in shared else study.rivals.of[key][name]
    return ahead(study.places[key].of[GIVEN, BOTH], rival)


def _starred(less: Optional[Interval]) -> str:
    if less is None or np.isnan(less.value):
        return "-"
    ends = "" if np.isnan(less.low) else f" [{less.low:5.2f},{less.high:5.2f}]"
    return f"{less.value:5.2f}{ends}{'*' if less.above(0) else ''}"


def _times(study: RealStudy) -> List[str]:
    if not study.aligned:
        return ["no frame alignment (annotations/automatic): not measured in time"]
    out = ["in time, each gloss read right on its own: share of the map in the gloss's frames over the share of frames",
           "they are (1 is chance); off: frames from the map's centre to theirs, median; even: of a map even in time",
           "",
           ROW.format("model", "layer", "method") + f"{'glosses':>8}{'in time':>15}{'off':>8}{'even':>8}"]
    for key, times in study.times.items():
        out.append(ROW.format(*key) + f"{len(times.share):>8}{_with_error(times.share):>15}"
                   f"{_median(times.off):>8}{_median(times.even):>8}")
    return out


def _worth(study: RealStudy) -> List[str]:
    """The same maps by what was drawn and by boxes around keypoints."""
    if not study.drawn:
        return ["what a keypoint's box is worth is told by drawn clips alone (python -m signer.synthetic ROOT)"]
    out = ["what a keypoint's box is worth: the same maps on the articulators as drawn, and on hands by keypoints;",
           "r: correlation of the two over clips; a stream fed keypoints falls on their boxes, be they right or wrong",
           "", ROW.format("model", "layer", "method") + f"{'drawn':>13}" + "".join(
               f"{text:>21}{'r':>6}" for text in ("exact points: both", "dominant", "as given: both", "dominant"))]
    for key, places in study.places.items():
        drawn = places.of[DRAWN, DRAWN]
        out.append(ROW.format(*key) + f"{_with_error(drawn):>13}" + "".join(
            f"{_with_error(places.of[box]):>21}{_correlation(drawn, places.of[box]):>6}" for box in BOXES))
    ranks = [_ranked_alike(study.places, box) for box in BOXES]
    return [*out, "", "rank correlation over all rows with the articulators as drawn: " + ", ".join(
        f"{text} {value}" for text, value in zip(("exact points: both", "dominant", "as given: both", "dominant"),
                                                 ranks))]


def _ranked_alike(places: Dict[Key, Places], box: Tuple[str, str]) -> str:
    drawn, boxed = ([mean(row.of[key]) for row in places.values()] for key in ((DRAWN, DRAWN), box))
    return _or_dash(rank_correlation(np.array(drawn), np.array(boxed)))


def _correlation(one: Sequence[float], other: Sequence[float]) -> str:
    both = np.array([one, other])[:, ~np.isnan([one, other]).any(axis=0)]
    if both.shape[1] < 3 or (both.std(axis=1) == 0).any():
        return "-"
    return f"{np.corrcoef(both)[0, 1]:.2f}"


def _with_error(values: Sequence[float]) -> str:
    known = np.array([value for value in values if not np.isnan(value)])
    if not len(known):
        return "-"
    spread = f" +-{1.96 * known.std(ddof=1) / np.sqrt(len(known)):.2f}" if len(known) > 1 else ""
    return f"{known.mean():.2f}{spread}"


def _median(values: Sequence[float]) -> str:
    return f"{np.median(values):.1f}" if len(values) else "-"


def _or_dash(value: Optional[float]) -> str:
    return "-" if value is None else f"{value:.2f}"

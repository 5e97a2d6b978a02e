"""The evidence study as one figure, a row a model: where maps lie, what the reading loses, what redrawing leaves."""
from pathlib import Path
from typing import Any, List, Tuple

import numpy as np

from evidence.curves import shares_of
from evidence.places import WHOLE, Key, Places
from evidence.randomised import REDRAWN
from evidence.study import Study
from evidence.tally import mass_ratio
from files.atomic import atomic_file

RIVAL_COLOURS = dict(zip(WHOLE, ("#c0504d", "#7f7f7f", "#d9a441")))
KINDS = ("#3b6ea8", "#9dbbd9", "#5f9e6e", "#b6d3bd")      # of clips, in their order


def plot(study: Study, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    models = study.plain.models()
    figure, axes = pyplot.subplots(len(models), 3, figsize=(15, 4.8 * len(models)), constrained_layout=True,
                                   squeeze=False, gridspec_kw={"width_ratios": (1.5, 1, 1)})
    for model, row in zip(models, axes):
        _bars(row[0], study, model)
        _deletion(row[1], study, model)
        _redrawn(row[2], study, model)
        for axis in row:
            axis.spines[["top", "right"]].set_visible(False)
    with atomic_file(path) as draft:
        figure.savefig(draft, dpi=120)
    pyplot.close(figure)


def _rows(places: Places, model: str) -> List[Tuple[str, Key]]:
    """Grad-CAM at each layer, and at each the method with the highest mass ratio where that is another."""
    rows: List[Tuple[str, Key]] = []
    for layer in dict.fromkeys(key[1] for key in places.maps(model)):
        keys = [key for key in places.maps(model) if key[1] == layer]
        best = max(keys, key=lambda key: np.nan_to_num(places.known[key].interval(mass_ratio).value))
        chosen = [key for key in keys if key[2] == "gradcam" or key == best]
        rows += [(f"{layer}\n{key[2]}", key) for key in chosen]
    return rows


def _bars(axis: Any, study: Study, model: str) -> None:
    rows = _rows(study.plain, model)
    high = 0.8 / len(study.places)
    for number, (kind, places) in enumerate(study.places.items()):
        intervals = [places.known[key].interval(mass_ratio) for _, key in rows]
        values = np.array([interval.value for interval in intervals])
        ends = np.array([[np.nan_to_num(interval.value - interval.low), np.nan_to_num(interval.high - interval.value)]
                         for interval in intervals]).T.clip(0)
        at = np.arange(len(rows)) + number * high
        axis.barh(at, values, high, color=KINDS[number % len(KINDS)], label=kind, xerr=ends,
                  error_kw={"lw": 1, "ecolor": "#222"})
    axis.set_yticks(np.arange(len(rows)) + 0.4 - high / 2, [name for name, _ in rows], fontsize=7.5)
    axis.invert_yaxis()
    axis.axvline(1, color="black", lw=1, label="chance")
    for name, colour in RIVAL_COLOURS.items():
        value = study.plain.known[model, "-", name].interval(mass_ratio).value
        axis.axvline(value, color=colour, ls=":", lw=1.8, label="|gradient|" if name == "gradient" else name)
    axis.set_title(f"{model}: mass ratio on the articulators\n(bars: 95% over clips; dotted: rivals on plain clips)")
    _legend(axis, 2, "")


def _deletion(axis: Any, study: Study, model: str) -> None:
    rivals = iter(RIVAL_COLOURS.values())
    layers = 0
    for (owner, name), faith in study.faith.items():
        if owner != model:
            continue
        rival = name in RIVAL_COLOURS
        colour = next(rivals) if rival else f"C{layers}"
        layers += not rival
        axis.plot(shares_of("deletion"), faith.mean("deletion"), ":" if rival else "-", marker=".", color=colour,
                  label=name)
        if not rival:
            axis.plot(shares_of("insertion"), faith.mean("insertion"), "--", lw=1, color=colour)
    axis.set(title="glosses still read (solid: most salient pixels\ngreyed out, dashed: least; dotted: rivals, most)",
             ylim=(0, 1.03))
    _legend(axis, 2, "share of pixels")


def _redrawn(axis: Any, study: Study, model: str) -> None:
    rows = [(layer, values) for (name, layer), values in study.redrawn.items() if name == model]
    for number, (layer, values) in enumerate(rows):
        axis.plot(REDRAWN, values, "-o", ms=3, color=f"C{number}", label=layer)
    axis.set(title="rank correlation with the trained\nnetwork's map", ylim=(-0.5, 1.03))
    _legend(axis, 2, "share of modules drawn anew")


def _legend(axis: Any, columns: int, across: str) -> None:
    """Below, where it hides nothing."""
    axis.set_xlabel(across)
    axis.legend(fontsize=7.5, frameon=False, ncols=columns, loc="upper center",
                bbox_to_anchor=(0.5, -0.13 if across else -0.07))

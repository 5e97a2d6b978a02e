"""The evidence study as a table and a plot."""
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from evidence.apart import lines as own_lines
from evidence.study import CURVE_CLIPS, REDRAWN, Study
from evidence.tally import SHARES, TOLERANCE

HARDLY = 0.1            # log-probability: a network that loses less without a layer does not depend on it


def lines(study: Study) -> List[str]:
    return [*_places(study), "", *own_lines(study.own), "", *_holdings(study), "",
            f"curves over {min(CURVE_CLIPS, study.clips)} of these clips", "",
            *_curves("glosses still read, the MOST salient pixels greyed out (deletion)", study.deletion, SHARES,
                     "of pixels"),
            "", *_curves("glosses still read, the LEAST salient pixels greyed out (insertion)", study.insertion, SHARES,
                         "of pixels"),
            "", *_curves("rank correlation with the map before weights were drawn anew, from the output down",
                         study.redrawn, REDRAWN, "of modules")]


def _places(study: Study) -> List[str]:
    out = [f"maps against articulators, {study.clips} held-out clips, target pred",
           "mass ratio: share of the map's mass on the articulators of the active gloss over the share of seen pixels",
           f"they cover (1 is chance); pointing: frames whose highest point lies within {TOLERANCE} pixels of them;",
           "sees: share of the picture that it takes to hold 90% of what moves one position of the layer", "",
           f"{'model':<11}{'layer':<30}{'method':<12}{'mass ratio':>11}{'pointing':>10}{'sees':>8}"]
    for (model, layer, method), tally in study.tallies.items():
        note = "  no better than its area" if not tally.mass_ratio > 1.1 else ""
        out.append(f"{model:<11}{layer:<30}{method:<12}{tally.mass_ratio:>11.2f}{tally.pointing:>10.1%}"
                   f"{study.fields[model, layer]:>8.1%}{note}")
    out.append(f"{'-':<11}{'motion alone':<30}{'-':<12}{study.motion.mass_ratio:>11.2f}{study.motion.pointing:>10.1%}")
    return out


def _holdings(study: Study) -> List[str]:
    out = [f"where a layer holds what is read, over {min(CURVE_CLIPS, study.clips)} of these clips",
           "on, off, both: log-probability that the predicted glosses lose at each of their steps as the layer is",
           "silenced (has its mean over the clip) where it touches the articulators, where it does not, and in both;",
           "holds: on over on + off, over the share of cells touched (1: evenly spread); a map can be expected on the",
           "articulators as far as its layer holds what is read there", "",
           f"{'model':<11}{'layer':<30}{'touches':>8}{'on':>8}{'off':>8}{'both':>8}{'holds':>8}"]
    for (model, layer), found in study.holdings.items():
        on, off, both = (loss / max(found.steps, 1) for loss in (found.on, found.off, found.both))
        note = "" if both > HARDLY else "  hardly read at all"
        out.append(f"{model:<11}{layer:<30}{found.touched / max(found.cells, 1):>8.1%}{on:>8.3f}{off:>8.3f}{both:>8.3f}"
                   f"{found.ratio:>8.2f}{note}")
    return out


def _curves(title: str, curves: Dict[Tuple[str, str], List[float]], at: Sequence[float], unit: str) -> List[str]:
    head = f"{'model':<11}{'layer':<30}" + "".join(f"{share:>8.0%}" for share in at) + f"  {unit}"
    return [title, head] + [f"{model:<11}{layer:<30}" + "".join(f"{value:>8.2f}" for value in values)
                            for (model, layer), values in curves.items()]


def plot(study: Study, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(14, 5.2), constrained_layout=True)
    _bars(axes[0], study)
    for number, key in enumerate(study.deletion):
        label = ": ".join(key)
        axes[1].plot(SHARES, study.deletion[key], "-o", ms=3, color=f"C{number}", label=label)
        axes[1].plot(SHARES, study.insertion[key], "--", color=f"C{number}")
        axes[2].plot(REDRAWN, study.redrawn[key], "-o", ms=3, color=f"C{number}", label=label)
    axes[1].set(title="Glosses still read\n(solid: most salient greyed out, dashed: least)", xlabel="share of pixels",
                ylim=(0, 1.03))
    axes[2].set(title="Rank correlation with\nthe trained network's map", xlabel="share of modules drawn anew",
                ylim=(-0.4, 1.03))
    figure.legend(*axes[2].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130)
    pyplot.close(figure)


def _bars(axis, study: Study) -> None:  # type: ignore[no-untyped-def]
    """Grad-CAM's mass ratio for each layer; chance and motion as lines."""
    rows = [(f"{model}\n{layer}", tally) for (model, layer, method), tally in study.tallies.items()
            if method == "gradcam"]
    axis.barh(range(len(rows)), [tally.mass_ratio for _, tally in rows], color="#3b6ea8")
    axis.set_yticks(range(len(rows)), [name for name, _ in rows], fontsize=8)
    axis.invert_yaxis()
    axis.axvline(1, color="black", lw=1)
    axis.axvline(study.motion.mass_ratio, color="#c0504d", ls=":", lw=1.5)
    axis.annotate("motion alone ", (study.motion.mass_ratio, len(rows) - 0.6), color="#c0504d", fontsize=8, ha="right")
    axis.set(title="Mass ratio on the articulators, Grad-CAM\n(1: no better than the area)")

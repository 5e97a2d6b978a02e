"""What `evaluate.py --evidence` measures: maps against the articulators that the synthetic signer drew."""
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from datasets.clip import Clip
from evidence import curves, gloss_maps, parted, places, spliced
from evidence.cells import Holding, hold
from evidence.curves import Faith
from evidence.gloss_maps import Own
from evidence.parted import Followed
from evidence.places import Places, attending_layers, spatial_layers
from evidence.randomised import redrawn
from evidence.receptive_field import field_of_view
from evidence.referee import Bench, verdicts
from evidence.sensitivity import sensitivities
from evidence.spliced import Puzzle
from models.recogniser import Recogniser
from signer.evidence import Evidence

CURVE_CLIPS = 4         # of the clips are enough for curves and holdings, which cost most,
ROAD_CLIPS = 2          # fewer where places are filled in,
REFEREE_CLIPS = 3       # and for referees and noise;
PART_CLIPS = 8          # parts need many glosses

Clips = Sequence[Tuple[Clip, Evidence]]


@dataclass
class Study:
    """Keys are (model, layer, method) or (model, layer)."""

    places: Dict[str, Places] = field(default_factory=dict)         # of each kind of clips; all else is of the first
    bench: Bench = field(default_factory=Bench)
    faith: Dict[Tuple[str, str], Faith] = field(default_factory=dict)
    sensitive: Dict[Tuple[str, str], List[float]] = field(default_factory=dict)
    fields: Dict[Tuple[str, str], float] = field(default_factory=dict)
    own: Dict[gloss_maps.Key, Own] = field(default_factory=dict)
    holdings: Dict[Tuple[str, str], Holding] = field(default_factory=dict)
    redrawn: Dict[Tuple[str, str], List[float]] = field(default_factory=dict)
    parted: Followed = field(default_factory=Followed)
    puzzle: Puzzle = field(default_factory=Puzzle)

    @property
    def plain(self) -> Places:
        return next(iter(self.places.values()))


def study(recognisers: Mapping[str, Recogniser], kinds: Mapping[str, Clips], done: Callable[[], object]) -> Study:
    """kinds: the clips by what is special about them, the plain ones first. `done` is called once a clip."""
    study = Study()
    for kind, clips in kinds.items():
        into = study.places.setdefault(kind, Places())
        for number, (clip, evidence) in enumerate(clips):
            for model, recogniser in recognisers.items():
                if into is study.plain:
                    _plain(study, model, recogniser, number, clip, evidence)
                else:
                    places.add(into, model, recogniser, clip, evidence, lambda *_: None)
            into.clips += 1
            done()
        for model, recogniser in recognisers.items():
            places.compare_with_means(into, model, recogniser, [evidence.region for _, evidence in clips])
    first = [clip for clip, _ in next(iter(kinds.values()))]
    for model, recogniser in recognisers.items():
        spliced.add_all(study.puzzle, model, recogniser, first)
        study.fields.update({(model, layer): field_of_view(recogniser, first[0], layer)
                             for layer in (*spatial_layers(recogniser), *attending_layers(recogniser))})
        study.redrawn.update({(model, layer): values
                              for layer, values in redrawn(recogniser, first[:CURVE_CLIPS]).items()})
    return study


def _plain(study: Study, model: str, recogniser: Recogniser, number: int, clip: Clip, evidence: Evidence) -> None:
    """A clip on which nothing is left out."""
    box = recogniser.viewport.box(*clip.frames.shape[1:3])
    judged = verdicts(recogniser, clip, box) if number < REFEREE_CLIPS else {}
    maps: Dict[str, np.ndarray] = {}        # Grad-CAM's by layer, and the rivals by name

    def seen(layer: str, method: str, values: np.ndarray) -> None:
        study.bench.judge(model, layer, method, values, judged, box)
        if method == "gradcam" or layer == "-":
            maps[method if layer == "-" else layer] = values

    places.add(study.plain, model, recogniser, clip, evidence, seen)
    for referee, judgement in judged.items():
        study.bench.judge_pooled(model, "-", referee, judgement, judged)
    if number < PART_CLIPS:
        parted.add(study.parted, model, recogniser, clip)
    gloss_maps.count(study.own, model, recogniser, clip, evidence)
    for name, values in maps.items() if number < CURVE_CLIPS else ():
        curves.add(study.faith.setdefault((model, name), Faith()), recogniser, clip, values, number < ROAD_CLIPS)
    layers = spatial_layers(recogniser)
    for layer in layers if number < CURVE_CLIPS else ():
        hold(study.holdings.setdefault((model, layer), Holding()), recogniser, clip, evidence.region, layer)
    for layer, value in (sensitivities(recogniser, clip, layers) if number < REFEREE_CLIPS else {}).items():
        study.sensitive.setdefault((model, layer), []).append(value)

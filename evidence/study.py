"""What `evaluate.py --evidence` measures: maps against the articulators that the synthetic signer drew."""
from dataclasses import dataclass, field, replace
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import torch

from cam_runner import explain
from cams.methods import METHODS
from datasets.clip import Clip
from evidence.apart import Key, Own, count
from evidence.cells import Holding, hold
from evidence.redraw import redrawn_from_the_top, restored
from evidence.tally import SHARES, Tally, chosen_pixels, grey_out, hide_keypoints, kept, mean, motion, rank_correlation
from models.reading import read
from models.recogniser import Recogniser
from signer.evidence import Evidence

REDRAWN = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)      # share of the network's modules that are drawn anew, from the top down
CURVE_CLIPS = 6         # of the clips are enough for curves and holdings, which cost most


@dataclass
class Study:
    """Keys are (model, layer, method) or (model, layer); curves have a value per entry of SHARES or REDRAWN."""

    tallies: Dict[Tuple[str, str, str], Tally] = field(default_factory=dict)
    motion: Tally = field(default_factory=Tally)
    deletion: Dict[Tuple[str, str], List[float]] = field(default_factory=dict)
    insertion: Dict[Tuple[str, str], List[float]] = field(default_factory=dict)     # the least salient greyed out
    fields: Dict[Tuple[str, str], float] = field(default_factory=dict)
    own: Dict[Key, Own] = field(default_factory=dict)
    holdings: Dict[Tuple[str, str], Holding] = field(default_factory=dict)
    redrawn: Dict[Tuple[str, str], List[float]] = field(default_factory=dict)
    clips: int = 0


def study(recognisers: Mapping[str, Recogniser], clips: Sequence[Tuple[Clip, Evidence]],
          done: Callable[[], object]) -> Study:
    """`done` is called once a clip."""
    found = Study(clips=len(clips))
    curves: Dict[Tuple[str, str, bool], List[List[float]]] = {}
    for number, (clip, evidence) in enumerate(clips):
        found.motion.add(motion(clip.frames), evidence.region, (0, clip.frames.shape[1], 0, clip.frames.shape[2]))
        for model, recogniser in recognisers.items():
            maps = _count(found, model, recogniser, clip, evidence)
            count(found.own, model, recogniser, clip, evidence)
            for layer, values in maps.items() if number < CURVE_CLIPS else ():
                hold(found.holdings.setdefault((model, layer), Holding()), recogniser, clip, evidence.region, layer)
                for most in (True, False):
                    curves.setdefault((model, layer, most), []).append(_curve(recogniser, clip, values, most))
        done()
    for (model, layer, most), every in curves.items():
        (found.deletion if most else found.insertion)[model, layer] = [mean(each) for each in zip(*every)]
    for model, recogniser in recognisers.items():
        found.fields.update({(model, layer): field_of_view(recogniser, clips[0][0], layer)
                             for layer in (*spatial_layers(recogniser), *attending_layers(recogniser))})
        found.redrawn.update({(model, layer): values for layer, values in
                              _redraw(recogniser, [clip for clip, _ in clips[:CURVE_CLIPS]]).items()})
    return found


def spatial_layers(recogniser: Recogniser) -> List[str]:
    return [name for name in recogniser.default_layers if recogniser.layers[name].spatial]


def attending_layers(recogniser: Recogniser) -> List[str]:
    return [name for name, probe in recogniser.layers.items() if probe.spatial and probe.attention is not None]


def _count(found: Study, model: str, recogniser: Recogniser, clip: Clip, evidence: Evidence) -> Dict[str, np.ndarray]:
    """Mass and pointing of every layer and method; gives back Grad-CAM's maps."""
    layers = spatial_layers(recogniser)
    box = recogniser.viewport.box(*clip.frames.shape[1:3])
    maps: Dict[str, np.ndarray] = {}
    for method in METHODS:
        explained = explain(recogniser, clip, layers, target="pred", method=method)
        for layer in layers:
            tally = found.tallies.setdefault((model, layer, method), Tally())
            tally.add(explained.layers[layer].map, evidence.region, box)
            if method == "gradcam":
                maps[layer] = explained.layers[layer].map
    attending = attending_layers(recogniser)
    if attending:
        taken = explain(recogniser, clip, attending, target="pred", method="attention")
        for layer in attending:
            found.tallies.setdefault((model, layer, "attention"), Tally()).add(taken.layers[layer].map,
                                                                               evidence.region, box)
    return maps


def _curve(recogniser: Recogniser, clip: Clip, maps: np.ndarray, most: bool) -> List[float]:
    """Share of the glosses read that are still read, as more of the picture is greyed out."""
    box = recogniser.viewport.box(*clip.frames.shape[1:3])
    before = recogniser.decode(read(recogniser, clip))
    values = []
    for share in SHARES:
        chosen = chosen_pixels(maps, share, most, box)
        greyed = replace(clip, frames=grey_out(clip.frames, chosen), tall_frames=None,
                         keypoints=None if clip.keypoints is None else hide_keypoints(clip.keypoints, chosen))
        values.append(kept(before, recogniser.decode(read(recogniser, greyed))))
    return values


def field_of_view(recogniser: Recogniser, clip: Clip, layer: str) -> float:
    """Share of the picture that it takes to hold 90% of what moves the middle position of a layer.

    Where that is most of the picture, the layer's maps can't tell one place from another, however faithful.
    """
    probe = recogniser.layers[layer]
    with torch.no_grad():
        inputs = recogniser.prepare(clip)
    tensors = tuple(tensor.clone().requires_grad_() for tensor in inputs.tensors)
    taken: List[torch.Tensor] = []
    hook = probe.module.register_forward_hook(lambda module, given, output: taken.append(probe.select(output)))
    try:
        recogniser(replace(inputs, tensors=tensors))
    finally:
        hook.remove()
    activation = probe.arrange(taken[0])[0]                                     # [C, T', H', W']
    steps, height, width = activation.shape[1:]
    middle = activation[:, steps // 2, height // 2, width // 2]
    gradients = torch.autograd.grad(middle.square().sum(), tensors, allow_unused=True)
    pulls = next(gradient for gradient in gradients if gradient is not None).square().sum((0, 1, 2)).flatten()
    share = pulls.sort(descending=True).values.cumsum(0) / pulls.sum()
    return float((share < 0.9).float().mean())


def _redraw(recogniser: Recogniser, clips: Sequence[Clip]) -> Dict[str, List[float]]:
    """Rank correlation of each layer's map with itself, as the network is drawn anew from its output down."""
    layers = spatial_layers(recogniser)
    before = [explain(recogniser, clip, layers) for clip in clips]
    curves: Dict[str, List[float]] = {layer: [] for layer in layers}
    with restored(recogniser.network):
        for count in redrawn_from_the_top(recogniser.network, lambda: read(recogniser, clips[0]), REDRAWN):
            after = before if count == 0 else [explain(recogniser, clip, layers) for clip in clips]
            for layer in layers:
                curves[layer].append(mean([_alike(one.layers[layer].map, other.layers[layer].map)
                                           for one, other in zip(before, after)]))
    return curves


def _alike(one: np.ndarray, other: np.ndarray) -> Optional[float]:
    """Every eighth pixel is enough: maps are smooth."""
    return rank_correlation(one[:, ::8, ::8], other[:, ::8, ::8])

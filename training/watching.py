"""What a network looks at while it learns: at each evaluation, on a few fixed dev clips, where its maps lie."""
import time
from dataclasses import dataclass, replace
from typing import Dict, List, Optional, Tuple

import numpy as np

from cam_runner import explain
from datasets.clip import Clip
from models.recogniser import Recogniser
from poses.regions import REGIONS, SIDE, cover, regions
from poses.whole_body import KeypointStore
from records.question import Question
from terminal.errors import UserError
from training.footage import Footage
from training.protocols import Protocol

EVEN = "an even map"        # what a map that is the same everywhere would have


@dataclass(frozen=True)
class Watched:
    """As it was asked for."""

    clips: int
    layers: Tuple[str, ...] = ()        # none named: the network's own that have height and width
    parts: bool = False                 # also what each part is worth, by hiding it


def read_watched(text: str, parts: bool) -> Watched:
    """CLIPS or CLIPS,LAYER,..."""
    count, *layers = [part.strip() for part in text.split(",")]
    if not (count.isascii() and count.isdigit()) or not 0 < int(count) <= 1000 or not all(layers):
        raise UserError(f"--watch {text}: expected a number of dev clips from 1 to 1000, and after it names of layers, "
                        "such as 4 or 4,conv2d.layer3,conv2d.layer4")
    return Watched(int(count), tuple(layers), parts)


class Watch:
    """Its clips lie evenly over the dev split, and are the same whenever it looks."""

    def __init__(self, watched: Watched, protocol: Protocol, recogniser: Recogniser, footage: Footage) -> None:
        self.parts, self.recogniser, self.protocol, self.footage = watched.parts, recogniser, protocol, footage
        self.layers = watched.layers or tuple(name for name in recogniser.default_layers
                                              if recogniser.layers[name].spatial)
        for name in self.layers:
            if name not in recogniser.layers or not recogniser.layers[name].spatial:
                known = [layer for layer, probe in recogniser.layers.items() if probe.spatial]
                raise UserError(f"--watch: {name} is not a layer of {recogniser.name} with height and width; choose "
                                f"from {', '.join(known)}")
        total = len(footage.entries)
        self.chosen = sorted({int(number) for number in np.linspace(0, total - 1, min(watched.clips, total)).round()})
        store = KeypointStore(protocol.corpus.keypoints)
        if not store:
            raise UserError(f"--watch: no keypoints in {protocol.corpus.keypoints}, which say where hands and face "
                            "are; make them with keypoints.py, or leave --watch out")
        self.keypoints = {index: store.read(footage.entries[index].seq_id, footage.length(index))
                          for index in self.chosen}
        self.seconds = 0.0          # that the last look took

    def look(self) -> Dict[str, float]:
        """Values by tag: watch/LAYER/REGION is the share of that layer's maps that lies on a region, and
        watch/LAYER/empty that of the clips whose map is zero everywhere."""
        began = time.perf_counter()
        shares: Dict[str, List[Optional[np.ndarray]]] = {}
        worth: Dict[str, List[float]] = {}
        self.recogniser.eval()
        for index in self.chosen:
            clip = replace(self.protocol.clip(self.footage, index), keypoints=self.keypoints[index])
            labels, seen = regions(self.keypoints[index])
            if seen.any():
                self._add_shares(shares, clip, labels[seen], seen)
            if self.parts:
                self._add_worth(worth, clip)
        self.seconds = time.perf_counter() - began
        tags: Dict[str, float] = {}
        for layer, rows in shares.items():
            shown = [row for row in rows if row is not None]
            if layer != EVEN:
                tags[f"watch/{layer}/empty"] = 1 - len(shown) / len(rows)
            if shown:
                tags.update({f"watch/{layer}/{region}": float(value)
                              for region, value in zip(REGIONS, np.mean(shown, axis=0))})
        return {**tags, **{f"watch/worth/{part}": float(np.mean(values)) for part, values in worth.items()}}

    def _add_shares(self, shares: Dict[str, List[Optional[np.ndarray]]], clip: Clip, labels: np.ndarray,
                    seen: np.ndarray) -> None:
        made = explain(self.recogniser, clip, Question(layers=self.layers))
        shares.setdefault(EVEN, []).append(cover(labels).mean(axis=0))
        for name, layer in made.layers.items():
            shares.setdefault(name, []).append(share_of_regions(layer.laid.coarse(SIDE)[seen], labels))

    def _add_worth(self, worth: Dict[str, List[float]], clip: Clip) -> None:
        """In natural logarithms of a gloss's score, by hiding; of a clip in which nothing is read, nothing."""
        made = explain(self.recogniser, clip, Question(target="each", layers=self.layers[:1], parts=4))
        for gloss in made.parts.glosses if made.parts is not None else ():
            for part in gloss.parts:
                if part.value is not None:
                    worth.setdefault(part.name, []).append(part.value)


def share_of_regions(maps: np.ndarray, labels: np.ndarray) -> Optional[np.ndarray]:
    """[T, SIDE, SIDE] both -> how much of the maps lies on each of REGIONS; None where they are empty."""
    whole = float(maps.sum())
    if not whole > 0:
        return None
    return np.array([float(maps[labels == number].sum()) for number in range(len(REGIONS))]) / whole

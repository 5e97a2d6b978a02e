"""What a picture or a pair leaves behind: overlays, a figure, scores.json and maps.npz, in a folder of its own."""
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

import numpy as np
from torch import Tensor

from drawing.overlay import png
from models.embedder import Embedder
from pairs.checks import Checked, check_all, check_lines
from pairs.explaining import NO_TARGET, PictureExplanation, explain_pictures
from pairs.pair_figure import Panel, laid_over, pair_figure
from pairs.pair_files import FIGURE, MAPS, SCORES, map_file, picture_file, write_maps, write_scores
from pairs.subjects import Subject
from records.hiding import LOOKS, Hiding
from records.pairs import Check, MapRecord, NetworkFile, PairScores
from records.requests import PairRequest
from results.existing_result import check_replaceable
from results.folder import SequenceFolder
from results.retrieval import similarities
from runs.loading import versions
from terminal.errors import UserError


class PairWriter:
    def __init__(self, asked: PairRequest, embedder: Embedder, sha256: str, say: Callable[[str], None]) -> None:
        self.asked, self.embedder, self.say = asked, embedder, say
        self.network = NetworkFile(embedder.name, embedder.title, asked.weights.name, sha256)
        self.settings = asked.settings(sha256)

    def write(self, subjects: Sequence[Subject], references: Optional[Tensor], name: str,
              other: Optional[Tensor] = None, checked: Optional[bool] = None) -> PairScores:
        """references: what each picture is compared with, held fixed. other: the embedding of another person.

        checked: whether the maps are measured (None: as was asked).
        """
        asked, clips = self.asked, [subject.clip for subject in subjects]
        explained = explain_pictures(self.embedder, clips, asked.layers, asked.targets, asked.methods, references)
        checks = (check_all(self.checked(subjects, references), other)
                  if (asked.checked if checked is None else checked) else [])
        scores = self._scores(subjects, explained, references, checks, name)
        if (asked.out / name).exists():
            check_replaceable(asked.out / name, None if asked.overwrite else self.settings)
        claimed = SequenceFolder.claim(asked.out, name)
        if claimed is None:
            raise UserError(f"{name}: another run is writing it to {asked.out}; let it finish, or give another --out")
        with claimed as folder:
            self._draw(folder.path, subjects, explained, scores.title)
            write_scores(folder.path, scores)
            folder.publish(self.settings, {}, SCORES)
        self._tell(scores, other is None and references is not None)
        return scores

    def checked(self, subjects: Sequence[Subject], references: Optional[Tensor]) -> Checked:
        asked = self.asked
        return Checked(self.embedder, [subject.clip for subject in subjects], references, asked.layers, asked.targets,
                       asked.methods, asked.shifts, asked.seed, asked.hide)

    def _draw(self, folder: Path, subjects: Sequence[Subject], explained: Sequence[PictureExplanation],
              title: str) -> None:
        drawn = {(subject.name, *key): subject.drawn(layer_map.map)
                 for subject, one in zip(subjects, explained) for key, layer_map in one.maps.items()}
        grounds = {subject.name: subject.ground for subject in subjects}
        for (who, *key), heat in drawn.items():
            file = folder / map_file(who, *key)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png(laid_over(grounds[who], heat, self.asked.style)))
        for who, ground in grounds.items():
            (folder / picture_file(who)).write_bytes(png(ground))
        figure = pair_figure(list(grounds.values()), list(grounds), _panels(subjects, explained, drawn), title,
                             f"{self.network.title}, {self.network.file}", self.asked.style)
        (folder / FIGURE).write_bytes(png(figure))
        write_maps(folder / MAPS, [subject.name for subject in subjects], explained, drawn)

    def _scores(self, subjects: Sequence[Subject], explained: Sequence[PictureExplanation],
                references: Optional[Tensor], checks: Sequence[Check], folder: str) -> PairScores:
        names = [subject.name for subject in subjects]
        title, cosine, distance = names[0], None, None
        if references is not None:
            own = np.stack([picture.embedding for picture in explained]).astype(np.float64)
            cosine = float(similarities(own[:1], references[:1].double().numpy())[0, 0])
            distance = 2 - 2 * cosine
            title = f"{' and '.join(names)}: cosine {cosine:.4f}, squared distance {distance:.4f}"
        aligned = any(subject.matrix is not None for subject in subjects)
        preprocessing = (f"aligned by five points, then {self.embedder.preprocessing}" if aligned
                         else self.embedder.preprocessing)
        maps = tuple(
            MapRecord(picture.name if len(names) == 1 else name, key[0], one.target, key[1], key[2],
                      picture.scores.get(key[0]), one.raw.shape, one.low, one.high, one.flags,
                      map_file(name, *key))
            for name, picture in zip(names, explained) for key, one in picture.maps.items())
        notes = tuple(dict.fromkeys(note for picture in explained for note in picture.notes))
        return PairScores(title, tuple(names), self.network, preprocessing,
                          {picture.name: picture.scores for picture in explained}, maps, notes, tuple(checks),
                          self.asked.seed, versions(), self.asked.command, folder, cosine, distance)

    def _tell(self, scores: PairScores, no_other: bool) -> None:
        self.say(f"{scores.title}: {self.asked.out / scores.folder / FIGURE}")
        for note in scores.notes:
            self.say(f"  {note}")
        if scores.checks:
            self.say("\n".join(check_lines(scores.checks)))
            self.say(f"hidden by deletion and insertion: {LOOKS[self.asked.hide]}; "
                     f"{Hiding(self.asked.hide).words(keypoints=False)}")
            if no_other:
                self.say("another person was not compared with: give --with a folder, or --market")


def _panels(subjects: Sequence[Subject], explained: Sequence[PictureExplanation],
            drawn: Dict[Any, np.ndarray]) -> List[Panel]:
    keys = list(dict.fromkeys(key for picture in explained for key in picture.maps))
    panels = []
    for key in keys:
        shown = [picture.maps.get(key) for picture in explained]
        target = "" if key[0] == NO_TARGET else f"{key[0]}, "
        words = next(picture.target for picture in shown if picture is not None)
        panels.append(Panel(f"{target}{key[1]}, {key[2]}", words,
                            [drawn.get((subject.name, *key)) for subject in subjects],
                            [() if picture is None else picture.flags for picture in shown]))
    return panels

"""A run of compare.py: pictures in, their maps with figures, numbers and checks out."""
import sys
from dataclasses import replace
from pathlib import Path
from typing import Callable, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from datasets.market import FOLDERS, identities, market
from datasets.pictures import folder_pictures
from files.overwrite_guard import check_ours
from models.embedder import Embedder, embed
from models.registry import build_embedder
from pairs.index_page import Match, write_likeness_index
from pairs.market_run import run_market
from pairs.pair_files import SCORES, file_name
from pairs.subjects import Subject, embedding_of, identity_of, points_of, subject_of
from pairs.writing import PairWriter
from records.pairs import PairScores
from records.requests import PairRequest
from results.folder import prepare_out
from results.retrieval import similarities
from runs.loading import sha256
from terminal.errors import UserError

CHUNK = 64          # pictures that are in memory at once


class Comparison:
    def __init__(self, asked: PairRequest, say: Callable[[str], None]) -> None:
        self.asked, self.say = asked, say
        self.left_out: List[Path] = []      # pictures that can't be read
        self.points = points_of(asked.points)
        self._look_first()
        self.embedder: Embedder = build_embedder(asked.model, asked.weights, asked.device or "cpu")
        self.writer = PairWriter(asked, self.embedder, sha256(asked.weights), say)
        self._name_classes()
        prepare_out(asked.out)
        many = asked.market is not None or asked.against is not None and asked.against.is_dir()
        check_ours([*([asked.out / "index.html"] if many else []), *([asked.out / SCORES] if asked.market else [])])

    def _look_first(self) -> None:
        """What is wrong with the pictures is said before a network is loaded."""
        asked = self.asked
        if asked.market is not None:
            for part in ("query", "gallery"):
                market(asked.market, part)
        elif asked.against is not None and asked.against.is_dir():
            folder_pictures(asked.against)

    def _name_classes(self) -> None:
        """Where the pictures lie that a network with as many classes was trained on, a class has a person's number."""
        root = self.asked.market
        if root is not None and self.embedder.heads and (root / FOLDERS["train"]).is_dir():
            people = identities(root)
            self.embedder.people = people if len(people) == self.embedder.architecture["identities"] else ()

    def run(self) -> int:
        """The exit code: 1 if some pictures had to be left out."""
        self._run()
        return 1 if self.left_out else 0

    def _run(self) -> None:
        asked = self.asked
        if asked.market is not None:
            run_market(asked.market, self.writer, self._subject, self._embed, self._pair)
            return
        assert asked.image is not None
        subject = self._subject(asked.image)
        if asked.against is None:
            self.writer.write([subject], None, _folder_name(subject.name))
        elif asked.against.is_dir():
            self._folder(subject, asked.against)
        elif asked.against.suffix == ".npy":
            self.writer.write([subject], embedding_of(asked.against)[None],
                              _folder_name(subject.name, asked.against.name))
        else:
            self._pair(subject, self._subject(asked.against), None)

    def _subject(self, path: Path) -> Subject:
        return subject_of(path, self.points)

    def _embed(self, paths: Sequence[Path]) -> Tuple[Tensor, List[int]]:
        """[N, D] of those that can be read, and their places; the others are told of and left out."""
        parts: List[Tensor] = []
        kept: List[int] = []
        for start in range(0, len(paths), CHUNK):
            clips = []
            for index, path in enumerate(paths[start:start + CHUNK], start=start):
                try:
                    clips.append(self._subject(path).clip)
                    kept.append(index)
                except UserError as error:
                    self.left_out.append(path)
                    print(f"left out: {error}", file=sys.stderr)
            parts += [embed(self.embedder, clips)] if clips else []
        if not parts:
            raise UserError(f"{paths[0].parent}: none of its {len(paths)} pictures can be read; give others")
        return torch.cat(parts), kept

    def _pair(self, one: Subject, two: Subject, other: Optional[Tensor], checked: Optional[bool] = None) -> PairScores:
        """Both directions: each picture's likeness to the other, held fixed."""
        if one.name == two.name:
            two = replace(two, name=f"{two.name} (2)")
        references = embed(self.embedder, [one.clip, two.clip]).flip(0)
        return self.writer.write([one, two], references, _folder_name(one.name, two.name), other, checked)

    def _folder(self, subject: Subject, folder: Path) -> None:
        """The `top` most like the picture; who is who is known from Market-1501's names or the folders' own."""
        assert self.asked.image is not None
        paths = [path for path in folder_pictures(folder) if path.resolve() != self.asked.image.resolve()]
        if not paths:
            raise UserError(f"{folder}: holds nothing but the picture itself; give others to compare it with")
        own = embed(self.embedder, [subject.clip])
        others, kept = self._embed(paths)
        paths = [paths[index] for index in kept]
        similar = similarities(own.double().numpy(), others.double().numpy())[0]
        order = np.argsort(-similar, kind="stable")
        who = identity_of(self.asked.image, None)
        names = [identity_of(path, folder) for path in paths]
        # From the least alike on: whoever a map should not be able to explain as well.
        strangers = [index for index in order[::-1] if not who or names[index] != who]
        rows: List[Match] = []
        for rank, index in enumerate(order[:self.asked.top or 10], start=1):
            far = others[next((p for p in strangers if p != index), index)] if len(paths) > 1 else None
            scores = self._pair(subject, self._subject(paths[index]), far)
            rows.append(Match.of(scores, rank, "unknown" if not (who and names[index]) else
                                 "right" if names[index] == who else "wrong"))
        network = self.writer.network
        write_likeness_index(self.asked.out, f"{subject.name} among {len(paths)} pictures",
                             f"{network.title}, {network.file}", [("pictures", str(len(paths)))], rows,
                             self.asked.style.colormap)
        self.say(f"look at {self.asked.out / 'index.html'}")


def _folder_name(*names: str) -> str:
    return file_name(*(Path(name).stem for name in names))


def layer_lines(model: str, weights: Optional[Path]) -> List[str]:
    """Every layer of an embedder with its size, those explained by default marked."""
    from models.registry import create_embedder, published_architecture

    embedder = build_embedder(model, weights) if weights else create_embedder(published_architecture(model))
    width = max(map(len, embedder.layers))
    lines = [f"{model} ({weights or 'as published'}); channels x height x width, * by default:"]
    for name, probe in embedder.layers.items():
        channels, _, high, wide = probe.shape(1)
        path = "" if probe.path == name else f"  {probe.path}"
        lines.append(f"{'*' if name in embedder.default_layers else ' '} {name:{width}}  "
                     f"{channels} x {high} x {wide}{path}")
    return lines

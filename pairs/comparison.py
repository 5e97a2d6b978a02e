"""A run of compare.py: pictures in, their maps with figures, numbers and checks out."""
import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from datasets.clip import Clip
from datasets.market import FOLDERS, Shot, identities, market
from datasets.pictures import folder_pictures
from drawing.overlay import Style, png
from files.overwrite_guard import check_ours
from models.embedder import Embedder, embed
from models.registry import build_embedder
from pairs.checks import BELIEVED, Check, check_all, check_lines, falsification, interval
from pairs.checks import Asked as Checked
from pairs.explaining import NO_TARGET, PictureExplanation, explain_pictures
from pairs.index_page import write_likeness_index
from pairs.pair_figure import Panel, laid_over, pair_figure
from pairs.pair_files import FIGURE, MAPS, SCORES, file_name, write_maps, write_scores
from pairs.subjects import Subject, embedding_of, identity_of, points_of, subject_of
from results.existing_result import check_replaceable
from results.folder import SequenceFolder, prepare_out
from results.retrieval import RANKS, ranking, retrieval, similarities
from runs.loading import sha256, versions
from terminal.errors import UserError

CHUNK = 64          # pictures that are in memory at once


@dataclass(frozen=True)
class Asked:
    model: str
    weights: Path
    out: Path
    image: Optional[Path] = None
    against: Optional[Path] = None                  # a picture, a folder of them, or an embedding (.npy)
    market: Optional[Path] = None
    queries: int = 50
    top: Optional[int] = None
    targets: Optional[Tuple[str, ...]] = None
    methods: Tuple[str, ...] = ("gradcam",)
    layers: Optional[Tuple[str, ...]] = None
    points: Optional[str] = None                    # five points, or a CSV of them
    check: bool = False
    shifts: int = 100
    seed: int = 0
    device: str = "cpu"
    style: Style = field(default_factory=Style)
    overwrite: bool = False
    command: str = ""


class Comparison:
    def __init__(self, asked: Asked, say: Callable[[str], None]) -> None:
        self.asked, self.say = asked, say
        self.left_out: List[Path] = []      # pictures that can't be read
        self.points = points_of(asked.points)
        self._look_first()
        self.embedder: Embedder = build_embedder(asked.model, asked.weights, asked.device)
        self.hash = sha256(asked.weights)
        self._name_classes()
        prepare_out(asked.out)
        many = asked.market is not None or asked.against is not None and asked.against.is_dir()
        check_ours(asked.out / name for name in ("index.html", SCORES)
                   if (many if name == "index.html" else asked.market is not None))

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
            self._market(asked.market)
            return
        assert asked.image is not None
        subject = self._subject(asked.image)
        if asked.against is None:
            self._write([subject], None, _folder_name(subject.name))
        elif asked.against.is_dir():
            self._folder(subject, asked.against)
        elif asked.against.suffix == ".npy":
            self._write([subject], embedding_of(asked.against)[None], _folder_name(subject.name, asked.against.name))
        else:
            self._pair(subject, self._subject(asked.against), None, None)

    def _subject(self, path: Path) -> Subject:
        return subject_of(path, self.points)

    def _embed(self, paths: Sequence[Path]) -> Tuple[Tensor, List[int]]:
        """[N, D] of those that can be read, and their places; the others are told of and left out."""
        parts: List[Tensor] = []
        kept: List[int] = []
        for start in range(0, len(paths), CHUNK):
            clips = []
            for place, path in enumerate(paths[start:start + CHUNK], start=start):
                try:
                    clips.append(self._subject(path).clip)
                    kept.append(place)
                except UserError as error:
                    self.left_out.append(path)
                    print(f"left out: {error}", file=sys.stderr)
            parts += [embed(self.embedder, clips)] if clips else []
        if not parts:
            raise UserError(f"{paths[0].parent}: none of its {len(paths)} pictures can be read; give others")
        return torch.cat(parts), kept

    def _pair(self, one: Subject, two: Subject, other: Optional[Tensor], folder: Optional[str],
              check: Optional[bool] = None) -> Dict[str, Any]:
        """Both directions: each picture's likeness to the other, held fixed."""
        if one.name == two.name:
            two = replace(two, name=f"{two.name} (2)")
        references = embed(self.embedder, [one.clip, two.clip]).flip(0)
        return self._write([one, two], references, folder or _folder_name(one.name, two.name), other, check)

    def _folder(self, subject: Subject, folder: Path) -> None:
        """The `top` most like the picture; who is who is known from Market-1501's names or the folders' own."""
        assert self.asked.image is not None
        paths = [path for path in folder_pictures(folder) if path.resolve() != self.asked.image.resolve()]
        if not paths:
            raise UserError(f"{folder}: holds nothing but the picture itself; give others to compare it with")
        own = embed(self.embedder, [subject.clip])
        others, kept = self._embed(paths)
        paths = [paths[place] for place in kept]
        similar = similarities(own.double().numpy(), others.double().numpy())[0]
        order = np.argsort(-similar, kind="stable")
        who = identity_of(self.asked.image, None)
        names = [identity_of(path, folder) for path in paths]
        strangers = [place for place in order[::-1] if not who or names[place] != who]
        rows = []
        for rank, place in enumerate(order[:self.asked.top or 10], start=1):
            far = others[next((p for p in strangers if p != place), place)] if len(paths) > 1 else None
            told = self._pair(subject, self._subject(paths[place]), far, None)
            rows.append(_row(told, rank, "unknown" if not (who and names[place]) else
                             "right" if names[place] == who else "wrong"))
        write_likeness_index(self.asked.out, f"{subject.name} among {len(paths)} pictures",
                             f"{self.embedder.title}, {self.asked.weights.name}", [("pictures", str(len(paths)))], rows)
        self.say(f"look at {self.asked.out / 'index.html'}")

    def _market(self, root: Path) -> None:
        """The first queries: whom they are taken for, why, and how well people are found again."""
        asked = self.asked
        queries, gallery = market(root, "query")[:asked.queries], market(root, "gallery")
        embeddings, kept = zip(*(self._embed([shot.path for shot in shots]) for shots in (queries, gallery)))
        queries, gallery = ([shots[place] for place in its] for shots, its in zip((queries, gallery), kept))
        similar = similarities(*(each.double().numpy() for each in embeddings))
        seen, there = ([(shot.identity, shot.camera) for shot in shots] for shots in (queries, gallery))
        found = retrieval(similar, seen, there)
        rows: List[Dict[str, Any]] = []
        checks: List[Check] = []
        for number, query in enumerate(queries):
            order = ranking(similar[number], seen[number], there)
            stranger = next((place for place in order[::-1] if gallery[place].identity != query.identity), None)
            far = None if stranger is None else embeddings[1][stranger]
            for rank, place in enumerate(order[:asked.top or 1], start=1):
                match = gallery[place]
                told = self._pair(self._subject(query.path), self._subject(match.path), far, None,
                                  asked.check and not rows)
                if asked.check:
                    checks += self._falsified(query, match)
                rows.append(_row(told, rank, "right" if match.identity == query.identity else "wrong"))
        figures = {"mAP": found.mean_precision, **{f"rank {rank}": value for rank, value in zip(RANKS, found.cmc)}}
        totals = [(name, f"{value:.1%}") for name, value in figures.items()]
        told = {"queries": found.queries, "gallery": len(gallery), **figures}
        for line in self._rates(checks, told):
            self.say(line)
        write_scores(asked.out, _finite({**told, "model": self._model(), "command": asked.command}))
        write_likeness_index(asked.out, f"{len(queries)} queries among {len(gallery)} pictures",
                             f"{self.embedder.title}, {asked.weights.name}", totals, rows)
        self.say(", ".join([f"{found.queries} queries", *(f"{name} {value}" for name, value in totals)]))
        self.say(f"look at {asked.out / 'index.html'}")

    def _falsified(self, query: Shot, match: Shot) -> List[Check]:
        clips = [self._subject(shot.path).clip for shot in (query, match)]
        asked = self._checked(clips, embed(self.embedder, clips).flip(0))
        return falsification(asked, asked.explain())

    def _rates(self, checks: Sequence[Check], told: Dict[str, Any]) -> List[str]:
        """How many maps stand over all pairs, with the interval that so few leave open."""
        groups: Dict[Tuple[str, str, str, str], List[bool]] = {}
        for each in checks:
            groups.setdefault((each.name, each.target, each.method, each.layer), []).append(each.passed)
        lines = []
        for (name, target, method, layer), passed in groups.items():
            stand, maps = sum(passed), len(passed)
            low, high = interval(stand, maps)
            told.setdefault("rates", []).append({"check": name, "target": target, "method": method, "layer": layer,
                                                 "passed": stand, "maps": maps, "low": low, "high": high})
            lines.append(f"{name:<10}{target:<8}{method:<11}{layer:<26}{stand} of {maps} maps beat {BELIEVED:.0%} of "
                         f"the shifts: {stand / maps:.0%} (95% interval {low:.0%} to {high:.0%})")
        return lines

    def _checked(self, clips: Sequence[Clip], references: Optional[Tensor]) -> Checked:
        asked = self.asked
        return Checked(self.embedder, clips, references, asked.layers, asked.targets, asked.methods, asked.shifts,
                       asked.seed)

    def _write(self, subjects: Sequence[Subject], references: Optional[Tensor], name: str,
               other: Optional[Tensor] = None, check: Optional[bool] = None) -> Dict[str, Any]:
        """One folder: overlays, the figure, scores.json and maps.npz. Gives what scores.json says."""
        asked = self.asked
        clips = [subject.clip for subject in subjects]
        found = explain_pictures(self.embedder, clips, asked.layers, asked.targets, asked.methods, references)
        checks = check_all(self._checked(clips, references), other) if (asked.check if check is None else check) else []
        told = self._told(subjects, found, references, checks)
        drawn = {(subject.name, *key): subject.drawn(each.map)
                 for subject, one in zip(subjects, found) for key, each in one.maps.items()}
        settings = self._settings()
        if (asked.out / name).exists():
            check_replaceable(asked.out / name, None if asked.overwrite else settings)
        claimed = SequenceFolder.claim(asked.out, name)
        if claimed is None:
            raise UserError(f"{name}: another run is writing it to {asked.out}; let it finish, or give another --out")
        with claimed as folder:
            for (who, *key), heat in drawn.items():
                subject = next(each for each in subjects if each.name == who)
                picture = png(laid_over(subject.ground, heat, asked.style))
                (folder.path / f"{file_name(who, *key)}.png").write_bytes(picture)
            panels = _panels(subjects, found, drawn)
            figure = pair_figure([subject.ground for subject in subjects], [subject.name for subject in subjects],
                                 panels, told["title"], f"{self.embedder.title}, {asked.weights.name}", asked.style)
            (folder.path / FIGURE).write_bytes(png(figure))
            write_maps(folder.path / MAPS, [subject.name for subject in subjects], found, drawn)
            told["folder"] = name
            write_scores(folder.path, _finite(told))
            folder.publish(settings, {}, SCORES)
        self.say(f"{told['title']}: {asked.out / name / FIGURE}")
        for note in told["notes"]:
            self.say(f"  {note}")
        if checks:
            self.say("\n".join(check_lines(checks)))
            if other is None and references is not None:
                self.say("another person was not compared with: give --with a folder, or --market")
        return told

    def _told(self, subjects: Sequence[Subject], found: Sequence[PictureExplanation], references: Optional[Tensor],
              checks: Sequence[Check]) -> Dict[str, Any]:
        names = [subject.name for subject in subjects]
        told: Dict[str, Any] = {"title": names[0], "pictures": names, "model": self._model()}
        if references is not None:
            own = np.stack([each.embedding for each in found]).astype(np.float64)
            cosine = float(similarities(own[:1], references[:1].double().numpy())[0, 0])
            told.update(cosine=cosine, squared_distance=2 - 2 * cosine)
            told["title"] = f"{' and '.join(names)}: cosine {cosine:.4f}, squared distance {2 - 2 * cosine:.4f}"
        told["preprocessing"] = self.embedder.preprocessing if self.points == {} else (
            f"aligned by five points, then {self.embedder.preprocessing}")
        told["scores"] = {each.name: each.scores for each in found}
        told["maps"] = [
            {"picture": each.name if len(names) == 1 else name, "target": key[0], "words": one.target, "method": key[1],
             "layer": key[2], "score": each.scores.get(key[0]), "grid": list(one.raw.shape), "minimum": one.low,
             "maximum": one.high, "flags": list(one.flags), "file": f"{file_name(name, *key)}.png"}
            for name, each in zip(names, found) for key, one in each.maps.items()]
        told["notes"] = list(dict.fromkeys(note for each in found for note in each.notes))
        told["checks"] = [asdict(check) for check in checks]
        told.update(seed=self.asked.seed, versions=versions(), command=self.asked.command)
        return told

    def _settings(self) -> Dict[str, Any]:
        """What makes two runs the same."""
        asked = self.asked
        return {"model": asked.model, "checkpoint": self.hash, "target": list(asked.targets or ()),
                "method": list(asked.methods), "layers": list(asked.layers or ()), "points": asked.points,
                "check": asked.check, "shifts": asked.shifts, "seed": asked.seed, "blend": asked.style.blend,
                "colormap": asked.style.colormap}

    def _model(self) -> Dict[str, str]:
        return {"name": self.embedder.name, "title": self.embedder.title, "file": self.asked.weights.name,
                "sha256": self.hash}


def _panels(subjects: Sequence[Subject], found: Sequence[PictureExplanation],
            drawn: Dict[Any, np.ndarray]) -> List[Panel]:
    keys = list(dict.fromkeys(key for each in found for key in each.maps))
    panels = []
    for key in keys:
        shown = [each.maps.get(key) for each in found]
        target = "" if key[0] == NO_TARGET else f"{key[0]}, "
        words = next(each.target for each in shown if each is not None)
        panels.append(Panel(f"{target}{key[1]}, {key[2]}", words,
                            [drawn.get((subject.name, *key)) for subject in subjects],
                            [() if each is None else each.flags for each in shown]))
    return panels


def _row(told: Dict[str, Any], rank: int, verdict: str) -> Dict[str, Any]:
    return {"query": told["pictures"][0], "match": told["pictures"][1], "similarity": told["cosine"], "rank": rank,
            "verdict": verdict, "folder": told["folder"], "notes": told["notes"]}


def _folder_name(*names: str) -> str:
    return file_name(*(Path(name).stem for name in names))


def _finite(value: Any) -> Any:
    """For JSON, where there is no NaN: None."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


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

"""The first queries of Market-1501: whom they are taken for, why, and how well people are found again."""
from pathlib import Path
from typing import Callable, Dict, List, Sequence, Tuple

from torch import Tensor

from datasets.market import market
from models.embedder import embed
from pairs.checks import BELIEVED, falsification, interval
from pairs.index_page import Match, write_likeness_index
from pairs.pair_files import write_scores
from pairs.subjects import Subject
from pairs.writing import PairWriter
from records.pairs import Check, MarketScores, PairScores, Rate
from results.retrieval import RANKS, ranking, retrieval, similarities

Pair = Callable[..., PairScores]


def run_market(root: Path, writer: PairWriter, subject_of: Callable[[Path], Subject],
               embed_all: Callable[[Sequence[Path]], Tuple[Tensor, List[int]]], pair: Pair) -> None:
    asked, say = writer.asked, writer.say
    queries, gallery = market(root, "query")[:asked.queries], market(root, "gallery")
    embeddings, kept = zip(*(embed_all([shot.path for shot in shots]) for shots in (queries, gallery)))
    queries, gallery = ([shots[index] for index in indices] for shots, indices in zip((queries, gallery), kept))
    similar = similarities(*(vectors.double().numpy() for vectors in embeddings))
    seen, there = ([(shot.identity, shot.camera) for shot in shots] for shots in (queries, gallery))
    quality = retrieval(similar, seen, there)
    rows: List[Match] = []
    checks: List[Check] = []
    for number, query in enumerate(queries):
        order = ranking(similar[number], seen[number], there)
        # The stranger least alike: whoever a map should not be able to explain as well.
        stranger = next((index for index in order[::-1] if gallery[index].identity != query.identity), None)
        far = None if stranger is None else embeddings[1][stranger]
        for rank, index in enumerate(order[:asked.top or 1], start=1):
            match = gallery[index]
            scores = pair(subject_of(query.path), subject_of(match.path), far, asked.checked and not rows)
            if asked.checked:
                checks += _falsified(writer, [subject_of(shot.path) for shot in (query, match)])
            rows.append(Match.of(scores, rank, "right" if match.identity == query.identity else "wrong"))
    rates = _rates(checks)
    for rate in rates:
        say(_rate_line(rate))
    first, fifth, tenth = quality.cmc
    write_scores(asked.out, MarketScores(quality.queries, len(gallery), quality.mean_precision, first, fifth, tenth,
                                         writer.network, asked.command, tuple(rates)))
    totals = [("mAP", f"{quality.mean_precision:.1%}"),
              *((f"rank {rank}", f"{value:.1%}") for rank, value in zip(RANKS, quality.cmc))]
    write_likeness_index(asked.out, f"{len(queries)} queries among {len(gallery)} pictures",
                         f"{writer.network.title}, {writer.network.file}", totals, rows, asked.style.colormap)
    say(", ".join([f"{quality.queries} queries", *(f"{name} {value}" for name, value in totals)]))
    say(f"look at {asked.out / 'index.html'}")


def _falsified(writer: PairWriter, subjects: Sequence[Subject]) -> List[Check]:
    checked = writer.checked(subjects, embed(writer.embedder, [subject.clip for subject in subjects]).flip(0))
    return falsification(checked, checked.explain())


def _rates(checks: Sequence[Check]) -> List[Rate]:
    groups: Dict[Tuple[str, str, str, str], List[bool]] = {}
    for check in checks:
        groups.setdefault((check.name, check.target, check.method, check.layer), []).append(check.passed)
    return [Rate(*key, sum(passed), len(passed), *interval(sum(passed), len(passed)))
            for key, passed in groups.items()]


def _rate_line(rate: Rate) -> str:
    return (f"{rate.check:<10}{rate.target:<8}{rate.method:<11}{rate.layer:<26}{rate.passed} of {rate.maps} maps beat "
            f"{BELIEVED:.0%} of the shifts: {rate.passed / rate.maps:.0%} (95% interval {rate.low:.0%} to "
            f"{rate.high:.0%})")

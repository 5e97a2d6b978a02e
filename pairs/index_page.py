"""The page of many comparisons: most alike first, right and wrong matches told apart where it is known who is who.

It shows one map of each pair at a time, by target, method and layer; the pictures lie in the pairs' own folders.
"""
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence, Tuple

from files.atomic import atomic_file
from pairs.pair_files import picture_file
from records.codec import to_json
from records.pairs import MapRecord, PairScores
from reports.page import colour_tables, page

SCRIPTS = ("dom.js", "pictures.js", "zoom.js", "likeness.js", "likeness_viewer.js", "likeness_page.js")


@dataclass(frozen=True)
class Match:
    query: str
    match: str
    similarity: float
    rank: int
    verdict: str                    # right, wrong or unknown
    folder: str
    notes: Tuple[str, ...]
    files: Tuple[str, str]          # of the two pictures without a map
    maps: Tuple[MapRecord, ...]

    @staticmethod
    def of(scores: PairScores, rank: int, verdict: str) -> "Match":
        assert scores.cosine is not None
        query, match = scores.pictures
        return Match(query, match, scores.cosine, rank, verdict, scores.folder, scores.notes,
                     (picture_file(query), picture_file(match)), scores.maps)


def write_likeness_index(out: Path, title: str, facts: str, totals: Sequence[Tuple[str, str]],
                         rows: Sequence[Match], colormap: str) -> None:
    ordered = sorted(rows, key=lambda row: -row.similarity)
    plain = "\n".join([title, facts, *(f"{name}: {value}" for name, value in totals),
                       *(f"{row.similarity:.3f} {row.query} {row.match} {row.verdict}" for row in ordered)])
    data = {"title": title, "facts": facts, "totals": [list(total) for total in totals], "rows": to_json(ordered),
            "scale": colour_tables()[colormap]}
    text = page("likeness.html", ("base.css", "likeness.css"), SCRIPTS, title, data, {}, plain)
    with atomic_file(out / "index.html") as draft:
        draft.write_text(text, encoding="utf-8")

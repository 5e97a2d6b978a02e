"""The page of many comparisons: most alike first, right and wrong matches told apart where it is known who is who."""
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

from files.atomic import atomic_file
from reports.page import page


def write_likeness_index(out: Path, title: str, facts: str, totals: Sequence[Tuple[str, str]],
                         rows: List[Dict[str, Any]]) -> None:
    """rows: query, match, similarity, rank, verdict (right, wrong or unknown), folder (or empty), notes."""
    ordered = sorted(rows, key=lambda row: -row["similarity"])
    plain = "\n".join([title, facts, *(f"{name}: {value}" for name, value in totals),
                       *(f"{row['similarity']:.3f} {row['query']} {row['match']} {row['verdict']}" for row in ordered)])
    data = {"title": title, "facts": facts, "totals": [list(total) for total in totals], "rows": ordered}
    text = page("likeness.html", ("base.css", "likeness.css"), ("dom.js", "likeness.js"), title, data, {}, plain)
    with atomic_file(out / "index.html") as draft:
        draft.write_text(text, encoding="utf-8")

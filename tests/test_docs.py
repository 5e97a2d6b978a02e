"""README and docs hold together: their links lead somewhere, and what they name is there."""
import re
from pathlib import Path
from typing import List, Tuple

import pytest

from records.methods import METHODS
from records.networks import RECOGNISERS

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), ROOT / "demo/README.md"]
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")


def links(page: Path) -> List[Tuple[str, str]]:
    return [(path, anchor[1:]) for path, anchor in LINK.findall(page.read_text(encoding="utf-8"))
            if not path.startswith("http")]


def anchors(page: Path) -> List[str]:
    """As code hosts make them of headings: small letters, words parted by hyphens."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    listed = {path for path, _ in links(ROOT / "docs/README.md")}
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} == listed


def test_every_method_is_in_its_table() -> None:
    text = (ROOT / "docs/maps.md").read_text(encoding="utf-8")
    assert [method.name for method in METHODS if f"| `{method.name}` |" not in text] == []


def test_every_published_file_has_its_name_in_the_table() -> None:
    text = (ROOT / "docs/checkpoints.md").read_text(encoding="utf-8")
    names = [name for network in RECOGNISERS for name in network.published.values()]
    assert [name for name in names if name not in text] == []

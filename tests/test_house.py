"""What the import linter can't see, as it knows only rooms: the files at the root, and circles through them."""
import ast
from pathlib import Path
from typing import Dict, Set

import pytest

from files.workspace import REPOSITORY

ROOMS = sorted(path.parent.name for path in REPOSITORY.glob("*/__init__.py") if path.parent.name != "tests")
COMMANDS = {path.stem for path in REPOSITORY.glob("*.py")} - {"cam_runner", "render"}
ABOVE = {"cam_runner": {"pairs", "runs", "reports", "evidence", "training", "results", "drawing", "render", "files",
                        "signer"},
         "render": {"pairs", "runs", "reports", "evidence", "training", "cam_runner", "cams", "models", "signer",
                    "datasets"}}


def modules() -> Dict[str, Path]:
    paths = [*REPOSITORY.glob("*.py"), *(path for room in ROOMS for path in (REPOSITORY / room).rglob("*.py"))]
    return {".".join(path.relative_to(REPOSITORY).with_suffix("").parts): path for path in paths}


def imports(path: Path, known: Dict[str, Path]) -> Set[str]:
    """Late and type-only ones included."""
    named: Set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return named & set(known)


@pytest.fixture(scope="module")
def graph() -> Dict[str, Set[str]]:
    known = modules()
    return {name: imports(path, known) for name, path in known.items()}


def test_no_file_imports_itself_by_way_of_others(graph: Dict[str, Set[str]]) -> None:
    left = dict(graph)
    while True:
        ends = {name for name, imported in left.items() if not imported & set(left)}
        if not ends:
            break
        left = {name: imported for name, imported in left.items() if name not in ends}
    assert not left


@pytest.mark.parametrize("door", sorted(ABOVE))
def test_a_door_knows_only_what_is_below_it(graph: Dict[str, Set[str]], door: str) -> None:
    assert {name.split(".")[0] for name in graph[door]}.isdisjoint(ABOVE[door] | COMMANDS)


def test_nothing_imports_a_command_but_a_command(graph: Dict[str, Set[str]]) -> None:
    assert not {name for name, imported in graph.items() if imported & COMMANDS and name not in COMMANDS}

"""The methods of the installed grad-cam, read from its source: to import it would load torch, and help must not wait.

A class can be fed from one pass where its map is made of one layer's activation and gradient.
"""
import ast
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Dict, Iterator, Tuple

from files.reading import read_text

PREFIX, PACKAGE, BASE = "library:", "pytorch_grad_cam", "BaseCAM"
AROUND = "base_method"          # an argument of classes around another method
WHOLE = {"forward", "compute_cam_per_layer", "aggregate_multi_layers"}       # what makes a picture of all layers
ASKS = (                        # what its source says, and why one pass cannot feed it then
    (AROUND, "it is a target around another method; --target rivals asks what FinerCAM asks, with any method"),
    ("self.model(", "it asks the network again for every channel of a layer"),
    ("autograd.grad", "it differentiates the gradient once more, and one backward pass leaves nothing for that"))


@dataclass(frozen=True)
class LibraryClass:
    name: str
    gradients: bool             # whether its map depends on the target
    why_not: str                # why it cannot be fed from one pass; empty where it can


@lru_cache(maxsize=None)
def library_classes() -> Dict[str, LibraryClass]:
    """Those that make maps, by name; none where grad-cam is not installed."""
    return {node.name: _told(node, source) for node, source in _exported()
            if BASE in (base.id for base in node.bases if isinstance(base, ast.Name)) or AROUND in source}


def fed() -> Tuple[str, ...]:
    """The names of those that one pass can feed."""
    return tuple(name for name, known in library_classes().items() if not known.why_not)


def cannot_be_fed(method: str) -> str:
    """Why a method of the library can't be asked for; empty where it can, and for all others."""
    known = library_classes().get(method[len(PREFIX):]) if method.startswith(PREFIX) else None
    return known.why_not if known else ""


def _exported() -> Iterator[Tuple[ast.ClassDef, str]]:
    """Each class that the package exports, and its source."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return
    package = Path(spec.origin).parent
    for line in ast.parse(read_text(package / "__init__.py")).body:
        if not isinstance(line, ast.ImportFrom) or not (line.module or "").startswith(f"{PACKAGE}."):
            continue
        path = package.joinpath(*str(line.module).split(".")[1:]).with_suffix(".py")
        text = read_text(path)
        names = {alias.name for alias in line.names}
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef) and node.name in names:
                yield node, ast.get_source_segment(text, node) or ""


def _told(node: ast.ClassDef, source: str) -> LibraryClass:
    squeezed = "".join(source.split())
    own = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
    why_not = next((why for words, why in ASKS if words in squeezed), "")
    if not why_not and own & WHOLE:
        why_not = "its picture is not made of one layer's activation and gradient"
    return LibraryClass(node.name, "uses_gradients=False" not in squeezed, why_not)

"""The corpora by name. A further one is a file with its class, and a line here."""
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Optional, Type, Union

from files.workspace import Workspace, find_input
from terminal.errors import UserError

if TYPE_CHECKING:   # a command lists the names before NumPy is loaded
    from datasets.layout import Corpus

CORPORA = {
    "phoenix2014": "datasets.phoenix2014:Phoenix2014",
    "phoenix2014-T": "datasets.phoenix2014t:Phoenix2014T",
    "csl-daily": "datasets.csl_daily:CSLDaily",
    "csl": "datasets.csl:CSL",
}


def corpus_class(name: str) -> "Type[Corpus]":
    if name not in CORPORA:
        raise UserError(f"no dataset is called {name!r}; there are: {', '.join(CORPORA)}")
    module, title = CORPORA[name].split(":")
    return getattr(import_module(module), title)


def name_found(root: Path) -> Optional[str]:
    """Which corpus's own tables lie under a data root."""
    return next((name for name in CORPORA if corpus_class(name).lies_at(root)), None)


def open_corpus(root: Union[str, Path], name: Optional[str] = None, workspace: Optional[Workspace] = None,
                info: Optional[Path] = None) -> "Corpus":
    """The corpus at a data root: the one that is named, else the one that is found, else PHOENIX-2014."""
    root = Path(root)
    there = name_found(root)
    if name is not None and there not in (None, name) and not info and not corpus_class(name).lies_at(root):
        raise UserError(f"no {name} at {root}: the data there look like {there}; give --dataset {there}, or another "
                        "data root")
    return corpus_class(name or there or "phoenix2014")(root, workspace, info)


def find_corpus(root: Optional[str], name: Optional[str], workspace: Workspace, info: Optional[Path] = None
                ) -> "Corpus":
    """As the user named it, else where the workspace keeps it."""
    if root is not None:
        return open_corpus(find_input(root, workspace), name, workspace, info)
    folders = {corpus: workspace.root / "data" / corpus_class(corpus).folder for corpus in CORPORA}
    wanted = name or next((corpus for corpus, folder in folders.items() if folder.is_dir()), "phoenix2014")
    corpus_class(wanted)
    return open_corpus(folders[wanted], name, workspace, info)

"""Taking a replaced folder away without losing a file that the program did not write."""
import os
from contextlib import suppress
from pathlib import Path

from results.manifest import MANIFEST, files_in, read_manifest


def retire(old: Path, new: Path) -> None:
    """Takes `old` away; what its manifest does not list moves into `new`."""
    if old.is_symlink():
        old.unlink()            # results that were moved elsewhere and linked: those stay where they are
        return
    if not old.exists():
        return
    manifest = read_manifest(old)
    ours = [*manifest.files, MANIFEST] if manifest else []
    for name in sorted(set(files_in(old)) - set(ours)):
        target = _free(new, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(old / name, target)
    for name in ours:           # the manifest last: without it, what a kill in between leaves would not be ours
        with suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
            os.unlink(old / name)
    for folder, _, _ in os.walk(old, topdown=False):
        os.rmdir(folder)


def set_aside(folder: Path) -> Path:
    """Another name for a folder of which nobody can say what in it is ours."""
    number = 1
    while os.path.lexists(folder.with_name(f"{folder.name}.aside-{number}")):
        number += 1
    target = folder.with_name(f"{folder.name}.aside-{number}")
    folder.rename(target)
    return target


def _free(folder: Path, name: str) -> Path:
    """`name` in a folder, its first part with `.kept` behind it as often as it takes to be in nobody's way."""
    first, *rest = Path(name).parts
    while True:
        target = folder.joinpath(first, *rest)
        above = [path for path in target.parents if folder in path.parents]
        if not os.path.lexists(target) and all(path.is_dir() or not os.path.lexists(path) for path in above):
            return target
        first += ".kept"

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

from terminal.errors import UserError

DATA_NAME = "phoenix-2014-multisigner"
REPOSITORY = Path(os.path.abspath(__file__)).parent.parent


@dataclass(frozen=True)
class Workspace:
    """The folder around this repository, where checkpoints, data and outputs lie."""

    root: Path = REPOSITORY.parent

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def data(self) -> Path:
        """The folder with annotations/, features/ and keypoints/."""
        return self.root / "data" / DATA_NAME

    @property
    def outputs(self) -> Path:
        return self.root / "outputs"

    @property
    def demo_outputs(self) -> Path:
        """Where what needs no workspace goes: into the repository, unless the user has a workspace around it."""
        return self.outputs if self.data.is_dir() or self.checkpoints.is_dir() else REPOSITORY / "outputs"


def expanded(given: Union[str, Path]) -> Path:
    """With the home folder in the place of ~."""
    if "\0" in str(given):
        raise UserError(f"{ascii(str(given))}: a path cannot contain a NUL; give another")
    try:
        return Path(given).expanduser()
    except RuntimeError:
        raise UserError(f"{given}: this home folder is not known; give the full path") from None


def find_input(given: Union[str, Path], workspace: Optional[Workspace] = None) -> Path:
    """What the user named: relative to the current directory, else to the workspace, else to the repository."""
    path = expanded(given)
    roots = [Path.cwd(), (workspace or Workspace()).root, REPOSITORY]
    tried = [Path(os.path.normpath(root / path)) for root in roots]
    for candidate in tried:
        if candidate.exists():
            return candidate
    places = " and ".join(str(path) for path in dict.fromkeys(tried))
    raise UserError(f"'{given}' does not exist: looked for {places}; give the path of an existing file or folder")


def find_folder(given: Union[str, Path]) -> Path:
    path = find_input(given)
    if not path.is_dir():
        raise UserError(f"{path}: a file; give a folder that main.py wrote")
    return path


def find_data_root(given: Optional[Union[str, Path]] = None, workspace: Optional[Workspace] = None) -> Path:
    """The dataset's folder: the workspace's own unless the user named one."""
    workspace = workspace or Workspace()
    return workspace.data if given is None else find_input(given, workspace)

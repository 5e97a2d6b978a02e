from pathlib import Path

import pytest

from files.workspace import REPOSITORY, Workspace, find_data_root, find_input
from terminal.errors import UserError


def test_defaults_come_from_the_repository_not_the_current_directory(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (REPOSITORY / "main.py").is_file()
    assert find_data_root() == REPOSITORY.parent / "data/phoenix-2014-multisigner"
    assert Workspace().checkpoints == REPOSITORY.parent / "checkpoints"


def test_path_by_hand_is_tried_here_then_in_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, here = Workspace(tmp_path / "work space"), tmp_path / "hier"
    for folder in (workspace.checkpoints, here):
        folder.mkdir(parents=True)
    (workspace.checkpoints / "x.pt").touch()
    monkeypatch.chdir(here)
    assert find_input("checkpoints/x.pt", workspace) == workspace.checkpoints / "x.pt"
    (here / "checkpoints").mkdir()
    (here / "checkpoints/x.pt").touch()
    assert find_input("checkpoints/x.pt", workspace) == here / "checkpoints/x.pt"
    assert find_input("../work space/checkpoints/x.pt", workspace) == workspace.checkpoints / "x.pt"
    assert find_input(here, workspace) == here


def test_path_that_is_nowhere_names_the_places_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="'nowhere' does not exist: looked for .*nowhere and .*nowhere"):
        find_input("nowhere", Workspace(tmp_path / "other"))


def test_the_demo_writes_into_the_repository_unless_a_workspace_is_around_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert workspace.demo_outputs == REPOSITORY / "outputs"
    workspace.checkpoints.mkdir()
    assert workspace.demo_outputs == tmp_path / "outputs"

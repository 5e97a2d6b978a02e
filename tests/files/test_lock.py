import os
from pathlib import Path

import pytest

from files.lock import let_go, take, waited_for
from terminal.errors import UserError


def test_one_process_holds_it_at_a_time(tmp_path: Path) -> None:
    lock = take(tmp_path / "lock")
    assert lock is not None and take(tmp_path / "lock") is None
    let_go(tmp_path / "lock", lock)
    assert not (tmp_path / "lock").exists()


@pytest.mark.parametrize("there", [True, False])
def test_a_link_in_its_place_leads_nowhere(tmp_path: Path, there: bool) -> None:
    target = tmp_path / "target"
    if there:
        target.write_text("mine")
    (tmp_path / "lock").symlink_to(target)
    with pytest.raises(UserError, match="lock: a link"):
        take(tmp_path / "lock")
    with pytest.raises(UserError, match="lock: a link"), waited_for(tmp_path / "lock"):
        pass
    assert target.exists() == there


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lock")
    lock = take(tmp_path / "lock")
    assert lock is not None
    os.close(lock)

from pathlib import Path

import pytest

from files.workspace import Workspace
from runs.loading import checkpoint_path
from terminal.errors import UserError


@pytest.mark.parametrize("model, corpus, name", [
    ("slowfast", "phoenix2014", "slowfast_phoenix2014_dev_18.01_test_18.28.pt"),
    ("slowfast", "phoenix2014-T", "slowfast_phoenix2014-T_dev_17.66_test_18.71.pt"),
    ("slowfast", "csl-daily", "slowfast_csl-daily_dev_25.49_test_24.85.pt"),
    ("corrnet", "csl-daily", "corrnet_csl-daily_dev_30.6_test_30.1.pt")])
def test_each_corpus_has_its_published_checkpoint(tmp_path: Path, model: str, corpus: str, name: str) -> None:
    with pytest.raises(UserError, match=f"no {model} checkpoint at .*{name}"):
        checkpoint_path(model, None, Workspace(tmp_path), corpus)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / name).touch()
    assert checkpoint_path(model, None, Workspace(tmp_path), corpus).name == name

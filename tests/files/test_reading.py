import json
import os
from pathlib import Path

import pytest

from files.reading import DAMAGED_JSON, check_regular, open_file, read_bytes, read_json, read_text


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "link", Path("/dev/zero")):
        for read in (open_file, read_bytes, read_text, read_json, check_regular):
            with pytest.raises(OSError, match="no regular file"):
                read(path)


def test_a_folder_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        open_file(tmp_path)


def test_text_comes_as_python_has_it(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes("ä\r\nb\rc\n".encode())
    assert read_text(tmp_path / "x") == "ä\nb\nc\n" == (tmp_path / "x").read_text("utf-8")


def test_no_more_is_read_than_fits(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(100))
    assert len(read_bytes(tmp_path / "x", 100)) == 100
    with pytest.raises(OSError, match="100 bytes, and at most 99"):
        read_bytes(tmp_path / "x", 99)


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "\xff", "1" * 10_000 + "x", ""])
def test_json_that_is_none_is_one_of_few_errors(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_bytes(text.encode("latin-1"))
    with pytest.raises(DAMAGED_JSON):
        read_json(tmp_path / "x")
    (tmp_path / "x").write_text(json.dumps({"a": [1]}))
    assert read_json(tmp_path / "x") == {"a": [1]}


def test_json_may_begin_with_a_mark_as_windows_writes_it(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b'\xef\xbb\xbf{"a": "\xc3\xa4"}')
    assert read_json(tmp_path / "x") == {"a": "ä"}

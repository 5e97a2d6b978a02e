"""A zip's directory is held against the file's own length: newer zipfile believes what it announces."""
import struct
import zipfile
from pathlib import Path
from typing import Tuple

import pytest

from files.stored_zip import Compressed, StoredZip


def written(path: Path, content: bytes = b"x" * 100, how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as file:
        file.writestr("archive/data.pkl", content)
        file.writestr("archive/version", b"3\n")
    return path


def announced(path: Path, compressed: int, whole: int) -> Path:
    data = bytearray(path.read_bytes())
    offset = data.index(b"PK\x01\x02")
    data[offset + 20:offset + 28] = struct.pack("<II", compressed, whole)
    path.write_bytes(bytes(data))
    return path


@pytest.mark.parametrize("sizes", [(2 ** 31 - 1,) * 2, (100, 2 ** 31 - 1), (101, 100), (120, 120)])
def test_sizes_that_cannot_be_are_refused(tmp_path: Path, sizes: Tuple[int, int]) -> None:
    with pytest.raises((zipfile.BadZipFile, EOFError)):
        StoredZip(announced(written(tmp_path / "a"), *sizes)).read("data.pkl")


def test_parts_are_read_as_they_are(tmp_path: Path) -> None:
    content = bytes(range(256)) * 8
    file = StoredZip(written(tmp_path / "a", content))
    assert "data.pkl" in file and "nothing" not in file and file.read("version") == b"3\n"
    for start, stop in ((0, 2048), (5, 9), (2047, 2048), (7, 7)):
        assert file.part("data.pkl", start, stop) == content[start:stop]
    with pytest.raises(EOFError):
        file.part("data.pkl", 0, 2049)
    file.close()


@pytest.mark.parametrize("part", [(0, 2048), (1, 5)])
def test_a_wrong_checksum_is_found_whatever_part_is_read(tmp_path: Path, part: Tuple[int, int]) -> None:
    path = written(tmp_path / "a", b"0123456789abcdef" * 128)
    path.write_bytes(path.read_bytes().replace(b"0123456789abcdef", b"0123456789abcdeF", 1))
    with pytest.raises(zipfile.BadZipFile):
        StoredZip(path).part("data.pkl", *part)


def test_compressed_entries_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Compressed):
        StoredZip(written(tmp_path / "a", how=zipfile.ZIP_DEFLATED))

"""A zip file of entries as they are, none of them compressed: what it holds can't be more than its own bytes."""
import os
import struct
import zipfile
from pathlib import Path
from typing import Dict, Set

from files.reading import open_file

LOCAL = struct.Struct("<4s22xHH")       # before each entry: a mark, ..., the lengths of its name and of what is added


class Compressed(Exception):
    """It is no file of plain entries."""


class StoredZip:
    """OSError or BadZipFile where it is none."""

    def __init__(self, path: Path) -> None:
        self._file = open_file(path)
        try:
            self._zip = zipfile.ZipFile(self._file)
            self.size = os.fstat(self._file.fileno()).st_size
            infos = self._zip.infolist()
            if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
                raise Compressed
            # Overlapping entries would be one another's bytes.
            if any(info.file_size != info.compress_size for info in infos) or \
                    sum(info.file_size for info in infos) > self.size:
                raise zipfile.BadZipFile("its entries claim to be larger than they can be")
        except BaseException:
            self._file.close()
            raise
        self._entries: Dict[str, zipfile.ZipInfo] = {info.filename.split("/", 1)[-1]: info for info in infos}
        self._whole: Set[str] = set()       # those whose checksum was found right

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def length(self, name: str) -> int:
        return self._entries[name].file_size

    def read(self, name: str) -> bytes:
        data = self._zip.read(self._entries[name])
        if len(data) != self._entries[name].file_size:
            raise EOFError(f"{name} ends after {len(data)} of {self._entries[name].file_size} bytes")
        self._whole.add(name)
        return data

    def part(self, name: str, start: int, stop: int) -> bytearray:
        """Bytes start..stop-1 of an entry; the checksum of all of it is looked at once."""
        info = self._entries[name]
        if not 0 <= start <= stop <= info.file_size:
            raise EOFError(f"{name} has {info.file_size} bytes; {stop} are asked for")
        if name not in self._whole:
            if (start, stop) == (0, info.file_size):
                return bytearray(self.read(name))
            with self._zip.open(info) as file:
                while file.read(1 << 20):
                    pass
            self._whole.add(name)
        self._file.seek(info.header_offset)
        mark, name_length, more = LOCAL.unpack(self._file.read(LOCAL.size))
        self._file.seek(info.header_offset + LOCAL.size + name_length + more + start)
        data = bytearray(self._file.read(stop - start))
        if len(data) != stop - start:
            raise EOFError(f"{name} ends too soon")
        return data

    def close(self) -> None:
        self._zip.close()
        self._file.close()

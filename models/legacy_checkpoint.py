"""Checkpoints from before PyTorch 1.6: no zip but five pickles in a row, then the storages one after another.

The pickles are a magic number, the format's version, what machine wrote it, what was saved, and the names of the
storages in the order in which their values follow, each after their number. None is read but by the unpickler for
checkpoints, and only once it is known where it ends; nothing that a file says of its sizes is believed.
"""
import os
import pickle
import pickletools
import struct
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Tuple

from files.safe_pickle import DAMAGED
from terminal.errors import UserError

MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."     # with it such a file begins, after two bytes
NUMBER, VERSION = 0x1950a86a20f9469cfc6c, 1001
LONGEST_NAME = 200                              # of a module or of what it is asked for
OBJECT = "data.pkl"
OPCODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}

Storages = Mapping[str, Tuple[int, int]]        # {name: (values, bytes of a value)}, as the pickle tells them


class LegacyFile:
    """Its parts by the names that they have in a newer checkpoint: data.pkl, and data/NAME of each storage."""

    def __init__(self, path: Path, load: Callable[[bytes], Tuple[Any, Storages]]) -> None:
        """load: a pickle's content, and the storages it refers to; UnpicklingError and its like where it is none."""
        self.path = path
        self._file = open(path, "rb")           # noqa: SIM115
        self.size = os.fstat(self._file.fileno()).st_size
        try:
            self._places: Dict[str, Tuple[int, int]] = self._find(load)     # first byte, and the one behind the last
        except UserError:
            self.close()
            raise
        except DAMAGED as error:
            self.close()
            raise UserError(f"{path}: not a checkpoint of weights and training state ({error or type(error).__name__})"
                            "; nothing in it was run") from None

    @property
    def names(self) -> List[str]:
        return list(self._places)

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def length(self, name: str) -> int:
        start, stop = self._places[name]
        return stop - start

    def read(self, name: str) -> bytes:
        return self._at(*self._places[name])

    def part(self, name: str, start: int, stop: int) -> bytearray:
        """Bytes start..stop-1 of a part."""
        if not 0 <= start <= stop <= self.length(name):
            raise EOFError(f"{name} has {self.length(name)} bytes; {stop} are asked for")
        first = self._places[name][0]
        return bytearray(self._at(first + start, first + stop))

    def close(self) -> None:
        self._file.close()

    def _at(self, start: int, stop: int) -> bytes:
        """Bytes start..stop-1 of the file."""
        data = b""
        if stop <= self.size:       # more is not even asked for
            self._file.seek(start)
            data = self._file.read(stop - start)
        if stop > self.size or len(data) != stop - start:
            raise UserError(f"{self.path}: truncated: the end of the checkpoint is missing after {self.size:,} bytes; "
                            "fetch it again")
        return data

    def _find(self, load: Callable[[bytes], Tuple[Any, Storages]]) -> Dict[str, Tuple[int, int]]:
        ends = [0]
        for _ in range(5):
            ends.append(self._end_of_pickle(ends[-1]))
        number, version, machine, _, names = (self._at(start, stop) for start, stop in zip(ends, ends[1:]))
        if (load(number)[0], load(version)[0]) != (NUMBER, VERSION):
            raise UserError(f"{self.path}: of an unknown version of PyTorch's format from before version 1.6; load it "
                            "with torch.load where you trust it and torch.save it again")
        if load(machine)[0].get("little_endian") is not True:
            raise UserError(f"{self.path}: saved on a big-endian machine; save it again on a little-endian one")
        storages = load(self._at(ends[3], ends[4]))[1]
        return {OBJECT: (ends[3], ends[4]), **self._find_storages(ends[5], load(names)[0], storages)}

    def _find_storages(self, offset: int, names: Any, storages: Storages) -> Dict[str, Tuple[int, int]]:
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names) \
                or sorted(names) != sorted(storages):
            raise pickle.UnpicklingError("the storages that follow are not those of its tensors")
        ranges = {}
        for name in names:
            values, size = storages[name]
            announced, = struct.unpack("<q", self._at(offset, offset + 8))
            if announced != values:
                raise UserError(f"{self.path}: damaged: a storage of {values} values is followed by {announced}; "
                                "fetch the file again")
            start, offset = offset + 8, offset + 8 + values * size
            ranges[f"data/{name}"] = (start, offset)
        self._at(offset, offset)
        return ranges

    def _end_of_pickle(self, offset: int) -> int:
        """The place behind a pickle's last opcode, which are looked through without reading what they hold."""
        while True:
            opcode = OPCODES.get(self._at(offset, offset + 1))
            if opcode is None:
                raise pickle.UnpicklingError(f"there is no pickle's opcode at byte {offset}")
            offset += 1
            if opcode.name == "STOP":
                return offset
            offset = self._behind_argument(opcode, offset)

    def _behind_argument(self, opcode: "pickletools.OpcodeInfo", offset: int) -> int:
        if opcode.arg is None:
            return offset
        if opcode.name == "GLOBAL":
            return self._behind_line(self._behind_line(offset))
        if opcode.arg.n >= 0:
            return offset + opcode.arg.n
        length = {pickletools.TAKEN_FROM_ARGUMENT1: "<B", pickletools.TAKEN_FROM_ARGUMENT4: "<i",
                  pickletools.TAKEN_FROM_ARGUMENT4U: "<I", pickletools.TAKEN_FROM_ARGUMENT8U: "<Q"}.get(opcode.arg.n)
        if length is None:      # a line of text of any length
            raise pickle.UnpicklingError(f"it has the opcode {opcode.name}, which torch.save never writes")
        start = offset + struct.calcsize(length)
        count, = struct.unpack(length, self._at(offset, start))
        if count < 0:
            raise pickle.UnpicklingError(f"it announces {count} bytes")
        return start + count

    def _behind_line(self, offset: int) -> int:
        self._file.seek(offset)
        line = self._file.readline(LONGEST_NAME)
        if len(line) == LONGEST_NAME:
            raise pickle.UnpicklingError(f"it asks for a name of more than {LONGEST_NAME} letters")
        return offset + len(line) if line.endswith(b"\n") else self.size + 1

"""Small files that ask for much memory are refused before they get it, each in a process that has little."""
import pickle
import struct
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np
import pytest

from files.workspace import REPOSITORY
from terminal.errors import UserError
from tests.files.test_safe_pickle import Calls
from tests.kit.tiers import first, full

READ = """
import resource, sys
from pathlib import Path
import poses.keypoint_pickle, files.safe_pickle
if sys.argv[1] == "checkpoint":
    import models.checkpoint
from terminal.errors import UserError
size = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 2 ** 28,) * 2)
for path in map(Path, sys.argv[2:]):
    try:
        {"checkpoint": lambda path: models.checkpoint.Checkpoint(path), "pickle": files.safe_pickle.load_pickle,
         "npy": files.safe_pickle.load_npy,
         "keypoints": lambda path: list(poses.keypoint_pickle.sequences(path))}[sys.argv[1]](path)
    except UserError as error:
        print(error)
"""


def long_put(number: int) -> bytes:
    return b"\x80\x02]r" + struct.pack("<I", number) + b"."


def copies(size: int, count: int, make: bytes) -> bytes:
    """A list of `size` entries, and `count` containers made of it."""
    return b"\x80\x02(" + make + b"q\x01](" + b"K\x00" * size + b"e\x85q\x02(" + b"h\x01h\x02R" * count + b"l."


BOMBS: Dict[str, bytes] = {
    "a number as bytearray": pickle.dumps(Calls(bytearray, 2 * 10 ** 9), 2),
    "a number as bytes": pickle.dumps(Calls(bytes, 2 * 10 ** 9), 2),
    "bytes announced": b"\x80\x05\x96" + struct.pack("<Q", 10 ** 10) + b"x.",
    "sets of one list": copies(50_000, 20_000, b"cbuiltins\nfrozenset\n"),
    "text of nested lists": pickle.dumps(Calls(str, [[1]]), 2),
}


def zipped(path: Path, content: bytes, how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as file:
        file.writestr("archive/data.pkl", content)
        file.writestr("archive/version", b"3\n")
    return path


HAS_TORCH = find_spec("torch") is not None
KINDS = ["pickle", "keypoints", *(["checkpoint"] if HAS_TORCH else [])]
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="checkpoints are read with torch")


def told_of(kind: str, *paths: Path) -> str:
    done = subprocess.run([sys.executable, "-c", READ, kind, *map(str, paths)], cwd=REPOSITORY,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout


def refused(folder: Path, kind: str, contents: Dict[str, bytes]) -> None:
    """Every one of them in a line of its own."""
    paths = [folder / f"{name}.bin" for name in contents]
    for path, content in zip(paths, contents.values()):
        path.write_bytes(content) if kind != "checkpoint" else zipped(path, content)
    lines = told_of(kind, *paths).splitlines()
    assert [line.split(".bin: ")[0] for line in lines] == [str(path.with_suffix("")) for path in paths]
    assert all(len(line) < 1000 for line in lines)


@pytest.mark.parametrize("kind", first(KINDS))
def test_a_far_place_in_the_memo_costs_nothing(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(long_put(2 ** 30)) if kind != "checkpoint" else zipped(path, long_put(2 ** 30))
    assert len(told_of(kind, path).splitlines()) == (kind == "keypoints")       # an empty list: data, but no keypoints


@needs_torch
def test_a_size_that_a_directory_announces_is_not_believed(tmp_path: Path) -> None:
    """From Python 3.12 on zipfile does, and so does whoever asks it how long an entry is."""
    path = zipped(tmp_path / "x.bin", long_put(2 ** 29))
    data = bytearray(path.read_bytes())
    offset = data.index(b"PK\x01\x02")
    data[offset + 20:offset + 28] = struct.pack("<II", 2 ** 31 - 1, 2 ** 31 - 1)
    path.write_bytes(bytes(data))
    message = told_of("checkpoint", path)
    assert len(message.splitlines()) == 1 and "x.bin" in message


@needs_torch
def test_entries_cannot_be_one_anothers_bytes(tmp_path: Path) -> None:
    from models.checkpoint import Checkpoint

    path = zipped(tmp_path / "x.pt", b"\x80\x02K\x01." + bytes(5000))
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    entry = data[start:data.index(b"PK\x01\x02", start + 4)]
    more = b"".join(entry.replace(b"archive/data.pkl", b"archive/%08d" % n) for n in range(200))
    end = data.index(b"PK\x05\x06")
    tail = bytearray(data[end:])
    tail[8:16] = struct.pack("<HHI", 202, 202, end - start + len(more))
    path.write_bytes(data[:end] + more + bytes(tail))
    with pytest.raises(UserError, match=r"x\.pt"):
        Checkpoint(path)


def nested(depth: int) -> bytes:
    """A tuple of a tuple twice, of a tuple twice, ..."""
    return b"K\x01" + b"".join(b"q%c" % (n % 200) + b"h%c\x86" % (n % 200) for n in range(depth))


FOR_EVER: Dict[str, bytes] = {
    "a key of tuples that hold the last twice": b"\x80\x02}" + nested(60) + b"K\x01s.",
    "a member of a set": b"\x80\x04\x8f(" + nested(60) + b"\x90.",
    "a frozen set": b"\x80\x04(" + nested(60) + b"\x91.",
    "a set by a call": b"\x80\x02cbuiltins\nset\n](" + nested(60) + b"e\x85R.",
    "an ordered dict's key": b"\x80\x02ccollections\nOrderedDict\n](" + nested(60) + b"K\x01\x86e\x85R.",
    "a counter's key": b"\x80\x02ccollections\nCounter\n](" + nested(60) + b"K\x01\x86e\x85R.",
    "a dict of the old kind": b"\x80\x02(" + nested(60) + b"K\x01d.",
    "values that hold the last twice": b"\x80\x02" + nested(60) + b".",
    "an id of an entry": b"\x80\x02}X\x01\x00\x00\x00a}X\x06\x00\x00\x00fileid" + nested(60) + b"ss.",
    "a storage's name": b"\x80\x02(X\x07\x00\x00\x00storagectorch\nFloatStorage\n" + nested(60) + b"K\x01K\x01tQ.",
    "a key 300,000 deep": b"\x80\x02})" + b"\x85" * 300_000 + b"K\x01s.",
    "lists 300,000 deep": b"\x80\x02" + b"]" * 300_000 + b"a" * 299_999 + b".",
    "numbers that collide": b"\x80\x04}(" + b"".join(
        b"\x8a\x0a" + (n * (2 ** 61 - 1)).to_bytes(10, "little") + b"N" for n in range(2, 200_000)) + b"u.",
    "a list that holds itself": b"\x80\x02]q\x00h\x00a.",
}


@pytest.mark.parametrize("kind", first(KINDS))
def test_a_small_file_cannot_ask_for_much_nor_take_for_ever(tmp_path: Path, kind: str) -> None:
    refused(tmp_path, kind, {**BOMBS, **FOR_EVER})


def test_arrays_of_objects_cannot_be_nested_without_end(tmp_path: Path) -> None:
    from files.safe_pickle import load_pickle

    array = np.array([None], dtype=object)
    for _ in range(110):
        array = np.array([array, None], dtype=object)
    (tmp_path / "x.bin").write_bytes(pickle.dumps(array))
    with pytest.raises(UserError, match="arrays of objects|within each other"):
        load_pickle(tmp_path / "x.bin")


@full
@needs_torch
def test_tensors_that_share_a_storage_are_read_from_it_alone(tmp_path: Path) -> None:
    import torch

    from models.checkpoint import Checkpoint

    shared = torch.arange(1_000_000.)
    torch.save({str(n): shared[n:n + 3] for n in range(2000)}, tmp_path / "x.pt")
    with Checkpoint(tmp_path / "x.pt") as file:
        for n in range(2000):
            assert file.read(file.content[str(n)]).tolist() == [n, n + 1, n + 2]
    torch.save({str(n): shared.t() for n in range(2000)}, tmp_path / "x.pt")
    with Checkpoint(tmp_path / "x.pt") as file, pytest.raises(UserError, match="far more than"):
        file.everything()


def test_a_header_cannot_ask_for_much(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros(3))
    data = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(data.replace(b"(3,), }" + b" " * 12, b"(1000000000000,), }"))
    assert (tmp_path / "x.npy").read_bytes() != data
    done = subprocess.run([sys.executable, "-c", READ, "npy", str(tmp_path / "x.npy")], cwd=REPOSITORY,
                          capture_output=True, text=True, timeout=60)
    assert "holds 24 bytes of the 8000000000000" in done.stdout, done.stderr[-500:]


def test_a_function_of_ours_cannot_be_changed(tmp_path: Path) -> None:
    from files.safe_pickle import load_pickle

    for name in (b"dtype", b"_reconstruct", b"scalar"):
        state = b"N}X\x08\x00\x00\x00__init__K\x01s\x86b."
        (tmp_path / "x.pkl").write_bytes(b"\x80\x02cnumpy\n" + name + b"\n" + state)
        with pytest.raises(UserError, match="nothing in it was run"):
            load_pickle(tmp_path / "x.pkl")


@needs_torch
def test_a_compressed_checkpoint_is_refused(tmp_path: Path) -> None:
    from models.checkpoint import Checkpoint

    with pytest.raises(UserError, match="compressed"):
        Checkpoint(zipped(tmp_path / "x.pt", pickle.dumps({}, 2), zipfile.ZIP_DEFLATED))


@needs_torch
@pytest.mark.parametrize("change", [
    lambda one: one.as_strided((10 ** 5, 10 ** 5), (0, 0)), lambda one: one.expand(10 ** 9, 4)])
def test_a_tensor_cannot_be_larger_than_the_file_allows(tmp_path: Path, change: Callable[[Any], Any]) -> None:
    import torch

    from models.checkpoint import Checkpoint

    torch.save({"a": change(torch.zeros(4))}, tmp_path / "x.pt")
    with Checkpoint(tmp_path / "x.pt") as file, pytest.raises(UserError, match="damaged"):
        file.everything()


@needs_torch
def test_a_stride_beyond_all_memory_is_damage(tmp_path: Path) -> None:
    from dataclasses import replace

    import torch

    from models.checkpoint import Checkpoint

    torch.save({"a": torch.zeros(4)}, tmp_path / "x.pt")
    with Checkpoint(tmp_path / "x.pt") as file, pytest.raises(UserError, match="damaged"):
        file.read(replace(file.content["a"], stride=(2 ** 80,)))

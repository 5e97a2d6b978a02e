"""Small files that ask for much memory are refused before they get it, each in a process that has little."""
import json
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pytest
import torch

from files.workspace import REPOSITORY
from models.checkpoint import Checkpoint
from terminal.errors import UserError
from tests.files.test_safe_pickle import Calls

# What is needed is loaded once; each file is read by a child of its own, which may take 256 MB more.
READ = """
import json, os, resource, sys, traceback
from pathlib import Path
import models.checkpoint, poses.keypoint_pickle, files.safe_pickle
from terminal.errors import UserError

READERS = {"checkpoint": models.checkpoint.Checkpoint, "pickle": files.safe_pickle.load_pickle,
           "npy": files.safe_pickle.load_npy, "keypoints": lambda path: list(poses.keypoint_pickle.sequences(path))}

def child(kind, path):
    os.dup2(os.open(f"{path}.said", os.O_CREAT | os.O_WRONLY), 1)
    size = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 2 ** 28,) * 2)
    try:
        READERS[kind](Path(path))
    except UserError as error:
        print(error, flush=True)
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        sys.stdout.flush()
        os._exit(1)
    os._exit(0)

codes = []
for kind, path in json.load(sys.stdin):
    number = os.fork()
    if number == 0:
        child(kind, path)
    codes.append(os.waitpid(number, 0)[1])
print(json.dumps(codes))
"""


def said(cases: List[Tuple[str, Path]]) -> List[str]:
    """What reading each file (its kind, its path) said."""
    done = subprocess.run([sys.executable, "-c", READ], input=json.dumps([(kind, str(path)) for kind, path in cases]),
                          cwd=REPOSITORY, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-500:]
    texts = [path.with_name(f"{path.name}.said").read_text() for _, path in cases]
    assert json.loads(done.stdout) == [0] * len(cases), texts
    return texts


def long_put(number: int) -> bytes:
    return b"\x80\x02]r" + struct.pack("<I", number) + b"."


def copies(size: int, count: int, make: bytes) -> bytes:
    """A list of `size` entries, and `count` containers made of it."""
    return b"\x80\x02(" + make + b"q\x01](" + b"K\x00" * size + b"e\x85q\x02(" + b"h\x01h\x02R" * count + b"l."


BOMBS: Dict[str, bytes] = {
    "a far place in the memo": long_put(2 ** 30),
    "a number as bytearray": pickle.dumps(Calls(bytearray, 2 * 10 ** 9), 2),
    "a number as bytes": pickle.dumps(Calls(bytes, 2 * 10 ** 9), 2),
    "bytes announced": b"\x80\x05\x96" + struct.pack("<Q", 10 ** 10) + b"x.",
    "sets of one list": copies(200_000, 20_000, b"cbuiltins\nfrozenset\n"),
    "text of nested lists": pickle.dumps(Calls(str, [[1]]), 2),
}


def zipped(path: Path, content: bytes, how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as file:
        file.writestr("archive/data.pkl", content)
        file.writestr("archive/version", b"3\n")
    return path


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_cannot_ask_for_much(tmp_path: Path, name: str) -> None:
    cases = [(kind, tmp_path / f"{kind}.bin") for kind in ("pickle", "keypoints", "checkpoint")]
    for kind, path in cases:
        path.write_bytes(BOMBS[name]) if kind != "checkpoint" else zipped(path, BOMBS[name])
    for (kind, _), text in zip(cases, said(cases)):
        assert len(text.splitlines()) == 1 and f"{kind}.bin" in text


def test_a_header_cannot_ask_for_much(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros(3))
    data = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(data.replace(b"(3,), }" + b" " * 12, b"(1000000000000,), }"))
    assert (tmp_path / "x.npy").read_bytes() != data
    text, = said([("npy", tmp_path / "x.npy")])
    assert "holds 24 bytes of the 8000000000000" in text


def test_a_function_of_ours_cannot_be_changed(tmp_path: Path) -> None:
    from files.safe_pickle import load_pickle

    for name in (b"dtype", b"_reconstruct", b"scalar"):
        state = b"N}X\x08\x00\x00\x00__init__K\x01s\x86b."
        (tmp_path / "x.pkl").write_bytes(b"\x80\x02cnumpy\n" + name + b"\n" + state)
        with pytest.raises(UserError, match="nothing in it was run"):
            load_pickle(tmp_path / "x.pkl")


def test_a_compressed_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="compressed"):
        Checkpoint(zipped(tmp_path / "x.pt", pickle.dumps({}, 2), zipfile.ZIP_DEFLATED))


@pytest.mark.parametrize("change", [
    lambda one: one.as_strided((10 ** 5, 10 ** 5), (0, 0)), lambda one: one.expand(10 ** 9, 4)])
def test_a_tensor_cannot_be_larger_than_the_file_allows(tmp_path: Path, change: Callable[[Any], Any]) -> None:
    torch.save({"a": change(torch.zeros(4))}, tmp_path / "x.pt")
    with Checkpoint(tmp_path / "x.pt") as file, pytest.raises(UserError, match="damaged"):
        file.everything()


def test_a_stride_beyond_all_memory_is_damage(tmp_path: Path) -> None:
    from dataclasses import replace

    torch.save({"a": torch.zeros(4)}, tmp_path / "x.pt")
    with Checkpoint(tmp_path / "x.pt") as file, pytest.raises(UserError, match="damaged"):
        file.read(replace(file.content["a"], stride=(2 ** 80,)))

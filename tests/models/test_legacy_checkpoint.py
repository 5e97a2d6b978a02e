"""Files from before PyTorch 1.6, as it still writes them when asked to, and hostile ones."""
import io
import os
import pickle
import random
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pytest
import torch

from models.checkpoint import Checkpoint
from models.legacy_checkpoint import NUMBER, VERSION, LegacyFile
from models.registry import build
from terminal.errors import UserError
from tests.files.test_bounds import BOMBS, told_of
from tests.golden import published
from tests.kit import networks
from tests.kit.tiers import full

MACHINE = {"protocol_version": VERSION, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}


def save(path: Path, content: Any) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught, Checkpoint(path) as file:
        file.everything()
    message = str(caught.value)
    assert "\n" not in message and str(path) in message
    return message


def test_everything_comes_back(tmp_path: Path) -> None:
    table = torch.arange(12.).view(3, 4)
    content = {"whole": table, "part": table[1:].t(), "parameter": torch.nn.Parameter(torch.ones(2)),
               "empty": torch.zeros(0, 3), "epoch": np.int64(3), "args": {"lr": 1e-4},
               **{str(kind): torch.ones(3).to(kind) for kind in (torch.float16, torch.bfloat16, torch.float64,
                                                                torch.int64, torch.int32, torch.uint8, torch.bool)}}
    with Checkpoint(save(tmp_path / "old.pt", content)) as file:
        read_again = file.everything()
    assert list(read_again) == list(content) and read_again["args"] == {"lr": 1e-4} and read_again["epoch"] == 3
    for name, value in content.items():
        if isinstance(value, torch.Tensor):
            assert read_again[name].dtype == value.dtype and torch.equal(read_again[name], value.detach()), name


def test_published_keys_load_with_all_that_training_saved(tmp_path: Path) -> None:
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(3))])
    sum(optimizer.param_groups[0]["params"]).sum().backward()
    optimizer.step()
    rng: Dict[str, Any] = {"numpy": np.random.get_state(), "python": random.getstate(), "torch": torch.get_rng_state()}
    state = published.state("vac")
    path = save(tmp_path / "old.pt", {"epoch": 3, "optimizer_state_dict": optimizer.state_dict(), "rng_state": rng,
                                      "model_state_dict": OrderedDict((key.replace("conv2d.", "conv2d.module."), value)
                                                                      for key, value in state.items())})
    loaded = build("vac", path, fold=False).network.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in state.items())


def test_an_old_file_reads_as_the_new_one(tmp_path: Path) -> None:
    made, clip = networks.recogniser("slowfast"), networks.clip(9)
    content = {"model_state_dict": made.network.state_dict(), "architecture": made.architecture,
               "vocabulary": ["<blank>", *"ABCDEF"]}
    torch.save(content, tmp_path / "new.pt")
    old, new = (build("slowfast", path) for path in (save(tmp_path / "old.pt", content), tmp_path / "new.pt"))
    assert (networks.logits(old, clip) == networks.logits(new, clip)).all()
    assert old.vocabulary.names == new.vocabulary.names


class Harm:
    def __reduce__(self) -> Tuple[Callable[..., Any], Tuple[Any, ...]]:
        return os.system, ("touch harmed",)


def test_code_is_not_run_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "contains code (posix.system)" in refusal(save(tmp_path / "old.pt", {"state": Harm(), "a": torch.ones(2)}))
    harm = pickle.dumps(Harm(), 2)
    parts = stream([("0", "FloatStorage", 1)])
    for index in (0, 1, 2, 3, 4):
        refusal(written(tmp_path / "bad.pt", [*parts[:index], harm, *parts[index + 1:]]
                        if index else [parts[0][:2] + parts[0][2:-1] + harm[2:], *parts[1:]]))
    assert not Path("harmed").exists()


def stream(storages: List[Tuple[str, str, int]], names: Any = None, machine: Any = None, version: int = VERSION,
           values: Any = None) -> List[bytes]:
    """The five pickles and the storages of a file with a tensor of each (name, kind, values)."""
    class Reference:
        def __init__(self, *description: Any) -> None:
            self.description = description

    class Tensor:
        def __init__(self, reference: Reference, count: int) -> None:
            self.arguments: Tuple[Any, ...] = reference, 0, (count,), (1,), False, OrderedDict()

        def __reduce__(self) -> Tuple[Callable[..., Any], Tuple[Any, ...]]:
            return torch._utils._rebuild_tensor_v2, self.arguments

    file = io.BytesIO()
    pickler = pickle.Pickler(file, 2)
    pickler.persistent_id = lambda value: value.description if isinstance(value, Reference) else None  # type: ignore
    references = [Reference("storage", getattr(torch, kind), name, "cpu", count, None)
                  for name, kind, count in storages]
    pickler.dump({f"tensor {number}": Tensor(reference, storages[number][2])
                  for number, reference in enumerate(references)})
    counts = [count for _, _, count in storages] if values is None else values
    return [pickle.dumps(NUMBER, 2), pickle.dumps(version, 2), pickle.dumps(MACHINE if machine is None else machine, 2),
            file.getvalue(), pickle.dumps([name for name, _, _ in storages] if names is None else names, 2),
            *(struct.pack("<q", count) + b"\0" * (4 * max(0, min(count, 100))) for count in counts)]


def written(path: Path, parts: List[bytes]) -> Path:
    path.write_bytes(b"".join(parts))
    return path


def test_a_file_put_together_by_hand_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "old.pt", stream([("7", "FloatStorage", 3), ("8", "FloatStorage", 2)]))
    with Checkpoint(path) as file:
        assert [list(value) for value in file.everything().values()] == [[0.0] * 3, [0.0] * 2]


@pytest.mark.parametrize("message, changes", [
    ("damaged: a storage of 3 values is followed by 4", {"values": [4]}),
    ("damaged: a storage of 3 values is followed by -3", {"values": [-3]}),
    ("damaged: a storage of 3 values is followed by 4611686018427387904", {"values": [1 << 62]}),
    ("are not those of its tensors", {"names": ["0", "1"]}), ("are not those of its tensors", {"names": []}),
    ("are not those of its tensors", {"names": ["0", "0"]}), ("are not those of its tensors", {"names": [0]}),
    ("are not those of its tensors", {"names": [["0"]]}),
    ("big-endian", {"machine": {"little_endian": False}}), ("not a checkpoint", {"machine": []}),
    ("unknown version", {"version": 1002})])
def test_what_does_not_fit_together_is_refused(tmp_path: Path, message: str, changes: Dict[str, Any]) -> None:
    assert message in refusal(written(tmp_path / "bad.pt", stream([("0", "FloatStorage", 3)], **changes)))


def test_sizes_that_lie_are_not_asked_for(tmp_path: Path) -> None:
    huge = 1 << 40
    assert "truncated" in refusal(written(tmp_path / "bad.pt", stream([("0", "FloatStorage", huge)])))
    assert "not a checkpoint" in refusal(written(tmp_path / "bad.pt", stream([("0", "FloatStorage", -1)])))
    twice = stream([("0", "FloatStorage", 3), ("0", "LongStorage", 3)], names=["0"])
    assert "described in two ways" in refusal(written(tmp_path / "bad.pt", twice))
    first, version, machine, _, names, *values = stream([("0", "FloatStorage", 1)])
    for lie in (b"\x80\x02X" + struct.pack("<I", 1 << 31) + b"x.", b"\x80\x02\x8b" + struct.pack("<i", -5) + b".",
                b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + b"x.", b"\x80\x02c" + b"a" * 300 + b"\n.",
                b"\x80\x02I" + b"9" * 1000 + b"\n.", b"\x80\x02\xff."):
        message = refusal(written(tmp_path / "bad.pt", [first, version, machine, lie, names, *values]))
        assert "truncated" in message or "not a checkpoint" in message


@full
def test_a_small_file_cannot_ask_for_much(tmp_path: Path) -> None:
    parts = stream([("0", "FloatStorage", 1)])
    bad = (("a number as bytes", 3), ("a number as bytes", 4), ("sets of one list", 3))
    paths = [written(tmp_path / f"{number}.pt", [*parts[:index], BOMBS[name], *parts[index + 1:]])
             for number, (name, index) in enumerate(bad)]
    lines = told_of("checkpoint", *paths).splitlines()
    assert len(lines) == 3 and all(f"{path}: not a checkpoint" in line for path, line in zip(paths, lines))


@pytest.mark.parametrize("change", [
    lambda one: one.as_strided((10 ** 5, 10 ** 5), (0, 0)), lambda one: one.expand(10 ** 9, 4)])
def test_a_tensor_cannot_be_larger_than_the_file_allows(tmp_path: Path, change: Callable[[Any], Any]) -> None:
    assert "damaged" in refusal(save(tmp_path / "old.pt", {"a": change(torch.zeros(4))}))


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = save(tmp_path / "old.pt", {"a": torch.ones(5), "b": [torch.zeros(2, 2), 3]}).read_bytes()
    for length in range(15, len(whole)):
        (tmp_path / "cut.pt").write_bytes(whole[:length])
        with pytest.raises(UserError, match="truncated"):       # before anything is read of its weights
            Checkpoint(tmp_path / "cut.pt")


def test_a_file_with_a_byte_changed_is_read_or_refused_in_one_line(tmp_path: Path) -> None:
    whole = save(tmp_path / "old.pt", {"a": torch.ones(5), "b": [torch.zeros(2, 2), 3]}).read_bytes()
    for offset in range(14, len(whole)):
        for flip in (0x01, 0x80, 0xFF):
            changed = bytearray(whole)
            changed[offset] ^= flip
            (tmp_path / "odd.pt").write_bytes(changed)
            try:
                with Checkpoint(tmp_path / "odd.pt") as file:
                    file.everything()
            except UserError as error:
                assert "\n" not in str(error)


def test_parts_are_read_by_the_names_that_newer_files_give_them(tmp_path: Path) -> None:
    path = written(tmp_path / "old.pt", [*stream([("7", "FloatStorage", 2)])[:5],
                                         struct.pack("<qff", 2, 1.5, -2.0)])
    file = LegacyFile(path, lambda data: (pickle.loads(data) if b"torch" not in data else None, {"7": (2, 4)}))
    try:
        assert "data/7" in file and "data/8" not in file and (file.size, file.length("data/7")) == (
            path.stat().st_size, 8)
        assert struct.unpack("<f", file.part("data/7", 4, 8)) == (-2.0,)
        with pytest.raises(EOFError):
            file.part("data/7", 4, 9)
    finally:
        file.close()

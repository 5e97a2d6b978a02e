import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, Tuple

import numpy as np
import pytest

from files.safe_pickle import load_npy, load_pickle
from terminal.errors import UserError

MARK = "it_ran"


class Calls:
    """Pickles as a call of any function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Tuple[Any, Tuple[Any, ...]]:
        return self.call


def pickled(path: Path, content: Any, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_and_plain_containers_come_back(tmp_path: Path, protocol: int) -> None:
    content = OrderedDict(a=np.arange(6, dtype=">i2").reshape(2, 3), b={"ü": [1, 2.5, None, True, (b"\xff", {3})]},
                          c=np.asfortranarray(np.random.default_rng(0).random((4, 5))), d=np.float32(0.25),
                          e=np.array(["x", "yü"]), f=np.array([{"g": 1}, None], dtype=object), h=np.zeros((0, 3)))
    back = load_pickle(pickled(tmp_path / "x.pkl", content, protocol))
    assert list(back) == list(content)
    for key in "acdefh":
        np.testing.assert_array_equal(back[key], content[key])
        assert np.asarray(back[key]).dtype.newbyteorder("=") == np.asarray(content[key]).dtype.newbyteorder("=")
    assert back["b"] == content["b"]


@pytest.mark.parametrize("attack", [
    Calls(os.system, f"touch {MARK}"), Calls(exec, f"open('{MARK}', 'w')"), Calls(Path, MARK),
    Calls(getattr, 1, "real"), {"a": [np.zeros(2), Calls(os.mkdir, MARK)]}, Calls(np.load, MARK),
    Calls(np.ndarray, (1,), "O", b"12345678"), np.zeros(2, [("a", "O")]), Path("x"), np.zeros(1, "M8[s]"),
])
def test_nothing_but_data_is_admitted(tmp_path: Path, attack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for protocol in range(2, 6):
        with pytest.raises(UserError, match=r"x\.pkl: not a pickle of arrays.*nothing in it was run"):
            load_pickle(pickled(tmp_path / "x.pkl", attack, protocol))
    assert sorted(os.listdir(tmp_path)) == ["x.pkl"]


def test_dotted_names_do_not_reach_other_modules(tmp_path: Path) -> None:
    path, name = tmp_path / "x.pkl", b"f2py.os.getcwd"
    path.write_bytes(b"\x80\x04\x8c\x05numpy\x8c" + bytes([len(name)]) + name + b"\x93)R.")
    with pytest.raises(UserError, match=r"numpy\.f2py\.os\.getcwd"):
        load_pickle(path)


def test_array_state_of_another_dtype_is_refused(tmp_path: Path) -> None:
    data = pickle.dumps(np.zeros(1, np.int64), 2)
    (tmp_path / "x.pkl").write_bytes(data.replace(b"i8", b"O8"))       # raw bytes as if they were pointers
    with pytest.raises(UserError, match="do not fit its dtype"):
        load_pickle(tmp_path / "x.pkl")


def test_dict_saved_as_npy_comes_back(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array({"KÜHL": [5, 17]}, dtype=object))
    assert load_npy(tmp_path / "x.npy") == {"KÜHL": [5, 17]}


def test_malicious_npy_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([Calls(os.mkdir, str(tmp_path / MARK))], dtype=object))
    with pytest.raises(UserError, match="only plain data is loaded"):
        load_npy(tmp_path / "x.npy")
    assert not (tmp_path / MARK).exists()


def test_damaged_file_at_any_place_is_one_error(tmp_path: Path) -> None:
    whole = pickle.dumps({"a": np.arange(5.0), "b": ["x", 1]}, 2)
    for keep in range(len(whole)):
        (tmp_path / "x.pkl").write_bytes(whole[:keep])
        with pytest.raises(UserError, match=r"x\.pkl: not a pickle"):
            load_pickle(tmp_path / "x.pkl")
    with pytest.raises(UserError, match=r"none\.pkl: can't be read"):
        load_pickle(tmp_path / "none.pkl")

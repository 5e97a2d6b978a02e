"""Bytes that somebody could have made of a good file: damaged anywhere, or whole and of another content."""
import io
import json
import pickle
import struct
import zipfile
import zlib
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
from hypothesis import strategies as st

Bytes = st.SearchStrategy[bytes]
NUMBERS = (0, 1, 2, 127, 128, 255, 256, 32767, 65535, 2 ** 20, 2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 40,
           2 ** 62, 2 ** 63 - 1, 2 ** 64 - 1)
LETTERS = 'aB1.|/\\"\' \n\x00\x1b-_$\u00e9\u00b2\u5929\U0001f600\ud800\u2028'  # each is a case of its own
PLACE = st.floats(0, 1, exclude_max=True)
Change = Tuple[str, float, float, bytes]


@st.composite
def damaged(draw: Any, wholes: List[bytes], most: int = 6) -> bytes:
    """One of these, with some bytes put in, taken out, said twice, or in another's place."""
    data = draw(st.sampled_from(wholes))
    for _ in range(draw(st.integers(0, most))):
        data = changed(data, draw(change()))
    return data


def change() -> st.SearchStrategy[Change]:
    field = st.builds(lambda number, form: struct.pack(form, number & (2 ** (8 * struct.calcsize(form)) - 1)),
                      st.sampled_from(NUMBERS), st.sampled_from(("<B", "<H", "<I", "<Q", ">H", ">I", ">Q")))
    return st.tuples(st.sampled_from(("set", "set", "set", "insert", "cut", "end", "again")), PLACE, PLACE,
                     st.one_of(field, st.binary(min_size=1, max_size=8)))


def changed(data: bytes, how: Change) -> bytes:
    kind, where, far, new = how
    start = int(where * len(data))
    stop = min(len(data), start + 1 + int(far * 64))
    return {"set": lambda: data[:start] + new + data[start + len(new):],
            "insert": lambda: data[:start] + new + data[start:],
            "cut": lambda: data[:start] + data[stop:], "end": lambda: data[:start],
            "again": lambda: data[:stop] + data[start:stop] * (1 + new[0]) + data[stop:]}[kind]()


# What a pickle is made of; what each does to the stack is up to chance.
OPS = (b"(", b".", b"0", b"1", b"2", b"N", b"\x88", b"\x89", b"]", b"}", b")", b"\x8f", b"\x85", b"\x86", b"\x87", b"a",
       b"e", b"s", b"u", b"\x90", b"\x91", b"b", b"R", b"\x81", b"o", b"l", b"t", b"d", b"\x94", b"Q", b"\x93", b"\x92")
NAMES = (("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype"), ("builtins", "set"),
         ("numpy.core.multiarray", "scalar"), ("collections", "OrderedDict"), ("builtins", "bytearray"),
         ("_codecs", "encode"), ("numpy._core.numeric", "_frombuffer"), ("torch._utils", "_rebuild_tensor_v2"),
         ("torch", "FloatStorage"), ("collections", "defaultdict"), ("argparse", "Namespace"), ("torch", "Size"),
         ("collections", "deque"), ("builtins", "frozenset"), ("collections", "Counter"), ("os", "system"))


def _with_argument() -> Bytes:
    number = st.sampled_from(NUMBERS)
    text = st.text(LETTERS, max_size=6).map(lambda word: word.encode("utf-8", "surrogatepass"))
    small = st.integers(0, 5)
    return st.one_of(
        number.map(lambda n: b"J" + struct.pack("<I", n & 0xFFFFFFFF)), small.map(lambda n: b"K" + bytes([n])),
        st.binary(max_size=12).map(lambda data: b"\x8a" + bytes([len(data)]) + data),
        text.map(lambda word: b"X" + struct.pack("<I", len(word)) + word),
        st.tuples(number, text).map(lambda pair: b"\x8d" + struct.pack("<Q", pair[0]) + pair[1]),
        st.binary(max_size=9).map(lambda data: b"C" + bytes([len(data)]) + data),
        st.tuples(number, text).map(lambda pair: b"\x96" + struct.pack("<Q", pair[0]) + pair[1]),
        st.tuples(number, text).map(lambda pair: b"\x95" + struct.pack("<Q", pair[0]) + pair[1]),
        small.map(lambda n: b"h" + bytes([n])), small.map(lambda n: b"q" + bytes([n])),
        number.map(lambda n: b"r" + struct.pack("<I", n & 0xFFFFFFFF)),
        st.floats().map(lambda value: b"G" + struct.pack(">d", value)),
        st.sampled_from(NAMES).map(lambda pair: f"c{pair[0]}\n{pair[1]}\n".encode()),
        st.integers().map(lambda n: b"L%dL\n" % n))


def programs() -> Bytes:
    """A pickle of any of its instructions."""
    return st.lists(st.one_of(st.sampled_from(OPS), _with_argument()), max_size=40).map(
        lambda parts: b"\x80\x04" + b"".join(parts) + b".")


def values() -> st.SearchStrategy[Any]:
    """What JSON and pickles can hold, of no great size."""
    simple = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(LETTERS, max_size=8))
    return st.recursive(simple, lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(LETTERS, max_size=8), inner, max_size=4)), max_leaves=8)


def pickled(protocols: Tuple[int, ...] = (0, 2, 4)) -> Bytes:
    return st.builds(pickle.dumps, values(), st.sampled_from(protocols))


@st.composite
def records(draw: Any, whole: Any) -> bytes:
    """A record in JSON with other values in some places, or another record altogether."""
    if draw(st.integers(0, 9)) == 0:
        return json.dumps(draw(values())).encode("utf-8", "surrogatepass")
    tree = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(1, 3))):
        node = tree
        while isinstance(node, (dict, list)) and node:
            key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            if draw(st.integers(0, 2)) == 0 or not isinstance(node[key], (dict, list)) or not node[key]:
                node[key] = draw(values())
                break
            node = node[key]
    return json.dumps(tree).encode("utf-8", "surrogatepass")


def headers() -> Bytes:
    """An array that tells of any shape and type, with a few bytes behind."""
    number = st.one_of(st.integers(-2, 6), st.sampled_from(NUMBERS))
    shape = st.lists(number, max_size=4).map(tuple)
    kind = st.sampled_from(("<f4", "<f8", ">i2", "|u1", "|b1", "<U3", "|S0", "<U0", "|O", "<c8", "<M8[s]", "|V4", "x",
                            "f", "<f2,<f4", "|S1000000000"))
    described = st.tuples(kind, st.booleans(), shape).map(
        lambda fields: repr({"descr": fields[0], "fortran_order": fields[1], "shape": fields[2]}))
    text = st.one_of(described, described, st.text(LETTERS, max_size=60), values().map(repr))
    return st.tuples(text, st.binary(max_size=64)).map(lambda pair: _npy(pair[0], pair[1]))


def _npy(header: str, data: bytes) -> bytes:
    line = header.encode("latin-1", "replace") + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(line)) + line + data


def zipped(entries: Dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", how) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return data.getvalue()


@st.composite
def archives(draw: Any, whole: Dict[str, bytes], others: Bytes, compressed: bool) -> bytes:
    """A good zip file in which some entries are others, or missing; its directory may then be changed."""
    entries = dict(whole)
    for name in draw(st.lists(st.sampled_from(sorted(whole)), max_size=2)):
        if draw(st.integers(0, 4)) == 0:
            entries.pop(name, None)
        else:
            entries[name] = draw(st.one_of(others, damaged([whole[name]])))
    data = zipped(entries, zipfile.ZIP_DEFLATED if compressed and draw(st.booleans()) else zipfile.ZIP_STORED)
    if draw(st.integers(0, 3)) == 0:
        offset = data.index(b"PK\x01\x02") if b"PK\x01\x02" in data else 0
        data = data[:offset] + draw(damaged([data[offset:]], 3))
    return data


@st.composite
def pngs(draw: Any, whole: bytes) -> bytes:
    """A picture whose chunks were changed, with checksums that fit again."""
    out, offset = whole[:8], 8
    while offset < len(whole):
        length, = struct.unpack_from(">I", whole, offset)
        kind, data = whole[offset + 4:offset + 8], whole[offset + 8:offset + 8 + length]
        if draw(st.integers(0, 2)) == 0 and data:
            data = draw(damaged([data], 3))
        if draw(st.integers(0, 9)):
            out += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        offset += 12 + length
    return out


def npz(**arrays: np.ndarray) -> Dict[str, bytes]:
    """The entries of a good .npz."""
    entries = {}
    for name, array in arrays.items():
        data = io.BytesIO()
        np.save(data, array)
        entries[f"{name.replace('__', '/')}.npy"] = data.getvalue()
    return entries


def texts(words: Tuple[str, ...]) -> Bytes:
    """Of these words in any order, with others between."""
    return st.lists(st.one_of(st.sampled_from(words), st.text(LETTERS, max_size=4)), max_size=30).map(
        lambda parts: "".join(parts).encode("utf-8", "surrogatepass"))


Reader = Callable[[Any], Any]

"""Are arrays of .mat files of version 5 read as they were written, and what is no array of numbers refused by name?"""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat
from scipy.sparse import csc_array

from ris_pytorch_pipeline.errors import InputError, RisError
from ris_pytorch_pipeline.importing import Folder
from ris_pytorch_pipeline.importing.readers import matlab5

CLASSES = {"f8": 6, "f4": 7, "i1": 8, "u1": 9, "i2": 10, "u2": 11, "i4": 12, "u4": 13, "i8": 14, "u8": 15}
TYPES = {"i1": 1, "u1": 2, "i2": 3, "u2": 4, "i4": 5, "u4": 6, "f4": 7, "f8": 9, "i8": 12, "u8": 13}
ORDERS = ("<", ">")
DOUBLE, COMPLEX, LOGICAL = 6, 0x0800, 0x0200
VALUES = np.array([[1, 2, 3], [4, 5, 100]])


def element(kind: int, data: bytes, order: str) -> bytes:
    return struct.pack(f"{order}II", kind, len(data)) + data + bytes(-len(data) % 8)


def small(kind: int, data: bytes, order: str) -> bytes:
    return struct.pack(f"{order}I", len(data) << 16 | kind) + data.ljust(4, b"\0")


def array(name: str, shape: tuple[int, ...], flags: int, parts: list[bytes], order: str) -> bytes:
    sizes = struct.pack(f"{order}{len(shape)}i", *shape)
    head = element(6, struct.pack(f"{order}II", flags, 0), order) + element(5, sizes, order)
    return element(14, b"".join([head, element(1, name.encode(), order), *parts]), order)


def numeric(name: str, values: Any, order: str = "<", held: str = "", kind: int = 0) -> bytes:
    """An array of numbers; `held` is the type that they are stored in, `kind` its class and flags."""
    values = np.asarray(values)
    held = held or values.dtype.str[1:]
    given = [values.real, values.imag] if np.iscomplexobj(values) else [values]
    parts = [element(TYPES[held], part.astype(f"{order}{held}").tobytes(order="F"), order) for part in given]
    flags = kind or CLASSES[held]
    return array(name, values.shape, flags | COMPLEX * np.iscomplexobj(values), parts, order)


def packed(content: bytes, order: str = "<") -> bytes:
    squeezed = zlib.compress(content)
    return struct.pack(f"{order}II", 15, len(squeezed)) + squeezed


def opaque(name: str, order: str = "<") -> bytes:
    """A table, as newer versions of MATLAB write it: no shape, then three names."""
    head = element(6, struct.pack(f"{order}II", 17, 0), order)
    texts = [element(1, text.encode(), order) for text in (name, "MCOS", "table")]
    return element(14, b"".join([head, *texts, numeric("", VALUES.astype("u4"), order)]), order)


def file_of(*elements: bytes, order: str = "<", version: int = 0x0100) -> bytes:
    mark = b"IM" if order == "<" else b"MI"
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack(f"{order}H", version) + mark + b"".join(elements)


def read(folder: Path, content: bytes, name: str = "Y", limit: int = 10**6) -> np.ndarray:
    (folder / "a.mat").write_bytes(content)
    return Folder(path=folder, limit=limit).read("a.mat", name, "measurements").values


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("squeezed", [False, True])
@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_in_either_order_of_bytes(tmp_path: Path, kind: str, squeezed: bool, order: str) -> None:
    made = numeric("Y", VALUES.astype(kind), order)
    found = read(tmp_path, file_of(packed(made, order) if squeezed else made, order=order))
    assert found.dtype == np.dtype(kind) and found.dtype.isnative
    np.testing.assert_array_equal(found, VALUES)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("kind", "made"), [("f8", "c16"), ("f4", "c8")])
def test_complex_parts_stay_what_they_are(tmp_path: Path, kind: str, made: str, order: str) -> None:
    wanted = np.empty((1, 4), dtype=made)
    wanted.real, wanted.imag = [1, np.inf, 0, -0.0], [np.inf, 2, np.nan, -1]
    found = read(tmp_path, file_of(numeric("Y", wanted, order, held=kind), order=order))
    assert found.dtype == np.dtype(made)
    np.testing.assert_array_equal(found.view(kind), wanted.view(kind))


@pytest.mark.parametrize("order", ORDERS)
def test_numbers_stored_in_fewer_bytes_are_of_their_class(tmp_path: Path, order: str) -> None:
    found = read(tmp_path, file_of(numeric("Y", VALUES, order, held="u1", kind=DOUBLE), order=order))
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found - 101, VALUES - 101)
    one = array("Y", (1, 1), DOUBLE, [small(TYPES["i2"], struct.pack(f"{order}h", -7), order)], order)
    np.testing.assert_array_equal(read(tmp_path, file_of(one, order=order)), [[-7.0]])


@pytest.mark.parametrize("squeezed", [False, True])
def test_what_scipy_writes(tmp_path: Path, squeezed: bool) -> None:
    held = {"Y": np.arange(24).reshape(2, 3, 4) * 1j, "s": {"t": {"Z": VALUES}}, "flag": VALUES > 2, "text": "abc"}
    savemat(tmp_path / "b.mat", held, do_compression=squeezed)
    content = (tmp_path / "b.mat").read_bytes()
    np.testing.assert_array_equal(read(tmp_path, content), held["Y"])
    np.testing.assert_array_equal(read(tmp_path, content, "s.t.Z"), VALUES)
    np.testing.assert_array_equal(read(tmp_path, content, "flag"), VALUES > 2)


@pytest.mark.parametrize("squeezed", [False, True])
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("abc", "a text"),
        (np.array(["a", 1], dtype=object), "a text"),
        ({"Z": 1.0}, "a structure"),
        (csc_array(np.eye(3)), "a sparse matrix"),
    ],
)
def test_what_is_no_array_is_refused_by_name(tmp_path: Path, values: Any, words: str, squeezed: bool) -> None:
    savemat(tmp_path / "b.mat", {"X": values, "Y": VALUES}, do_compression=squeezed)
    content = (tmp_path / "b.mat").read_bytes()
    with pytest.raises(InputError, match=f"numbers in X; got {words}"):
        read(tmp_path, content, "X")
    np.testing.assert_array_equal(read(tmp_path, content), VALUES)


def test_a_structure_is_told_by_its_fields(tmp_path: Path) -> None:
    savemat(tmp_path / "b.mat", {"Y": {"Z": 1.0, "note": "abc"}})
    with pytest.raises(InputError, match=r"one of its fields: Z\.$"):
        read(tmp_path, (tmp_path / "b.mat").read_bytes())
    with pytest.raises(InputError, match=r"a field 'Q' .* fields Z, note"):
        read(tmp_path, (tmp_path / "b.mat").read_bytes(), "Y.Q")


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("squeezed", [False, True])
def test_an_object_beside_the_numbers_is_no_hindrance(tmp_path: Path, squeezed: bool, order: str) -> None:
    elements = [opaque("T", order), array("f", (1, 1), 16, [], order), numeric("Y", VALUES.astype("f8"), order)]
    content = file_of(*(packed(each, order) if squeezed else each for each in elements), order=order)
    np.testing.assert_array_equal(read(tmp_path, content), VALUES)
    with pytest.raises(InputError, match=r"numbers in T; got a table"):
        read(tmp_path, content, "T")
    with pytest.raises(InputError, match=r"numbers in f; got a function handle"):
        read(tmp_path, content, "f")


def test_an_empty_array_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Y of shape \(0, 3\)"):
        read(tmp_path, file_of(numeric("Y", np.empty((0, 3)))))


@pytest.mark.parametrize("squeezed", [False, True])
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, squeezed: bool) -> None:
    made = numeric("Y", VALUES.astype("f8"))
    content = file_of(packed(made) if squeezed else made)
    for length in range(len(content)):
        with pytest.raises(RisError):
            read(tmp_path, content[:length])


def test_a_checksum_that_differs_is_refused(tmp_path: Path) -> None:
    content = file_of(packed(numeric("Y", VALUES.astype("f8"))))
    with pytest.raises(InputError, match="incorrect data check"):
        read(tmp_path, content[:-1] + bytes([content[-1] ^ 1]))


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [element(9, bytes(8 * 5), "<")],
        [element(99, bytes(8 * 6), "<")],
        [element(9, bytes(8 * 6), "<")[:-8]],
    ],
)
@pytest.mark.parametrize("flags", [DOUBLE, DOUBLE | COMPLEX, 13])
def test_other_numbers_than_the_shape_says_are_refused(tmp_path: Path, parts: list[bytes], flags: int) -> None:
    with pytest.raises(InputError):
        read(tmp_path, file_of(array("Y", (2, 3), flags, parts, "<")))


@pytest.mark.parametrize("flags", [DOUBLE | COMPLEX, 13])
def test_floats_in_an_array_of_integers_and_half_a_complex_one_are_refused(tmp_path: Path, flags: int) -> None:
    with pytest.raises(InputError):
        read(tmp_path, file_of(array("Y", (2, 3), flags, [element(9, bytes(8 * 6), "<")], "<")))


@pytest.mark.parametrize("shape", [(3,), (-1, 3), (1,) * 33, ()])
def test_a_shape_that_no_array_has_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="shape"):
        read(tmp_path, file_of(array("Y", shape, DOUBLE, [], "<")))


@pytest.mark.parametrize("order", ORDERS)
def test_version_4_is_told_by_name(tmp_path: Path, order: str) -> None:
    savemat(tmp_path / "b.mat", {"Y": VALUES}, format="4")
    content = (tmp_path / "b.mat").read_bytes()
    if order == ">":
        content = struct.pack(">5i", 1000, *struct.unpack("<4i", content[4:20])) + content[20:]
    with pytest.raises(InputError, match=r"of version 4.*-v7"):
        read(tmp_path, content)


@pytest.mark.parametrize("content", [b"", b"no .mat", bytes(300), file_of(version=0x0200), file_of(version=0x0101)])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match=r"no \.mat of version 5, 6, 7 or 7\.3"):
        read(tmp_path, content)


def test_only_what_is_asked_for_is_inflated_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = {name: np.zeros((200, 200)) for name in "ABCY"}
    savemat(tmp_path / "a.mat", held, do_compression=True)
    inflated, real = [], matlab5._inflated

    def counted(data: memoryview, limit: int) -> bytes:
        inflated.append(len(data))
        return real(data, limit)

    monkeypatch.setattr(matlab5, "_inflated", counted)
    Folder(path=tmp_path).read("a.mat", "Y", "measurements")
    assert len(inflated) == 1


@pytest.mark.parametrize("name", ["Y", "s.Y", "s"])
def test_what_inflates_beyond_the_limit_is_refused(tmp_path: Path, name: str) -> None:
    much = np.zeros((1000, 100))
    savemat(tmp_path / "b.mat", {"Y": much, "s": {"Y": much}, "small": 1.0}, do_compression=True)
    content = (tmp_path / "b.mat").read_bytes()
    with pytest.raises(InputError):
        read(tmp_path, content, name, limit=len(content))
    assert read(tmp_path, content, "small", limit=len(content)) == 1.0


@pytest.mark.parametrize("names", [b"", b"ab\0", b"a\0\0\0b\0\0\0"])
def test_fields_that_are_not_there_are_refused(tmp_path: Path, names: bytes) -> None:
    parts = [element(5, struct.pack("<i", 4), "<"), element(1, names, "<"), numeric("", VALUES)]
    with pytest.raises(InputError):
        read(tmp_path, file_of(array("s", (1, 1), 2, parts[: 1 + bool(names)] + parts[2:], "<")), "s.b")


@pytest.mark.parametrize("name", ["Y*", "Y.a", "Q"])
def test_a_name_that_is_not_there_is_told_as_such(tmp_path: Path, name: str) -> None:
    with pytest.raises(RisError, match="misspelt"):
        read(tmp_path, file_of(numeric("Y", VALUES)), name)

"""Are scenes that MATLAB keeps in cells, or in an array of structures, stacked as one array?"""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.importing import Folder

PARTS = [np.arange(6.0).reshape(2, 3) * (n + 1j) for n in range(4)]
WANTED = np.stack(PARTS).reshape(2, 2, 2, 3).swapaxes(0, 1)
"""In cells 2 x 2, whose first axis runs fastest."""


def read(folder: Path, name: str) -> np.ndarray:
    return Folder(path=folder, limit=10**6).read("a.mat", name, "measurements").values


def cells(*parts: Any) -> np.ndarray:
    made = np.empty((2, len(parts) // 2), dtype=object)
    for number, part in enumerate(parts):
        made[number % 2, number // 2] = part
    return made


def referring(folder: Path, name: str, parts: list[np.ndarray]) -> None:
    """A .mat of version 7.3 whose data set refers to these arrays, as MATLAB keeps cells and fields."""
    h5py = import_module("h5py")
    with h5py.File(folder / "a.mat", "w", userblock_size=512) as file:
        held = file.create_dataset(name, (len(parts) // 2, 2), dtype=h5py.ref_dtype)
        for number, part in enumerate(parts):
            file[f"#refs#/{number}"] = part.T
            held[number // 2, number % 2] = file[f"#refs#/{number}"].ref


@pytest.mark.parametrize("squeezed", [False, True])
def test_cells_of_version_5(tmp_path: Path, squeezed: bool) -> None:
    savemat(tmp_path / "a.mat", {"Y": cells(*PARTS), "s": {"Y": cells(*PARTS)}}, do_compression=squeezed)
    np.testing.assert_array_equal(read(tmp_path, "Y"), WANTED)
    np.testing.assert_array_equal(read(tmp_path, "s.Y"), WANTED)


@pytest.mark.parametrize("squeezed", [False, True])
def test_structures_and_cells_of_them(tmp_path: Path, squeezed: bool) -> None:
    row = np.zeros((1, 4), dtype=[("Y", "O"), ("note", "O")])
    for number, part in enumerate(PARTS):
        row[0, number] = (part, "day")
    held = {"rec": row, "c": cells(*({"Y": part} for part in PARTS))}
    savemat(tmp_path / "a.mat", held, do_compression=squeezed)
    np.testing.assert_array_equal(read(tmp_path, "rec.Y"), np.stack(PARTS)[None])
    np.testing.assert_array_equal(read(tmp_path, "c.Y"), WANTED)
    with pytest.raises(InputError, match="a text"):
        read(tmp_path, "rec.note")
    with pytest.raises(InputError, match="fields Y, note"):
        read(tmp_path, "rec.X")


def test_cells_of_version_7_3(tmp_path: Path) -> None:
    referring(tmp_path, "Y", PARTS)
    np.testing.assert_array_equal(read(tmp_path, "Y"), WANTED)


def test_a_field_of_structures_of_version_7_3(tmp_path: Path) -> None:
    referring(tmp_path, "rec/Y", PARTS)
    np.testing.assert_array_equal(read(tmp_path, "rec.Y"), WANTED)


def test_cells_of_structures_of_version_7_3(tmp_path: Path) -> None:
    referring(tmp_path, "c", PARTS)
    with import_module("h5py").File(tmp_path / "a.mat", "r+") as file:
        for number, part in enumerate(PARTS):
            del file[f"#refs#/{number}"]
            file[f"#refs#/{number}/Y"] = part.T
            file["c"][number // 2, number % 2] = file[f"#refs#/{number}"].ref
    np.testing.assert_array_equal(read(tmp_path, "c.Y"), WANTED)
    with pytest.raises(InputError, match=r"got a structure, or a group, of Y\."):
        read(tmp_path, "c")
    with pytest.raises(InputError, match=r"c/Z as a numeric data set"):
        read(tmp_path, "c.Z")


def test_references_of_plain_hdf5_keep_their_order(tmp_path: Path) -> None:
    referring(tmp_path, "Y", PARTS)
    (tmp_path / "a.mat").rename(tmp_path / "a.h5")
    found = Folder(path=tmp_path, limit=10**6).read("a.h5", "Y", "measurements").values
    np.testing.assert_array_equal(found, np.stack([part.T for part in PARTS]).reshape(2, 2, 3, 2))


@pytest.mark.parametrize("version", ["5", "7.3"])
def test_cells_of_two_shapes_are_refused(tmp_path: Path, version: str) -> None:
    parts = [PARTS[0], PARTS[1][:, :2]]
    if version == "5":
        savemat(tmp_path / "a.mat", {"Y": cells(*parts)})
    else:
        referring(tmp_path, "Y", parts)
    with pytest.raises(InputError, match=r"cells of one shape in Y; got \(2, 3\) and \(2, 2\)"):
        read(tmp_path, "Y")


def test_cells_in_cells_are_refused(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"Y": cells(cells(*PARTS), cells(*PARTS)), "c": cells({"Y": cells(*PARTS)}, {"Y": 1})})
    for name in ("Y", "c.Y"):
        with pytest.raises(InputError, match="cells in cells"):
            read(tmp_path, name)


def test_cells_together_keep_to_the_limit(tmp_path: Path) -> None:
    large = [np.ones((100, 100))] * 4
    savemat(tmp_path / "a.mat", {"Y": cells(*large)})
    with pytest.raises(InputError, match="raise --limit-mb"):
        Folder(path=tmp_path, limit=5 * 10**5).read("a.mat", "Y", "measurements")
    referring(tmp_path, "Y", large)
    with pytest.raises(InputError, match="raise --limit-mb"):
        Folder(path=tmp_path, limit=3 * 10**5).read("a.mat", "Y", "measurements")


def test_no_references_at_all_are_no_numbers(tmp_path: Path) -> None:
    h5py = import_module("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("Y", data=h5py.Empty(h5py.ref_dtype))
    with pytest.raises(InputError, match="Y"):
        Folder(path=tmp_path, limit=10**6).read("a.h5", "Y", "measurements")

"""Does every broken, foreign, huge or stray file end in one clear error, and never in anything else?"""

import hashlib
import json
import os
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from ris_pytorch_pipeline.errors import ConfigurationError, InputError, RisError
from ris_pytorch_pipeline.importing import FORMATS, Folder
from ris_pytorch_pipeline.importing.readers.allocating import allocating_at_most

if sys.platform == "linux":
    import resource

LIMIT = 10**6


def whole(folder: Path) -> dict[str, tuple[str, bytes]]:
    """A small sound file of each kind that needs no extra: name, array, content."""
    values = np.arange(12.0).reshape(3, 4)
    np.savez(folder / "a.npz", Y=values)
    np.savez_compressed(folder / "c.npz", Y=values)
    np.save(folder / "a.npy", values)
    savemat(folder / "a.mat", {"Y": values})
    savemat(folder / "c.mat", {"Y": values + 1j}, do_compression=True)
    np.savetxt(folder / "a.csv", values, delimiter=",", header="a,b,c,d", comments="")
    values.astype("<f4").tofile(folder / "a.sigmf-data")
    (folder / "a.sigmf-meta").write_text(json.dumps({"global": {"core:datatype": "rf32_le"}, "captures": []}))
    names = {"a.npz": "Y", "c.npz": "Y", "a.npy": "array", "a.mat": "Y", "c.mat": "Y", "a.csv": "table"}
    names["a.sigmf-meta"] = "samples"
    return {name: (array, (folder / name).read_bytes()) for name, array in names.items()}


NAMES = ("a.npz", "c.npz", "a.npy", "a.mat", "c.mat", "a.csv", "a.sigmf-meta")
EXTRA = {"a.h5": "h5py", "v73.mat": "h5py", "a.s2p": "skrf"}


def sound_extra(folder: Path, name: str) -> tuple[str, bytes]:
    """A small sound file of a kind that needs the extra `import`."""
    if name == "a.s2p":
        (folder / name).write_text("# GHz S RI R 50\n1.0 0 0 1 2 0 0 0 0\n1.1 0 0 1 2 0 0 0 0\n")
        return "S21", (folder / name).read_bytes()
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / name, "w", userblock_size=512 * (name == "v73.mat")) as file:
        file["Y"] = np.arange(12.0).reshape(3, 4)
    return "Y", (folder / name).read_bytes()


changes = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6)
cuts = st.one_of(st.none(), st.floats(0, 1))


def mutated(content: bytes, places: list[tuple[float, int]], cut: float | None) -> bytes:
    data = bytearray(content)
    for place, value in places:
        data[min(int(place * len(data)), len(data) - 1)] = value
    return bytes(data[: len(data) if cut is None else int(cut * len(data))])


def read_or_refuse(folder: Path, name: str, array: str) -> None:
    """Numbers within the limit, or one of our errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a reader may warn of what is odd, as long as it ends well
        try:
            assert Folder(path=folder, limit=LIMIT).read(name, array, "measurements").values.nbytes <= 4 * LIMIT
        except RisError as error:
            assert isinstance(error, InputError | ConfigurationError)
            assert len(str(error)) < 2000


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=changes, cut=cuts)
def test_mutated_files(tmp_path: Path, name: str, places: list[tuple[float, int]], cut: float | None) -> None:
    array, content = whole(tmp_path)[name]
    (tmp_path / name).write_bytes(mutated(content, places, cut))
    read_or_refuse(tmp_path, name, array)


@pytest.mark.parametrize("name", EXTRA)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=changes, cut=cuts)
def test_mutated_files_of_the_extra(
    tmp_path: Path, name: str, places: list[tuple[float, int]], cut: float | None
) -> None:  # fmt: skip
    pytest.importorskip(EXTRA[name])
    array, content = sound_extra(tmp_path, name)
    (tmp_path / name).write_bytes(mutated(content, places, cut))
    read_or_refuse(tmp_path, name, array)


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".mat", ".csv", ".sigmf-meta"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 300, b"no numbers here\n\x80", b"{}", b"PK\x03\x04" + b"a" * 50])
def test_foreign_files(tmp_path: Path, suffix: str, content: bytes) -> None:
    (tmp_path / f"a{suffix}").write_bytes(content)
    with pytest.raises(RisError, match=r"wanted .*; got .*Likely cause: .*Next: "):
        Folder(path=tmp_path).read(f"a{suffix}", "Y", "measurements")


def test_an_archive_that_claims_to_be_huge(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    text = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + header.ljust(117) + b"\n"
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("Y.npy", text)
    with pytest.raises(InputError, match=r"8000000 MB.*--limit-mb"):
        Folder(path=tmp_path).read("a.npz", "Y", "measurements")


def test_a_compressed_variable_that_inflates_without_end(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"small": 1.0, "Y": np.zeros((1000, 1000))}, do_compression=True)
    assert (tmp_path / "a.mat").stat().st_size < 20_000
    with pytest.raises(InputError, match="--limit-mb"):
        Folder(path=tmp_path, limit=LIMIT).read("a.mat", "Y", "measurements")


def test_numbers_are_in_the_machines_order_of_bytes(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(3.0).astype(">f8"))
    found = Folder(path=tmp_path).read("a.npy", "array", "measurements").values
    assert found.dtype.isnative and found.tolist() == [0, 1, 2]


def test_files_of_a_pattern_are_read_no_further_than_the_limit(tmp_path: Path) -> None:
    for number in range(2):
        np.save(tmp_path / f"a{number}.npy", np.zeros(80_000))
    (tmp_path / "a2.npy").write_bytes(b"never looked at")
    with pytest.raises(InputError, match=r"at most 1 MB in measurements.*3 files with more"):
        Folder(path=tmp_path, limit=LIMIT).read("a*.npy", "array", "measurements")


@pytest.mark.parametrize("name", ["../a.npy", "link.npy", "folder/../../a.npy"])
def test_nothing_outside_the_folder_is_read(tmp_path: Path, name: str) -> None:
    np.save(tmp_path / "a.npy", np.ones(3))
    (tmp_path / "inside" / "folder").mkdir(parents=True)
    (tmp_path / "inside" / "link.npy").symlink_to(tmp_path / "a.npy")
    with pytest.raises(InputError, match="leads out of it"):
        Folder(path=tmp_path / "inside").read(name, "array", "measurements")
    with pytest.raises(InputError, match="leads out of it"):
        Folder(path=tmp_path / "inside").read(str(tmp_path / "a.npy"), "array", "measurements")


@pytest.mark.parametrize("method", ["lstat", "open"])
def test_a_file_that_may_not_be_read_is_no_broken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    np.save(tmp_path / "a.npy", np.ones(3))

    def refused(path: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, method, refused)
    with pytest.raises(InputError, match=r"a file 'a\.npy' that may be read; got Permission denied\..*another user"):
        Folder(path=tmp_path).read("a.npy", "array", "measurements")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.npy")
    with pytest.raises(InputError, match="regular file"):
        Folder(path=tmp_path).read("a.npy", "array", "measurements")


def test_two_arrays_of_one_name_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", Y=np.ones(3))
    content = zipfile.ZipFile(tmp_path / "a.npz").read("Y.npy")
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("Y.npy", content)
    with pytest.raises(InputError, match="two arrays 'Y'"):
        Folder(path=tmp_path).read("a.npz", "Y", "measurements")


def test_samples_are_those_of_the_digest_that_is_stated(tmp_path: Path) -> None:
    samples = np.arange(4, dtype="<f4").tobytes()
    (tmp_path / "a.sigmf-data").write_bytes(samples)
    stated = {"core:datatype": "rf32_le", "core:sha512": hashlib.sha512(samples).hexdigest().upper()}
    (tmp_path / "a.sigmf-meta").write_text(json.dumps({"global": stated, "captures": []}))
    assert Folder(path=tmp_path).read("a.sigmf-meta", "samples", "measurements").values.ravel().tolist() == [0, 1, 2, 3]
    (tmp_path / "a.sigmf-data").write_bytes(samples[:-4])
    with pytest.raises(InputError, match="as core:sha512 states"):
        Folder(path=tmp_path).read("a.sigmf-meta", "samples", "measurements")


def test_metadata_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    np.zeros(4, dtype="<f4").tofile(tmp_path / "secret")
    meta = {"global": {"core:datatype": "rf32_le", "core:dataset": "../secret"}, "captures": []}
    (tmp_path / "inside" / "a.sigmf-meta").write_text(json.dumps(meta))
    with pytest.raises(InputError, match="leads out of it"):
        Folder(path=tmp_path / "inside").read("a.sigmf-meta", "samples", "measurements")


def test_a_data_set_in_another_file_is_not_followed(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["Y"] = np.ones(3)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["Z"] = np.ones(3)
        file["Y"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/Y")
    with pytest.raises(RisError):
        Folder(path=tmp_path).read("a.h5", "Y", "measurements")


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.s2p").write_text("# GHz S RI R 50\n")
    monkeypatch.setitem(__import__("sys").modules, "skrf.io.touchstone", None)
    with pytest.raises(InputError, match=r"pip install 'ris-pytorch-pipeline\[import\]'"):
        Folder(path=tmp_path).read("a.s2p", "S21", "measurements")


def test_every_format_is_listed_once() -> None:
    suffixes = [suffix for each in FORMATS for suffix in each.suffixes]
    assert len(suffixes) == len(set(suffixes))


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is bound elsewhere")
def test_a_header_that_states_gigabytes_takes_none(tmp_path: Path) -> None:
    """Four bytes of an object's header say how long it is, and HDF5 allocates so much."""
    with pytest.importorskip("h5py").File(tmp_path / "a.h5", "w") as file:
        file["Y"] = np.arange(12.0)
    content = bytearray((tmp_path / "a.h5").read_bytes())
    assert content[96] == 1  # the header of the root group, of version 1
    content[104:108] = (0xF0000000).to_bytes(4, "little")
    (tmp_path / "a.h5").write_bytes(content)
    before = resource.getrlimit(resource.RLIMIT_AS)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    held = most_memory()
    with pytest.raises(InputError, match="a readable HDF5 file"):
        Folder(path=tmp_path, limit=10**6).read("a.h5", "Y", "measurements")
    assert most_memory() - held < 512
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def most_memory() -> int:
    """Megabytes that this process had at most."""
    return int(Path("/proc/self/status").read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) // 1000


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is bound elsewhere")
def test_what_is_allocated_is_bound_within_the_block_alone() -> None:
    with allocating_at_most(2**26), pytest.raises(MemoryError):
        bytearray(2**28)
    with allocating_at_most(2**28), allocating_at_most(2**30):  # an inner bound is no wider than an outer one
        with pytest.raises(MemoryError):
            bytearray(2**29)
    assert len(bytearray(2**28)) == 2**28

"""Do the same scenes come out of every kind of file that they are written to?"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("h5py")
pytest.importorskip("skrf")

from captures import MAPPING, arrays, capture, mapped, write

from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.importing import Folder, import_scenes, mapping_of


@pytest.mark.parametrize("kind", ["npz", "mat", "v73.mat", "h5"])
def test_arrays_keep_their_meaning(tmp_path: Path, kind: str) -> None:
    scenes = capture()
    mapping = mapped(tmp_path, MAPPING.format(file=write(tmp_path, kind, arrays(scenes))))
    got, want = import_scenes(mapping), scenes.observation
    for name in ("measurements", "codes", "channel"):
        assert torch.allclose(vars(got.observation)[name], vars(want)[name], atol=1e-12), name
    assert torch.allclose(got.observation.elements, want.elements)
    assert got.truth is not None
    assert torch.allclose(got.truth.positions, scenes.truth.positions)
    assert (got.truth.snr_db - scenes.truth.snr_db).abs().max() < 3
    assert (got.truth.symbols - scenes.truth.symbols).abs().max() < 0.2 * scenes.truth.symbols.abs().max()


def test_a_field_of_a_structure_is_reached_by_a_dot(tmp_path: Path) -> None:
    scenes = capture()
    write(tmp_path, "mat", {"run": arrays(scenes)})
    text = MAPPING.format(file="capture.mat")
    for name in ("Y", "states", "H", "azimuth", "elevation", "distance"):
        text = text.replace(f'"{name}"', f'"run.{name}"')

    assert torch.allclose(import_scenes(mapped(tmp_path, text)).observation.channel, scenes.observation.channel)


FLAT = """
file = "capture.csv"
symbols = "pilot"
frequency = { value = 0.999308193, unit = "GHz" }
[elements]
file = "elements.csv"
array = "table"
axes = ["element", "xyz"]
unit = "mm"
"""


def test_columns_of_a_text(tmp_path: Path) -> None:
    seen = capture(antennas=1).observation
    y = seen.measurements.numpy().reshape(3, 6)
    rows = np.concatenate([np.real(y), np.imag(y)], axis=1)
    header = ";".join([*(f"re_{n}" for n in range(6)), *(f"im_{n}" for n in range(6))])
    body = [";".join(f"{x:.12f}".replace(".", ",") for x in row) for row in rows]
    (tmp_path / "capture.csv").write_text("\n".join(["# a comment", header, *body]))
    np.savetxt(tmp_path / "elements.csv", seen.elements.numpy() * 1e3, delimiter=",")
    np.savetxt(tmp_path / "codes.txt", np.angle(seen.codes.numpy()).reshape(18, 12), fmt="%.15f")
    h = seen.channel.numpy()[:, 0]
    (tmp_path / "h.csv").write_text("\n".join(",".join(f"{x.real}{x.imag:+}i" for x in row) for row in h))
    text = (
        FLAT
        + """
[measurements]
array = "re_*"
imaginary = "im_*"
axes = ["scene", "snapshot"]
[codes]
file = "codes.txt"
array = "table"
shape = [3, 6, 12]
axes = ["scene", "snapshot", "element"]
form = "phase"
phase_unit = "rad"
[channel]
file = "h.csv"
array = "table"
axes = ["scene", "element"]
"""
    )
    got = import_scenes(mapped(tmp_path, text)).observation
    for name in ("measurements", "codes", "channel"):
        assert torch.allclose(vars(got)[name], vars(seen)[name], atol=1e-9), name
    assert got.wavelength == pytest.approx(0.3)


LINE = """
symbols = "random"
frequency = {{ file = "{file}", array = "frequency", unit = "Hz" {more} }}
[panel]
horizontal = 4
spacing = 15
unit = "cm"
"""


@pytest.mark.parametrize("kind", ["cf32_le", "ci16_le", "cf64_be"])
def test_samples_of_sigmf(tmp_path: Path, kind: str) -> None:
    samples = np.random.default_rng(0).integers(-2000, 2000, size=(12, 4, 2))
    number = {"cf32_le": "<f4", "ci16_le": "<i2", "cf64_be": ">f8"}[kind]
    samples.astype(number).tofile(tmp_path / "a.sigmf-data")
    meta = {"global": {"core:datatype": kind, "core:num_channels": 4, "core:version": "1.0.0"},
            "captures": [{"core:sample_start": 0, "core:frequency": 1e9}], "annotations": []}  # fmt: skip
    (tmp_path / "a.sigmf-meta").write_text(json.dumps(meta))
    text = (
        LINE.format(file="a.sigmf-meta", more="")
        + """
[measurements]
file = "a.sigmf-data"
array = "samples"
shape = [3, 4, 4]
axes = ["scene", "snapshot", "antenna"]
"""
    )
    got = import_scenes(mapped(tmp_path, text)).observation
    want = (samples[..., 0] + 1j * samples[..., 1]).reshape(3, 4, 4)
    assert np.allclose(got.measurements.numpy(), want)
    assert torch.equal(got.channel[0], torch.eye(4, dtype=torch.complex128))


@pytest.mark.parametrize("form", ["RI", "MA", "DB"])
def test_sweeps_of_touchstone(tmp_path: Path, form: str) -> None:
    generator = np.random.default_rng(0)
    s21 = generator.standard_normal((11, 3, 2)) @ [1, 1j]  # (file, frequency); file 10 sorts behind file 9
    for number, row in enumerate(s21):
        lines = [f"# GHz S {form} R 50"]
        for index, value in enumerate(row):
            pair = {
                "RI": (value.real, value.imag),
                "MA": (abs(value), np.angle(value, deg=True)),
                "DB": (20 * np.log10(abs(value)), np.angle(value, deg=True)),
            }[form]
            lines.append(f"{1 + index * 0.1:.1f} 0 0 {pair[0]:.9f} {pair[1]:.9f} 0 0 0 0")
        (tmp_path / f"y{number}.s2p").write_text("\n".join(lines) + "\n")
    text = """
symbols = "pilot"
frequency = { file = "y0.s2p", array = "frequency", unit = "Hz", pick = { frequency = 1 }, axes = ["frequency"] }
panel = { horizontal = 1, spacing = 1, unit = "m" }
[measurements]
file = "y*.s2p"
array = "S21"
axes = ["snapshot", "frequency"]
pick = { frequency = 1 }
"""
    got = import_scenes(mapped(tmp_path, text)).observation
    assert np.allclose(got.measurements.numpy()[0, :, 0], s21[:, 1], atol=1e-7)
    assert got.wavelength == pytest.approx(299792458 / 1.1e9)


def test_an_empty_cell_is_named_by_row_and_column(tmp_path: Path) -> None:
    rows = ["0.25,1.5"] * 5 + ["0.25,"] + ["1,1"] * 12
    (tmp_path / "capture.csv").write_text("\n".join(["re,im", *rows]))
    text = (
        FLAT
        + """
[measurements]
array = "re"
imaginary = "im"
shape = [3, 6]
axes = ["scene", "snapshot"]
"""
    )
    np.savetxt(tmp_path / "elements.csv", capture().observation.elements.numpy() * 1e3, delimiter=",")
    with pytest.raises(InputError, match="a number in row 6 of column im"):
        import_scenes(mapped(tmp_path, text))


def test_an_array_that_the_file_lacks_names_the_nearest(tmp_path: Path) -> None:
    file = write(tmp_path, "mat", arrays(capture()))
    text = MAPPING.format(file=file).replace('"states"', '"state"')
    with pytest.raises(ConfigurationError, match=r"codes\.array out of .*did you mean 'states'"):
        import_scenes(mapped(tmp_path, text))


@pytest.mark.parametrize("kind", ["npz", "npy"])
def test_pickles_are_refused(tmp_path: Path, kind: str) -> None:
    bad = np.array([{"a": 1}], dtype=object)
    np.savez(tmp_path / "a.npz", Y=bad)
    np.save(tmp_path / "a.npy", bad)
    text = MAPPING.format(file=f"a.{kind}").replace('"Y"', '"Y"' if kind == "npz" else '"array"')
    with pytest.raises(InputError, match="pickled Python objects"):
        import_scenes(mapped(tmp_path, text))


@pytest.mark.parametrize("change", [{"measurment": {}}, {"measurements": {"axis": ["scene"]}}])
def test_a_misspelt_key_names_the_nearest(change: dict) -> None:
    with pytest.raises(ConfigurationError, match="did you mean"):
        mapping_of(change)


def test_infinite_parts_stay_infinite_in_hdf5_and_sigmf(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    parts = np.array([(np.inf, 1.0), (0.0, -np.inf)], dtype=[("re", "f8"), ("im", "f8")])
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["Y"] = parts
    parts.view("f8").tofile(tmp_path / "a.sigmf-data")
    meta = {"global": {"core:datatype": "cf64_le"}, "captures": []}
    (tmp_path / "a.sigmf-meta").write_text(json.dumps(meta))
    for file, name in (("a.h5", "Y"), ("a.sigmf-meta", "samples")):
        found = Folder(path=tmp_path).read(file, name, "measurements").values
        np.testing.assert_array_equal(found.reshape(-1).view("f8"), parts.view("f8"))

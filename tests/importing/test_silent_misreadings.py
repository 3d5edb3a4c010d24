"""Is what could be read as other numbers than were meant refused by name?"""

import json
from pathlib import Path

import numpy as np
import pytest
from captures import mapped

from ris_pytorch_pipeline.errors import ConfigurationError, InputError, RisError
from ris_pytorch_pipeline.importing import Folder, Imported, import_scenes

LINE = """
symbols = "random"
wavelength = { value = 30, unit = "cm" }
panel = { horizontal = 4, spacing = 0.5, unit = "wavelengths" }
"""
TABLE = '[measurements]\nfile = "a.csv"\narray = "table"\naxes = ["snapshot", "antenna"]\n'
MEASURED = '[measurements]\nfile = "a.npz"\narray = "Y"\naxes = ["snapshot", "antenna"]\n'
CHANNEL = '[channel]\nfile = "a.npz"\narray = "H"\naxes = ["antenna", "element"]\n'


def imported(folder: Path, *parts: str, **arrays: np.ndarray) -> Imported:
    y = np.exp(1j * np.arange(20.0).reshape(5, 4))
    book = np.exp(1j * np.arange(32.0).reshape(8, 4))
    np.savez(folder / "a.npz", **{"Y": y, "H": np.eye(4), "B": book, **arrays})  # pyright: ignore[reportArgumentType]
    return import_scenes(mapped(folder, "\n".join([LINE, *parts])))


@pytest.mark.parametrize("odd", [1.5, np.nan])
@pytest.mark.parametrize("form", ['"index"\ncodebook = "B"', '"state"\nlevels = 8'])
def test_states_and_rows_of_a_codebook_are_whole_numbers(tmp_path: Path, form: str, odd: float) -> None:
    axes = '["snapshot"]' if "index" in form else '["snapshot", "element"]'
    codes = f'[codes]\nfile = "a.npz"\narray = "s"\naxes = {axes}\nform = {form}\n'
    states = np.zeros(5) if "index" in form else np.zeros((5, 4))
    imported(tmp_path, MEASURED, CHANNEL, codes, s=states)
    states.flat[3] = odd
    with pytest.raises(InputError, match=f"whole numbers of codes .* got {odd:g}"):
        imported(tmp_path, MEASURED, CHANNEL, codes, s=states)


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        ('distance = { value = 2, unit = "m" }', "wanted truth.azimuth; got none"),
        ('elevation = { value = 2, unit = "deg" }', "wanted truth.azimuth; got none"),
        ('azimuth = { value = 2, unit = "deg" }', "wanted truth.distance; got none"),
        ('cartesian = { value = [1, 0, 0], unit = "m", axes = ["xyz"] }\ndistance = { value = 2, unit = "m" }',
         "truth.cartesian or truth.distance; got both"),
    ],
)  # fmt: skip
def test_half_a_position_is_no_missing_one(tmp_path: Path, truth: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        imported(tmp_path, MEASURED, f"[truth]\n{truth}\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,5 2,5 3,5 4,5\n" * 5, "a number in row 1"),
        ("0.1,NA,0.3,0.4\n" + "1,2,3,4\n" * 5, "a number in row 1 of column 2; got 'NA'"),
        ("1,-,3,4\n" + "1,2,3,4\n" * 5, "a number in row 1 of column 2; got '-'"),
        ("1,0.5V,3.1,4\n" + "1,2,3,4\n" * 5, "a number in row 1 of column 2; got '0.5V'"),
    ],
    ids=["decimal commas between blanks", "gap in the first row", "dash in the first row", "unit in the first row"],
)
def test_a_first_row_with_a_gap_is_no_header(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(RisError, match=words):
        imported(tmp_path, TABLE)


@pytest.mark.parametrize("header", [",0,1,2,3", "step,0,1,2,3"])
def test_columns_that_are_counted_are_named(tmp_path: Path, header: str) -> None:
    rows = [f"{row},1 + 2i,( 3 - 4 i ),5*j,{row}" for row in range(5)]
    (tmp_path / "a.csv").write_text("\n".join([header, *rows]))
    seen = imported(tmp_path, TABLE.replace('"table"', '"[0-9]"')).observation.measurements
    assert seen.shape == (1, 5, 4) and seen[0, 2].tolist() == [1 + 2j, 3 - 4j, 5j, 2]


def test_a_recording_that_ends_within_a_sample_is_refused(tmp_path: Path) -> None:
    np.zeros((6, 4, 2), "<f4").tofile(tmp_path / "a.sigmf-data")
    meta = {"global": {"core:datatype": "cf32_le", "core:num_channels": 4}, "captures": []}
    (tmp_path / "a.sigmf-meta").write_text(json.dumps(meta))
    assert Folder(path=tmp_path).read("a.sigmf-data", "samples", "measurements").values.shape == (6, 4)
    with (tmp_path / "a.sigmf-data").open("ab") as file:
        file.write(bytes(12))
    with pytest.raises(InputError, match="whole samples, 32 bytes each; got 204 bytes, 12 too many"):
        Folder(path=tmp_path).read("a.sigmf-data", "samples", "measurements")


@pytest.mark.parametrize("odd", [np.inf, np.nan])
def test_repeats_that_are_not_finite_are_refused_by_name(tmp_path: Path, odd: float) -> None:
    repeats = np.ones((3, 5, 4))
    repeats[0, 0, 0] = odd
    measured = MEASURED.replace('"Y"', '"R"').replace('["snapshot"', '["repeat", "snapshot"')
    with pytest.raises(InputError, match="finite measurements"):
        imported(tmp_path, measured, R=repeats)

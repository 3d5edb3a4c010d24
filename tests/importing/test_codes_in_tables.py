"""Are codes read that count in a table of states, or on one axis down the panel from its top?"""

import json
from pathlib import Path

import numpy as np
import pytest
from captures import CHANNEL, CODES, MEASURED, capture, given, same

from ris_pytorch_pipeline.errors import ConfigurationError, InputError

C = capture().observation.codes.numpy()


def test_a_table_of_measured_states(tmp_path: Path) -> None:
    states = np.round(np.angle(C) / (2 * np.pi) * 4).astype(int) % 4 + 1
    text = '[codes]\narray = "states"\naxes = ["scene", "snapshot", "element"]\nform = "index"\n'
    named, phases = 'codebook = "table"\n', 'phase_unit = "deg"\n'
    complex_row = {"states": states, "table": np.exp(2j * np.pi * np.arange(4) / 4)[None]}
    assert same(given(tmp_path, complex_row, "base = 1", MEASURED, text + named, CHANNEL))
    degrees = {"states": states, "table": np.arange(4) * 90.0}
    assert same(given(tmp_path, degrees, "base = 1", MEASURED, text + named + phases, CHANNEL))
    inline = "codebook = [0, 90, 180, 270]\n"
    assert same(given(tmp_path, {"states": states}, "base = 1", MEASURED, text + inline + phases, CHANNEL))
    with pytest.raises(ConfigurationError, match=r"1\.\.3, numbers of codebook; got 1 to 4"):
        given(tmp_path, {"states": states}, "base = 1", MEASURED, text + "codebook = [0, 120, 240]\n", CHANNEL)
    with pytest.raises(InputError, match=r"real numbers of codes\.codebook"):
        given(tmp_path, complex_row, "base = 1", MEASURED, text + named + phases, CHANNEL)


@pytest.mark.parametrize(
    ("axes", "book"), [(["scene", "snapshot"], "table"), (["scene", "snapshot", "element"], "book")]
)
def test_a_table_of_states_is_no_codebook_of_rows(tmp_path: Path, axes: list[str], book: str) -> None:
    values = {"n": np.zeros((3, 6, 12)[: len(axes)]), "table": np.ones(4), "book": C.reshape(18, 12)}
    text = f'[codes]\narray = "n"\naxes = {json.dumps(axes)}\nform = "index"\ncodebook = "{book}"\n'
    with pytest.raises(ConfigurationError, match=r"a table \(state,\) in (table|book) beside an axis of elements"):
        given(tmp_path, values, MEASURED, text, CHANNEL)


@pytest.mark.parametrize("columns", [False, True])
def test_rows_from_the_top_of_one_axis_of_elements(tmp_path: Path, columns: bool) -> None:
    turned = C.reshape(3, 6, 3, 4)[:, :, ::-1]
    stored = (turned.swapaxes(-1, -2) if columns else turned).reshape(3, 6, 12)
    order = 'order = "columns"\n' if columns else ""
    assert same(given(tmp_path, {"C": stored}, MEASURED, CODES + order + 'reverse = ["vertical"]\n', CHANNEL))
    with pytest.raises(ConfigurationError, match="two names of one axis"):
        given(tmp_path, {"C": stored}, MEASURED, CODES + 'reverse = ["vertical", "element"]\n', CHANNEL)
    with pytest.raises(ConfigurationError, match="4 x 3 elements of panel; got 11 elements"):
        given(tmp_path, {"C": C[..., 1:]}, MEASURED, CODES + order + 'reverse = ["vertical"]\n', CHANNEL)

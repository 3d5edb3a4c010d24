"""Can a user simulate what estimators are not told, see it in the file, and go on with files from before?"""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from running import SMALL, SMALL_TOML, Run
from safetensors import safe_open
from safetensors.torch import load_file

from ris_pytorch_pipeline.cli.arguments import parse
from ris_pytorch_pipeline.data import config_digest, load_scenes
from ris_pytorch_pipeline.files import write_tensors

POSITIONS = ("--impairments.position-error-wavelengths", "0.05")
BITS = ("--impairments.unmodelled-code-bits", "2", "--code-bits", "none")
ADDED = ("position_error_wavelengths", "unmodelled_code_bits")


def header_of(path: Path) -> dict[str, Any]:
    with safe_open(path, framework="pt") as file:
        return json.loads(file.metadata()["header"])


def test_what_is_hidden_is_in_the_truth_and_in_the_provenance(ris: Run) -> None:
    done = ris("simulate", "hidden", "--scenes", "3", *SMALL, *POSITIONS, *BITS)
    assert done.code == 0, done.err
    file = load_scenes("hidden")
    assert file.truth is not None and file.header.config is not None
    off = (file.truth.applied_elements - file.observation.elements) / 0.3
    assert 0.03 < float(off.std()) < 0.07
    assert float((file.truth.applied_codes / file.observation.codes).angle().abs().max()) > 0.5
    said = file.header.config["scenario"]
    assert (said["code_bits"], *(said["impairments"][name] for name in ADDED)) == (None, 0.05, 2)
    located = ris("locate", "hidden", "--scene", "all", "--sources", "1", "--json")
    assert located.code == 0 and located.json["config"]["scenario"] == said


def test_both_in_toml_come_to_the_same_file(ris: Run) -> None:
    text = '[scenario]\ncode_bits = "none"\n[scenario.impairments]\n'
    Path("own.toml").write_text(text + "position_error_wavelengths = 0.05\nunmodelled_code_bits = 2\n")
    assert ris("simulate", "one", "--scenes", "2", *SMALL, "--config", "own.toml").code == 0
    assert ris("simulate", "two", "--scenes", "2", *SMALL, *POSITIONS, *BITS).code == 0
    assert Path("one").read_bytes() == Path("two").read_bytes()


@pytest.mark.parametrize("command", ["simulate", "bench", "bound"])
def test_help_says_what_they_are(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse([command, "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "--impairments.position-error-wavelengths VALUE" in told
    assert "bits of the phases that the panel shows, where estimators are told continuous codes" in told


def test_a_sweep_over_displacements_runs(ris: Run) -> None:
    Path("few.toml").write_text(
        f"""
scenes = 4
seed = 1
{SMALL_TOML}[sweeps.displaced]
methods = ["genie"]
[sweeps.displaced.over]
impairments.position_error_wavelengths = [0.0, 0.2]
"""
    )
    done = ris("bench", "few.toml", "--out", "kept", "--json")
    assert done.code == 0, done.err
    off = [cell["gospa_whitened"] for cell in done.json["cells"]]
    assert off[0] < 3 < off[1], off


def test_a_file_from_before_is_one_without(ris: Run) -> None:
    """Without the tensor and the fields of the configuration that were added: what an earlier release wrote."""
    assert ris("simulate", "old", "--scenes", "3", "--preset", "hard", *SMALL).code == 0
    now, tensors, header = ris("locate", "old", "--json").json, load_file("old"), header_of(Path("old"))
    assert "truth.applied_elements" not in tensors
    for name in ADDED:
        del header["config"]["scenario"]["impairments"][name]
    write_tensors(Path("old"), tensors, json.dumps(header | {"digest": config_digest(header["config"])}))
    file = load_scenes("old")
    assert file.truth is not None
    assert torch.equal(file.truth.applied_elements, file.observation.elements.expand(3, -1, -1))
    before = ris("locate", "old", "--json").json
    assert before["scenes"] == now["scenes"]
    assert ris("calibrate", "old", "gains").code == 0

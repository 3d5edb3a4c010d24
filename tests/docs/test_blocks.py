"""Do the blocks of pages that no test follows from above run as they stand, given what their page speaks of?"""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from jaxtyping import config as jaxtyping_config

from ris_pytorch_pipeline.bench import suite_from_toml
from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.experiment import experiment_from_toml, training_from_toml
from ris_pytorch_pipeline.physics import ARRAYS, CHANNELS, CODEBOOKS, PRESETS, preset
from ris_pytorch_pipeline.search import space_of
from ris_pytorch_pipeline.tasks.queued import queue_of

ROOT = Path(__file__).parents[2]


def block(page: str, kind: str, beginning: str) -> str:
    """The only block of a page that contains a line."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    (found,) = (each for own, each in blocks if own == kind and beginning in each)
    return found


def run(text: str, **values: Any) -> dict[str, Any]:
    """What a program leaves, given the values it speaks of."""
    exec(compile(text, "block", "exec"), values)
    return values


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, no checks of shapes, and registries as they were."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)
    for registry in (CODEBOOKS, CHANNELS, PRESETS):  # a name that is deleted here is put back or removed at the end
        for name in ("mine", "lab", "hall"):
            monkeypatch.setitem(registry, name, None)
            monkeypatch.delitem(registry, name)


def test_a_codebook_and_a_preset_of_ones_own() -> None:
    def draw(*_: Any) -> None:
        """Never called."""

    run(block("docs/cli.md", "python", 'CODEBOOKS["mine"]'), draw=draw)
    assert PRESETS["lab"].codes == "mine" and PRESETS["lab"].horizontal == 20


def test_an_array_of_a_file_is_drawn_from() -> None:
    Path("roof.toml").write_text(block("docs/cli.md", "toml", "elements = [["))
    Path("c.toml").write_text(block("docs/cli.md", "toml", "[arrays.roof]") + "sources = 1\n")
    scenario = experiment_from_toml(Path("c.toml")).scenario
    assert str(scenario.array).startswith("roof@") and scenario.elements == 4
    for name in [each for each in ARRAYS if each.startswith("roof")]:
        del ARRAYS[name]


def test_measurements_are_kept_and_located() -> None:
    shapes = {"measurements": (1, 8, 4), "codes": (1, 8, 256), "channel": (1, 4, 256)}
    draws = torch.Generator().manual_seed(0)
    values = {n: torch.randn(s, dtype=torch.complex128, generator=draws) for n, s in shapes.items()}
    run(block("docs/cli.md", "python", "save_scenes("), **values)
    assert main(["locate", "measured.safetensors", "--sources", "1"]) == 0


def test_shards_are_verified_and_read() -> None:
    command = (
        "simulate --shards DIR --split train=4096 --horizontal 2 --vertical 2 --antennas 2 --snapshots 2 --sources 1"
    )
    assert main(command.split()) == 0
    values = run(block("docs/cli.md", "python", "open_shards("))
    assert len(values["labels"]) == 32


def test_an_objective_of_ones_own_is_searched() -> None:
    text = block("docs/search.md", "python", "def width(")
    last = text.rstrip().splitlines()[-1]
    values = run(text)
    assert eval(last.split("  #")[0], values) == int(last.split("  #")[1])


def test_kept_rows_are_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    run(block("docs/benchmark.md", "python", "read_rows("))
    assert capsys.readouterr().out.startswith("270 ")


def test_the_network_of_the_package_locates() -> None:
    observation = simulate(preset("random", sources=3, snr_db=15.0), 2, seed=0).observation
    values = run(block("docs/hybrid.md", "python", "Localiser.reference()"), observation=observation)
    assert values["found"].order.tolist() == [3, 3]


def test_configurations_are_read() -> None:
    for name, text in (
        ("errors.toml", block("docs/cli.md", "toml", "phase_error_rad = 0.2")),
        ("lab.toml", block("docs/cli.md", "toml", "[presets.lab]")),
    ):
        Path(name).write_text(text)
        assert experiment_from_toml(Path(name)).scenario.symbols == "pilot"
    Path("suite.toml").write_text(block("docs/benchmark.md", "toml", "[sweeps.bits]"))
    assert len(suite_from_toml(Path("suite.toml")).sweeps) == 1
    Path("queue.toml").write_text(block("docs/scaling.md", "", "patience_s"))
    assert queue_of(Path("queue.toml")).workers == 100
    Path("phases.toml").write_text(block("docs/training.md", "toml", "[[phases.stages]]"))
    assert len(training_from_toml(Path("phases.toml")).phases.stages) == 2
    Path("space.toml").write_text(block("docs/search.md", "toml", "[optimisation]"))
    assert len(space_of("space.toml").knobs) > 6


@pytest.mark.stress
def test_the_commands_of_the_readme_run_one_after_another() -> None:
    Path("suites").symlink_to(ROOT / "suites")
    lines = [line for line in block("README.md", "", "ris simulate").splitlines() if line.startswith("ris ")]
    assert len(lines) > 8
    for line in lines:
        assert main(line.split()[1:]) == 0, line

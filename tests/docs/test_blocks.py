"""Do the blocks of pages that no test follows from above run as they stand, given what their page speaks of?"""

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from jaxtyping import config as jaxtyping_config
from page_blocks import ROOT, blocks_in
from test_architecture import LEVELS

from ris_pytorch_pipeline.bench import suite_from_toml
from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.cli.forms.drawn_results import rows_of
from ris_pytorch_pipeline.data import load_scenes, simulate
from ris_pytorch_pipeline.estimate import CONTENDERS, SearchRegion, contender
from ris_pytorch_pipeline.experiment import experiment_from_toml, training_from_toml
from ris_pytorch_pipeline.physics import ARRAYS, CHANNELS, CODEBOOKS, PRESETS, codebook_named, preset
from ris_pytorch_pipeline.report import read_kept_table, tabulated
from ris_pytorch_pipeline.search import space_of
from ris_pytorch_pipeline.tasks.queued import queue_of


def block(page: str, kind: str, beginning: str) -> str:
    """The only block of a page that contains a line; `indented` is the kind of those without a fence."""
    text = (ROOT / page).read_text(encoding="utf-8")
    (found,) = (each.text for each in blocks_in(text, page) if each.kind == kind and beginning in each.text)
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


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str, name: str, value: str) -> None:
    """As `pip` leaves a package that declares one entry point."""
    monkeypatch.syspath_prepend(folder)
    facts = folder / "my_package-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: my_package\nVersion: 1.0\n", encoding="utf-8")
    (facts / "entry_points.txt").write_text(f"[ris_pytorch_pipeline.{kind}]\n{name} = {value}\n", encoding="utf-8")


def test_an_entry_point_of_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = tomllib.loads(block("docs/cli.md", "toml", "[project.entry-points."))["project"]["entry-points"]
    ((group, points),) = declared.items()
    ((name, value),) = points.items()
    module, _, attribute = value.partition(":")
    path = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True)
    own = f"{attribute} = Codebook(name={name!r}, draw=lambda *_: None)"
    path.write_text(f"from ris_pytorch_pipeline.physics import Codebook\n{own}\n", encoding="utf-8")
    installed(tmp_path, monkeypatch, group.rpartition(".")[2], name, value)
    assert codebook_named(name).name == name and codebook_named(name).draw is not CODEBOOKS["random"].draw


def test_an_estimator_of_an_installed_package_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, monkeypatch, "estimators", "nearby", "own_estimators:NEARBY")
    text = "import ris_pytorch_pipeline as ris\n" + block("docs/own-parts.md", "python", "class Nearest:")
    own = text.partition('CONTENDERS["nearest"]')[0]
    (tmp_path / "own_estimators.py").write_text(
        f'{own}\nNEARBY = Contender(name="nearby", build=lambda region: Nearest(region), needs=())\n', encoding="utf-8"
    )
    try:
        made = contender("nearby", SearchRegion())
        assert made(simulate(preset("pilot", snr_db=20.0), 1, seed=0).observation, 1).order.tolist() == [1]
    finally:
        del CONTENDERS["nearby"]


def test_codes_and_a_channel_of_files_are_drawn_with() -> None:
    draws = torch.Generator().manual_seed(0)
    for name, shape in (("codes", (16, 144)), ("channel", (16, 144))):
        np.save(f"{name}.npy", torch.randn(shape, dtype=torch.complex128, generator=draws).numpy())
    Path("c.toml").write_text(block("docs/cli.md", "toml", "[codebooks.lab]"))
    scenes = simulate(experiment_from_toml(Path("c.toml")).scenario, 2, seed=0)
    assert torch.equal(scenes.observation.codes[1], torch.from_numpy(np.load("codes.npy")).to(scenes.observation.codes))


def test_a_mapping_of_several_kinds() -> None:
    own = block("docs/own-measurements.md", "toml", "sequences = {")
    scenario = preset("random", symbols=tuple(tomllib.loads(own)["symbols"]), snr_db=20.0, horizontal=4, vertical=4)
    seen = simulate(scenario, 2, seed=0).observation
    assert seen.sequences is not None
    np.savez(
        "a.npz", y=seen.measurements.numpy(), c=seen.codes.numpy(), h=seen.channel.numpy(), s=seen.sequences.numpy()
    )
    Path("m.toml").write_text(f"""file = "a.npz"
wavelength = {{value = 0.3, unit = "m"}}
panel = {{horizontal = 4, vertical = 4, spacing = 150, unit = "mm"}}
measurements = {{array = "y", axes = ["scene", "snapshot", "antenna"]}}
codes = {{array = "c", axes = ["scene", "snapshot", "element"]}}
channel = {{array = "h", axes = ["scene", "antenna", "element"]}}
{own}""")
    assert main("import m.toml kinds.safetensors".split()) == 0
    assert load_scenes(Path("kinds.safetensors")).observation.symbols == scenario.symbols


def test_the_watch_of_readme_judges_a_loop(capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1)
    inputs = torch.randn(40, 8, 3)
    values = {
        "model": model, "optimizer": torch.optim.SGD(model.parameters(), lr=0.1), "criterion": torch.nn.MSELoss(),
        "batches": [(one, one.sum(-1, keepdim=True)) for one in inputs],
    }  # fmt: skip
    left = run(block("README.md", "python", "from trainlint import Watch"), **values)
    assert capsys.readouterr().out.startswith("Verdict: healthy (0 epochs, 40 losses, 40 backward passes, 40 updates")
    assert left["loss"].item() < 0.1, "the loop of the page trains"


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


def test_tables_of_texts_are_filled() -> None:
    rows = rows_of(ROOT / "results", "paper")
    text = block("docs/benchmark.md", "indented", 'cell = "{success')
    filled = tabulated(text, lambda suite: rows if suite == "paper" else [], lambda file: pytest.fail(file))
    assert filled.count("\n| 5 |") == 1 and filled.startswith(text.partition("-->")[0])
    text = block("docs/benchmark.md", "indented", 'file = "measured')
    filled = tabulated(
        text, lambda suite: pytest.fail(str(suite)), lambda file: read_kept_table(ROOT / "results" / file)
    )
    assert filled.count("\n| ") > 2 and filled.startswith(text.partition("-->")[0])


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


def test_contributing_names_the_rooms_in_their_order() -> None:
    lines = block("CONTRIBUTING.md", "indented", "parse, call, print").splitlines()
    levels = [set(re.findall(r"\w+", re.split(r" {2,}", line)[0])) for line in lines]
    assert [*levels[:-2], levels[-2] | levels[-1]] == [set(rooms) for rooms in LEVELS]


@pytest.mark.stress
def test_the_commands_of_the_readme_run_one_after_another() -> None:
    Path("suites").symlink_to(ROOT / "suites")
    lines = [line for line in block("README.md", "", "ris simulate").splitlines() if line.startswith("ris ")]
    assert len(lines) > 8
    for line in lines:
        assert main(line.split()[1:]) == 0, line

"""Do codebooks, channels, estimators and presets of one's own work by name, from Python, TOML and other packages?"""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from running import SMALL, Run

from ris_pytorch_pipeline.cli.arguments import COMMANDS, build
from ris_pytorch_pipeline.cli.options.examples import EXAMPLES
from ris_pytorch_pipeline.cli.options.executing import prepare
from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.estimate import CONTENDERS
from ris_pytorch_pipeline.experiment import experiment_from_toml
from ris_pytorch_pipeline.physics import CHANNELS, CODEBOOKS, PRESETS, codebook_named, draw, preset
from ris_pytorch_pipeline.physics.registry import registered
from ris_pytorch_pipeline.rng import stream

OWN = """
import torch
from ris_pytorch_pipeline.estimate import CONTENDERS, Contender, Sml
from ris_pytorch_pipeline.physics import CODEBOOKS, PRESETS, Codebook, preset

def minus(scenes, snapshots, size, bits, generator):
    return -torch.ones(scenes, snapshots, size[0] * size[1], dtype=torch.complex128)

CODEBOOKS["minus"] = Codebook(name="minus", draw=minus, fixed=True)
PRESETS["lab"] = preset("pilot", horizontal=6, vertical=6, sources=1, snapshots=8, antennas=8, codes="minus")
CONTENDERS["mine"] = Contender(name="mine", build=lambda region: Sml(region=region, batch=4))
"""


@pytest.fixture(autouse=True)
def unchanged() -> Iterator[None]:
    registries: tuple[dict, ...] = (CODEBOOKS, CHANNELS, PRESETS, CONTENDERS)
    known = [set(registry) for registry in registries]
    yield
    for registry, names in zip(registries, known, strict=True):
        for name in set(registry) - names:
            del registry[name]


def test_a_python_file_adds_to_every_registry(ris: Run, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    drawn = ris("simulate", "x", "--preset", "lab", "--scenes", "2", "--json", "--extend", "own.py")
    assert drawn.json["config"]["scenario"]["codes"] == "minus"
    found = ris("bench", "--methods", "mine", "--sources", "1", "--snr-db", "20", "--scenes", "2", "--json",
                "--extend", "own.py", *SMALL[:-4]).json  # fmt: skip
    assert found["cells"][0]["method"] == "mine"


def test_a_file_that_fails_is_one_message(ris: Run, tmp_path: Path) -> None:
    ris("bound", "--extend", "none.py").refused("--extend FILE.py")
    (tmp_path / "bad.py").write_text("1 / 0")
    ris("bound", "--extend", "bad.py").refused("ZeroDivisionError", "python bad.py")
    ris("bound", "--codes", "minus").refused("one that is not in codebooks", "--extend")


def test_a_preset_of_ones_own_in_toml(ris: Run, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('preset = "lab"\n[presets.lab]\npreset = "pilot"\nhorizontal = 20\nsources = 2\n')
    out = ris("bound", "--config", "c.toml", "--print-config", "--snr-db", "3").out
    assert "horizontal = 20" in out and "sources = 2" in out and 'symbols = "pilot"' in out
    (tmp_path / "d.toml").write_text("presets = 3\n")
    ris("bound", "--config", "d.toml").refused("tables [presets.NAME]")
    (tmp_path / "e.toml").write_text('preset = "lab"\n[presets.lab]\nhorizontl = 20\n')
    ris("bound", "--config", "e.toml").refused("presets.lab.horizontl", "did you mean 'horizontal'")


def test_entry_points_of_installed_packages_are_found_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def declared(*, group: str, name: str) -> list[EntryPoint]:
        values = {"far": "ris_pytorch_pipeline.physics.codebooks:CODEBOOKS", "gone": "no_such_package:x"}
        return [EntryPoint(name, values[name], group)] if name in values else []

    monkeypatch.setattr("ris_pytorch_pipeline.physics.registry.entry_points", declared)
    with pytest.raises(ConfigurationError, match="as a Codebook; got dict"):
        codebook_named("far")
    with pytest.raises(ConfigurationError, match="half installed"):
        codebook_named("gone")
    with pytest.raises(ConfigurationError, match="misspelt"):
        preset("nothing of this name")
    assert registered(CODEBOOKS, "dft", "codebooks") is CODEBOOKS["dft"]


def test_help_has_an_example_that_parses_choices_and_defaults() -> None:
    _, commands = build()
    assert EXAMPLES.keys() == COMMANDS.keys()
    for name, parser in commands.items():
        text = " ".join(parser.format_help().split())
        assert f"example: {EXAMPLES[name]}" in text
    for words in (
        "sml, pilot, known, mixed, bp-music", "genie", "hadamard", "rician, direct", "(known)", "seed, pilot, random",
    ):  # fmt: skip
        assert words in " ".join(commands["bench"].format_help().split()), words
    assert "light, full or trace (light)" in " ".join(commands["train"].format_help().split())


STORED = """
[codebooks.lab]
file = "codes.npy"
[channels.hall]
file = "hall.npy"
[scenario]
horizontal = 6
vertical = 4
antennas = 3
snapshots = 5
sources = 1
codes = "lab"
channel = "hall"
"""


def test_codes_and_channel_out_of_files(ris: Run, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    codes, hall = (random.standard_normal(shape) + 1j * random.standard_normal(shape) for shape in ((5, 24), (3, 24)))
    np.save(tmp_path / "codes.npy", codes)
    np.save(tmp_path / "hall.npy", hall)
    (tmp_path / "c.toml").write_text(STORED)
    drawn = draw(experiment_from_toml(tmp_path / "c.toml").scenario, 2, stream(0, "stored")).observation
    assert np.allclose(drawn.codes, codes) and np.allclose(drawn.channel, hall)
    ris("simulate", "x", "--config", "c.toml", "--scenes", "2", "--json")
    ris("simulate", "y", "--config", "c.toml", "--snapshots", "6").refused("(6, 24)", "(5, 24)")


def test_a_suite_goes_on_with_the_codes_it_began_with_alone(ris: Run, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    rng = np.random.default_rng(0)
    np.save(tmp_path / "hall.npy", rng.standard_normal((3, 24)) + 0j)
    sweep = 'seed = 0\nscenes = 2\npreset = "random"\n' + STORED + '[sweeps.few]\nmethods = ["bp-bartlett"]\n'
    (tmp_path / "suite.toml").write_text(sweep)
    for again in (False, True):
        np.save(tmp_path / "codes.npy", np.exp(2j * np.pi * rng.random((5, 24))))
        said = ris("bench", "suite.toml", "--out", "kept", *(["--resume"] if again else []))
        assert again or said.code == 0, said
    said.refused("codebooks.lab")


def test_names_of_codes_and_channels_are_needed_where_scenes_are_drawn_alone(
    ris: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    rng = np.random.default_rng(0)
    np.save(tmp_path / "codes.npy", np.exp(2j * np.pi * rng.random((5, 24))))
    np.save(tmp_path / "hall.npy", rng.standard_normal((3, 24)) + 0j)
    (tmp_path / "c.toml").write_text(STORED)
    assert ris("simulate", "x", "--config", "c.toml", "--scenes", "1").code == 0
    for registry in (CODEBOOKS, CHANNELS):
        monkeypatch.delitem(registry, "lab" if registry is CODEBOOKS else "hall")
    assert ris("locate", "x").code == 0  # as by another command, which has not read c.toml
    assert "lab" not in CODEBOOKS
    prepare(1, (), tmp_path / "c.toml")  # as by a worker of a cluster
    assert "lab" in CODEBOOKS and "hall" in CHANNELS


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[codebooks]\nlab = 3\n", "with the key `file`"),
        ('[codebooks.lab]\nfile = "codes.npy"\nbits = 2\n', "with the key `file`"),
        ('[codebooks.lab]\nfile = "no.npy"\n', "beside the configuration"),
        ('[codebooks.dft]\nfile = "text.npy"\n', "a name that the package uses"),
        ('[codebooks.lab]\nfile = "text.npy"\n[scenario]\ncodes = "lab"\n', "np.save"),
    ],
)
def test_stored_arrays_that_are_none(ris: Run, tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "text.npy").write_text("no array")
    (tmp_path / "c.toml").write_text(text)
    ris("simulate", "x", "--config", "c.toml", "--scenes", "1").refused(word)

"""Do options, configuration files and presets come together as documented, and is every wrong word refused?"""

import tomllib
from pathlib import Path

import pytest
from running import Run

from ris_pytorch_pipeline.cli.arguments import build, experiment_of, parse
from ris_pytorch_pipeline.cli.options.scenes.scenario_options import field_texts
from ris_pytorch_pipeline.experiment import Experiment, flat_fields
from ris_pytorch_pipeline.physics import Impairments, Scenario, preset


def read(*arguments: str) -> Experiment:
    return experiment_of(parse(["bound", *arguments]))


def test_nothing_said_is_the_default() -> None:
    assert read() == Experiment()


def test_options_override_the_preset() -> None:
    given = read(
        "--preset", "hard", "--seed", "9", "--scenes", "7", "--snr-db", "10", "--azimuth-deg", "[-30, 30]",
        "--sources=3",
        "--impairments.phase-error-rad", "0.4", "--code-bits", "none", "--path-loss", "true", "--codes", "dft",
        "--power-db", "-3", "--impairments.ghost-db=none",
    )  # fmt: skip
    expected = preset(
        "hard",
        snr_db=10.0,
        azimuth_deg=(-30.0, 30.0),
        sources=3,
        code_bits=None,
        path_loss=True,
        codes="dft",
        power_db=-3.0,
        impairments=Impairments(phase_error_rad=0.4, dead_fraction=0.05, channel_error_db=-20.0),
    )
    assert given == Experiment(seed=9, scenes=7, scenario=expected)


def test_options_win_over_the_file_and_the_file_over_the_preset(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('preset = "pilot"\nseed = 3\n[scenario]\nsnr_db = 5\nsources = 2\n')
    assert read("--config", str(path), "--sources", "4") == Experiment(
        seed=3, scenario=preset("pilot", snr_db=5.0, sources=4)
    )
    assert read("--config", str(path), "--preset", "random").scenario == preset("random", snr_db=5.0, sources=2)


def test_every_field_has_an_option_with_its_documentation() -> None:
    text = " ".join(build()[1]["simulate"].format_help().split())
    for name, _ in flat_fields(Scenario()):
        assert f"--{name.replace('_', '-')} " in text
    assert set(field_texts(Scenario)) == set(vars(Scenario()))
    assert "standard deviation of a static phase error per element" in text


def test_the_printed_configuration_is_read_back(ris: Run, tmp_path: Path) -> None:
    shown = ris("simulate", "no.safetensors", "--preset", "hard", "--sources", "2", "--seed", "5", "--print-config")
    assert shown.code == 0
    assert tomllib.loads(shown.out)["scenario"]["spacing"] == "none"
    (tmp_path / "c.toml").write_text(shown.out)
    assert read("--config", str(tmp_path / "c.toml")) == Experiment(seed=5, scenario=preset("hard", sources=2))
    assert [path.name for path in tmp_path.iterdir()] == ["c.toml"]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["ris --help"]),
        (["boud"], ["'boud'"]),
        (["bound", "extra"], ["got extra"]),
        (["bound", "--snap", "3"], ["got --snap."]),
        (["bound", "--snr_db", "3"], ["did you mean '--snr-db'"]),
        (["bound", "--snr-db"], ["expected one argument"]),
        (["bound", "--snr-db", "ten"], ["scenario.snr_db as a finite number", "'ten'"]),
        (["bound", "--snr-db", "nan"], ["pass finite numbers"]),
        (["bound", "--snr-db", "[0, inf]"], ["pass finite numbers"]),
        (["bound", "--snapshots", "7.5"], ["an integer; got 7.5"]),
        (["bound", "--snapshots", "true"], ["an integer; got True"]),
        (["bound", "--sources", "[1, 2, 3]"], ["got [1, 2, 3]"]),
        (["bound", "--sources", "1000"], ["not identifiable", "lower sources"]),
        (["bound", "--sources", "0"], ["sources: a count >= 1"]),
        (["bound", "--distance", "-1"], ["a positive, finite distance"]),
        (["bound", "--distance", "[0, 5]"], ["a positive, finite distance"]),
        (["bound", "--azimuth-deg", "[-120, 30]"], ["a direction behind the panel"]),
        (["bound", "--codes", "hadamrd"], ["did you mean 'hadamard'"]),
        (["bound", "--preset", "pilto"], ["did you mean 'pilot'"]),
        (["bound", "--scenes", "0"], ["scenes >= 1"]),
        (["bound", "--seed", "-1"], ["seed >= 0"]),
        (["bound", "--config", "no.toml"], ["a readable configuration file"]),
        (["bound", "--impairments.dead-fraction", "5"], ["a percentage"]),
        (["bound", "--impairments.position-error-wavelengths", "5"], ["divide the length by the wavelength"]),
        (["bound", "--impairments.unmodelled-code-bits", "2"], ["got 3", "set code_bits to none"]),
        (["bound", "--separation", "1.9", "--sources", "2", "--scenes", "1"], ["still crowded", "lower separation"]),
        (["simulate"], ["OUT.safetensors, or --shards DIR; got neither"]),
        (["simulate", "out.safetensors", "--snapshts", "3"], ["did you mean '--snapshots'"]),
        (["simulate", "out.safetensors", "--distance", "-1"], ["a positive, finite distance"]),
        (["simulate", "out.safetensors", "--sources", "1000"], ["not identifiable"]),
        (["simulate", "out.safetensors", "--preset", "rndom"], ["did you mean 'random'"]),
        (["simulate", "no/out.safetensors"], ["make the folder first"]),
        (["bench", "--methods", "sm1"], ["did you mean 'sml'"]),
        (["bench", "--sources", "1,x"], ["sources as a list of values, each an integer"]),
        (["bench", "--sources", "1000"], ["not identifiable"]),
        (["bench", "--snr-db", "nan"], ["pass finite numbers"]),
        (["bench", "--order", "guess"], ["invalid choice"]),
        (["bench", "--figure", "out.txt"], ["name it out.png"]),
        (["bench", "--figure", "no/out.png"], ["make the folder first"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and value and value[0].isalpha() else "",
)
def test_bad_words_are_refused_and_nothing_is_written(
    arguments: list[str], parts: list[str], ris: Run, tmp_path: Path
) -> None:  # fmt: skip
    ris(*arguments).refused(*parts)
    assert not list(tmp_path.iterdir())


def test_a_bad_file_is_refused(ris: Run, tmp_path: Path) -> None:
    for text, part in {
        "[scenario]\nsnapshts = 3\n": "did you mean 'snapshots'",
        "seed = 1\nseed = 2\n": "a duplicate key",
        "[scenario]\nsnr_db = nan\n": "pass finite numbers",
    }.items():
        (tmp_path / "c.toml").write_text(text)
        ris("simulate", "out.safetensors", "--config", "c.toml").refused(part)
    assert [path.name for path in tmp_path.iterdir()] == ["c.toml"]

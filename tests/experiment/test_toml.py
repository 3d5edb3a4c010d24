"""Is configuration read strictly from TOML, laid over its preset, and written back to an equal value?"""

from dataclasses import replace
from pathlib import Path

import pytest

from ris_pytorch_pipeline.data import config_digest
from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import Experiment, experiment_from_toml, parse_toml_value, resolve, to_toml
from ris_pytorch_pipeline.physics import PRESETS, Impairments, Scenario, preset


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", PRESETS)
def test_the_resolved_configuration_comes_back(name: str, tmp_path: Path) -> None:
    experiment = Experiment(seed=7, scenes=3, scenario=preset(name, spacing=None, code_bits=None))
    again = experiment_from_toml(written(tmp_path, to_toml(experiment)))
    assert again == experiment
    assert again.digest == experiment.digest


def test_a_file_is_laid_over_its_preset(tmp_path: Path) -> None:
    text = 'preset = "hard"\nseed = 3\n[scenario]\nsources = [1, 3]\n[scenario.impairments]\nghost_db = "none"\n'
    experiment = experiment_from_toml(written(tmp_path, text))
    hard = preset("hard")
    assert experiment.seed == 3
    assert experiment.scenario == replace(hard, sources=(1, 3), impairments=replace(hard.impairments, ghost_db=None))


def test_later_layers_win() -> None:
    file = {"preset": "pilot", "seed": 1, "scenario": {"snr_db": 3, "sources": 2}}
    options = {"scenario": {"snr_db": [0, 5], "impairments": {"phase_error_rad": 0.1}}}
    expected = preset("pilot", snr_db=(0.0, 5.0), sources=2, impairments=Impairments(phase_error_rad=0.1))
    assert resolve({}, file, options) == Experiment(seed=1, scenario=expected)
    assert resolve(file, {"preset": "random"}).scenario.symbols == "random"
    assert resolve({}) == Experiment()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed = 1\nseed = 2\n", "a duplicate key"),
        ("seed = \n", "wanted TOML"),
        ("sed = 1\n", "did you mean 'seed'"),
        ("[scenario]\nsnapshts = 3\n", "did you mean 'snapshots'"),
        ("[scenario]\npreset = 3\n", "'scenario.preset'"),
        ("[scenario.impairments]\nphase_error = 0.1\n", "did you mean 'phase_error_rad'"),
        ("[scenario]\nsnapshots = 7.5\n", "as an integer; got 7.5"),
        ("[scenario]\nsnr_db = nan\n", "pass finite numbers"),
        ("[scenario]\ndistance = [1, inf]\n", "pass finite numbers"),
        ("[scenario]\ndistance = [-1, 2]\n", "a positive, finite distance"),
        ("[scenario]\nazimuth_deg = [-30, 120]\n", "a direction behind the panel"),
        ("[scenario]\nsources = 1000\n", "not identifiable"),
        ('preset = "pilto"\n', "did you mean 'pilot'"),
        ("preset = 3\n", "preset as a text"),
        ("scenario = 3\n", r"write \[scenario\]"),
        ("scenes = 0\n", "scenes >= 1"),
        ("seed = -1\n", "seed >= 0"),
        ("seed = true\n", "seed as an integer"),
    ],
)
def test_bad_configuration_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        experiment_from_toml(written(tmp_path, text))
    error = caught.value
    assert all((error.wanted, error.got, error.cause, error.move))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="a readable configuration file"):
        experiment_from_toml(tmp_path / "no.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="wanted TOML"):
        experiment_from_toml(tmp_path / "binary.toml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10), ("-5.5", -5.5), ("1e3", 1000.0), (".5", 0.5), ("10.", 10.0), ("-.5", -0.5), ("true", True),
        ("[-30, 30]", [-30, 30]), ("random", "random"), ("none", "none"), ('"none"', "none"), ("", ""),
        ("3\nseed = 4", "3\nseed = 4"), ("1.2.3", "1.2.3"),
    ],
)  # fmt: skip
def test_a_command_line_value_is_a_toml_value(text: str, value: object) -> None:
    parsed = parse_toml_value(text)
    assert parsed == value
    assert type(parsed) is type(value)


def test_equal_experiments_have_equal_digests() -> None:
    whole, real = (Experiment(scenario=Scenario(snr_db=snr, wavelength=1)) for snr in (10, 10.0))
    assert whole.digest == real.digest == config_digest(whole.to_plain())
    assert len(whole.digest) == 64
    assert Experiment(seed=1).digest != Experiment().digest
    assert Experiment(scenario=Scenario(impairments=Impairments(gain_error=0.1))).digest != Experiment().digest

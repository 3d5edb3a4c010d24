"""Are codes and channels out of files told by their content, so that a run never goes on with others?"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from running import NETWORK, SMALL, Run

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import experiment_from_toml
from ris_pytorch_pipeline.physics import CHANNELS, CODEBOOKS, Scenario, draw
from ris_pytorch_pipeline.rng import stream

TABLES = '\n[codebooks.lab]\nfile = "codes.npy"\n[channels.hall]\nfile = "hall.npy"\n'
NAMED = '[scenario]\ncodes = "lab"\nchannel = "hall"\n'


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    """A folder with both files and two configurations; names that they add are forgotten afterwards."""
    for name, seed in (("codes", 0), ("hall", 1)):
        write(tmp_path / f"{name}.npy", seed)
    (tmp_path / "train.toml").write_text(NETWORK.replace("[scenario]\n", NAMED) + TABLES)
    (tmp_path / "draw.toml").write_text(NAMED + TABLES)
    yield tmp_path
    forget()


def write(path: Path, seed: int) -> None:
    """Numbers of unit modulus for 36 elements, in 8 rows, which are snapshots or antennas."""
    np.save(path, np.exp(2j * np.pi * np.random.default_rng(seed).random((8, 36))))


def forget() -> None:
    CODEBOOKS.pop("lab", None)
    CHANNELS.pop("hall", None)


@pytest.mark.parametrize(("file", "field"), [("codes.npy", "scenario.codes: lab@"), ("hall.npy", "channel: hall@")])
def test_a_training_goes_on_with_the_numbers_it_began_with_alone(ris: Run, kept: Path, file: str, field: str) -> None:
    assert ris("train", "run", "--config", "train.toml").code == 0
    before = (kept / file).read_bytes()
    write(kept / file, 7)
    ris("train", "run", "--config", "train.toml", "--epochs", "2", "--resume").refused(field)
    (kept / file).write_bytes(before)
    assert ris("train", "run", "--config", "train.toml", "--epochs", "2", "--resume").code == 0


def test_shards_go_on_with_the_numbers_they_began_with_alone(ris: Run, kept: Path) -> None:
    command = ("simulate", "--shards", "folder", "--split", "test=4", "--config", "draw.toml", *SMALL)
    assert ris(*command).code == 0
    assert ris(*command).code == 0
    write(kept / "codes.npy", 7)
    ris(*command).refused("scenario.codes: lab@")


def test_a_network_is_used_without_the_files_that_it_was_trained_on(ris: Run, kept: Path) -> None:
    assert ris("train", "run", "--config", "train.toml").code == 0
    assert ris("simulate", "x", "--scenes", "1", "--config", "draw.toml", *SMALL).code == 0
    forget()  # as in another process
    (kept / "codes.npy").unlink()
    assert ris("locate", "x", "--model", "run").code == 0
    ris("evaluate", "run", "--scenes", "2").refused("lab@", "[codebooks.lab]", "--config")


def test_a_file_that_changes_after_its_configuration_was_read_is_no_longer_drawn_from(kept: Path) -> None:
    small = Scenario(horizontal=6, vertical=6, antennas=8, snapshots=8, sources=1, codes="random")
    scenario = experiment_from_toml(kept / "draw.toml").scenario
    assert scenario.codes.startswith("lab@") and scenario.channel.startswith("hall@")
    fits = Scenario(**{**vars(small), "codes": scenario.codes, "channel": scenario.channel})
    draw(fits, 1, stream(0, "stored"))
    write(kept / "hall.npy", 7)
    with pytest.raises(ConfigurationError, match="a file written meanwhile"):
        draw(fits, 1, stream(0, "stored"))
    experiment_from_toml(kept / "draw.toml")  # read anew, the name has other numbers
    with pytest.raises(ConfigurationError, match="content was changed since"):
        draw(fits, 1, stream(0, "stored"))

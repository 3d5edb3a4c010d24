"""Is one entry all that a codebook or a channel of one's own needs?"""

import pytest
import torch

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.physics import (
    CHANNELS,
    CODEBOOKS,
    ChannelModel,
    Codebook,
    draw,
    preset,
)
from ris_pytorch_pipeline.rng import stream


def test_a_codebook_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def flipped(scenes, snapshots, size, bits, generator):
        return -torch.ones(scenes, snapshots, size[0] * size[1], dtype=torch.complex128)

    monkeypatch.setitem(CODEBOOKS, "flipped", Codebook(name="flipped", draw=flipped, fixed=True))
    seen = draw(preset("random", codes="flipped"), 2, stream(0, "doors")).observation
    assert bool((seen.codes == -1).all())


def test_a_channel_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def even(factor, antennas, array, generator):
        return torch.ones(len(factor), antennas, len(array), dtype=torch.complex128)

    monkeypatch.setitem(CHANNELS, "even", ChannelModel(name="even", draw=even))
    seen = draw(preset("random", channel="even"), 2, stream(0, "doors")).observation
    assert bool((seen.channel == 1).all())


def test_an_unknown_name_is_refused_where_it_enters() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'hadamard'"):
        preset("random", codes="hadamrd")
    with pytest.raises(ConfigurationError, match="did you mean 'rician'"):
        preset("random", channel="ricean")


def test_an_array_without_a_ris() -> None:
    line = {"vertical": 1, "horizontal": 15, "codes": "ones", "channel": "direct", "sources": 2}
    with pytest.raises(ConfigurationError, match="as many antennas as elements"):
        preset("random", **line)
    seen = draw(preset("random", **line, antennas=15), 3, stream(0, "doors")).observation
    assert seen.array.dimension == 1
    torch.testing.assert_close(seen.channel[1], torch.eye(15, dtype=torch.complex128))


def test_a_bent_wide_scenario() -> None:
    scenario = preset("random", bend_deg=180.0, yaw_deg=20.0, frequencies=3, bandwidth=0.1, sources=2)
    scenes = draw(scenario, 2, stream(0, "doors"))
    assert scenes.observation.array.deep and scenes.observation.array.frequencies == 3
    assert scenes.observation.measurements.shape == (2, 3, 16, 16)
    assert scenes.truth.symbols.shape == (2, 3, 16, 2)
    with pytest.raises(ConfigurationError, match="relative bandwidth"):
        preset("random", frequencies=3)

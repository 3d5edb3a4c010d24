"""How many scenes are simulated: in blocks, each from its own stream, so that scene i depends on seed and i only."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace

import torch

from ..physics import Hardware, Observation, Scenario, Scenes, Truth, draw
from ..rng import stream

_BLOCK = 2**22
"""Most code and channel entries drawn at a time: 64 MB in complex128."""
_MOST = 64
"""Most scenes drawn at a time."""


def simulate(
    scenario: Scenario,
    scenes: int,
    seed: int,
    dtype: torch.dtype = torch.complex128,
    progress: Callable[[int, int], None] | None = None,
    hardware: Hardware | None = None,
) -> Scenes:
    """Draw scenes from a scenario; the first n of them are the same whatever number is asked for.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", sources=2, snr_db=10.0), scenes=4, seed=0)
    >>> scenes.observation.measurements.shape  # (scene, snapshot, antenna)
    torch.Size([4, 16, 16])

    Args:
        scenario: what to draw from.
        scenes: how many.
        seed: of the streams "simulate".
        dtype: precision of the result; everything is drawn in double precision.
        progress: called after each block with the scenes done and the scenes in all.
        hardware: as for `draw`.

    Returns:
        The scenes, on the CPU.
    """
    parts: list[Scenes] = []
    done = 0
    for part in simulated_blocks(scenario, scenes, seed, dtype, hardware):
        parts.append(part)
        done += len(part)
        if progress is not None:
            progress(done, scenes)
    return joined(parts)


def simulated_blocks(
    scenario: Scenario,
    scenes: int,
    seed: int,
    dtype: torch.dtype = torch.complex128,
    hardware: Hardware | None = None,
) -> Iterator[Scenes]:
    """The scenes of `simulate` a few at a time, for what does not need them all at once.

    >>> from ris_pytorch_pipeline.physics import preset
    >>> [len(block) for block in simulated_blocks(preset("random", horizontal=4, vertical=4), scenes=150, seed=0)]
    [64, 64, 22]

    Args:
        scenario: what to draw from.
        scenes: how many in all.
        seed: of the streams "simulate".
        dtype: precision of the result.
        hardware: as for `draw`.

    Yields:
        At most `block_size(scenario)` scenes.
    """
    block = block_size(scenario)
    for start in range(0, scenes, block):
        generator = stream(seed, "simulate", start // block)
        yield draw(scenario, block, generator, dtype, hardware=hardware)[: scenes - start]


def block_size(scenario: Scenario) -> int:
    """Scenes per random stream: a function of the scenario alone."""
    entries = scenario.elements * (scenario.snapshots + scenario.antennas) * len(scenario.wavelengths)
    return max(1, min(_MOST, _BLOCK // entries))


def joined(parts: list[Scenes]) -> Scenes:
    """Scenes of one scenario, one after the other."""
    observation, true = joined_observations([part.observation for part in parts]), [part.truth for part in parts]
    names = [field.name for field in fields(Truth)]
    return Scenes(observation=observation, truth=Truth(**{n: torch.cat([vars(x)[n] for x in true]) for n in names}))


def joined_observations(parts: Sequence[Observation]) -> Observation:
    """Scenes of one sounding, one after the other.

    >>> from ris_pytorch_pipeline.physics import preset
    >>> seen = simulate(preset("random", horizontal=4, vertical=4), scenes=5, seed=0).observation
    >>> len(joined_observations([seen[:2], seen[4:]]))
    3
    """
    if len(parts) == 1:
        return parts[0]
    noise = [seen.noise_variance for seen in parts if seen.noise_variance is not None]
    sent = [seen.sequences for seen in parts if seen.sequences is not None]
    return replace(
        parts[0],
        measurements=torch.cat([seen.measurements for seen in parts]),
        codes=torch.cat([seen.codes for seen in parts]),
        channel=torch.cat([seen.channel for seen in parts]),
        noise_variance=torch.cat(noise) if noise else None,
        sequences=torch.cat(sent) if sent else None,
    )

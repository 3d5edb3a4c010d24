"""What does each source of known symbols look like to the antennas, and how much does each explain?"""

from dataclasses import replace

import torch
from jaxtyping import Complex
from torch import Tensor

from ....errors import InputError
from ....physics import Observation, steering_at, to_cosines
from ....shapes import Positions
from ...fit.groups import Groups


def named(observation: Observation) -> Tensor:
    """The sequences, (scene, [frequency,] snapshot, source).

    Raises:
        InputError: there are none.
    """
    if observation.sequences is None or observation.symbols != "known":
        raise InputError(
            "an observation with symbols='known' and sequences", f"symbols {observation.symbols!r}",
            "the estimator for known symbols called on others", "use Sml, PilotMl or MixedMl, or pass the sequences",
        )  # fmt: skip
    return observation.sequences


def by_source(symbols: Tensor) -> Tensor:
    """Symbols (scene, ..., source) of all snapshots on one axis, at unit energy: (scene, snapshot, source)."""
    flat = symbols.flatten(1, -2)
    energy = torch.view_as_real(flat).square().sum(-1).sum(1, keepdim=True)
    return flat / energy.clamp_min(1e-300).sqrt()


def levelled(observation: Observation) -> Tensor:
    """The sequences at unit mean power of each source."""
    sequences = named(observation)
    power = torch.view_as_real(sequences).square().sum(-1).flatten(1, -2).mean(1)
    return sequences / power.sqrt().reshape(len(power), *[1] * (sequences.ndim - 2), -1)


def as_pilot(observation: Observation, source: int) -> Observation:
    """The scenes as one source sees them: a pilot through the codes s_kl c_l, s_k at unit mean power."""
    codes = observation.codes * levelled(observation)[..., source].to(observation.codes).unsqueeze(-1)
    return replace(observation, codes=codes, symbols="pilot", sequences=None)


def alone(observation: Observation, groups: Groups, source: int) -> Observation:
    """The scenes as one source sees them, without what the others of `responses_of` send."""
    amplitudes = groups.amplitudes.clone()
    amplitudes[..., source] = 0
    left = groups.measurements - (amplitudes.unsqueeze(-2) @ groups.responses).squeeze(-2)
    measured = left.reshape(observation.measurements.shape)
    return replace(as_pilot(observation, source), measurements=measured, noise_variance=None)


def responses_of(observation: Observation, positions: Positions) -> Groups:
    """Measurements of each frequency as one group, and responses of the sources; NaN marks one without a place."""
    present = ~positions[..., 0].isnan()
    safe = torch.where(present[..., None], positions, torch.ones_like(positions))
    waves = steering_at(to_cosines(safe, observation.array), observation.array).to(observation.codes.dtype)
    each: list[Complex[Tensor, "scene frequency equation"]] = [
        _by_group(observation, as_pilot(observation, k).response(waves[..., k : k + 1, :])[:, :, 0])
        for k in range(positions.shape[1])
    ]
    responses = torch.stack(each, dim=2) * present[:, None, :, None]
    return Groups(_by_group(observation, observation.blocks), responses, present, observation.measurements.shape[-1])


def _by_group(observation: Observation, blocks: Tensor) -> Tensor:
    """(scene, block, antenna) as (scene, frequency, equation)."""
    return blocks.unflatten(1, (observation.array.frequencies, -1)).flatten(2)


def evidence_of(groups: Groups) -> Tensor:
    """2 (NLL without a source - NLL with it), (scene, source): 2 L M log of the ratio of what is left over."""
    slots = torch.arange(groups.present.shape[1], device=groups.present.device)
    kept = [groups.keeping((slots != k).expand_as(groups.present)) for k in slots.tolist()]
    return 2 * torch.stack([value_of(some) for some in kept], dim=1) - 2 * value_of(groups)[:, None]


def value_of(groups: Groups) -> Tensor:
    """L M log ‖P⊥(B) y‖²."""
    return groups.equations * energy_of(groups.residual(groups.measurements)).clamp_min(1e-300).log()


def energy_of(values: Tensor) -> Tensor:
    """Sum of squares over everything but the scene."""
    return torch.view_as_real(values).square().flatten(1).sum(-1)

"""Which scenes a network was made for, and what to do with others."""

from dataclasses import dataclass
from typing import NoReturn

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import InputError
from ..experiment import TrainingExperiment
from ..physics import Observation, ends
from ..shapes import Counts
from .refusals import WAY_OUT

_MARGIN_DB = 8.0
"""How far beyond the trained span of SNR the noise that is found may place a scene: the symbols of one scene have up to
5.5 dB more or less power than on average (20 000 scenes of one source), and what is found scatters."""
_QUIET_DB = 2.0
"""How far below it a scene is quieter than any of the training. Noise alone, of which a network explains a tenth by its
sources, looks like -8 dB and less."""


@dataclass(frozen=True, kw_only=True)
class Domain:
    """The scenes that a network was trained on.

    The array is the network's own to check.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.errors import InputError
    >>> domain = Domain(antennas=16, snapshots=16, most_sources=3, snr_db=(0.0, 20.0), symbols=("random",))
    >>> scenes = ris.simulate(ris.preset("pilot", sources=2), scenes=1, seed=0)
    >>> try:
    ...     domain.check(scenes.observation, scenes.truth.sources)
    ... except InputError as error:
    ...     print(error.wanted, "-", error.got)
    scenes with random symbols - pilot ones
    >>> loud = ris.simulate(ris.preset("random", sources=2, snr_db=40.0), scenes=1, seed=0)
    >>> try:
    ...     domain.check_noise(loud.observation, loud.truth.noise_variance)
    ... except InputError as error:
    ...     print(error.wanted, "-", error.got)
    an SNR of 0 to 20 dB, as in training - about 40 dB in scene 0, 1 scenes in all

    Args:
        antennas: M.
        snapshots: L.
        most_sources: largest K.
        snr_db: lowest and highest.
        symbols: kinds of symbols.
    """

    antennas: int
    snapshots: int
    most_sources: int
    snr_db: tuple[float, float]
    symbols: tuple[str, ...]

    def check(self, observation: Observation, sources: Counts | None) -> None:
        """Refuse scenes of another kind before anything is computed.

        Raises:
            InputError: other symbols, another number of snapshots or antennas, or more sources.
        """
        seen = (observation.measurements.shape[-2], observation.measurements.shape[-1])
        if observation.symbols not in self.symbols:
            _refuse(f"scenes with {' or '.join(self.symbols)} symbols", f"{observation.symbols} ones")
        if seen != (self.snapshots, self.antennas):
            wanted = f"{self.snapshots} snapshots of {self.antennas} antennas"
            _refuse(f"{wanted}, for which this network was trained", f"{seen[0]} of {seen[1]}")
        if sources is not None and int(sources.max()) > self.most_sources:
            _refuse(f"at most {self.most_sources} sources, as in training", str(int(sources.max())))

    def check_noise(self, observation: Observation, noise_variance: Float[Tensor, "scene"]) -> None:  # noqa: F821
        """Refuse scenes whose SNR, by the noise that was found, is far from that of the training.

        Raises:
            InputError: counting them.
        """
        snr_db, (low, high) = _snr_db(observation, noise_variance), self.snr_db
        outside = (snr_db < low - _MARGIN_DB) | (snr_db > high + _MARGIN_DB)
        if bool(outside.any()):
            first = int(outside.nonzero()[0, 0])
            _refuse(
                f"an SNR of {low:g} to {high:g} dB, as in training",
                f"about {float(snr_db[first]):.0f} dB in scene {first}, {int(outside.sum())} scenes in all",
            )

    def quieter(
        self,
        observation: Observation,
        noise_variance: Float[Tensor, "scene"],  # noqa: F821
    ) -> Bool[Tensor, "scene"]:  # noqa: F821
        """Which scenes have, by the noise that was found, a lower SNR than any of the training.

        >>> import ris_pytorch_pipeline as ris
        >>> domain = Domain(antennas=16, snapshots=16, most_sources=3, snr_db=(0.0, 20.0), symbols=("random",))
        >>> scenes = ris.simulate(ris.preset("random", sources=2, snr_db=-9.0), scenes=1, seed=0)
        >>> domain.quieter(scenes.observation, scenes.truth.noise_variance)
        tensor([True])
        """
        return _snr_db(observation, noise_variance) < self.snr_db[0] - _QUIET_DB


def _snr_db(
    observation: Observation,
    noise_variance: Float[Tensor, "scene"],  # noqa: F821
) -> Float[Tensor, "scene"]:  # noqa: F821
    """What the noise that was found leaves of the power, over that noise."""
    power = torch.view_as_real(observation.blocks).square().sum(-1).mean(dim=(-1, -2)).double()
    noise = noise_variance.to(power)
    return 10 * ((power - noise).clamp_min(1e-6 * power) / noise).log10()


def domain_of(experiment: TrainingExperiment) -> Domain:
    """The scenes that an experiment trains on.

    >>> from ris_pytorch_pipeline.experiment import presets
    >>> domain = domain_of(presets.tiny)
    >>> domain.most_sources, domain.snr_db, domain.symbols
    (3, (5.0, 20.0), ('random',))

    Args:
        experiment: of the training.
    """
    scenario = experiment.scenario
    kinds = experiment.kinds or (scenario.symbols,)
    return Domain(
        antennas=scenario.antennas,
        snapshots=scenario.snapshots,
        most_sources=int(ends(scenario.sources)[1]),
        snr_db=ends(scenario.snr_db),
        symbols=tuple(dict.fromkeys("random" if kind == "random" else "pilot" for kind in kinds)),
    )


def _refuse(wanted: str, got: str) -> NoReturn:
    raise InputError(wanted, got, "a scene that the network was not made for", WAY_OUT)

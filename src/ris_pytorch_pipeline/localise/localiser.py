"""What a user calls with measurements: network -> proposals -> polish by the coded likelihood -> positions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from ..data import inputs_from
from ..errors import ConfigurationError, InputError
from ..estimate import Estimate, MaximumLikelihood, PilotMl, Sml, Status, asked_sources, pad_sources
from ..nets import HybridNet, Prediction
from ..physics import Observation
from ..shapes import Counts
from .proposal import Candidates, Proposer

_PADDED = ("positions", "powers", "deviations")


@dataclass(frozen=True)
class Localiser:
    """Locates sources by a trained network: its proposals, and some updates of the coded likelihood from there.

    Args:
        net: the network, in evaluation mode.
        proposer: how positions come out of its answer.
        polish: most updates of the likelihood (stochastic for random symbols, pilot for constant ones); 0 leaves the
            proposals as they are.
        batch: scenes at a time.

    Raises:
        ConfigurationError: a negative number of updates or an empty batch.
    """

    net: HybridNet
    proposer: Proposer = field(default_factory=Candidates)
    polish: int = 10
    batch: int = 64

    def __post_init__(self) -> None:
        if self.polish < 0 or self.batch < 1:
            raise ConfigurationError(
                "polish >= 0 and batch >= 1",
                f"{self.polish} and {self.batch}",
                "a sign",
                "pass 0 to leave polishing out",
            )

    @property
    def name(self) -> str:
        """Short name for tables."""
        return f"hybrid ({self.proposer.name})" + (f" + {self.polish} updates" if self.polish else "")

    def predict(self, observation: Observation) -> Prediction:
        """The network's answer, without gradients.

        Args:
            observation: scenes of the network's panel, in any precision.

        Raises:
            InputError: another panel or wavelength than the network was made for.
        """
        self._check(observation)
        panel = self.net.config.panel
        single = observation.to(self._device, torch.complex64)
        with torch.no_grad(), _evaluating(self.net):
            return self.net(inputs_from(single, (panel.vertical, panel.horizontal)))

    def __call__(self, observation: Observation, sources: int | Counts | None = None) -> Estimate:
        """Locate the sources of every scene.

        Args:
            observation: the scenes.
            sources: K for all scenes, K per scene, or None for the network's count.

        Returns:
            The estimate; deviations from the Fisher information where it was polished.

        Raises:
            InputError: another panel, K out of range, or a scene without energy.
        """
        most = min(self.net.config.rank, observation.most_sources)
        asked = None if sources is None else asked_sources(observation, sources, most)
        index = torch.arange(len(observation), device=observation.measurements.device)
        parts = [self._part(observation[i], None if asked is None else asked[i]) for i in index.split(self.batch)]
        return _joined(parts)

    def _part(self, observation: Observation, asked: Counts | None) -> Estimate:
        prediction = self.predict(observation)
        counts = prediction.order_logits[:, 1:].argmax(-1) + 1 if asked is None else asked
        proposed = self.proposer(prediction, observation.to(self._device), counts.to(self._device))
        if self.polish == 0:
            return proposed
        found = torch.nonzero(proposed.order > 0).squeeze(-1)
        if found.numel() == 0:
            return proposed
        positions = proposed.positions[found].to(observation.measurements.device)
        refined = self._likelihood(observation).refine(observation[found], positions, self.polish)
        return _replaced(proposed, found, refined)

    def _likelihood(self, observation: Observation) -> MaximumLikelihood:  # pyright: ignore[reportMissingTypeArgument]
        region = self.net.config.region
        return Sml(region=region) if observation.symbols == "random" else PilotMl(region=region)

    @property
    def _device(self) -> torch.device:
        return self.net.beams.elements.device

    def _check(self, observation: Observation) -> None:
        config = self.net.config
        elements = config.panel.elements().to(observation.elements)
        same = observation.elements.shape == elements.shape and torch.allclose(
            observation.elements, elements, atol=1e-3 * config.wavelength
        )
        if not same or abs(observation.wavelength / config.wavelength - 1) > 1e-3:
            raise InputError(
                f"the panel the network was trained for: {config.panel.vertical} x {config.panel.horizontal} elements "
                f"{config.panel.spacing:.4g} m apart at a wavelength of {config.wavelength:.4g} m",
                f"{observation.elements.shape[0]} elements at {observation.wavelength:.4g} m",
                "a network of another scenario",
                "train one for this panel, or use a classical estimator",
            )


@contextmanager
def _evaluating(net: nn.Module) -> Iterator[None]:
    """The network in evaluation mode, and back in its former mode afterwards."""
    training = net.training
    net.eval()
    try:
        yield
    finally:
        net.train(training)


def _replaced(proposed: Estimate, rows: Tensor, refined: Estimate) -> Estimate:
    """The proposals with refined scenes in their rows; fewer sources than asked stay marked so."""
    slots = proposed.positions.shape[1]
    status = list(proposed.status)
    for row, ended in zip(rows.tolist(), refined.status, strict=True):
        status[row] = Status.FEWER if status[row] is Status.FEWER else ended
    tensors = {name: vars(proposed)[name].to(vars(refined)[name], copy=True) for name in _PADDED}
    for name, value in tensors.items():
        value[rows] = pad_sources(vars(refined)[name], slots)
    noise = proposed.noise_variance.to(refined.noise_variance, copy=True)
    noise[rows] = refined.noise_variance
    order = proposed.order.to(refined.order.device, copy=True)
    order[rows] = refined.order
    return replace(proposed, **tensors, noise_variance=noise, order=order, status=tuple(status))


def _joined(parts: list[Estimate]) -> Estimate:
    """Estimates of consecutive scenes, padded to the largest order."""
    slots = max(part.positions.shape[1] for part in parts)
    padded = {name: torch.cat([pad_sources(vars(part)[name], slots) for part in parts]) for name in _PADDED}
    return Estimate(
        **padded,
        order=torch.cat([part.order for part in parts]),
        noise_variance=torch.cat([part.noise_variance for part in parts]),
        status=tuple(s for part in parts for s in part.status),
    )

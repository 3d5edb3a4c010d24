"""Where a network's answer says the sources are: its candidates, or the peaks of a spectrum of its covariance."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch

from ..covariance import back_projected_middle, blend, check_share
from ..estimate import Estimate, Music, Spectral, Status
from ..nets import Prediction
from ..physics import Observation, to_positions
from ..shapes import Counts


@runtime_checkable
class Proposer(Protocol):
    """Turns a prediction into positions.

    >>> from ris_pytorch_pipeline.estimate import Estimate
    >>> from ris_pytorch_pipeline.nets import Prediction
    >>> from ris_pytorch_pipeline.physics import Observation
    >>> from ris_pytorch_pipeline.shapes import Counts
    >>> class Mine:  # a proposer of one's own: the candidates, with a name of its own
    ...     name = "mine"
    ...     def propose(self, prediction: Prediction, observation: Observation, counts: Counts) -> Estimate:
    ...         return Candidates().propose(prediction, observation, counts)
    >>> isinstance(Mine(), Proposer)
    True
    """

    @property
    def name(self) -> str:
        """Short name for tables."""
        ...

    def propose(self, prediction: Prediction, observation: Observation, counts: Counts) -> Estimate:
        """Propose `counts` sources per scene.

        Args:
            prediction: of the network.
            observation: the same scenes.
            counts: (scene,), at least 1.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """The likeliest candidates of the heat-map, with powers as shares of R_pred.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", sources=2, snr_db=20.0), scenes=2, seed=0)
    >>> localiser = ris.Localiser.reference(estimator=Candidates(), polish=0)
    >>> found = localiser(scenes.observation, sources=2)
    >>> found.positions.shape, found.status[0].name
    (torch.Size([2, 2, 3]), 'UNJUDGED')
    >>> few = Candidates().propose(localiser.predict(scenes.observation), scenes.observation, scenes.truth.sources - 1)
    >>> few.order, bool((few.positions - found.positions[:, :1]).abs().max() < 1e-6)  # the likeliest come first
    (tensor([1, 1]), True)
    """

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "candidates"

    def propose(self, prediction: Prediction, observation: Observation, counts: Counts) -> Estimate:
        """The first `counts` candidates; fewer where the heat-map states fewer directions."""
        slots = torch.arange(prediction.candidates.shape[1], device=counts.device)
        chosen = (slots < counts[:, None]) & ~prediction.scores.isneginf()
        positions = to_positions(_in_front(prediction), observation.array)
        shares = torch.view_as_real(prediction.factors).square().sum(dim=(1, -1)) / prediction.factors.shape[1]
        powers = shares.to(positions) * _panel_power(observation).to(positions)[:, None]
        most = max(int(counts.max()), 1)
        order = chosen.sum(-1)
        return Estimate(
            positions=positions.masked_fill(~chosen[..., None], torch.nan)[:, :most],
            order=order,
            powers=powers.masked_fill(~chosen, torch.nan)[:, :most],
            deviations=torch.full_like(positions, torch.nan)[:, :most],
            noise_variance=torch.full_like(positions[:, 0, 0], torch.nan),
            status=tuple(_status(o, c) for o, c in zip(order.tolist(), counts.tolist(), strict=True)),
        )


@dataclass(frozen=True, kw_only=True)
class OnCovariance:
    """The peaks of a spectrum of R_blend = (1 - β) R_pred + β R_samp.

    >>> OnCovariance().name, OnCovariance(beta=0.25).name
    ('music on R_pred', 'music on R_blend, β=0.25')
    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", sources=1, snr_db=20.0), scenes=1, seed=0)
    >>> localiser = ris.Localiser.reference(estimator=OnCovariance(), polish=0)
    >>> found = localiser(scenes.observation, sources=1)
    >>> bool(ris.matched(found, scenes.truth).found.all())
    True
    >>> answer = localiser.predict(scenes.observation)  # from which the peaks can be taken alone
    >>> peaks = OnCovariance().propose(answer, scenes.observation, scenes.truth.sources)
    >>> bool((peaks.positions - found.positions).abs().max() < 1e-6)
    True

    Args:
        spectrum: MUSIC, MVDR or Bartlett.
        beta: the share of R_samp, the back-projected covariance, at the middle one of several wavelengths; 0, the
            default, is R_pred itself.

    Raises:
        InputError: β outside [0, 1].
    """

    spectrum: Spectral = field(default_factory=Music)
    beta: float = 0.0

    def __post_init__(self) -> None:
        check_share(self.beta)

    @property
    def name(self) -> str:
        """Short name for tables."""
        return (
            f"{self.spectrum.name} on R_pred" if self.beta == 0 else f"{self.spectrum.name} on R_blend, β={self.beta:g}"
        )

    def propose(self, prediction: Prediction, observation: Observation, counts: Counts) -> Estimate:
        """The `counts` highest peaks."""
        predicted = prediction.covariance
        blended = predicted if self.beta == 0 else blend(predicted, back_projected_middle(observation), self.beta)
        return self.spectrum.locate(blended, observation.array.central, counts)


def _in_front(prediction: Prediction) -> torch.Tensor:
    """Candidates in double precision, moved to the nearest visible direction and a distance that exists."""
    cosines = prediction.candidates.double()
    direction, q = cosines[..., :-1], cosines[..., -1:]
    least = 0.5 * prediction.grid.q.min().to(q)
    if not prediction.grid.angles:
        length = direction.norm(dim=-1, keepdim=True)
        direction = direction * (0.99 / length.clamp_min(0.99))
    return torch.cat([direction, q.clamp_min(least)], dim=-1)


def _panel_power(observation: Observation) -> torch.Tensor:
    """Mean power of the measurements over the mean gain of an element, (scene,): what trace N stands for, and noise."""
    measured = torch.view_as_real(observation.blocks).square().sum(-1).mean(dim=(-1, -2))
    gain = torch.view_as_real(observation.channel).square().sum(-1).sum(-1).flatten(1).mean(-1)
    return measured / gain


def _status(order: int, count: int) -> Status:
    if order == 0:
        return Status.NONE
    return Status.CONVERGED if order == count else Status.FEWER

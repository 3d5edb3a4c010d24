"""What a user calls with measurements: network -> proposals -> polish by the coded likelihood -> positions."""

import dataclasses
from typing import Any

import torch
from torch import Tensor

from ..covariance import LowRank
from ..data import Inputs, inputs_from
from ..errors import InputError
from ..estimate import (
    Estimate,
    MaximumLikelihood,
    PilotMl,
    SearchRegion,
    Sml,
    Spectral,
    asked_sources,
    joined_estimates,
)
from ..estimate.records import without_records
from ..nets import Network, Prediction
from ..physics import Observation
from ..shapes import Counts
from ..train import Trained
from .answer import Answer, joined_covariances
from .beyond import counted_beyond
from .counting import Counting
from .domain import Domain, domain_of
from .effort import Evidence, Trust
from .evaluating import answer_of
from .explaining import Explaining
from .merging import moved, replaced, unjudged
from .proposal import OnCovariance, Proposer
from .quiet import counted_quiet
from .reference import REFERENCE, reference_network
from .refusals import check_effort, check_estimator, check_field


@dataclasses.dataclass(frozen=True)
class Localiser:
    """Locates sources by a trained network: its proposals, and some updates of the coded likelihood from there.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", sources=2, snr_db=20.0), scenes=1, seed=0)
    >>> found = ris.Localiser.reference()(scenes.observation, sources=2)
    >>> bool(ris.matched(found, scenes.truth).found.all())
    True

    Args:
        net: the network, in evaluation mode.
        estimator: how positions come out of its answer: `Explaining`, the candidates that the likelihood chooses; a
            proposer such as `Candidates` or `OnCovariance`; or a spectral estimator such as `Music`, which takes the
            peaks of R_pred within its own field of view.
        polish: most updates of the likelihood (stochastic for random symbols, pilot for constant ones); 0 leaves the
            proposals as they are.
        doubt: probability of being right below which a scene is searched by the likelihood from the proposals on, see
            `Evidence`. 0 searches none, 1 all. Of another proposer than `Explaining`, the probability of being a source
            of the last of its candidates in use.
        batch: scenes at a time.
        fit: whether to say how well the model explains the measurements, which takes longer than all the rest. Without
            it no scene is `converged`: it is `Status.UNJUDGED`.
        domain: the scenes that it may be used on; None leaves that to the caller.
        title: what it is called in tables.
        trust: how likely an estimate of `Explaining` is right, from what speaks for it.
        counting: how K is estimated from the network's count and the likelihood, fitted to this network; None leaves it
            to the network.
        field: the field of view of the scenes, inside that of the network; None is the network's.

    Raises:
        ConfigurationError: another kind of estimator, a negative number, an empty batch, no probability, or a search
            without a polish.
        InputError: a field of view that the network's beams do not cover.
    """

    net: Network
    estimator: Explaining | Proposer | Spectral = dataclasses.field(default_factory=Explaining)
    polish: int = 10
    doubt: float = 0.0
    batch: int = 128
    fit: bool = False
    domain: Domain | None = None
    title: str = "hybrid"
    trust: Trust = dataclasses.field(default_factory=Trust)
    counting: Counting | None = None
    field: SearchRegion | None = None

    def __post_init__(self) -> None:
        check_estimator(self.estimator)
        check_effort(self.polish, self.batch, self.doubt)
        if self.field is not None:
            check_field(self.field, self.net.config.region)

    @classmethod
    def reference(cls, **options: Any) -> "Localiser":  # noqa: ANN401
        """The network that comes with the package, for the scenes it was trained on.

        >>> from ris_pytorch_pipeline.data import simulate
        >>> from ris_pytorch_pipeline.physics import preset
        >>> scenes = simulate(preset("pilot", sources=3, snr_db=15.0), 4, seed=1)
        >>> Localiser.reference()(scenes.observation, 3).order
        tensor([3, 3, 3, 3])

        Args:
            **options: fields of the localiser, such as `doubt` or `fit`.
        """
        return cls.as_reference(reference_network(), **options)

    @classmethod
    def as_reference(cls, trained: Trained, **options: Any) -> "Localiser":  # noqa: ANN401
        """As `reference`, with a network that was read before: `reference_network()`.

        >>> from ris_pytorch_pipeline.localise import reference_network
        >>> trained = reference_network()
        >>> Localiser.as_reference(trained).net is Localiser.as_reference(trained, polish=0).net
        True
        """
        return cls(
            trained.net,
            **{"domain": domain_of(trained.experiment), "title": REFERENCE, "counting": Counting(), **options},
        )

    @property
    def proposer(self) -> Explaining | Proposer:
        """The estimator as a proposer: a spectral one on R_pred."""
        return OnCovariance(spectrum=self.estimator) if isinstance(self.estimator, Spectral) else self.estimator

    @property
    def name(self) -> str:
        """Short name for tables."""
        polished = f" + {self.polish} updates" if self.polish else ""
        searched = f" + search below {self.doubt:g}" if self.doubt else ""
        return f"{self.title} ({self.proposer.name}){searched}{polished}"

    @property
    def region(self) -> SearchRegion:
        """The field of view that is searched."""
        return self.net.config.region if self.field is None else self.field

    def predict(self, observation: Observation) -> Prediction:
        """The network's answer, without gradients.

        >>> import ris_pytorch_pipeline as ris
        >>> scenes = ris.simulate(ris.preset("random", sources=2, snr_db=20.0), scenes=3, seed=0)
        >>> Localiser.reference().predict(scenes.observation).order_logits.argmax(-1)  # sources of each scene
        tensor([2, 2, 2])

        Args:
            observation: scenes of the network's array, in any precision.

        Raises:
            InputError: another array or wavelength than the network was made for, or an answer with NaN.
        """
        self._check(observation)
        return self._answer(self._inputs(observation))

    def _answer(self, inputs: Inputs) -> Prediction:
        return answer_of(self.net, inputs)

    def _inputs(self, observation: Observation) -> Inputs:
        """What the network is given, on its device."""
        return inputs_from(observation.to(self._device, torch.complex64), self.net.config.array)

    def __call__(self, observation: Observation, sources: int | Counts | None = None) -> Estimate:
        """Locate the sources of every scene.

        Args:
            observation: the scenes.
            sources: K for all scenes, K per scene, or None to count them. Where one more is detected than the network
                can count, the likelihood counts if `doubt` is above 0; otherwise the scene is `Status.BEYOND`. In a
                scene quieter than the domain it counts as well; otherwise no probability of the number is stated.

        Returns:
            The estimate, on the device of the observation; deviations from the Fisher information where it was
            polished.

        Raises:
            InputError: another array, K out of range, a scene without energy, or one outside the domain.
        """
        answers = self._answers(observation, sources)
        found = joined_estimates([answer.estimate for answer in answers])
        if self.domain is not None and self.polish:
            self.domain.check_noise(observation, found.noise_variance)
            if sources is None:
                likelihood, search = self._likelihood(observation), self.doubt > 0
                found = counted_quiet(likelihood, observation, found, self.domain, search=search)
        return found if found.fit is not None else unjudged(found)

    def covariance(self, observation: Observation, sources: int | Counts | None = None) -> LowRank:
        """The expected covariance of the panel: ρ R_located + (1 - ρ) R_pred, of trace N.

        R_located = Σ_k p_k a_k a_k^H is that of the estimate, see `Estimate.covariance`, R_pred the network's, and ρ
        the probability that every source of the scene is right, see `Trust`; where it was searched, that of before.

        >>> from ris_pytorch_pipeline.data import simulate
        >>> from ris_pytorch_pipeline.physics import preset
        >>> scenes = simulate(preset("random", sources=2, snr_db=15.0), 4, seed=1)
        >>> Localiser.reference().covariance(scenes.observation, 2).dense().shape
        torch.Size([4, 144, 144])

        Args:
            observation: the scenes.
            sources: as for an estimate.

        Raises:
            InputError: as for an estimate, or one that states no powers.
        """
        answers = self._answers(observation, sources)
        return joined_covariances([answer.covariance(observation.array.central) for answer in answers])

    def _answers(self, observation: Observation, sources: int | Counts | None) -> list[Answer]:
        """What is made of the scenes, some at a time."""
        self._check(observation)
        asked = None if sources is None else asked_sources(observation, sources, self._most(observation))
        if self.domain is not None:
            self.domain.check(observation, asked)
        index = torch.arange(len(observation), device=observation.measurements.device)
        with without_records(observation.array):
            return [self._counted(observation[i], None if asked is None else asked[i]) for i in index.split(self.batch)]

    def _counted(self, observation: Observation, asked: Counts | None) -> Answer:
        """What is made of some scenes; where K is open, more than the network can count are no silent few."""
        answer = self._part(observation, asked)
        if asked is not None or not self.polish:
            return answer
        most, likelihood = self.net.config.most_sources, self._likelihood(observation)
        return counted_beyond(likelihood, observation, answer, most, search=self.doubt > 0)

    def _part(self, observation: Observation, asked: Counts | None) -> Answer:
        inputs, device = self._inputs(observation), observation.measurements.device
        prediction = self._answer(inputs)
        counts = prediction.order_logits[:, 1:].argmax(-1) + 1 if asked is None else asked
        counts = counts.to(device).clamp_max(self._most(observation))
        proposer = self.proposer
        if isinstance(proposer, Explaining):
            region, beams = self.region, self.net.beams

            def located(numbers: Counts) -> tuple[Estimate, Evidence]:
                return proposer.located(beams, prediction, inputs, region, numbers, self.polish)

            if asked is None and self.polish and self.counting is not None:
                logits = prediction.order_logits[:, : self._most(observation) + 1]
                settled = self.counting.settled(located, logits, coherent=observation.symbols == "pilot")
                starts = dataclasses.replace(settled.estimate, order_probability=settled.probability)
                evidence, counts = settled.evidence, settled.order.to(device)
            else:
                starts, evidence = located(counts.to(self._device))
            starts, right = moved(starts, device), self.trust.right(evidence).to(device)
        else:
            starts = self._proposed(proposer, prediction, observation, counts)
            last = prediction.scores.gather(1, counts[:, None].to(self._device) - 1)[:, 0].sigmoid()
            right = last.to(device)
        chosen = starts.order > 0 if self._slow else right < self.doubt
        if self.polish and bool(chosen.any()):
            rows = torch.nonzero(chosen).squeeze(-1)
            starts = self._refined(observation, starts, right < self.doubt, rows, counts)
        return Answer(prediction, starts, right)

    @property
    def _slow(self) -> bool:
        """Whether every scene goes through the polish of the search, which also judges the fit."""
        return self.fit or not isinstance(self.proposer, Explaining)

    def _refined(
        self, observation: Observation, starts: Estimate, search: Tensor, rows: Tensor, counts: Counts
    ) -> Estimate:
        """The estimate with some scenes polished, and searched where asked, by the likelihood of the search."""
        likelihood = self._likelihood(observation)
        iterations = None if isinstance(self.proposer, Explaining) else self.polish
        refined = likelihood.refine(observation[rows], starts.positions[rows], iterations, search[rows])
        return replaced(starts, rows, refined, counts)

    def _most(self, observation: Observation) -> int:
        """The largest K that network and measurements allow."""
        return min(self.net.config.rank, observation.most_sources)

    def _proposed(
        self, proposer: Proposer, prediction: Prediction, observation: Observation, counts: Counts
    ) -> Estimate:
        """The proposals, on the device of the observation."""
        proposed = proposer.propose(prediction, observation.to(self._device), counts.to(self._device))
        return moved(proposed, observation.measurements.device)

    def _likelihood(self, observation: Observation) -> MaximumLikelihood:  # pyright: ignore[reportMissingTypeArgument]
        made = PilotMl if observation.symbols == "pilot" else Sml
        return made(region=self.region, fit=self._slow)

    @property
    def _device(self) -> torch.device:
        return self.net.beams.elements.device

    def _check(self, observation: Observation) -> None:
        own = self.net.beams.array
        if not observation.array.same_as(own):
            alike = " with elements in another place or order, pose or wavefront" * (str(observation.array) == str(own))
            raise InputError(
                f"the array the network was trained for: {own}", f"{observation.array}{alike}",
                "a network of another scenario", "train one for this array, or use a classical estimator",
            )  # fmt: skip

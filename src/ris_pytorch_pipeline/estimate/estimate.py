"""What an estimator returns: positions, order, powers, standard deviations and an honest status per scene."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from ..covariance import LowRank, true_covariance
from ..errors import InputError
from ..physics import Array, Observation, SourceKind, to_cosines
from ..shapes import Counts, Positions
from .interval import Interval, interval_of
from .status import Status as Status


@dataclass(frozen=True, kw_only=True)
class Mode:
    """Another answer that is within 3 nats of the one given.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("pilot", horizontal=4, vertical=4, antennas=4, sources=1), scenes=1, seed=0)
    >>> around = ris.SearchRegion(azimuth=(-3.1, 3.1))  # behind the panel, too
    >>> found = ris.PilotMl(region=around).refine(scenes.observation, scenes.truth.positions)
    >>> mode, = found.fit.modes[0]
    >>> found.positions[0, 0].round(decimals=2), [round(x, 2) for x in mode.position], mode.loss  # its mirror image
    (tensor([-0.6500,  0.2200,  1.5200], dtype=torch.float64), [-2.49, 0.22, 1.52], 0.0)

    Args:
        source: number of the source in the estimate whose place is taken.
        position: azimuth, elevation (radians) and distance (metres) of the other place.
        loss: nats that the likelihood loses there; negative where it even gains.
    """

    source: int
    position: tuple[float, float, float]
    loss: float


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How well the model explains the measurements of each scene.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("pilot", horizontal=4, vertical=4, antennas=4, sources=1), scenes=1, seed=0)
    >>> fit = ris.PilotMl().refine(scenes.observation, scenes.truth.positions).fit
    >>> fit.explained.round(decimals=2), fit.p_value > 0.005, fit.findings
    (tensor([0.9600], dtype=torch.float64), tensor([True]), ((),))

    Args:
        explained: (scene,), share of the energy in the span of the sources, Σ ‖P(B_l) y_l‖²/Σ ‖y_l‖².
        expected: (scene,), the same if the model held, at the noise that is stated or that the channel's own colour
            shows; NaN where neither tells it within 0.05, as of few antennas or of antennas that hear all alike.
        p_value: (scene,), of what the sources leave over being white noise.
        evidence: (scene, source), of each source against scatter of the channel's colour, 2 ΔNLL; NaN in empty slots.
        striking: what is most unlike white noise in each scene, in words.
        findings: all that is to be said about each scene, worst first; empty where nothing is.
        modes: other answers to each scene.
    """

    explained: Float[Tensor, "scene"]  # noqa: F821
    expected: Float[Tensor, "scene"]  # noqa: F821
    p_value: Float[Tensor, "scene"]  # noqa: F821
    evidence: Float[Tensor, "scene source"]
    striking: tuple[str, ...]
    findings: tuple[tuple[Status, ...], ...]
    modes: tuple[tuple[Mode, ...], ...]

    def __getitem__(self, rows: Tensor) -> "Fit":
        """The fit of some of the scenes, by their numbers."""
        words = {name: tuple(vars(self)[name][i] for i in rows.tolist()) for name in ("striking", "findings", "modes")}
        tensors = {name: vars(self)[name][rows] for name in ("explained", "expected", "p_value", "evidence")}
        return Fit(**words, **tensors)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Located sources of a batch of scenes; slots beyond a scene's order hold NaN.

    >>> from ris_pytorch_pipeline.estimate import Sml
    >>> from ris_pytorch_pipeline.physics import draw, preset
    >>> from ris_pytorch_pipeline.rng import stream
    >>> scenes = draw(preset("random", horizontal=6, vertical=6, sources=1, snr_db=20.0), 2, stream(0, "estimate"))
    >>> found = Sml()(scenes.observation, sources=1)
    >>> found.positions.shape, found.order.tolist(), found.status[0].name
    (torch.Size([2, 1, 3]), [1, 1], 'CONVERGED')
    >>> error = (found.positions - scenes.truth.positions) / found.deviations  # in stated standard deviations
    >>> bool(error.abs().max() < 4)
    True

    Args:
        positions: (scene, source, 3), radians, radians, metres; an unbounded distance is infinite.
        order: (scene,), K̂: sources found.
        powers: (scene, source), mean symbol power at the panel.
        deviations: (scene, source, 3), standard deviations of azimuth, elevation (radians) and distance (metres) from
            the Fisher information at the estimate: right if the model holds. NaN where the estimator states none, and
            in a coordinate that the array cannot tell: of a line the direction on its cone that is reported is one of
            many.
        noise_variance: (scene,), σ² per antenna; NaN where the estimator states none.
        status: one per scene, the worst finding.
        sandwich: (scene, source, 3), standard deviations from the scores that were seen, J⁻¹ G J⁻¹: they do not presume
            that the model holds. None where the estimator states none.
        fit: how well the model explains the data; None where nobody asked.
        kinds: of the symbols of each slot, where the estimator tells several kinds apart; None where it does not.
        order_probability: (scene,), that `order` is the number of sources; NaN in scenes where nothing states it. None
            where the estimator states none, and where the number was given.
    """

    positions: Positions
    order: Counts
    powers: Float[Tensor, "scene source"]
    deviations: Positions
    noise_variance: Float[Tensor, "scene"]  # noqa: F821
    status: tuple[Status, ...]
    sandwich: Positions | None = None
    fit: Fit | None = None
    kinds: tuple[SourceKind, ...] | None = None
    order_probability: Float[Tensor, "scene"] | None = None  # noqa: F821

    def __len__(self) -> int:
        return self.order.shape[0]

    def __getitem__(self, rows: Tensor) -> "Estimate":
        """The estimate of some of the scenes, by their numbers."""
        return Estimate(
            positions=self.positions[rows],
            order=self.order[rows],
            powers=self.powers[rows],
            deviations=self.deviations[rows],
            noise_variance=self.noise_variance[rows],
            status=tuple(self.status[i] for i in rows.tolist()),
            sandwich=None if self.sandwich is None else self.sandwich[rows],
            fit=None if self.fit is None else self.fit[rows],
            kinds=self.kinds,
            order_probability=None if self.order_probability is None else self.order_probability[rows],
        )

    def interval(self, share: float = 0.9, *, sandwich: bool = False) -> Interval:
        """Between which ends each coordinate lies with a given probability, the distance by its inverse.

        >>> from ris_pytorch_pipeline.data import simulate
        >>> from ris_pytorch_pipeline.estimate import Sml
        >>> from ris_pytorch_pipeline.physics import preset
        >>> far = preset("random", horizontal=6, vertical=6, sources=1, snr_db=0.0, distance=(10.0, 10.0))
        >>> found = Sml(fit=False)(simulate(far, 1, seed=0).observation, 1).interval(0.9)
        >>> bool(found.low[0, 0, 2] < 10), found.high[0, 0, 2]
        (True, tensor(inf, dtype=torch.float64))

        Args:
            share: of errors that the interval is to hold, within (0, 1).
            sandwich: whether by the sandwich ± in place of the Fisher information.

        Returns:
            (scene, source, 3) of both ends; NaN where no ± is stated, or none of a distance that is not bounded.

        Raises:
            InputError: another share, or a sandwich where none is stated.
        """
        wide = self.sandwich if sandwich else self.deviations
        if wide is None:
            raise InputError(
                "an estimate with a sandwich ±", "one without", "an estimator that was not asked for the fit",
                "locate with fit=True, or pass sandwich=False",
            )  # fmt: skip
        return interval_of(self.positions, wide, share)

    def covariance(self, array: Array) -> LowRank:
        """The covariance of the panel that the estimate states, R = Σ_k p_k a_k a_k^H scaled to trace N.

        >>> from ris_pytorch_pipeline.data import simulate
        >>> from ris_pytorch_pipeline.estimate import Sml
        >>> from ris_pytorch_pipeline.physics import preset
        >>> seen = simulate(preset("random", horizontal=6, vertical=6, sources=2), 1, seed=0).observation
        >>> Sml(fit=False)(seen, 2).covariance(seen.array).dense().shape
        torch.Size([1, 36, 36])

        Args:
            array: the array, with one wavelength.

        Returns:
            In its factored form, of rank K at most; `.dense()` is the matrix.

        Raises:
            InputError: a scene in which nothing was found.
        """
        present = torch.arange(self.positions.shape[1], device=self.order.device) < self.order[:, None]
        cosines = to_cosines(self.positions.masked_fill(~present[..., None], 1.0), array)
        return true_covariance(cosines, self.powers.masked_fill(~present, 0.0), array)


@runtime_checkable
class Estimator(Protocol):
    """Anything that locates sources: called with an observation, it returns one estimate per scene.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.estimate import Omp
    >>> seen = ris.simulate(ris.preset("pilot", horizontal=4, vertical=4, sources=1), scenes=1, seed=0).observation
    >>> estimators: list[Estimator] = [ris.PilotMl(fit=False), Omp(fit=False)]
    >>> {locate.name: locate(seen, 1).order.tolist() for locate in estimators}
    {'pilot': [1], 'omp': [1]}
    """

    @property
    def name(self) -> str:
        """Short name for tables."""
        ...

    def __call__(self, observation: Observation, sources: int | Counts | None = None) -> Estimate:
        """Locate the sources.

        Args:
            observation: the scenes.
            sources: K for all scenes, K per scene, or None to estimate it.
        """
        ...


def asked_sources(observation: Observation, sources: int | Counts, most: int) -> Counts:
    """K per scene as a tensor, after checking that it can be found.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> seen = ris.simulate(ris.preset("pilot"), scenes=3, seed=0).observation
    >>> asked_sources(seen, 2, most=seen.most_sources), asked_sources(seen, torch.tensor([1, 3, 2]), most=4)
    (tensor([2, 2, 2]), tensor([1, 3, 2]))

    Args:
        observation: the scenes.
        sources: K for all, or per scene.
        most: the largest K that the estimator can find in these measurements.

    Raises:
        InputError: K below 1, above `most`, not one per scene, or no whole number.
    """
    counts = _whole_numbers(sources).to(observation.measurements.device)
    counts = counts.expand(len(observation)) if counts.ndim == 0 else counts
    if counts.shape != (len(observation),):
        raise InputError(
            f"one number of sources per scene: shape ({len(observation)},)", f"{tuple(counts.shape)}",
            "the counts of another batch", "pass an int, or a tensor with one count per scene",
        )  # fmt: skip
    if most < 1:
        size = " x ".join(map(str, observation.measurements.shape[1:]))
        raise InputError("more measurements than a source has unknowns", size, "a short capture", "add snapshots")
    if len(observation) and not (1 <= int(counts.min()) and int(counts.max()) <= most):
        wrong = int(counts.min()) if int(counts.min()) < 1 else int(counts.max())
        raise InputError(
            f"between 1 and {most} sources: more are not identifiable from these measurements by this estimator",
            str(wrong),
            "K above what the estimator can tell apart, or a count left at zero",
            "lower sources, or take another estimator or more snapshots",
        )
    return counts


def _whole_numbers(sources: Any) -> Tensor:  # noqa: ANN401
    """Numbers of sources as an integer tensor: an int, of NumPy too, a tensor, an array or a list of them.

    Raises:
        InputError: anything else, such as True, 1.5 or "2".
    """
    try:
        counts = torch.as_tensor(sources)
    except (TypeError, ValueError, RuntimeError):
        counts = None
    if counts is None or counts.is_floating_point() or counts.is_complex() or counts.dtype == torch.bool:
        raise InputError(
            "a whole number of sources, or one per scene", f"{sources!r:.60}",
            "text read from a file, a switch, or a mean of counts", "pass an int, or an integer tensor",
        )  # fmt: skip
    return counts.long()

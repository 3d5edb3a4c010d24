"""How does a contender of a suite become something that runs? A registered estimator or a network, set up as told."""

from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ...calibrate import Calibration, load_calibration
from ...errors import ConfigurationError
from ...estimate import GENIE, Judging, SearchRegion, contender
from ...experiment import overlay
from ...localise import REFERENCE, Localiser, reference_network
from ...train import Trained
from ..calibrated import calibrated_scenes
from ..genie import genie_for, region_of
from ..hybrid import DOUBT, proposer
from ..sweep import Attempt, Drawer, blind, check_needs
from ..trial_scenes import cell_scenes
from .suite import Entrant, Pending

NetworkReader = Callable[[Path], Trained]
"""Reads a trained network."""


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """How a trained network locates.

    >>> ModelSettings(proposals="music", beta=0.25)
    ModelSettings(proposals='music', beta=0.25, polish=10, doubt=0.7)

    Args:
        proposals: where its starts come from: the candidates that are `explaining` most, the likeliest `candidates` of
            its heat-map, or the peaks of a spectrum.
        beta: share of R_samp in the covariance under those of `music` or `mvdr`.
        polish: updates of the likelihood from there.
        doubt: probability of the last candidate below which the likelihood searches a scene.
    """

    proposals: Literal["explaining", "candidates", "music", "mvdr"] = "explaining"
    beta: float = 0.0
    polish: int = 10
    doubt: float = DOUBT


@dataclass(eq=False, kw_only=True)
class Entering:
    """Makes contenders run and scenes drawn, and keeps networks and calibrations that were read.

    >>> from ris_pytorch_pipeline.bench import suite_of
    >>> from ris_pytorch_pipeline.train import load_network
    >>> small = {"horizontal": 4, "vertical": 4, "sources": 1}
    >>> sweeps = {"snr": {"methods": ["genie"], "over": {"snr_db": [10]}}}
    >>> suite = suite_of({"scenes": 1, "scenario": small, "sweeps": sweeps})
    >>> entering = Entering(read=load_network)
    >>> entering.check(suite.cells())  # makes every contender, and says nothing where all can be
    >>> entering.provenance(suite.contenders["genie"])
    {'estimator': 'genie'}
    >>> cell = suite.cells()[0]
    >>> drawn = entering.drawer(cell)(cell.scenario, 1, 0, 0)  # one scene of seed 0, of the first block
    >>> entering.attempt(cell)(drawn.observation, drawn.truth).order
    tensor([1])

    Args:
        read: reads a trained network.
        further: names that only this suite knows, for messages.
    """

    read: NetworkReader
    further: tuple[str, ...] = ()
    _networks: dict[str, Trained] = field(default_factory=dict)
    _calibrations: dict[str, Calibration] = field(default_factory=dict)

    def attempt(self, pending: Pending) -> Attempt:
        """The contender of a cell, as a function of observation and truth.

        Raises:
            ConfigurationError: an unknown name or setting, a value that does not fit, or scenes that it cannot use.
            InputError: no network in that file, a field of view that its beams do not cover, or a share outside [0, 1].
        """
        entrant, region = pending.entrant, region_of(pending.scenario)
        if entrant.model is not None:
            localiser = self._localiser(entrant, pending.method, region)
            return blind(localiser, known_order=pending.order == "known")
        if entrant.estimator == GENIE:
            if entrant.settings:
                _refuse_settings(pending.method, "it is the likelihood of the symbols, from the truth")
            return genie_for(pending.scenario, region)
        check_needs(entrant.estimator, pending.scenario)
        estimator = self._estimator(entrant, pending.method, region)
        return blind(estimator, known_order=pending.order == "known")

    def drawer(self, pending: Pending) -> Drawer:
        """Where the scenes of a cell come from.

        Raises:
            InputError: no calibration in that file.
        """
        behind = pending.behind
        if behind is None:
            return cell_scenes
        if behind.calibration not in self._calibrations:
            self._calibrations[behind.calibration] = load_calibration(Path(behind.calibration))
        return calibrated_scenes(self._calibrations[behind.calibration], told=behind.told)

    def check(self, cells: tuple[Pending, ...]) -> None:
        """Make every contender once, and draw a scene behind each hardware, so that nothing is refused after hours.

        Raises:
            ConfigurationError: as `attempt`.
            InputError: as there and as `drawer`, or hardware of another array.
        """
        for pending in cells:
            self.attempt(pending)
            if pending.behind is not None:
                self.drawer(pending)(pending.scenario, 1, pending.seed, 0)

    def provenance(self, entrant: Entrant) -> dict[str, Any]:
        """What a row says of its contender: the plain value, and the run that a network comes from."""
        if entrant.model is None:
            return entrant.to_plain()
        header = self._network(entrant.model).header
        return entrant.to_plain() | {"run": header.identity["run"], "updates": header.progress["updates"]}

    def _estimator(self, entrant: Entrant, name: str, region: SearchRegion) -> Any:  # noqa: ANN401
        made = contender(entrant.estimator, region, self.further)
        if not entrant.settings:
            return made
        if isinstance(made, Judging):
            return replace(made, estimator=self._set_up(made.estimator, entrant, name))
        return self._set_up(made, entrant, name)

    def _set_up(self, made: Any, entrant: Entrant, name: str) -> Any:  # noqa: ANN401
        if not is_dataclass(made) or isinstance(made, type):
            _refuse_settings(name, f"{type(made).__name__} is no dataclass")
        return overlay(made, entrant.settings, f"contenders.{name}.settings")

    def _localiser(self, entrant: Entrant, name: str, region: SearchRegion) -> Localiser:
        how = overlay(ModelSettings(), entrant.settings, f"contenders.{name}.settings")
        if how.beta and how.proposals not in ("music", "mvdr"):
            raise ConfigurationError(
                "beta beside proposals of music or mvdr", f"beta = {how.beta:g} beside {how.proposals} in {name}",
                "R_blend is what a spectrum is taken of", 'set proposals = "music", or leave beta out',
            )  # fmt: skip
        starts, doubt = proposer(how.proposals, how.beta, region), how.doubt if how.polish else 0.0
        if entrant.model == REFERENCE:
            trained = self._network(REFERENCE)
            return Localiser.as_reference(trained, estimator=starts, polish=how.polish, doubt=doubt, field=region)
        return Localiser(self._network(str(entrant.model)).net, starts, how.polish, doubt, field=region)

    def _network(self, model: str) -> Trained:
        if model not in self._networks:
            self._networks[model] = reference_network() if model == REFERENCE else self.read(Path(model))
        return self._networks[model]


def _refuse_settings(name: str, cause: str) -> None:
    """Say that a contender takes no settings.

    Raises:
        ConfigurationError: always.
    """
    raise ConfigurationError(f"{name} without settings", "settings", cause, "leave them out")

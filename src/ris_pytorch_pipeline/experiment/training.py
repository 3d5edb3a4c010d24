"""What one training run is configured by: the frozen TrainingExperiment, and its digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any, Literal

from ..data import config_digest
from ..data.digest import differences as differences
from ..errors import ConfigurationError
from ..losses import LossWeights
from ..nets import NetConfig, network_kind
from ..physics.kinds import is_mixed
from ..physics.scenes.scenario import Scenario, SymbolKind
from .optimisation import Optimisation, Plan, Stopping
from .phases import Phases
from .strict import fit, overlay, plain


@dataclass(frozen=True, kw_only=True)
class TrainingExperiment:
    """Everything that decides the numbers of a training run. Equal experiments train equal networks.

    >>> from dataclasses import replace
    >>> base = TrainingExperiment()
    >>> wide = replace(base, net=replace(base.net, width=48))
    >>> wide.digest == base.digest, [text for text in differences(wide.to_plain(), base.to_plain())]
    (False, ['net.width: 48, 32'])

    Args:
        seed: of the random streams of scenes and dropout; the network's initial weights have a seed of their own.
        scenario: what training and validation scenes are drawn from.
        kinds: of symbols, which the batches take in turns, for one network of several kinds; none leaves them to the
            scenario.
        network: kind of the network, out of `nets.NETWORKS`.
        net: size of the network, of the type that its kind names; its panel, field of view and number of sources are
            taken from the scenario.
        loss: weight of each term of the loss; validation always uses these.
        phases: which terms count when, in training.
        optimisation: rates, decay, clipping, averaging.
        plan: epochs, scenes and batches.
        stopping: the metric that says which epoch is best, and when to stop.
        device: where it runs.
        precision: of the network's products; weights, losses and linear algebra are float32 at least.

    Raises:
        ConfigurationError: a negative seed, a kind of network that nobody added, a configuration of another kind, or a
            field that refuses its value.
    """

    seed: int = 0
    scenario: Scenario = field(default_factory=lambda: Scenario(distance_law="inverse"))
    kinds: tuple[SymbolKind, ...] = ()
    network: str = "hybrid"
    net: NetConfig = field(default_factory=NetConfig)
    loss: LossWeights = field(default_factory=LossWeights)
    phases: Phases = field(default_factory=Phases)
    optimisation: Optimisation = field(default_factory=Optimisation)
    plan: Plan = field(default_factory=Plan)
    stopping: Stopping = field(default_factory=Stopping)
    device: Literal["cpu", "cuda"] = "cpu"
    precision: Literal["float32", "bfloat16", "float16"] = "float32"

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ConfigurationError("seed >= 0", str(self.seed), "a sign", "raise it")
        if "known" in (self.scenario.symbols, *self.kinds) or is_mixed(self.scenario.symbols):
            raise ConfigurationError(
                "symbols 'random', 'pilot' or 'gaussian' to train on", repr((self.scenario.symbols, *self.kinds)),
                "a network is not told sequences, nor the kind of each source",
                "train on 'random' ones; `ris locate` uses sequences without a network",
            )  # fmt: skip
        self.phases.weights(self.loss)  # refuses a phase without any term
        kind = network_kind(self.network)
        if type(self.net) is not kind.config:
            raise ConfigurationError(
                f"net as a {kind.config.__name__}, for the network {kind.name!r}", type(self.net).__name__,
                "the kind of network changed alone", f"pass net={kind.config.__name__}() as well",
            )  # fmt: skip
        object.__setattr__(self, "net", self.net.fitted_to(self.scenario))

    def to_plain(self) -> dict[str, Any]:
        """The whole configuration as mappings, lists, numbers and texts, nothing left at an unnamed default."""
        return plain(self)

    @property
    def digest(self) -> str:
        """SHA-256 of the resolved configuration, see `config_digest`."""
        return config_digest(self.to_plain())


def training_from_plain(values: Mapping[str, Any]) -> TrainingExperiment:
    """The experiment of a resolved configuration.

    >>> base = TrainingExperiment()
    >>> training_from_plain(base.to_plain()) == base
    True
    >>> training_from_plain({"plan": {"epochs": 3}}).plan.epochs
    3

    Args:
        values: from `TrainingExperiment.to_plain`, perhaps by way of JSON.

    Returns:
        The experiment.

    Raises:
        ConfigurationError: an unknown key, or a value that does not fit.
    """
    return laid_over(_usual(), values)


@lru_cache(maxsize=1)
def _usual() -> TrainingExperiment:
    """The default experiment, which never changes: made once, not for each trial of a search."""
    return TrainingExperiment()


def laid_over(base: TrainingExperiment, values: Mapping[str, Any]) -> TrainingExperiment:
    """An experiment with plain values over it; another kind of network keeps the sizes that it shares with the former.

    Args:
        base: what the values are laid over.
        values: nested as the experiment is.

    Returns:
        The experiment.

    Raises:
        ConfigurationError: an unknown key or kind of network, or a value that does not fit.
    """
    name = fit(str, values.get("network", base.network), "network")
    config = network_kind(name).config
    if type(base.net) is not config:
        shared = {each.name: vars(base.net)[each.name] for each in fields(NetConfig)}
        base = replace(base, network=name, net=config(**shared))
    return overlay(base, values)

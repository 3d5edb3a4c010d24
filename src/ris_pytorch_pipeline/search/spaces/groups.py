"""Does each ratio of rates name a group that a network has? The others would fail in every trial, or say nothing."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from ...errors import ConfigurationError
from ...experiment.strict import nearest
from ...nets import Network
from ...nets.kinds import built_network
from ..trying.recipe import Recipe
from .space import Space

_NETWORK, _RATIOS, _HEAD = "network", "optimisation.ratios", "optimisation.head_ratio"


def check_ratios(space: Space, base: Recipe) -> None:
    """Refuse ratios of groups that no network of the space has.

    Args:
        space: to be searched.
        base: what its values are laid over.

    Raises:
        ConfigurationError: naming the first of them.
    """
    knobs = dict(space.knobs)
    named = {group: _RATIOS for group, _ in base.training.optimisation.ratios}
    if _RATIOS in knobs:
        named |= {group: _RATIOS for value in knobs[_RATIOS].probes for group in _named(value)}
    if _HEAD in knobs:
        named["head"] = _HEAD
    if not named:
        return
    kinds = knobs[_NETWORK].probes if _NETWORK in knobs else (base.training.network,)
    groups = {group for kind in kinds for group in _groups(base, kind)}
    for group in named:
        if group not in groups:
            raise ConfigurationError(
                f"groups out of {', '.join(sorted(groups))} in {named[group]}", group,
                "a misspelt group, or one of another network", nearest(group, sorted(groups)),
            )  # fmt: skip


def _named(value: Any) -> Iterator[str]:  # noqa: ANN401
    """The groups of a choice of ratios, which is a table or a list of pairs."""
    yield from value if isinstance(value, Mapping) else (group for group, _ in value)


def _groups(base: Recipe, kind: Any) -> Iterator[str]:  # noqa: ANN401
    """The groups of a kind of network, whose size has no say in them."""
    training = base.changed({_NETWORK: kind}).training
    yield from cast("Network", built_network(training.network, training.net)).groups()

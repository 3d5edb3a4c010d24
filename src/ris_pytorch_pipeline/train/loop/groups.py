"""Which parameters are in which group? Each trainable one in exactly one, by identity."""

from typing import Protocol, runtime_checkable

import torch
from torch import nn

from ...errors import ConfigurationError
from ...experiment.optimisation import Optimisation

NAMES: tuple[str, ...] = ("backbone", "head")
"""The groups, in the order they are reported."""


@runtime_checkable
class Grouped(Protocol):
    """A network that says which of its parameters belong to which group."""

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Parameters by group."""
        ...


class Groups:
    """The named parameters of a network by group, checked to be complete and disjoint.

    Args:
        net: a module with a method `groups()`.

    Raises:
        ConfigurationError: no such method, other group names, a parameter in no group, in two, or not of this network.
    """

    def __init__(self, net: nn.Module) -> None:
        grouped: object = net
        if not isinstance(grouped, Grouped):
            raise ConfigurationError(
                "a network with a method groups()", type(net).__name__, "a bare module", "add groups()"
            )
        found = grouped.groups()
        if set(found) != set(NAMES):
            _refuse(f"groups {', '.join(NAMES)}", ", ".join(found) or "none", "a renamed group", "name them so")
        names = {id(parameter): name for name, parameter in net.named_parameters()}
        _check_membership(found, names)
        self.named = {name: [(names[id(p)], p) for p in found[name] if p.requires_grad] for name in NAMES}
        if not any(self.named.values()):
            _refuse("at least one trainable parameter", "none", "everything is frozen", "set requires_grad")

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Trainable parameters, group after group."""
        return [parameter for group in NAMES for _, parameter in self.named[group]]

    @property
    def names(self) -> list[str]:
        """Their names, in the same order."""
        return [name for group in NAMES for name, _ in self.named[group]]

    @property
    def sizes(self) -> dict[str, int]:
        """Trainable weights by group."""
        return {group: sum(p.numel() for _, p in named) for group, named in self.named.items()}

    @property
    def owners(self) -> list[str]:
        """Their groups, in the same order."""
        return [group for group in NAMES for _ in self.named[group]]


def adamw(groups: Groups, config: Optimisation) -> torch.optim.AdamW:
    """AdamW over the groups at their peak rates; the rates are set before each update.

    Args:
        groups: of the network.
        config: decay and memories.

    Returns:
        The optimizer, one parameter group per group of the network that has trainable parameters.
    """
    described = [
        {"params": [p for _, p in groups.named[name]], "lr": config.peaks[name], "name": name}
        for name in NAMES
        if groups.named[name]
    ]
    return torch.optim.AdamW(
        described, betas=(config.beta1, config.beta2), eps=config.epsilon, weight_decay=config.weight_decay
    )


def set_rates(optimizer: torch.optim.Optimizer, rates: dict[str, float]) -> None:
    """Give each group its rate.

    Args:
        optimizer: from `adamw`.
        rates: by group name.

    Raises:
        ConfigurationError: a rate that is not positive.
    """
    for group in optimizer.param_groups:
        rate = rates[group["name"]]
        if not rate > 0:
            _refuse(f"a positive rate for {group['name']}", str(rate), "a schedule that reaches zero", "raise floor")
        group["lr"] = rate


def _check_membership(found: dict[str, list[nn.Parameter]], names: dict[int, str]) -> None:
    """Refuse parameters of another network, in two groups, or in none."""
    seen: dict[int, str] = {}
    for group, parameters in found.items():
        for key, shape in ((id(p), tuple(p.shape)) for p in parameters):
            if key not in names:
                cause = "groups taken before the network was rebuilt or moved"
                _refuse(
                    f"parameters of this network in {group}", f"another one, of shape {shape}", cause, "call it anew"
                )
            if key in seen:
                both = f"it is in {seen[key]} and {group}"
                _refuse(f"{names[key]} in one group", both, "a module listed under two groups", "list it once")
            seen[key] = group
    missing = [name for key, name in names.items() if key not in seen]
    if missing:
        got = f"{', '.join(missing[:5])} in none ({len(missing)} in all)"
        _refuse("every parameter in a group", got, "a module added without a role", "add it to backbone or head")


def _refuse(wanted: str, got: str, cause: str, move: str) -> None:
    raise ConfigurationError(wanted, got, cause, move)

"""Which parameters are in which group? Each trainable one in exactly one, by identity."""

from collections.abc import Collection, Iterable
from typing import Protocol, runtime_checkable

import torch
from torch import nn

from ...errors import ConfigurationError
from ...experiment.optimisation import Optimisation


@runtime_checkable
class Grouped(Protocol):
    """A network that says which of its parameters belong to which group."""

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Parameters by group."""
        ...


class Groups:
    """The named parameters of a network by group, in its order, checked to be complete and disjoint.

    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> groups = Groups(HybridNet(NetConfig(width=8, blocks=1)), frozen=["head"])
    >>> groups.trained, groups.sizes
    (['backbone'], {'backbone': 1488, 'head': 0})

    Args:
        net: a module with a method `groups()`.
        frozen: groups whose parameters keep their values from now on.
        rated: groups that a rate is configured of, which the network must have.

    Raises:
        ConfigurationError: no such method, a frozen or rated group that the network has not, a parameter in no group,
            in two, or not of this network.
    """

    def __init__(self, net: nn.Module, frozen: Collection[str] = (), rated: Iterable[str] = ()) -> None:
        grouped: object = net
        if not isinstance(grouped, Grouped):
            raise ConfigurationError(
                "a network with a method groups()", type(net).__name__, "a bare module", "add groups()"
            )
        found = grouped.groups()
        unknown = sorted({*frozen, *rated} - found.keys())
        if unknown:
            _refuse(
                f"groups out of {', '.join(found) or 'none'}, which {type(net).__name__} has", ", ".join(unknown),
                "a misspelt or renamed group", "name one of those in optimisation.ratios",
            )  # fmt: skip
        names = {id(parameter): name for name, parameter in net.named_parameters()}
        _check_membership(found, names)
        for parameter in (p for name in frozen for p in found[name]):
            parameter.requires_grad_(False)
        self.named = {name: [(names[id(p)], p) for p in found[name] if p.requires_grad] for name in found}
        if not any(self.named.values()):
            _refuse("at least one trainable parameter", "none", "everything is frozen", "set requires_grad")

    @property
    def trained(self) -> list[str]:
        """Groups with a trainable parameter."""
        return [group for group, named in self.named.items() if named]

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Trainable parameters, group after group."""
        return [parameter for named in self.named.values() for _, parameter in named]

    @property
    def names(self) -> list[str]:
        """Their names, in the same order."""
        return [name for named in self.named.values() for name, _ in named]

    @property
    def sizes(self) -> dict[str, int]:
        """Trainable weights by group."""
        return {group: sum(p.numel() for _, p in named) for group, named in self.named.items()}

    @property
    def owners(self) -> list[str]:
        """Their groups, in the same order."""
        return [group for group, named in self.named.items() for _ in named]


def adamw(groups: Groups, config: Optimisation) -> torch.optim.AdamW:
    """AdamW over the groups at their peak rates; the rates are set before each update.

    Args:
        groups: of the network.
        config: decay and memories.

    Returns:
        The optimizer, one parameter group per group of the network that has trainable parameters.
    """
    described = [
        {"params": [p for _, p in groups.named[name]], "lr": peak, "name": name}
        for name, peak in config.peaks(groups.trained).items()
    ]
    return torch.optim.AdamW(
        described, betas=(config.beta1, config.beta2), eps=config.epsilon, weight_decay=config.weight_decay
    )


def rates_by_module(net: nn.Module, optimizer: torch.optim.Optimizer, config: Optimisation) -> dict[str, float]:
    """Peak rate by module of each group that is called like one, and by parameter of the others.

    Args:
        net: whose modules these are.
        optimizer: from `adamw`.
        config: peak rates.
    """
    modules = {name for name, _ in net.named_children()}
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    result: dict[str, float] = {}
    for name, peak in config.peaks([group["name"] for group in optimizer.param_groups]).items():
        held = [p for group in optimizer.param_groups if group["name"] == name for p in group["params"]]
        places = [name] if name in modules else [names[id(p)] for p in held if id(p) in names]
        result |= dict.fromkeys(places, peak)
    return result


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
        _refuse(
            "every parameter in a group", got, "a module added without a role", f"add it to one of {', '.join(found)}"
        )


def _refuse(wanted: str, got: str, cause: str, move: str) -> None:
    raise ConfigurationError(wanted, got, cause, move)

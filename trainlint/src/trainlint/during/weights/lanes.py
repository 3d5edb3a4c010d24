"""Which optimiser trains which weights, handed over or not, and what is it called?"""

import math
from collections.abc import Callable, Mapping, Sequence
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.optim import SGD, Optimizer

from ...errors import InputError
from ..hearing.hooks import unwrap
from ..run import Lane, Run
from .names import parameters


def masters(held: Sequence[Tensor], names: Mapping[Tensor, str]) -> dict[Tensor, str]:
    """Names of master weights: of wider type than the model's trainable parameters, in their order, rounding to them.

    Empty where they are anything else, such as another model's parameters.
    """
    own = [p for p in names if p.requires_grad]
    if not held or len(own) != len(held) or not all(map(_stands_for, held, own)):
        return {}
    return dict(zip(held, (names[p] for p in own), strict=True))


def _stands_for(master: Tensor, own: Tensor) -> bool:
    wider = master.dtype != own.dtype and torch.promote_types(master.dtype, own.dtype) == master.dtype
    return wider and master.shape == own.shape and bool((master.detach().to(own) == own.detach()).all())


OUTSIDE = "(not in the model)"
"""The module of a tensor that the model does not hold, as a temperature."""


def lane(optimizer: Optimizer, known: Mapping[Tensor, str], name: str = "") -> Lane:
    """The lane of an optimiser, with the parameters that the model knows.

    Raises:
        InputError: not an optimiser.
    """
    if not isinstance(optimizer, Optimizer):
        raise InputError(
            "an optimiser of torch.optim, or several",
            type(optimizer).__name__,
            "arguments in another order",
            "call Watch(model, optimizer, scheduler, scaler)",
        )
    inner = unwrap(optimizer)
    held = [p for group in inner.param_groups for p in group["params"]]
    stand_in = {} if any(p in known for p in held) else masters(held, known)
    bare = {p: f"{OUTSIDE}.{i}" for i, p in enumerate(held)}
    if isinstance(inner, ByHand):
        bare |= {p: f"{called}.data" for p, called in inner.called.items()}
    names = stand_in or {p: known.get(p, bare[p]) for p in held}
    return Lane(inner, names, name, bool(stand_in), isinstance(inner, ByHand))


def lanes(optimizers: Sequence[Optimizer] | Mapping[str, Optimizer], known: Mapping[Tensor, str]) -> list[Lane]:
    """A lane for each optimiser; without any, one for updates by hand, of all trainable parameters."""
    if isinstance(optimizers, Mapping):
        return [lane(each, known, name) for name, each in optimizers.items()]
    made = [lane(each, known) for each in optimizers]
    if len(made) > 1:
        for each, name in zip(made, called(made), strict=True):
            each.name = name
    if made or not any(p.requires_grad for p in known):
        return made
    return [lane(ByHand([p for p in known if p.requires_grad]), known)]


class ByHand(SGD):
    """Stands for the optimiser of weights that are moved by hand; it never steps."""

    def __init__(self, held: Sequence[Tensor], called: Mapping[Tensor, str] | None = None) -> None:
        super().__init__(held, lr=math.nan)
        self.called = {} if called is None else called


def called(made: Sequence[Lane]) -> list[str]:
    """A name for each of several lanes: the module that all its parameters belong to, or its number from 0."""
    tops = [{name.split(".")[0] for name in each.names.values() if "." in name} for each in made]
    alone = [top.pop() if len(top) == 1 else "" for top in tops]
    return [
        name if name.isidentifier() and alone.count(name) == 1 else str(number) for number, name in enumerate(alone)
    ]


def lanes_of(run: Run, optimizer: Optimizer) -> list[Lane]:
    """The lanes whose weights an optimiser steps: its own, or those that it shares parameters with."""
    own = [each for each in run.lanes if each.optimizer is optimizer]
    if own:
        return own
    held = {p for group in optimizer.param_groups for p in group["params"]}
    return [each for each in run.lanes if any(p in held for p in each.parameters)]


class Steppers:
    """Remembers whose weights each optimiser steps; one that nobody handed over gets a lane if it holds the model's."""

    def __init__(self, run: Run, adopted: Callable[[Lane], object]) -> None:
        self._run, self._adopted = run, adopted
        self._own: dict[int, list[Lane]] = {}
        self._others: WeakKeyDictionary[Optimizer, list[Lane]] = WeakKeyDictionary()

    def lanes_of(self, optimizer: Optimizer) -> list[Lane]:
        """The lanes whose weights an optimiser steps."""
        own = self._own.get(id(optimizer))
        found = self._others.get(optimizer) if own is None else own
        if found is not None:
            return found
        found = lanes_of(self._run, optimizer)
        if not found and (new := adopted(self._run, optimizer)) is not None:
            self._adopted(new)
            found = [new]
        if any(each.optimizer is optimizer for each in found):  # a lane keeps its optimiser alive
            self._own[id(optimizer)] = found
        else:
            self._others[optimizer] = found
        return found


def adopted(run: Run, optimizer: Optimizer) -> Lane | None:
    """A new lane for an optimiser that nobody handed over and that holds the model's parameters; None for any other."""
    known: dict[Tensor, str] = {p: name for name, p in parameters(run.model).items()}
    new = lane(optimizer, known)
    if not any(p in known for p in new.names):
        return None
    run.lanes.append(new)
    for each, name in zip(run.lanes, called(run.lanes), strict=True):
        each.name = each.name or name
    return new


def note_other(lane: Lane, optimizer: Optimizer) -> None:
    """An optimiser that nobody handed over stepped a lane's weights."""
    new = optimizer not in lane.others
    lane.others.add(optimizer)
    lane.shared |= {p for group in optimizer.param_groups for p in group["params"]} if new else set()
    lane.foreign += lane.pending > 0
    lane.rebuilt += new and lane.pending > 0
    lane.moments = any("betas" in group or bool(group.get("momentum")) for group in optimizer.param_groups)


def scale_of(scaler: object | None) -> float:
    """What a gradient scaler multiplies losses with; 1 where there is none."""
    read = getattr(scaler, "get_scale") if scaler is not None and "get_scale" in dir(scaler) else None  # noqa: B009
    return 1.0 if read is None else float(read())

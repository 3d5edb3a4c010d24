"""How is a watch put on a program that nobody edited, as its models and optimisers come to light?"""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from ...findings import Finding
from ...verdict import TrainingFault, Verdict, judge
from ..graph import leaves
from ..schedule import Preset
from ..watch import Watch
from .discovery import Discovery
from .epochs import Epochs
from .frames import users_line
from .progress import Progress

_SETTLED = 64
"""Backward passes without a new model after which nobody looks for one until the next optimiser is made."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a program is watched.

    Args:
        preset: what it may cost: light, full or trace.
        strict: a confirmed fatal finding stops the program.
        tolerate: how often a fatal code may be seen without stopping it; -1 is always.
        ledger: where the evidence is kept; None keeps none.
        progress: shows where the run stands; None shows nothing.
        tell: is given each finding as it comes, with the line of the user's code that was running.
    """

    preset: Preset | str = Preset.LIGHT
    strict: bool = False
    tolerate: Mapping[str, int] = field(default_factory=dict)
    ledger: Path | None = None
    progress: Progress | None = None
    tell: Callable[[Finding], None] | None = None


def _guarded(method: Callable[..., None]) -> Callable[..., None]:
    """What goes wrong in here is ours: it ends the watching, never the program."""

    @wraps(method)
    def safe(self: "Session", *facts: Any) -> None:  # noqa: ANN401
        if self.failure:
            return
        try:
            method(self, *facts)
        except TrainingFault:
            raise
        except Exception:
            self.failure = traceback.format_exc()

    return safe


class Session:
    """Finds what a program trains, watches it, and says in the end what it amounts to.

    Args:
        options: how.
    """

    def __init__(self, options: Options) -> None:
        self.options, self.watch, self.failure = options, None, ""
        self.optimizers: list[Optimizer] = []
        self.schedulers: list[object] = []
        self.scalers: list[object] = []
        self.roots: dict[str, nn.Module] = {}
        self.epochs = Epochs()
        self.watch: Watch | None
        self.late: list[str] = []
        self._passes = 0
        self._discovery = Discovery(self)

    def start(self) -> None:
        """Listen to torch from now on."""
        self._discovery.start()

    def stop(self, error: BaseException | None = None) -> Verdict:
        """Let go of everything, and give the last verdict.

        Args:
            error: what ended the program, if it was an error.
        """
        self._discovery.stop()
        if self.options.progress is not None:
            self.options.progress.clear()
        self._end()
        if self.watch is None:
            return judge([], blind=(*self._blind(), *self._failed()), ran=())
        verdict = self.watch.close(error)
        return judge(
            [*verdict.findings, *verdict.suspected], verdict.counts, (*verdict.blind, *self._failed()), verdict.ran
        )

    def _failed(self) -> tuple[str, ...]:
        told = tuple(f"the model {name}, which ran after the watch had begun" for name in self.late)
        last = self.failure.strip().splitlines()[-1:] or [""]
        return (*told, f"from then on everything: the watch itself failed ({last[0]})") if self.failure else told

    def _blind(self) -> tuple[str, ...]:
        if not self.optimizers:
            return ("everything: no optimiser of torch was made",)
        return ("everything: backward was never called on a scalar",)

    @_guarded
    def _end(self) -> None:
        if self.watch is not None and self.epochs.passes:
            self.watch.epoch(val=self.epochs.take())

    @_guarded
    def on_optimizer(self, optimizer: Optimizer) -> None:
        """An optimiser was made: a watch that is already there hears of it when it steps."""
        if any(known is optimizer for known in self.optimizers):
            return
        self.optimizers.append(optimizer)
        self._passes = 0
        self._discovery.listen()

    @_guarded
    def on_scheduler(self, scheduler: object) -> None:
        """A schedule was made."""
        if any(known is scheduler for known in self.schedulers):
            return
        self.schedulers.append(scheduler)
        if self.watch is not None and self._drives(scheduler, self.watch):
            self.watch.follow(scheduler)

    @staticmethod
    def _drives(scheduler: object, watch: Watch) -> bool:
        """True for a schedule of an optimiser that holds weights of the watched model."""
        own, optimizer = set(watch.run.model.parameters()), vars(scheduler).get("optimizer")
        groups = optimizer.param_groups if isinstance(optimizer, Optimizer) else []
        return any(p in own for group in groups for p in group["params"])

    @_guarded
    def on_scaler(self, scaler: object) -> None:
        """A gradient scaler was made."""
        self.scalers.append(scaler)

    @_guarded
    def on_root(self, module: nn.Module, name: str) -> None:
        """An outermost module runs for the first time: of two where one holds the other the larger stays."""
        if any(module is inner for known in self.roots.values() for inner in known.modules()):
            return
        inside = {id(inner) for inner in module.modules()}
        self.roots = {key: known for key, known in self.roots.items() if id(known) not in inside}
        free = name if name not in self.roots else f"{name}_{len(self.roots) + 1}"
        self.roots[free.replace(".", "_")] = module
        self._passes = 0
        if self.watch is not None and self._is_trained(module):
            self.late.append(free)

    def _is_trained(self, module: nn.Module) -> bool:
        held = {p for optimizer in self.optimizers for group in optimizer.param_groups for p in group["params"]}
        return any(p in held for p in module.parameters())

    @_guarded
    def on_backward(self, loss: Tensor, name: str) -> None:
        """A gradient is about to be computed: the watch begins with the first one that has an optimiser."""
        self._passes += 1
        if self._passes == _SETTLED:
            self._discovery.rest()
        if self.watch is None and self.optimizers:
            self._attach(loss)
        if self.watch is None:
            return
        if self.epochs.trained():
            self.watch.epoch(val=self.epochs.take())
            self.epochs.passes = 1
        self.watch.loss(loss, name=name)
        if self.options.progress is not None:
            self.options.progress.show(self.watch.run, len(self.watch.jury.findings))

    def _attach(self, loss: Tensor) -> None:
        reached = set(leaves(loss))
        trained = {
            name: module
            for name, module in self.roots.items()
            if self._is_trained(module) or any(p in reached for p in module.parameters())
        }
        model = next(iter(trained.values())) if len(trained) == 1 else nn.ModuleDict(trained)
        self.watch = Watch(
            model, self.optimizers, self.schedulers, self.scalers[-1] if self.scalers else None,
            preset=self.options.preset, raises=self.options.strict, tolerate=self.options.tolerate,
            ledger=self.options.ledger, audience=self,
        )  # fmt: skip

    def place(self) -> str:
        """The line of the user's code that is running."""
        line = users_line()
        return "" if line is None else str(line)

    def hear(self, finding: Finding) -> None:
        """A finding comes: pass it on.

        Args:
            finding: new, or surer than before, or withdrawn.
        """
        if self.options.tell is not None:
            self.options.tell(finding)

    @_guarded
    def on_value(self, name: str, value: Tensor) -> None:
        """A loss without gradients: a validation's, where a watched model is in evaluation."""
        if self.watch is not None and any(not module.training for module in self.roots.values()):
            self.epochs.values[name].append(value.detach())

    @_guarded
    def on_loader(self, loader: object) -> None:
        """A loader begins anew: an epoch of training ends where it is the one that is trained on."""
        if self.epochs.began(loader) and self.watch is not None:
            self.watch.epoch(val=self.epochs.take())

"""Is the model in the right mode, with weights that can differ, and are all parameters of the loss known?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn

from ....findings import Severity, Stage
from ....rules import losses, updates
from ...losses.graph import leaves
from ...plan import Why
from ...run import Epoch, Lane, Run, Step, some
from ...weights.names import modules, sample
from ..probe import Found, Loss, Probe

_NAMES = 8
"""Losses by name that are searched for unknown parameters."""
NORMS = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)


def modal(module: nn.Module) -> bool:
    """True for a module that behaves differently in training and evaluation."""
    if isinstance(module, NORMS):
        return bool(module.track_running_stats)
    own = vars(module)
    chances = [own.get(key) for key in ("dropout", "dropout_p", "drop_prob")]
    if "drop" in type(module).__name__.lower():
        chances.append(own.get("p"))
    return isinstance(module, nn.RReLU) or any(isinstance(c, int | float) and c > 0 for c in chances)


class Modes(Probe):
    """Train mode where gradients are computed, eval mode where they are not."""

    losses = updates = Why.MEASURED

    def __init__(self) -> None:
        self._modal: dict[str, nn.Module] = {}
        self._wrong = 0
        self._trained: set[str] = set()
        self._rested: set[str] = set()
        self._kept: Counter[str] = Counter()
        self._chances = 0

    def attached(self, run: Run) -> Found:
        """Which modules care."""
        known = modules(run.model)
        self._modal = {n: m for n, m in known.items() if modal(m) and not run.plan.is_frozen(n) and _learns(known, n)}
        return ()

    def ran(self, run: Run, name: str, module: nn.Module, inputs: Sequence[object], output: object) -> Found:
        """A leaf ran in train mode."""
        self._trained.add(name)
        return ()

    def rested(self, run: Run, name: str, module: nn.Module) -> Found:
        """A leaf ran in eval mode, with gradients."""
        if name in self._modal:
            self._rested.add(name)
        return ()

    def loss(self, run: Run, loss: Loss) -> Found:
        """Three measured losses in eval mode, of a model that has something to switch."""
        if not self._modal or run.model.training or not loss.measured or not loss.tensor.requires_grad:
            return
        self._wrong += 1
        if self._wrong in {1, 3}:
            yield updates.EVAL_TRAINING.found(
                f"model.training is False in {self._wrong} measured updates; {some(list(self._modal))} care",
                update=run.applied + 1,
                stage=Stage.of(self._wrong == 3),
            )

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Which modules ran in eval mode alone, in the passes of this update."""
        if not step.measured:
            return
        self._kept.update(self._rested - self._trained)
        for name in self._trained & self._kept.keys():
            del self._kept[name]
        self._rested, self._trained = set(), set()
        always = [n for n, count in self._kept.items() if count >= 3]
        if not always or self._wrong:
            return
        # Normalisation with the statistics of an earlier training is often kept in eval mode on purpose.
        careless = [n for n in always if not _settled(self._modal[n])]
        if careless:
            yield updates.EVAL_TRAINING.found(
                f"{some(careless)} ran in eval mode in every measured update ({min(self._kept[n] for n in careless)}), "
                "and what is around it is trained",
                subject=some(careless),
                update=step.index,
            )

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Two epochs whose passes after the last update all ran in train mode."""
        pairs = [(e.judged, e.misjudged) for e in run.epochs[-2:] if e.val is not None]
        if self._modal and len(pairs) == 2 and all(right == 0 and wrong > 0 for right, wrong in pairs):
            # Several players often sample from one another, and a generator's samples need no eval mode.
            yield losses.TRAIN_VALIDATION.found(
                f"{sum(wrong for _, wrong in pairs)} passes without gradients after the last update in train mode, "
                f"none in eval mode; {some(list(self._modal))} care",
                severity=Severity.NOTE if len(run.lanes) > 1 else None,
            )

    def asked(self, run: Run) -> Found:
        """Losses without gradients between updates, on targets of their own, of a model that was in train mode."""
        run.tried.end(run.applied)
        seen, live = run.tried, [name for name, m in self._modal.items() if m.training]
        if live and seen.values > 1 and not seen.well and not seen.otherwise:
            found = losses.TRAIN_VALIDATION.found(
                f"{seen.values} losses without gradients, in {seen.in_training} pauses of the training, all of them in "
                f"train mode; {some(live)} care",
                severity=Severity.NOTE if len(run.lanes) > 1 else None,
            )
            yield replace(found, where=seen.place)

    def evaluated(self, run: Run, chance: Sequence[str]) -> Found:
        """A dropout that is on in eval mode; one that somebody switched on again by its module is meant."""
        if not chance or any(m.training for m in self._modal.values()):
            return
        self._chances += 1
        yield losses.TRAIN_VALIDATION.found(
            f"{some(sorted(set(chance)))} drops at random in eval mode, in {self._chances} passes looked at",
            subject="dropout",
            stage=Stage.of(self._chances > 1),
        )


def _settled(module: nn.Module) -> bool:
    if not isinstance(module, NORMS) or module.running_mean is None:
        return False
    return bool(module.running_mean.any())


def _learns(known: dict[str, nn.Module], name: str) -> bool:
    while True:
        held = list(known[name].parameters())
        if held or not name:
            return any(p.requires_grad for p in held)
        name = name.rpartition(".")[0]
        while name and name not in known:
            name = name.rpartition(".")[0]


class Strangers(Probe):
    """Parameters that a loss depends on and nobody holds: they never change, or are new in every pass."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._first: dict[str, dict[int, tuple[Tensor, Tensor]]] = {}
        self._at: dict[str, int] = {}

    def loss(self, run: Run, loss: Loss) -> Found:
        """Note them at the first measured loss of each name, and look again after three updates."""
        if not loss.measured or any(lane.by_hands for lane in run.lanes):  # whatever moves is held there
            return
        if loss.name not in self._at:
            if len(self._at) < _NAMES:
                self._at[loss.name] = run.applied
                found = self._unknown(run, leaves(loss.tensor))
                self._first[loss.name] = {id(p): (p, sample(p).clone()) for p in found}
            return
        first = self._first.get(loss.name, {})
        if not first or run.applied < self._at[loss.name] + 3:
            return
        self._first[loss.name] = {}
        found = self._unknown(run, leaves(loss.tensor))
        kept = [first[id(p)] for p in found if id(p) in first]
        still = sum(bool((sample(p) == before).all()) for p, before in kept)
        if found and (still == len(kept)):
            kind = "unchanged" if kept else "new in every pass"
            about = "the loss" if len(self._at) == 1 else loss.name
            yield updates.UNHELD.found(
                f"{about} depends on {len(found)} parameters that neither model nor optimiser holds; {kind} after "
                f"{run.applied - self._at[loss.name]} updates",
                update=run.applied + 1,
                tensors=len(found),
            )

    def _unknown(self, run: Run, found: Sequence[Tensor]) -> list[Tensor]:
        held = {id(p) for lane in run.lanes for p in lane.parameters} | {id(p) for p in run.model.parameters()}
        return [p for p in found if isinstance(p, nn.Parameter) and id(p) not in held]

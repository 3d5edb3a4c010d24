"""Is there a layer that was made, is held by an optimiser, and is never called?"""

import sys
from pathlib import Path

from ....findings import Severity
from ....rules import updates as rules
from ...run import Lane, Run, Step, module_of, some
from ...schedule import Why
from ...weights.names import modules
from ..probe import Found, Probe


class NeverCalled(Probe):
    """Modules with trained parameters that no pass reaches."""

    updates = Why.MEASURED

    def __init__(self) -> None:
        self._reached: set[str] = set()
        self._measured = 0

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Note whose parameters have had a gradient: many modules are used without being called."""
        if step.measured:
            self._measured += 1
            self._reached |= {module_of(n) for n, g in {**step.arrived, **step.used}.items() if g is not None}
        return ()

    def asked(self, run: Run) -> Found:
        """A module that waits for its phase is judged when the verdict is asked for."""
        if self._measured < 3 or not run.ran:
            return
        known = modules(run.model)
        held = {module_of(n) for lane in run.lanes for p, n in lane.names.items() if p.requires_grad}
        called = self._reached | set(run.ran)
        idle = [m for m in sorted(held - called) if m in known and not run.plan.is_frozen(m) and not _peer(m, called)]
        for severity in (None, Severity.NOTE):
            named = [m for m in idle if _libraries(known, m) == (severity is not None)]
            if named:
                yield rules.NEVER_CALLED.found(
                    f"not called in {self._measured} measured updates, and without a gradient: {some(named)}",
                    subject=some(named), severity=severity, update=run.applied, modules=len(named),
                )  # fmt: skip


def _peer(module: str, called: set[str]) -> bool:
    """True within an entry of a numbered list of which another is called: an expert nobody chose is not broken."""
    parts = module.split(".")
    stems = [".".join([*parts[:i], ""]) for i, part in enumerate(parts) if part.isdigit()]
    return any(m.startswith(stem) and m[len(stem) :].split(".")[0].isdigit() for stem in stems for m in called)


def _libraries(known: dict, module: str) -> bool:
    """True where the module that should call it comes from an installed library, which may well leave parts unused."""
    parent = known.get(module.rpartition(".")[0])
    source = sys.modules.get(type(parent).__module__)
    path = "" if source is None or "__file__" not in vars(source) else str(source.__file__)
    return type(parent).__module__.split(".")[0] != "torch" and bool(
        {"site-packages", "dist-packages"} & set(Path(path).parts)
    )

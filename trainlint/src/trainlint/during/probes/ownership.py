"""Which parameters does the optimiser hold, and are they the model's own?"""

from collections import Counter
from collections.abc import Mapping

from ...findings import Finding
from ...rules import updates as rules
from ..names import parameters
from ..run import Lane, Run, Step, module_of, some
from .probe import Found, Probe


class Ownership(Probe):
    """Every trainable parameter in exactly one group, by identity."""

    def attached(self, run: Run) -> Found:
        """Before the first update."""
        yield from self._foreign(run)
        yield from self._missing(run)
        yield from self._rates(run)

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Again whenever an update is measured: a layer may have been replaced after the optimiser was built."""
        if step.measured and step.index > 1:
            yield from self._missing(run)

    def _foreign(self, run: Run) -> Found:
        for lane in run.lanes:
            held = lane.parameters
            known = sum(p in lane.names for p in held)
            if held and not known:
                yield rules.FOREIGN.found(
                    f"0 of {len(held)} tensors of the optimiser belong to the model", held=len(held)
                )
            elif known < len(held):
                yield rules.NOT_OWNED.found(
                    f"{len(held) - known} of {len(held)} tensors of the optimiser are not the model's",
                    subject="(not in the model)", held=len(held), known=known,
                )  # fmt: skip

    def _missing(self, run: Run) -> Found:
        held = Counter(p for lane in run.lanes for p in lane.parameters)
        named = parameters(run.model)
        missing = [n for n, p in named.items() if p.requires_grad and not held[p] and not run.plan.is_frozen(n)]
        if missing and any(p in held for p in named.values()):
            size = sum(named[n].numel() for n in missing)
            total = sum(p.numel() for p in named.values())
            modules = list(dict.fromkeys(map(module_of, missing)))
            yield rules.NOT_OWNED.found(
                f"{len(missing)} trainable tensors ({size / total:.0%} of all parameters) in no group: {some(missing)}",
                subject=some(modules), missing=len(missing), share=size / total,
            )  # fmt: skip
        twice = [n for n, p in named.items() if held[p] > 1]
        if twice:
            yield rules.WRONG_GROUP.found(f"{some(twice)} in more than one group", subject=some(twice, 1))

    def _rates(self, run: Run) -> Found:
        for lane in run.lanes:
            yield from wrong_groups(lane, run.plan.rates)


def wrong_groups(lane: Lane, rates: Mapping[str, float]) -> list[Finding]:
    """Findings where a parameter's group has another rate than declared for its module prefix.

    Args:
        lane: the optimiser with its names.
        rates: declared rate by module prefix; the longest prefix that fits decides.
    """
    found = []
    for index, group in enumerate(lane.optimizer.param_groups):
        actual = float(group.get("initial_lr", group["lr"]))
        for name in (lane.names[p] for p in group["params"] if p in lane.names):
            fits = [prefix for prefix in rates if name == prefix or name.startswith(prefix + ".")]
            wanted = rates[max(fits, key=len)] if fits else actual
            if abs(actual - wanted) > 1e-6 * wanted:
                text = f"{name} is in group {index} at rate {actual:.3g}; declared {wanted:.3g}"
                found.append(rules.WRONG_GROUP.found(text, subject=module_of(name), actual=actual, wanted=wanted))
    return found

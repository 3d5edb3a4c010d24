"""What does a user declare about a run?"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the user declares about a run; everything is optional and nothing is guessed from it.

    Args:
        frozen: names of modules (prefixes) that must not move.
        epochs: planned epochs.
        batches: batches per epoch.
        accumulation: backward passes per update.
        rates: expected peak rate by module prefix.
        baseline: loss of an answer that has learned nothing; measured from the targets where it is None and can be.
        guarded: the loop itself refuses an update whose gradient is not finite, and says so with `watch.skipped`; what
            is not finite is then a note until the loop stops.
        partial: updates at the start in which part of the model has no gradient by design, as in a phase of training.
    """

    frozen: tuple[str, ...] = ()
    epochs: int | None = None
    batches: int | None = None
    accumulation: int | None = None
    rates: Mapping[str, float] = field(default_factory=dict)
    baseline: float | None = None
    guarded: bool = False
    partial: int = 0

    def is_frozen(self, name: str) -> bool:
        """True where a parameter or module lies under a declared frozen prefix."""
        return any(name == each or name.startswith(each + ".") for each in self.frozen)

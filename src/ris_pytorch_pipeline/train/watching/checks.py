"""Is a training run worth going on with? What stops it: a loss that cannot teach, or weights that do not move."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ...errors import ConfigurationError, InfeasibleError, InputError
from ...losses import LossReport
from ..loop.update import Update
from ..processes.together import Processes


def check_report(report: LossReport) -> Tensor:
    """The total of a loss report, ready for the backward pass.

    Args:
        report: of one batch.

    Returns:
        Its total.

    Raises:
        InputError: no scalar, half precision, no gradient, or another number than the sum of the reported terms.
    """
    total = report.total
    if total.ndim or total.dtype not in (torch.float32, torch.float64):
        raise InputError(
            "a scalar loss in float32 or float64", f"shape {tuple(total.shape)}, {total.dtype}",
            "a loss per scene that was not averaged, or computed under autocast", "average it in float32",
        )  # fmt: skip
    if not total.requires_grad:
        raise InputError(
            "a loss with a gradient", "one that does not depend on any trainable weight",
            "a detach, an argmax, a round trip through numbers, or a frozen network",
            "look for the first term of the report without requires_grad",
        )  # fmt: skip
    parts = torch.stack([term.detach().to(total.dtype) for term in report.terms.values()])
    if not torch.isclose(total.detach(), parts.sum(), rtol=1e-4, atol=1e-6, equal_nan=True):
        raise InputError(
            "a loss equal to the sum of its reported terms", f"{float(total.detach())} against {float(parts.sum())}",
            "a term that is added and not reported", "report each term that is added",
        )  # fmt: skip
    return total


def numbers(values: Mapping[str, Tensor], processes: Processes, weight: float) -> dict[str, float]:
    """Means over all processes as numbers, in one transfer from the device.

    Args:
        values: scalars by name, the same names in every process.
        processes: of the run.
        weight: of this process's values; the weights of all processes sum to 1.

    Returns:
        By name.
    """
    mine = torch.stack([value.detach().double() for value in values.values()]) * weight
    return dict(zip(values, processes.sum(mine).tolist(), strict=True))


def check_metric(name: str, known: dict[str, float]) -> float:
    """The value of the named metric.

    Raises:
        ConfigurationError: no metric of that name.
    """
    if name not in known:
        raise ConfigurationError(
            f"a metric out of {', '.join(known)}", repr(name), "a term of weight 0, or a misspelt name",
            "name one of them in stopping.metric",
        )  # fmt: skip
    return known[name]


def check_untrained(attempts: int) -> None:
    """Refuse to train with a trainer twice.

    Args:
        attempts: updates that it has attempted.

    Raises:
        InputError: any.
    """
    if attempts:
        raise InputError(
            "a trainer that has not trained yet", f"{attempts} attempts behind it", "fit called twice",
            "make a new Trainer, with resume=True to go on from its directory",
        )  # fmt: skip


def check_moving(update: Update, in_a_row: int, most: int) -> None:
    """Stop a run whose weights do not move.

    Args:
        update: the last attempt.
        in_a_row: attempts without an applied update, this one included.
        most: how many of them are borne.

    Raises:
        InfeasibleError: more than that, with the reason of the last one.
    """
    if in_a_row > most:
        raise InfeasibleError(
            "weights that move", f"{in_a_row} updates in a row that were not applied; the last: "
            f"{update.outcome.value}{update.blamed}",
            "a loss that is not finite, a gradient that is cut, or a rate below rounding",
            "look at the [GRAD] and [SKIP] lines, and train on one batch",
        )  # fmt: skip

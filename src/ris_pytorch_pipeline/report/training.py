"""Did it learn? Losses, what they mean, gradients and motion of one training run, from the events of its ledger."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .style import PALETTE, QUIET, blank, style

Events = Sequence[Mapping[str, Any]]
"""Records of one kind of a ledger, in order."""


def training_figure(epochs: Events, updates: Events) -> Figure:
    """Four panels: loss by epoch, errors on the validation scenes, Δparam by update, rates by update.

    >>> epochs = [{"epoch": 1, "train": 2.0, "weights": "ema", "validation": {"total": 1.5, "nmse": 0.4}}]
    >>> updates = [{"attempt": 1, "outcome": "applied", "rates": {"head": 4e-3}, "motion": {"total": 0.1}}]
    >>> [axes.get_ylabel() for axes in training_figure(epochs, updates).axes]
    ['loss', 'on validation scenes', '‖Δparam‖₂', 'learning rate']

    Args:
        epochs: records of the event `epoch`.
        updates: records of the event `update`.

    Returns:
        The figure.
    """
    figure = blank(10, 6)
    axes = figure.subplots(2, 2)
    loss_by_epoch(axes[0, 0], epochs)
    errors_by_epoch(axes[0, 1], epochs)
    motion_by_update(axes[1, 0], updates)
    rates_by_update(axes[1, 1], updates)
    for each in axes.flat:
        each.grid(color="0.9")
        each.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def loss_by_epoch(axes: Axes, epochs: Events) -> Axes:
    """Train and validation loss; the first epoch's train loss is a mean over weights that were still untrained."""
    numbers = [record["epoch"] for record in epochs]
    axes.plot(numbers, [r["train"] for r in epochs], color=QUIET, marker="o", markersize=4, label="train, live weights")
    found = [r["validation"]["total"] for r in epochs]
    weights = " then ".join(dict.fromkeys(r["weights"] for r in epochs))
    kind = f"validation, {weights} weights" if epochs else "validation"
    axes.plot(numbers, found, color=PALETTE[0], marker="s", markersize=4, label=kind)
    axes.set(xlabel="epoch", ylabel="loss", yscale="log")
    axes.legend(fontsize="small", frameon=False)
    return axes


def errors_by_epoch(axes: Axes, epochs: Events) -> Axes:
    """NMSE of R_pred, share of scenes with a source missed by 3° or more, share with another count; lower is better."""
    names = {"nmse": "NMSE of R_pred", "missed": "scenes with a source missed", "order_wrong": "scenes miscounted"}
    for number, (key, label) in enumerate(names.items()):
        look, line = style(number), [r for r in epochs if key in r["validation"]]
        values = [r["validation"][key] for r in line]
        axes.plot([r["epoch"] for r in line], values, color=look.colour, marker=look.marker, markersize=4, label=label)
    axes.set(xlabel="epoch", ylabel="on validation scenes", ylim=(0, None))
    axes.legend(fontsize="small", frameon=False)
    return axes


def motion_by_update(axes: Axes, updates: Events) -> Axes:
    """‖Δparam‖ where it was measured, and every attempt that was not applied."""
    measured = [r for r in updates if r.get("motion") is not None]
    numbers, sizes = [r["attempt"] for r in measured], [r["motion"]["total"] for r in measured]
    axes.plot(numbers, sizes, color=PALETTE[0], linewidth=1, label=f"measured, n = {len(measured)}")
    failed = [r["attempt"] for r in updates if r["outcome"] != "applied"]
    for number in failed:
        axes.axvline(number, color=PALETTE[1], linewidth=1)
    axes.plot([], [], color=PALETTE[1], label=f"not applied, n = {len(failed)}")
    axes.set(xlabel="update", ylabel="‖Δparam‖₂", yscale="log")
    axes.legend(fontsize="small", frameon=False)
    return axes


def rates_by_update(axes: Axes, updates: Events) -> Axes:
    """The rate of each group."""
    groups = list(updates[0]["rates"]) if updates else []
    numbers = [r["attempt"] for r in updates]
    for number, group in enumerate(groups):
        axes.plot(numbers, [r["rates"][group] for r in updates], color=style(number).colour, label=group)
    axes.set(xlabel="update", ylabel="learning rate", yscale="log")
    axes.legend(fontsize="small", frameon=False)
    return axes

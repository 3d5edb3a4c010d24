"""At which rate does update u run? A pure function of the number of applied updates, and never zero."""

import math
from collections.abc import Iterable
from typing import Literal

from ...errors import ConfigurationError
from ...experiment.optimisation import Optimisation

Weights = Literal["live", "ema", "swa"]
"""Which weights are evaluated and saved."""


def rate_factor(update: int, updates: int, config: Optimisation) -> float:
    """Rate of an update over the peak rate, see `Optimisation`.

    >>> from ris_pytorch_pipeline.experiment import Optimisation
    >>> config = Optimisation(warmup=0.1)
    >>> [round(rate_factor(update, 100, config), 2) for update in (0, 9, 55, 99)]
    [0.1, 1.0, 0.55, 0.1]

    Args:
        update: how many updates have been applied before this one.
        updates: how many the run plans.
        config: warm-up, floor and last phase.

    Returns:
        A number in (0, 1].

    Raises:
        ConfigurationError: a run without updates.
    """
    if updates < 1 or update < 0:
        raise ConfigurationError(
            "an update >= 0 of a run of at least one", f"update {update} of {updates}", "a budget of zero", "raise it"
        )
    warm = warmup_updates(updates, config)
    if update < warm:
        return max(config.floor, (update + 1) / warm)
    last = last_phase(updates, config)
    if update >= last:
        return config.constant if config.average == "swa" else config.floor
    share = (update - warm) / (last - warm)
    return config.floor + (1 - config.floor) * (1 + math.cos(math.pi * share)) / 2


def warmup_updates(updates: int, config: Optimisation) -> int:
    """W = max(1, ⌊warmup U⌋)."""
    return max(1, math.floor(config.warmup * updates))


def last_phase(updates: int, config: Optimisation) -> int:
    """First update S of the last phase: ⌈constant_from U⌉ for `swa`, U otherwise."""
    return math.ceil(config.constant_from * updates) if config.average == "swa" else updates


def rates(update: int, updates: int, config: Optimisation, groups: Iterable[str]) -> dict[str, float]:
    """Rate of each group at an update.

    >>> from ris_pytorch_pipeline.experiment import Optimisation
    >>> rates(9, 100, Optimisation(rate=1e-3, warmup=0.1), ["backbone", "head"])
    {'backbone': 0.001, 'head': 0.004}

    Args:
        update: how many updates have been applied before this one.
        updates: how many the run plans.
        config: peak rates and their course.
        groups: that are trained.

    Returns:
        By group.
    """
    factor = rate_factor(update, updates, config)
    return {group: peak * factor for group, peak in config.peaks(groups).items()}


def average_weight(update: int, updates: int, config: Optimisation) -> float:
    """Share ω of the live weights in the average after an update: average ← (1 - ω) average + ω live.

    >>> from ris_pytorch_pipeline.experiment import Optimisation
    >>> [round(average_weight(update, 1000, Optimisation(average="ema", decay=0.99)), 3) for update in (0, 10, 999)]
    [0.9, 0.45, 0.01]

    Args:
        update: how many updates had been applied before this one.
        updates: how many the run plans.
        config: which average.

    Returns:
        1 for live weights; 1 - min(decay, (1 + u) / (10 + u)) for `ema`; for `swa` 1 until the last phase begins and
        1 / (n + 1) at its update n = 0, 1, ...
    """
    if config.average == "live":
        return 1.0
    if config.average == "ema":
        return 1.0 - min(config.decay, (1 + update) / (10 + update))
    return 1.0 / (1 + max(0, update - last_phase(updates, config)))


def evaluated_weights(done: int, updates: int, config: Optimisation) -> Weights:
    """Which weights the evaluated ones are: `live` as long as every ω so far was 1, and the configured average then.

    Args:
        done: how many updates have been applied.
        updates: how many the run plans.
        config: which average.

    Returns:
        `live`, `ema` or `swa`.
    """
    follows = done == 0 or average_weight(done - 1, updates, config) == 1  # ω never rises
    return "live" if follows else config.average

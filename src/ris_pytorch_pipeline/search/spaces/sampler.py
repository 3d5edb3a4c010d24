"""What is tried next? TPE, with a seed of its own for each trial, so that no two workers draw the same points."""

from collections.abc import Mapping
from typing import Any

from ...rng import stream
from ..extra import optuna
from ..kept.trials import lost_before


class SeededTpe(optuna.samplers.BaseSampler):
    """TPE whose seed is that of the search and the place of the trial in it.

    A sampler that is made again with the seed alone, by a second worker or after a resume, draws its first points
    again. The number of a trial is given out once, so that this one does not. Trials that were lost with their worker
    are left out of the count: after a kill, the search draws what it would have drawn.

    >>> import optuna
    >>> def drawn() -> float:
    ...     study = optuna.create_study(sampler=SeededTpe(seed=0, trials=12))
    ...     return study.ask({"rate": optuna.distributions.FloatDistribution(1e-4, 1e-2, log=True)}).params["rate"]
    >>> drawn() == drawn()
    True

    Args:
        seed: of the search.
        trials: that it plans; the first third is drawn evenly, between 4 and 10 of them.
    """

    def __init__(self, seed: int, trials: int) -> None:
        self.seed, self.startup = seed, max(4, min(10, trials // 3))
        self._inner: optuna.samplers.BaseSampler = optuna.samplers.RandomSampler()

    def before_trial(self, study: "optuna.Study", trial: "optuna.trial.FrozenTrial") -> None:
        """Seed the sampler for this trial."""
        place = trial.number - lost_before(study, trial.number)
        seed = stream(self.seed, "search/trial", place).initial_seed() % 2**32
        self._inner = optuna.samplers.TPESampler(seed=seed, n_startup_trials=self.startup, constant_liar=True)
        self._inner.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: "optuna.Study", trial: "optuna.trial.FrozenTrial"
    ) -> dict[str, "optuna.distributions.BaseDistribution"]:  # fmt: skip
        """The knobs that are drawn together."""
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self,
        study: "optuna.Study",
        trial: "optuna.trial.FrozenTrial",
        search_space: dict[str, "optuna.distributions.BaseDistribution"],
    ) -> dict[str, Any]:
        """Their values."""
        return dict[str, Any](self._inner.sample_relative(study, trial, search_space))

    def sample_independent(
        self,
        study: "optuna.Study",
        trial: "optuna.trial.FrozenTrial",
        param_name: str,
        param_distribution: "optuna.distributions.BaseDistribution",
    ) -> Any:  # noqa: ANN401
        """The value of a knob that is drawn alone."""
        return self._inner.sample_independent(study, trial, param_name, param_distribution)


class NoSampler(optuna.samplers.BaseSampler):
    """Suggests nothing: the long stage trains what the short one found."""

    def infer_relative_search_space(
        self, study: "optuna.Study", trial: "optuna.trial.FrozenTrial"
    ) -> dict[str, "optuna.distributions.BaseDistribution"]:  # fmt: skip
        """No knob."""
        return {}

    def sample_relative(
        self,
        study: "optuna.Study",
        trial: "optuna.trial.FrozenTrial",
        search_space: Mapping[str, "optuna.distributions.BaseDistribution"],
    ) -> dict[str, Any]:
        """No value."""
        return {}

    def sample_independent(
        self,
        study: "optuna.Study",
        trial: "optuna.trial.FrozenTrial",
        param_name: str,
        param_distribution: "optuna.distributions.BaseDistribution",
    ) -> Any:  # noqa: ANN401
        """Nothing to draw from.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("the long stage draws no point")
